"""The bulk of a line: what was weighed, wet and dry, with its units and its basis (mass-balance 2.2 and 2.3; rulebook R8)."""

from lodestream.epcis.event import Material
from lodestream.measures.exact import Ratio, complement, decimal, kg, ratio, rounded, times
from lodestream.measures.refusal import RefusedError
from lodestream.measures.units import COUNTS, GROSS_KILOGRAM, KILOGRAM, VOLUME, UnitRefusedError, mass_unit, refusal
from lodestream.measures.values import Body, Line

BASES = {"dry": "dry", "wet": "wet", "as_received": "wet"}


def body_of(line: Line, item: Material, basis_default: str | None, moisture: Ratio | None) -> Body:
    """What a line weighs. RefusedError, UnitRefusedError or NotExactError where that cannot be said."""
    litres = _litres(line, item)
    damp = _moisture(line, item, moisture)
    net = _net(line, item, litres)
    if net is None:
        return Body(None, None, damp, litres, None)
    mass, implied = net
    basis = _basis(line, item, implied, basis_default, mass)
    if damp is None:
        return Body(mass if basis == "wet" else None, mass if basis == "dry" else None, None, litres, basis)
    if basis == "wet":
        return Body(mass, times(mass, complement(damp)), damp, litres, basis)
    return Body(times(mass, complement(damp)[::-1]), mass, damp, litres, basis)


def _net(line: Line, item: Material, litres: Ratio | None) -> tuple[Ratio, str | None] | None:
    """The net mass in mg and the basis that its unit implies; None for a solution or a contained mass without a weight."""
    code = item.uom or line.uom
    gross = item.gross
    if gross is None and code == GROSS_KILOGRAM:
        gross = line.quantity if item.mass is None else item.mass
    if gross is not None and item.tare is not None:
        (gross_n, gross_d), (tare_n, tare_d) = ratio(gross), ratio(item.tare)
        net = (gross_n * tare_d - tare_n * gross_d, gross_d * tare_d)
        if net[0] < 0:
            raise RefusedError("NO_QUANTITY", f"{line.id}: tare {item.tare} is above gross {gross}")
        return in_mg(line, net, KILOGRAM.code if code == GROSS_KILOGRAM else code)
    if item.mass is not None:
        return in_mg(line, ratio(item.mass), code)
    if line.quantity is not None and line.uom is not None and line.uom not in VOLUME and line.uom not in COUNTS:
        return in_mg(line, ratio(line.quantity), line.uom)
    if litres is not None or item.contained:
        return None
    if item.gross is not None:
        raise RefusedError("NO_QUANTITY", f"{line.id}: a gross mass of {item.gross} without its tare is no net mass")
    count = f"a count of {line.quantity} without a mass" if line.quantity is not None else "neither a quantity nor a mass"
    raise RefusedError("NO_QUANTITY", f"{line.id}: {count}")


def in_mg(line: Line, value: Ratio, code: str | None) -> tuple[Ratio, str | None]:
    """A mass in milligrams and the basis that its unit implies."""
    if code is None:
        raise UnitRefusedError("the mass has no unit: state uom, a Rec 20 code such as KGM or TNE")
    if value[0] < 0:
        raise RefusedError("NO_QUANTITY", f"{line.id}: a mass of {decimal(value)} {code} is below zero")
    unit = mass_unit(code)
    return times(value, unit.mg), unit.basis


def _litres(line: Line, item: Material) -> Ratio | None:
    value, code = item.volume, item.volume_uom
    if value is None:
        if line.quantity is None or line.uom not in VOLUME:
            return None
        value, code = line.quantity, line.uom
    if code not in VOLUME:
        raise UnitRefusedError(refusal(code or "a volume without a unit", "volume", VOLUME))
    litres = times(ratio(value), VOLUME[code])
    if litres[0] < 0:
        raise RefusedError("NO_QUANTITY", f"{line.id}: a volume of {value} {code} is below zero")
    return litres


def _moisture(line: Line, item: Material, otherwise: Ratio | None) -> Ratio | None:
    if item.moisture_percent is None:
        return otherwise if otherwise is not None and 0 <= otherwise[0] < otherwise[1] else None
    moisture = times(ratio(item.moisture_percent), (1, 100))
    if not 0 <= moisture[0] < moisture[1]:
        raise RefusedError("GRADE_IMPOSSIBLE", f"{line.id}: a moisture of {item.moisture_percent} % is not from 0 to below 100 %")
    return moisture


def _basis(line: Line, item: Material, implied: str | None, basis_default: str | None, mass: Ratio) -> str:
    stated = None if item.mass_basis is None else BASES.get(item.mass_basis)
    if implied is not None and stated is not None and stated != implied:
        raise UnitRefusedError(f"the unit is {implied} weight, but massBasis says {item.mass_basis}")
    if item.mass_basis is not None and stated is None:
        raise RefusedError(
            "BASIS_MISSING", f"{line.id}: massBasis {item.mass_basis!r} is none of {', '.join(BASES)}", rounded(mass)
        )
    basis = implied or stated or (BASES.get(basis_default) if basis_default else None)
    if basis is None:
        raise RefusedError(
            "BASIS_MISSING",
            f"{line.id}: {kg(rounded(mass))} is stated neither wet nor dry, and the book has no default: state massBasis",
            rounded(mass),
        )
    return basis

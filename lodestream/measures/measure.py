"""From what an event says about a lot to milligrams of each element, or to the reason why not (ledger-rules 3; rulebook R7, R87).

contained = wet x (1 - moisture) x grade, as stated, in exact rationals and with one rounding, half to even.
"""

from lodestream.epcis.event import Assay, Material
from lodestream.measures import uncertainty
from lodestream.measures.bulk import BASES, body_of, in_mg
from lodestream.measures.exact import (
    INT64_MAX,
    NotExactError,
    Ratio,
    complement,
    decimal,
    kg,
    quadrature,
    ratio,
    root,
    rounded,
    times,
)
from lodestream.measures.refusal import RULES, Refusal, RefusedError
from lodestream.measures.stoichiometry import element_of, upper_bound
from lodestream.measures.uncertainty import SCALE
from lodestream.measures.units import CONCENTRATION, GRADE, UnitRefusedError, refusal
from lodestream.measures.values import Amount, Body, Grade, Line, Measured, Note

_STATUS = {"provisional": 0, "exchanged": 1, "final": 2, "umpire": 3}


def measure(line: Line, basis_default: str | None = None, moisture: Ratio | None = None) -> Measured | Refusal:
    """Wet, dry and contained mass of a line with their uncertainties, or why there are none.

    `basis_default` is the book's basis for a mass without one, `moisture` what counts where the item states none: the
    lot's in a draw, the offer's in a receipt. Codes of a refusal: UNIT_REFUSED (F44), BASIS_MISSING (F41),
    NO_QUANTITY (F46), GRADE_IMPOSSIBLE (F13), TOO_LARGE (F49).
    """
    item = line.material or Material(role=line.role, id=line.id)
    try:
        return _measured(line, item, body_of(line, item, basis_default, moisture))
    except RefusedError as refused:
        return refused.refusal
    except UnitRefusedError as refused:
        return Refusal("UNIT_REFUSED", RULES["UNIT_REFUSED"], f"{line.id}: {refused}")
    except NotExactError as refused:
        return Refusal("TOO_LARGE", RULES["TOO_LARGE"], f"{line.id}: {refused}")


def _measured(line: Line, item: Material, body: Body) -> Measured:
    grades: list[Grade] = []
    amounts: dict[str, Amount] = {}
    statuses: dict[str, str] = {}
    remarks: list[str] = []
    for element, factor, assay in _chosen(item, remarks):
        statuses[element] = assay.status
        if assay.unit in CONCENTRATION:
            amounts[element] = _dissolved(line, item, assay, factor, body)
            continue
        grade = _grade(line, item, assay, element, factor)
        grades.append(grade)
        amount = _contained(item, grade, body)
        if amount is None:
            remarks.append(f"{element}: a grade on {'dry' if grade.basis == 'dry' else 'as received'} basis needs the moisture")
        else:
            amounts[element] = amount
    stated = _stated(line, item, body)
    if stated:
        grades = [grade for grade in grades if grade.element not in stated] + _implied(stated, body)
    _check_sum(line, grades, body)
    notes = _beyond_form(line, item, grades, body)
    amounts |= stated
    wet, dry = (None if mass is None else _fitting(line, mass) for mass in (body.wet, body.dry))
    return Measured(
        wet_mg=wet,
        dry_mg=dry,
        contained_mg={element: _fitting(line, amount.contained) for element, amount in amounts.items()},
        u_mg={element: amount.u_mg for element, amount in amounts.items()},
        u_dry_mg=_u_dry(item, body),
        assayed=bool(amounts) and all(element in amounts for element in statuses),
        statuses=statuses,
        notes=notes,
        remarks=remarks,
        dry_ratio=body.dry,
        moisture_ratio=body.moisture,
    )


def _chosen(item: Material, remarks: list[str]) -> list[tuple[str, Ratio, Assay]]:
    """The assay that counts for each element: the furthest settled (umpire, final, exchanged, provisional), else the last."""
    chosen: dict[str, tuple[str, Ratio, Assay]] = {}
    for assay in item.assays:
        found = element_of(assay.substance)
        if found is None:
            remarks.append(f"{assay.substance} is neither an element nor a compound of the table: kept as information")
            continue
        before = chosen.get(found[0])
        if before is None or _STATUS.get(assay.status, 0) >= _STATUS.get(before[2].status, 0):
            chosen[found[0]] = (*found, assay)
    return list(chosen.values())


def _grade(line: Line, item: Material, assay: Assay, element: str, factor: Ratio) -> Grade:
    unit = GRADE.get(assay.unit)
    if unit is None:
        raise UnitRefusedError(refusal(assay.unit, "assay", GRADE | CONCENTRATION))
    basis = BASES.get(assay.basis)
    if basis is None:
        raise RefusedError(
            "BASIS_MISSING", f"{line.id}: the basis {assay.basis!r} of the {assay.substance} assay is none of {', '.join(BASES)}"
        )
    stated = times(ratio(assay.value), unit)
    if not 0 <= stated[0] <= stated[1]:
        raise RefusedError("GRADE_IMPOSSIBLE", f"{line.id}: {assay.substance} {_percents(stated)} is not from 0 to 100 %")
    u = uncertainty.of_grade(item, assay, stated, unit)
    return Grade(element, times(stated, factor), basis, u * factor[0] // factor[1])


def _contained(item: Material, grade: Grade, body: Body) -> Amount | None:
    """Contained mass of one element; None while the mass on the grade's basis is not known.

    u^2 = (c u_W)^2 + (dc/dM u_M)^2 + (mass u_g)^2 (mass-balance 2.2), by partial derivatives, so that a grade of 0 has its u too.
    """
    if body.weighed is None:
        raise RefusedError("NO_QUANTITY", f"{item.id}: a {grade.element} grade by mass needs a mass")
    mass = body.dry if grade.basis == "dry" else body.wet
    if mass is None:
        return None
    contained = times(mass, grade.fraction)
    by_moisture = 0
    if grade.basis != body.weighed and body.moisture is not None:
        dry_n, dry_d = complement(body.moisture)
        by_moisture = contained[0] * dry_d // (contained[1] * dry_n) * uncertainty.of_moisture(item)
    by_mass = contained[0] // contained[1] * uncertainty.of_mass(item)
    by_grade = mass[0] // mass[1] * grade.u
    return Amount(contained, _combined(by_mass, by_moisture, by_grade))


def _dissolved(line: Line, item: Material, assay: Assay, factor: Ratio, body: Body) -> Amount:
    """Contained mass in solution: volume x concentration."""
    if body.litres is None:
        raise RefusedError("NO_QUANTITY", f"{line.id}: a {assay.substance} concentration in {assay.unit} needs a volume")
    value = ratio(assay.value)
    if value[0] < 0:
        raise RefusedError("GRADE_IMPOSSIBLE", f"{line.id}: {assay.substance} {assay.value} {assay.unit} is below zero")
    contained = times(body.litres, value, CONCENTRATION[assay.unit], factor)
    whole = contained[0] // contained[1]
    return Amount(contained, _combined(whole * uncertainty.of_mass(item), whole * uncertainty.of_concentration(assay, value)))


def _stated(line: Line, item: Material, body: Body) -> dict[str, Amount]:
    """Contained masses that the item states outright; together they are not more than the mass that holds them."""
    stated: dict[str, Amount] = {}
    for contained in item.contained:
        found = element_of(contained.element)
        if found is None:
            raise RefusedError(
                "GRADE_IMPOSSIBLE",
                f"{line.id}: contained {contained.element!r} is neither an element nor a compound of the table",
            )
        mass = times(in_mg(line, ratio(contained.mass), contained.uom)[0], found[1])
        stated[found[0]] = Amount(mass, _combined(mass[0] // mass[1] * uncertainty.of_contained(item)))
    bulk = body.dry or body.wet
    together = sum(rounded(amount.contained) for amount in stated.values())
    if bulk is not None and together > rounded(bulk) + len(stated):
        raise RefusedError("GRADE_IMPOSSIBLE", f"{line.id}: contained {kg(together)} is above the mass of {kg(rounded(bulk))}")
    return stated


def _check_sum(line: Line, grades: list[Grade], body: Body) -> None:
    """Elements are parts of one whole: 3u above 100 % no sample can be. Compounds count as their element, since they overlap."""
    if not grades:
        return
    fractions = [_on_dry(grade, body) for grade in grades]
    bound = SCALE + 3 * quadrature(*(grade.u for grade in grades))
    if sum(n * SCALE // d for n, d in fractions) > bound:
        parts = " + ".join(f"{grade.element} {_percents(fraction)}" for grade, fraction in zip(grades, fractions, strict=True))
        raise RefusedError("GRADE_IMPOSSIBLE", f"{line.id}: {parts} is above 100 % + 3u = {_percents((bound, SCALE))}")


def _implied(stated: dict[str, Amount], body: Body) -> list[Grade]:
    """The grades that contained masses come to where their bulk was weighed: a form bounds them like any other."""
    bulk, basis = (body.dry, "dry") if body.dry is not None else (body.wet, "wet")
    if bulk is None or bulk[0] == 0:
        return []
    return [
        Grade(element, times(amount.contained, bulk[::-1]), basis, amount.u_mg * SCALE * bulk[1] // bulk[0])
        for element, amount in stated.items()
    ]


def _beyond_form(line: Line, item: Material, grades: list[Grade], body: Body) -> list[Note]:
    if item.chemical_form is None:
        return []
    notes = []
    for grade in grades:
        bound = upper_bound(item.chemical_form, grade.element)
        if bound is None:
            continue
        n, d = _on_dry(grade, body)
        limit = bound[0] * SCALE // bound[1] + 3 * grade.u
        if n * SCALE // d > limit:
            arithmetic = (
                f"{line.id}: {grade.element} {_percents((n, d))} is above the {_percents(bound)} that {item.chemical_form} holds"
                f" + 3u = {_percents((limit, SCALE))}"
            )
            notes.append(Note("GRADE_IMPOSSIBLE", RULES["GRADE_IMPOSSIBLE"], arithmetic))
    return notes


def _on_dry(grade: Grade, body: Body) -> Ratio:
    if grade.basis == "dry" or body.moisture is None:
        return grade.fraction
    return times(grade.fraction, complement(body.moisture)[::-1])


def _u_dry(item: Material, body: Body) -> int:
    if body.dry is None:
        return 0
    by_mass = body.dry[0] // body.dry[1] * uncertainty.of_mass(item)
    if body.weighed == "dry" or body.wet is None:
        return _combined(by_mass)
    return _combined(by_mass, body.wet[0] // body.wet[1] * uncertainty.of_moisture(item))


def _combined(*parts: int) -> int:
    return root(sum(part * part for part in parts) // SCALE**2)


def _fitting(line: Line, mass: Ratio) -> int:
    whole = rounded(mass)
    if whole > INT64_MAX:
        raise RefusedError("TOO_LARGE", f"{line.id}: {kg(whole)} is above the {kg(INT64_MAX)} that an amount can be")
    return whole


def _percents(value: Ratio) -> str:
    return f"{decimal((value[0] * 100, value[1]), 4)} %"

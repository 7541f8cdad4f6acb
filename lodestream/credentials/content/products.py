"""A lot in an event: what it is, how much of it, and what its assay says (UNTP EventProduct).

UNTP has no field for a grade; an event's product is open, so it stands in `characteristics` (docs/content.md).
"""

from functools import lru_cache

from lodestream.credentials.content.identified import identified
from lodestream.credentials.content.saying import uri, words
from lodestream.credentials.content.text import Json, common, kg, mass_fraction, quoted, written
from lodestream.credentials.jsontext import plain
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.records import Line, LotState, Outcome

BY_CONTENT = Json('"quantityBasis":"contained"')
"""Says that a quantity is the mass of the elements in it, since nobody weighed the whole (effluents, work in process)."""


class Products:
    """The products of one outcome. What kind a lot is may have been said when it was made, not in this event."""

    def __init__(self, outcome: Outcome, profile: IssuerProfile) -> None:
        self._outcome = outcome
        self._profile = profile
        self._lots: dict[str, LotState] = {}

    def _lot(self, identity: str) -> LotState | None:
        """The state of a lot, where the outcome has it. Most lines say all that is needed themselves."""
        if not self._lots:
            self._lots = {lot.lot: lot for lot in self._outcome.lots}
        return self._lots.get(identity)

    def of_line(self, line: Line, disposition: str, more: Json | None = None) -> Json:
        """A lot's part by the mass that the ledger took; `more` are members of its characteristics."""
        dry_mg = line.dry_mg
        contained = line.contained_mg or self._given(line)
        found = grades(dry_mg, contained)
        if line.quantity is not None and line.uom != "KGM":
            stated = f'"statedQuantity":{{"value":{written(plain(line.quantity))},"unit":{quoted(line.uom or "C62")}}}'
            found.insert(0, Json(stated))
        mass = line.wet_mg or dry_mg
        if not mass and contained:
            mass = sum(contained.values())
            found.append(BY_CONTENT)
        if more:
            found.append(more)
        return self._product(line, mass, found, disposition)

    def _given(self, line: Line) -> dict[str, int]:
        """What a split gave to a part, which its line does not say: by the postings, else by the lot that is this part."""
        if line.role == "input":
            return {}
        names = (f"STOCK({line.lot})", f"LOSS({line.loss_class} {line.lot})")
        found: dict[str, int] = {}
        for posting in self._outcome.postings:
            if posting.account in names:
                found[posting.element] = found.get(posting.element, 0) + posting.amount_mg
        if found:
            return found
        lot = self._lot(line.lot)
        return lot.contained_mg if lot is not None and lot.assayed and lot.dry_mg == line.dry_mg else found

    def of_lot(self, line: Line, lot: LotState | None, mass_mg: int) -> Json:
        """A lot as it stands after the event, with a mass and, where the transaction says its state, the grade of the book."""
        found = fractions(lot.dry_mg, lot.contained_mg) if lot is not None else []
        return self._product(line, mass_mg, found, "active")

    def _product(self, line: Line, mass_mg: int, found: list[Json], disposition: str) -> Json:
        identity = line.lot
        name = words(line.loss_class) if line.loss_class else self._name(identity, line.product_class)
        return product(uri(identity, "the lot"), name, found, mass_mg, disposition)

    def _name(self, identity: str, product_class: str | None) -> str:
        """What the profile calls the product class, else the class, else the lot itself."""
        if not product_class:
            lot = self._lot(identity)
            product_class = lot.product_class if lot is not None else None
        return self._profile.product(product_class).name or words(product_class or "") or identity


def product(identity: str, name: str, characteristics: list[Json], mass_mg: int, disposition: str) -> Json:
    """UNTP's EventProduct, a batch or an item by its URI."""
    granularity, number = identified(identity)
    said = quoted(number) if "%" in identity else f'"{number}"'  # part of a URI, unless it was decoded
    more = f',"characteristics":{{{",".join(characteristics)}}}' if characteristics else ""
    return Json(
        f'{{"product":{{"type":["Product"],"id":"{identity}","name":{common(name)},'
        f'"idGranularity":"{granularity}","{granularity}Number":{said}{more}}},'
        f'"quantity":{kg(mass_mg)},"disposition":"{disposition}"}}'
    )


def fractions(dry_mg: int, contained_mg: dict[str, int]) -> list[Json]:
    """What of the dry mass each element is; nothing where there is none."""
    if not contained_mg or dry_mg <= 0:
        return []
    said = [Json(f"{_names(element)[0]}:{mass_fraction(mg, dry_mg)}") for element, mg in sorted(contained_mg.items())]
    return [Json('"massFractionBasis":"dry"'), *said]


def grades(dry_mg: int, contained_mg: dict[str, int]) -> list[Json]:
    """Dry mass, fractions of it and the masses behind them; without a dry mass the contained masses alone."""
    found: list[Json] = []
    if contained_mg and dry_mg > 0:
        found.append(Json(f'"dryMass":{kg(dry_mg)},"massFractionBasis":"dry"'))
    for element in sorted(contained_mg):
        mg = contained_mg[element]
        fraction, mass = _names(element)
        if dry_mg > 0:
            found.append(Json(f"{fraction}:{mass_fraction(mg, dry_mg)},{mass}:{kg(mg)}"))
        else:
            found.append(Json(f"{mass}:{kg(mg)}"))
    return found


@lru_cache(maxsize=1_000)
def _names(element: str) -> tuple[Json, Json]:
    symbol = element.lower()
    return quoted(f"{symbol}MassFraction"), quoted(f"{symbol}ContainedMass")

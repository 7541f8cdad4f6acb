"""Recycled content under Article 8 of Regulation (EU) 2023/1542: per element, plant and calendar year, from physical shares.

Cobalt, lithium, nickel and lead; each for itself, their percentages are never summed. The act with the method is not
adopted, so every figure names the method it was made by. What counts is recovered from batteries at the end of their life or
from battery manufacturing waste and is in active materials (lead: in the battery).

Rulebook R91.
"""

from collections.abc import Iterable
from decimal import Decimal

from lodestream.claims.profile import Profile
from lodestream.claims.recycled import Check, Output, RecycledContent
from lodestream.measures import decimal, kg
from lodestream.measures.exact import ratio

ELEMENTS = ("Co", "Li", "Ni", "Pb")
WHOLE_BATTERY = frozenset({"Pb"})
METHOD = "physical-proportional-1"
"""The shares of the outputs' own lots, by the proportional rule of the ledger, over all that the plant made in the
year, less what it used up again of it."""


def report(profile: Profile, outputs: Iterable[Output]) -> list[RecycledContent]:
    """One line per plant, calendar year and element of which something was made, in that order.

    Of what is not there nothing is known: it has no line, and is not 0 %.
    """
    sums: dict[tuple[str, int, str], dict[str, int]] = {}
    lots: dict[tuple[str, int, str], int] = {}
    for output in outputs:
        for element in ELEMENTS:
            shares = output.shares.get(element)
            if not shares or not (output.active_material or element in WHOLE_BATTERY):
                continue
            at = (output.plant, output.year, element)
            lots[at] = lots.get(at, 0) + (sum(shares.values()) > 0)
            by_class = sums.setdefault(at, {})
            for key, mg in shares.items():
                source_class = key.split(" ")[2]
                by_class[source_class] = by_class.get(source_class, 0) + mg
    made = {at: by_class for at, by_class in sorted(sums.items()) if sum(by_class.values()) > 0}
    return [_line(profile, *at, by_class, lots[at]) for at, by_class in made.items()]


def _line(profile: Profile, plant: str, year: int, element: str, by_class: dict[str, int], lots: int) -> RecycledContent:
    total = sum(by_class.values())
    old, waste = by_class.get("end_of_life", 0), by_class.get("manufacturing_waste", 0)
    return RecycledContent(
        method=f"{profile.name}@{profile.version} {METHOD}",
        plant=plant,
        year=year,
        element=element,
        total_mg=total,
        end_of_life_mg=old,
        manufacturing_waste_mg=waste,
        run_around_mg=by_class.get("run_around", 0),
        unknown_mg=by_class.get("-", 0),
        end_of_life_percent=_percent(old, total),
        manufacturing_waste_percent=_percent(waste, total),
        recycled_percent=_percent(old + waste, total),
        lots=lots,
        checks=[
            _check(int(year_from), by_element[element], f"{kg(old + waste)} of {kg(total)} {element}", old + waste, total)
            for year_from, by_element in sorted(profile.minimum_percent.items())
            if element in by_element
        ],
    )


def _check(from_year: int, minimum: Decimal, said: str, recycled: int, total: int) -> Check:
    n, d = ratio(minimum)
    met = recycled * 100 * d >= n * total
    sign = ">=" if met else "<"
    return Check(from_year, str(minimum), met, f"{said} = {_percent(recycled, total)} % {sign} {minimum} % from {from_year}")


def _percent(part: int, whole: int) -> str:
    return decimal((100 * part, whole))

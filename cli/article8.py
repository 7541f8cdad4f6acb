"""`lodestream article8`: recycled content of active materials, by plant and calendar year."""

from collections.abc import Iterable

import click
import msgspec

from cli.context import Context, pass_context
from cli.exits import Unusable
from cli.output import console, counted, kilograms, plain, print_json, table
from cli.reading import tables
from lodestream.claims.article8 import ELEMENTS, METHOD, report
from lodestream.claims.library import profiles
from lodestream.claims.produced import ACTIVE_MATERIALS, produced
from lodestream.claims.recycled import Output, RecycledContent
from lodestream.epcis.event import Event
from lodestream.epcis.identifiers import canonical_id
from lodestream.ledger.fold import Fold
from sinks.clickhouse import audit as books
from sinks.clickhouse.queries import makers
from sinks.clickhouse.readonly import Reader

PROFILE = "eu-battery-art8"
COLUMNS = ("year", "", "made kg", "end of life %", "mfg waste %", "recycled %", "run around kg", "unknown kg", "minimums")
RIGHT = COLUMNS[2:8]


@click.command(
    epilog="\b\nExamples:\n  lodestream article8\n"
    "  lodestream article8 --year 2026 --site https://id.gs1.org/414/9521321000018 --json"
)
@click.option("--year", type=int, help="Only of this calendar year, by the time of the plant.")
@click.option("--site", metavar="SITE", help="Only of this plant (its identifier, in any spelling).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, year: int | None, site: str | None, as_json: bool) -> None:
    """Show the recycled content of active materials by element, plant and year: Regulation (EU) 2023/1542, Article 8.

    The books are kept anew from their entries, so all that was corrected, assayed later or told anew since is in the figures.
    Recycled is what was recovered from the end of life or from manufacturing waste; what goes round in the plant is not, and what
    nobody has told the class of is primary. An element of which a plant made nothing that year has no data, which is not 0 %.
    """
    wanted = canonical_id(site) if site else None
    with tables(context) as reader:
        plants = [one for one in makers(reader, ACTIVE_MATERIALS) if wanted in (None, one)]
        skips = books.skipped(reader)
        made = [output for one in plants for output in _made(reader, one, context.settings.partitions, skips)]
    made = [one for one in made if year in (None, one.year) and (one.active_material or "Pb" in one.shares)]
    lines = report(profiles()[PROFILE], made)
    if as_json:
        _print_json(lines, made)
    else:
        _print(lines, made, f"{wanted or 'any plant'}{'' if year is None else f' in {year}'}")


def _made(reader: Reader, site: str, partitions: int, skips: dict[str, str]) -> list[Output]:
    fold = Fold()
    events: dict[tuple[str, str], Event] = {}
    try:
        for entry in books.entries(reader, site, partitions):
            if entry.entry_id in skips:
                continue
            if entry.event is not None:
                events.setdefault((site, entry.event.identity), entry.event)
            fold.apply(entry)
    except msgspec.DecodeError as error:
        raise Unusable(f"an entry of {site} cannot be read: {error} (`lodestream audit --from clickhouse`)") from error
    return list(produced(fold, events))


def _places(made: Iterable[Output]) -> list[tuple[str, int]]:
    return sorted({(one.plant, one.year) for one in made})


def _unassayed(made: Iterable[Output], plant: str, year: int) -> int:
    return len({one.lot for one in made if (one.plant, one.year) == (plant, year) and not one.shares})


def _print_json(lines: list[RecycledContent], made: list[Output]) -> None:
    known = {(line.plant, line.year, line.element): line for line in lines}
    for plant, year in _places(made):
        unassayed = {"unassayed_lots": _unassayed(made, plant, year)}
        for element in ELEMENTS:
            line = known.get((plant, year, element))
            if line is not None:
                print_json(plain(line) | unassayed)
            else:
                print_json({"plant": plant, "year": year, "element": element, "no_data": True} | unassayed)


def _print(lines: list[RecycledContent], made: list[Output], asked: str) -> None:
    to = console()
    known = {(line.plant, line.year, line.element): line for line in lines}
    if not made:
        to.print(f"No data: the books know of no active material made by {asked}.", soft_wrap=True)
    for plant in dict.fromkeys(plant for plant, _ in _places(made)):
        years = [year for at, year in _places(made) if at == plant]
        cells = [_cells(year, element, known.get((plant, year, element))) for year in years for element in ELEMENTS]
        to.print(table(plant, COLUMNS, cells, RIGHT))
        for year in years:
            if number := _unassayed(made, plant, year):
                to.print(f"{year}: {counted(number, 'lot')} without an assay: no data, not in these figures", soft_wrap=True)
    profile = profiles()[PROFILE]
    to.print(
        f"method {profile.name}@{profile.version} {METHOD}; the act with the method is not adopted", style="dim", soft_wrap=True
    )


def _cells(year: int, element: str, line: RecycledContent | None) -> tuple[str, ...]:
    if line is None:
        return (str(year), element, "no data", *["–"] * 5, "")
    checks = ", ".join(
        f"{check.from_year}: {'met' if check.met else 'missed'} ({check.minimum_percent} %)" for check in line.checks
    )
    return (
        str(year),
        element,
        kilograms(line.total_mg),
        line.end_of_life_percent,
        line.manufacturing_waste_percent,
        line.recycled_percent,
        kilograms(line.run_around_mg),
        kilograms(line.unknown_mg),
        checks,
    )

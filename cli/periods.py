"""`lodestream periods`: the closed months of a site and their balances."""

from itertools import groupby

import click
from rich.table import Table

from cli.context import Context, pass_context
from cli.output import console, kilograms, plain, print_json, table
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.queries import PeriodRead, periods

COLUMNS = ("", "accounts", "opening kg", "late kg", "in kg", "out kg", "closing kg")


@click.command(
    epilog="\b\nExamples:\n  lodestream periods https://id.gs1.org/414/9521321000018\n"
    "  lodestream periods --versions --json https://id.gs1.org/414/9521321000018"
)
@click.argument("site")
@click.option("--versions", is_flag=True, help="Every version, not the latest one alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, site: str, versions: bool, as_json: bool) -> None:
    """Show the closed accounting periods of a SITE (its identifier, in any spelling), by element and class of accounts.

    Opening + late + in - out = closing. Nothing of a closed period is changed: what came later for it stands in its next version.
    """
    here = canonical_id(site)
    with tables(context) as reader:
        rows = periods(reader, here, versions=versions)
    if as_json:
        for row in rows:
            print_json(plain(row))
    elif not rows:
        console().print(f"The site {here} has closed no period.", soft_wrap=True)
    else:
        for _, lines in groupby(rows, lambda row: (row.period, row.version)):
            console().print(_balances(list(lines)))


def _balances(lines: list[PeriodRead]) -> Table:
    first = lines[0]
    counted = "counted" if first.counted else "book, not counted"
    cells = [
        (
            line.element,
            line.account_class,
            *map(kilograms, (line.opening_mg, line.late_mg, line.in_mg, line.out_mg, line.closing_mg)),
        )
        for line in lines
        if line.element
    ]
    return table(f"{first.period}, version {first.version}, {counted}", COLUMNS, cells, COLUMNS[2:])

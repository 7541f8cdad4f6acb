"""`lodestream findings`: what the rules found, with the arithmetic."""

import sys

import click

from cli.answers import finding_text
from cli.context import Context, pass_context
from cli.exits import Exit
from cli.output import console, counted, plain, print_json
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from lodestream.ledger.catalogue import CATALOGUE
from sinks.clickhouse.queries import findings


@click.command(
    epilog="\b\nExamples:\n  lodestream findings\n  lodestream findings --all --json | jq 'select(.code == \"IMPOSSIBLE\")'"
)
@click.option("--site", metavar="SITE", help="Only of this site (its identifier, in any spelling).")
@click.option("--code", type=click.Choice(sorted(CATALOGUE), case_sensitive=False), metavar="CODE", help="Only of this name.")
@click.option("--all", "closed", is_flag=True, help="Also those that are resolved or superseded.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_context
def command(context: Context, site: str | None, code: str | None, closed: bool, as_json: bool) -> None:
    """Show the open findings, worst first, each with the arithmetic behind it.

    Exit code 1 where a hard or hold finding is open: on the lots concerned nothing is signed.
    """
    with tables(context) as reader:
        rows = findings(reader, canonical_id(site) if site else None, state=None if closed else "open", code=code)
    if as_json:
        for row in rows:
            print_json(plain(row))
    else:
        for row in rows:
            console().print(finding_text(row), soft_wrap=True)
        console().print(counted(len(rows), "finding"))
    stands = any(row.severity in {"hard", "hold"} and row.state == "open" for row in rows)
    sys.exit(Exit.FAULTS if stands else Exit.OK)

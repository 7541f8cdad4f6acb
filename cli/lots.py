"""`lodestream lots`: the lots and what they hold."""

import click

from cli.answers import show_lots, show_shares
from cli.context import Context, pass_context
from cli.output import console, plain, print_json
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.queries import lots


@click.command(
    epilog="\b\nExamples:\n  lodestream lots\n  lodestream lots --all --site https://id.gs1.org/414/9521321000018 --json"
)
@click.option("--site", metavar="SITE", help="Only of this site (its identifier, in any spelling).")
@click.option("--all", "empty", is_flag=True, help="Also those that are used up.")
@click.option("--shares", is_flag=True, help="Where what they hold comes from, and their carbon.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, site: str | None, empty: bool, shares: bool, as_json: bool) -> None:
    """Show the latest state of every lot: masses, contained metal, class, and how many hard or hold findings are open on it.

    With --shares: by element, where the metal comes from (proportional attribution), in kg and percent; the embodied carbon as
    far as it is known; and what the lot touched without a share of it. JSON has it all anyway.
    """
    with tables(context) as reader:
        rows = lots(reader, canonical_id(site) if site else None, empty=empty)
    if as_json:
        for row in rows:
            print_json(plain(row))
    elif rows:
        (show_shares if shares else show_lots)(console(), rows)
    else:
        console().print("There are no lots." if site is None else f"The site {canonical_id(site)} has no lots.")

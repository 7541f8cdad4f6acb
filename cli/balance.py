"""`lodestream balance`: what each account of a site holds."""

import click

from cli.answers import account_table, show_sites
from cli.context import Context, pass_context
from cli.output import console, plain, print_json
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.queries import balances, site_balances


@click.command(epilog="\b\nExamples:\n  lodestream balance\n  lodestream balance https://id.gs1.org/414/9521321000018")
@click.argument("site", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, site: str | None, as_json: bool) -> None:
    """Show where the metal is, by site and element; of one SITE (its identifier, in any spelling) every account."""
    with tables(context) as reader:
        sites = site_balances(reader) if site is None else []
        accounts = [] if site is None else balances(reader, canonical_id(site))
    if as_json:
        for row in (*sites, *accounts):
            print_json(plain(row))
    elif sites:
        show_sites(console(), sites)
    elif accounts:
        console().print(account_table(accounts))
    else:
        console().print("There are no balances yet." if site is None else f"The site {canonical_id(site)} has no balances.")

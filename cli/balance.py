"""`lodestream balance`: what each account of a site holds."""

from itertools import groupby

import click

from cli.answers import account_table, show_sites
from cli.context import Context, pass_context
from cli.output import console, plain, print_json
from cli.reading import tables
from cli.times import Time
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.queries import balances, balances_at, site_balances

EXAMPLES = (
    "\b\nExamples:\n  lodestream balance\n  lodestream balance https://id.gs1.org/414/9521321000018\n"
    "  lodestream balance --as-of 2026-03-05T00:00Z --about 2026-03-02T12:00Z"
)


@click.command(epilog=EXAMPLES)
@click.argument("site", required=False)
@click.option("--as-of", "as_of", type=Time(), help="As known then: only what was recorded until then; every account.")
@click.option("--about", type=Time(), help="About then: only what had happened until then; every account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, site: str | None, as_of: int | None, about: int | None, as_json: bool) -> None:
    """Show where the metal is, by site and element; of one SITE (its identifier, in any spelling) every account.

    "As known at r, about time v": --as-of is a record time, --about a valid time. Nothing is ever updated, so any answer of the
    past can be given again.
    """
    then = as_of is not None or about is not None
    here = canonical_id(site) if site else None
    with tables(context) as reader:
        sites = site_balances(reader) if here is None and not then else []
        accounts = balances_at(reader, as_of, about, here) if then else balances(reader, here) if here else []
    if as_json:
        for row in (*sites, *accounts):
            print_json(plain(row))
    elif sites:
        show_sites(console(), sites)
    elif accounts:
        for at, rows in groupby(accounts, lambda row: row.site):
            if here is None:
                console().print(at, style="bold", soft_wrap=True)
            console().print(account_table(rows))
    else:
        console().print("There are no balances." if here is None else f"The site {here} has no balances.")

"""`lodestream trace`: where a lot came from and where it went."""

import click

from cli.answers import trace_trees
from cli.context import Context, pass_context
from cli.exits import Unusable
from cli.output import console, plain, print_json
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.trace import trace

EXAMPLES = (
    "\b\nExamples:\n  lodestream trace https://id.gs1.org/01/09521321102026/10/A\n"
    "  lodestream trace --json urn:epc:class:lgtin:9521321.010202.A"
)


@click.command(epilog=EXAMPLES)
@click.argument("lot")
@click.option("--site", metavar="SITE", help="Start at this site only, where several have had the lot.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line for each link; amounts in mg are strings of digits."
)
@pass_context
def command(context: Context, lot: str, site: str | None, as_json: bool) -> None:
    """Show all that went into a LOT (its identifier, in any spelling), and all that came of it, across sites.

    Lots are followed by version: what was drawn from a lot before something was added to it does not contain it.
    """
    with tables(context) as reader:
        found = trace(reader, canonical_id(lot), canonical_id(site) if site else None)
    if not found.lots:
        raise Unusable(
            f"{'no site' if site is None else canonical_id(site)} has had a lot {canonical_id(lot)} (`lodestream lots --all`)"
        )
    if as_json:
        for direction, links in (("upstream", found.upstream), ("downstream", found.downstream)):
            for link in links:
                print_json({"direction": direction, **plain(link)})
    else:
        for tree in trace_trees(found):
            console().print(tree, soft_wrap=True)
    if not found.complete:
        click.echo("There is more: the walk stopped at its bound.", err=True)

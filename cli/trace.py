"""`lodestream trace`: where a lot came from and where it went."""

import click

from cli.answers import trace_trees
from cli.context import Context, pass_context
from cli.dot import dot
from cli.exits import Unusable
from cli.output import console, plain, print_json
from cli.reading import tables
from lodestream.epcis.identifiers import canonical_id
from sinks.clickhouse.trace import EDGES_MAX, STEPS_MAX, trace

EXAMPLES = (
    "\b\nExamples:\n  lodestream trace https://id.gs1.org/01/09521321102026/10/A\n"
    "  lodestream trace --json urn:epc:class:lgtin:9521321.010202.A\n"
    "  lodestream trace --dot https://id.gs1.org/01/09521321102026/10/A | dot -Tsvg > lot.svg"
)


@click.command(epilog=EXAMPLES)
@click.argument("lot")
@click.option("--site", metavar="SITE", help="Start at this site only, where several have had the lot.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line for each link; amounts in mg are strings of digits."
)
@click.option("--dot", "as_dot", is_flag=True, help="A graph for Graphviz.")
@pass_context
def command(context: Context, lot: str, site: str | None, as_json: bool, as_dot: bool) -> None:
    """Show all that went into a LOT (its identifier, in any spelling), and all that came of it, across sites.

    Of each link: how much went along it, the event behind it, and by element the shares of origins in the lot that it was drawn
    from (proportional attribution). Lots are followed by version: what was drawn from a lot before something was added to it does
    not contain it.
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
    elif as_dot:
        click.echo(dot(found))
    else:
        for tree in trace_trees(found):
            console().print(tree, soft_wrap=True)
    if not found.complete:
        said = f"There is more: a walk ends after {EDGES_MAX:,} links or {STEPS_MAX} steps. Go on from a lot at its end."
        click.echo(said, err=True)

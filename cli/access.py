"""`lodestream access`: the key of a lot, for whoever may read what is about it."""

import click

from cli.context import Context, pass_context
from cli.exits import Unusable
from cli.issuing import access_secret, base_url
from cli.output import print_json
from cli.reading import tables
from lodestream.credentials.access import Access, lot_key, qr_text
from lodestream.credentials.linkset import anchor_path
from lodestream.epcis.identifiers import canonical_id
from runtime.harmless import harmless
from sinks.clickhouse.trace import trace

EXAMPLES = (
    "\b\nExamples:\n  lodestream access https://id.gs1.org/01/09521321102026/10/K1"
    "\n  lodestream access urn:epc:class:lgtin:9521321.010202.K1 | qrencode -o k1.png"
    "\n  lodestream access --upstream https://id.gs1.org/01/09521321102026/10/K1"
)


@click.command(epilog=EXAMPLES)
@click.argument("lot")
@click.option("--upstream", is_flag=True, help="Also the lots of the same site that went into it, from the tables of ClickHouse.")
@click.option("--site", metavar="SITE", help="With --upstream: at this site, where several have had the lot.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each lot.")
@pass_context
def command(context: Context, lot: str, upstream: bool, site: str | None, as_json: bool) -> None:
    """Print a link that holds the key of a LOT (its identifier, in any spelling): the text of a QR code.

    Whoever has the link reads what was published privately about this lot, and nothing about any other. It cannot be taken
    back: give it only to those who may read. It is made from the secret in the data folder of the publication worker; whether
    there is anything about the lot is not looked at.
    """
    secret, root = access_secret(context.settings), base_url(context.settings)
    canonical = canonical_id(lot)
    for each in [canonical, *(_upstream(context, canonical, site) if upstream else ())]:
        access = Access(root.rstrip("/") + anchor_path(each), lot_key(secret, each))
        if as_json:
            print_json({"lot": each, "link": qr_text(access), "key": access.key.hex()})
        elif upstream:
            click.echo(f"{harmless(each)}  {qr_text(access)}")
        else:
            click.echo(qr_text(access))


def _upstream(context: Context, lot: str, site: str | None) -> list[str]:
    """The lots that went into a lot at its site, the nearest first. Raises Unusable."""
    with tables(context) as reader:
        found = trace(reader, lot, canonical_id(site) if site else None)
    places = {here for here, _ in found.lots}
    if len(places) != 1:
        where = (
            f"{len(places)} sites have had it: name one with --site" if places else "no site has had it (`lodestream lots --all`)"
        )
        raise Unusable(f"what went into {lot} is not known: {where}")
    if not found.complete:
        click.echo("There is more upstream than one walk shows: ask again from a lot at its end.", err=True)
    return list(dict.fromkeys(link.from_lot for link in found.upstream if link.from_site in places and link.from_lot != lot))

"""`lodestream access`: the key of a lot, for whoever may read what is about it."""

import click

from cli.context import Context, pass_context
from cli.issuing import access_secret, base_url
from cli.output import console, print_json
from lodestream.credentials.access import Access, lot_key, qr_text
from lodestream.credentials.linkset import anchor_path
from lodestream.epcis.identifiers import canonical_id
from runtime.harmless import harmless

EXAMPLES = (
    "\b\nExamples:\n  lodestream access https://id.gs1.org/01/09521321102026/10/K1"
    "\n  lodestream access urn:epc:class:lgtin:9521321.010202.K1 | qrencode -o k1.png"
)


@click.command(epilog=EXAMPLES)
@click.argument("lots", metavar="LOT...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each lot.")
@pass_context
def command(context: Context, lots: tuple[str, ...], as_json: bool) -> None:
    """Print, for each LOT (its identifier, in any spelling), a link that holds its key: the text of a QR code.

    Whoever has the link reads what was published privately about this lot, and nothing about any other lot. It cannot be taken
    back: give it only to those who may read. It is made from the secret in the data folder of the publication worker; whether
    there is anything about the lot is not looked at.
    """
    secret, root = access_secret(context.settings), base_url(context.settings)
    for given in lots:
        lot = canonical_id(given)
        text = qr_text(Access(root.rstrip("/") + anchor_path(lot), lot_key(secret, lot)))
        if as_json:
            print_json({"lot": lot, "link": text, "key": lot_key(secret, lot).hex()})
        elif len(lots) == 1:
            click.echo(text)
        else:
            console().print(f"{harmless(lot)}  {text}", soft_wrap=True)

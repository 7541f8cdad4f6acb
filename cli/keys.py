"""`lodestream keys`: the issuer's key and its DID document."""

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.issuing import did_path, key_path, signer
from cli.output import console, print_json
from lodestream.credentials.did import web_url
from lodestream.credentials.errors import CredentialError


@click.command(epilog="\b\nExamples:\n  lodestream keys\n  lodestream -s issuer.base_url=https://example.org keys")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@pass_context
def command(context: Context, as_json: bool) -> None:
    """Make the signing key where there is none, write its DID document, and show where both are.

    The key file is readable by its owner only (mode 0600) and never shown. Publish the DID document at the address
    shown, so that others can verify what you sign.
    """
    settings = context.settings
    made = signer(settings)
    try:
        address = web_url(made.did)
    except CredentialError:
        address = ""  # another DID method: its own rules say where the document is
    shown = {
        "did": made.did,
        "key_id": made.kid,
        "key_file": str(key_path(settings)),
        "did_document": str(did_path(settings)),
        "publish_at": address,
    }
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        console().print(Text.assemble((f"{name.replace('_', ' '):<13} ", "dim"), value or "–"), soft_wrap=True)

"""`lodestream serve`: what is published, over HTTP."""

import asyncio

import click

from cli.context import Context, pass_context
from cli.exits import Unreachable, Unusable
from cli.issuing import base_url
from cli.output import console
from sinks.publication.resolver import Site
from sinks.publication.serve import serve

EXAMPLES = "\b\nExamples:\n  lodestream serve\n  lodestream serve --port 0\n  curl -i 'http://127.0.0.1:8080/01/09521321102026/10/K1?linkType=linkset'"


@click.command(epilog=EXAMPLES)
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0: any that is free.")
@pass_context
def command(context: Context, address: str, port: int) -> None:
    """Serve the published folder and resolve identifiers, until Ctrl-C or SIGTERM.

    GS1 Digital Links and /id/... lead to the credentials about them: to the default one (307), to that of ?linkType=dpp, or with
    ?linkType=linkset to a list of all. Everything in the folder is public, so nothing is asked of whoever reads. For the open
    internet put a server that ends TLS in front, or give the folder to a static host (docs/publishing.md).
    """
    settings = context.settings
    folder = settings.publication.folder
    if not folder.is_dir():
        raise Unusable(f"nothing is published in {folder}: run `lodestream worker publication`, or set publication.folder")

    def ready(found: int) -> None:
        host = f"[{address}]" if ":" in address else address
        console().print(f"{folder} is served at http://{host}:{found}/", soft_wrap=True)

    try:
        asyncio.run(serve(Site(folder, base_url(settings)), address, port, ready))
    except OSError as reason:
        raise Unreachable(f"{address}:{port} cannot be had: {reason}; choose another --port") from reason

"""`lodestream bundle`: official schemas and contexts for `verify`."""

from importlib.util import find_spec
from pathlib import Path

import click

from cli.context import Context, pass_context
from cli.exits import Unusable
from cli.issuing import bundle_path
from cli.output import console, counted
from lodestream.credentials.errors import CredentialError
from streams.issuer.bundle import install

LIBRARIES = ("jsonschema_rs", "pyld")  # of the extra `bundle`, which not every installation has


@click.group(epilog="\b\nExample:\n  lodestream bundle install ./untp-artefacts")
def command() -> None:
    """Official JSON Schemas and JSON-LD contexts of UNTP and W3C, which Lodestream does not come with."""


@command.command(name="install", epilog="\b\nExample:\n  lodestream bundle install ./untp-artefacts")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@pass_context
def install_bundle(context: Context, folder: Path) -> None:
    """Copy the official files from FOLDER (contexts/, schemas/), each pinned by its SHA-256, for `lodestream verify`.

    All or nothing: a file that is not the one that is pinned is refused, and nothing is fetched from anywhere.
    """
    target = bundle_path(context.settings)
    for library in LIBRARIES:
        if find_spec(library) is None:
            raise Unusable(
                f"nothing was installed: `verify` could not use it without {library}; "
                "`.venv/bin/pip install -e '.[bundle]'` in the checkout brings it"
            )
    try:
        done = install(folder, target)
    except (CredentialError, OSError) as error:
        raise Unusable(f"{folder} cannot be used: {error}") from error
    console().print(f"{counted(len(done.copied), 'file')} in {target}", soft_wrap=True)
    for path in done.absent:
        console().print(f"not in the folder, and optional: {path}", style="dim", soft_wrap=True)

"""`lodestream verify`: does a credential hold?"""

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unusable
from cli.issuing import bundle_path, did_path
from cli.output import console, print_json
from lodestream.credentials.bundle import bundle_policies
from lodestream.credentials.did import DidDocument
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy
from lodestream.credentials.report import Report
from lodestream.credentials.verify import verify
from runtime.harmless import harmless
from runtime.settings import Settings
from streams.issuer.bundle import load
from streams.issuer.keys import read_did_document

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "not checked": ("–", "dim")}
LARGEST_BYTES = 16 * 1024 * 1024


@click.command(
    epilog="\b\nExamples:\n  lodestream verify credential.json\n  lodestream verify --did-document did.json credential.json"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--did-document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The issuer's DID document; without it, the one that `lodestream keys` writes.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@pass_context
def command(context: Context, file: Path, did_document: Path | None, as_json: bool) -> None:
    """Check a credential's proof, structure and dates, offline; say what was checked and what was not.

    FILE holds an enveloped credential (JSON) or a compact JWS. Once a bundle of official files is installed (`lodestream
    bundle install`), it is held against their JSON Schemas and JSON-LD contexts too. Exit code 0 only if all that was
    checked passed.
    """
    document = _did_document(did_document or did_path(context.settings))
    with file.open("rb") as opened:
        data = opened.read(LARGEST_BYTES)  # the verifier refuses what is longer than far less than this
    report = verify(data, document, time.time_ns() // 1000, policies(context.settings))
    if as_json:
        print_json(report.to_json())
    else:
        show(report, console())
    sys.exit(Exit.OK if report.verified else Exit.FAULTS)


def policies(settings: Settings) -> tuple[Policy, ...]:
    """What to hold a credential against: our own models, and the official files where they are installed. Raises Unusable."""
    try:
        bundle = load(bundle_path(settings))
        return DEFAULT_POLICIES if bundle is None else (*DEFAULT_POLICIES, *bundle_policies(bundle))
    except (CredentialError, OSError) as error:
        raise Unusable(f"the bundle in {bundle_path(settings)} cannot be used: {error}") from error


def show(report: Report, to: Console, *, brief: bool = False) -> None:
    """A report for a person: the verdict first, then every check; `brief` only names what was not checked."""
    to.print(Text.assemble(("VERIFIED", "bold green") if report.verified else ("NOT VERIFIED", "bold red")))
    left_out = []
    for name, result, sentence in report.rows():
        if brief and result == "not checked":
            left_out.append(name)
            continue
        mark, style = MARKS[result]
        to.print(Text.assemble((f"  {mark} {name:<16}", style), harmless(sentence)), soft_wrap=True)
    if left_out:
        to.print(f"  – not checked: {', '.join(left_out)}", style="dim", soft_wrap=True)


def _did_document(path: Path) -> DidDocument:
    if not path.exists():
        raise Unusable(f"there is no DID document at {path}: run `lodestream keys`, or name the issuer's with --did-document")
    try:
        return read_did_document(path)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the DID document {path} cannot be used: {error}") from error

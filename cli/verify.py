"""`lodestream verify`: does a credential hold, and all that it stands on?"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unusable
from cli.issuing import bundle_path, did_path
from cli.output import console, print_json
from cli.page import page
from cli.verifying import Given, Start, keys_of, sources_of, start_of, trust_file
from cli.walked import show_walk
from connectors.web.dids import resolve
from connectors.web.folder import Saving
from lodestream.credentials.bundle import bundle_policies
from lodestream.credentials.did import DidDocument
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy
from lodestream.credentials.proof import presented
from lodestream.credentials.report import Report
from lodestream.credentials.verify import verify
from lodestream.credentials.walk import Limits, Sources, Trust, WalkReport, walk
from runtime.harmless import harmless
from runtime.settings import Settings
from streams.issuer.bundle import load
from streams.issuer.keys import read_did_document

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "not checked": ("–", "dim")}
WALK_SECONDS = 300
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="\b\nExamples:\n  lodestream verify credential.json\n  lodestream verify --did-document did.json credential.json\n"
    "  lodestream verify --trust trust.toml --allow '*' https://refinery.example/credentials/dpp/1\n"
    "  lodestream verify --trust trust.toml --offline saved --html report.html passport.json"
)
@click.argument("what", metavar="FILE|URL|QR-TEXT")
@click.option(
    "--did-document",
    type=FILE,
    help="The issuer's; without it, what is fetched, or what `lodestream keys` writes.",
)
@click.option("--walk/--no-walk", "walking", default=None, help="Follow what it stands on: done for a URL, or with --trust.")
@click.option("--trust", "trust_path", type=FILE, help="Whom you trust and what you tolerate (docs/verifying.md).")
@click.option("--allow", multiple=True, metavar="HOST", help="A host that may be asked; `*` for every public one by https.")
@click.option("--offline", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Ask a saved walk, not the web.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep every answer in a folder, for --offline.")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="The key of a lot: hex, or @FILE that holds it.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report of a walk as a page to print.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@pass_context
def command(
    context: Context,
    what: str,
    did_document: Path | None,
    walking: bool | None,
    trust_path: Path | None,
    allow: Sequence[str],
    offline: Path | None,
    save: Path | None,
    keys: Sequence[str],
    html: Path | None,
    as_json: bool,
) -> None:
    """Check a credential's proof, structure and dates; walk what it stands on; say what was checked and what was not.

    A file holds an enveloped credential, a compact JWS or a credential with a proof in it. A walk follows products and
    facilities upstream to primary production, and checks statuses, identities, claims, assessors and mass balances. Once a
    bundle of official files is installed (`lodestream bundle install`), all is held against their JSON Schemas and JSON-LD
    contexts too. Exit code 0 only if verified.
    """
    start = start_of(what)
    trust = trust_file(trust_path)
    found = sources_of(start, trust, allow, offline)
    if did_document is not None:
        found = Given(found, did_document)
    alone = start.data is not None and not (walking or trust_path or offline or save or html)
    if alone or walking is False:
        if start.data is None or html or save:
            raise Unusable("without a walk there is one file and no page of it: leave --no-walk, or give a file alone")
        document = _did_document(context.settings, did_document, start.data, found if allow or offline else None)
        _tell(verify(start.data, document, _now_us(), policies(context.settings)), as_json=as_json)
    else:
        report = _walk(start, found, trust, save, [*start.keys, *keys_of(keys)], policies(context.settings))
        _tell_walk(report, as_json=as_json, html=html)


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


def _walk(
    start: Start, sources: Sources, trust: Trust, save: Path | None, keys: list[bytes], held: tuple[Policy, ...]
) -> WalkReport:
    """The walk, at most WALK_SECONDS long. Raises Unusable where its folder cannot be written."""
    ends = time.monotonic() + WALK_SECONDS
    try:
        asked: Sources = Saving(sources, save) if save else sources
        report = walk(
            start.data if start.data is not None else start.url,
            asked,
            trust,
            Limits(),
            _now_us(),
            policies=held,
            keys=keys,
            patience=lambda: time.monotonic() < ends,
            digest=start.digest,
        )
        if isinstance(asked, Saving):
            asked.close()
    except OSError as error:
        raise Unusable(f"the walk cannot be saved in {save}: {error}") from error
    return report


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
    else:
        show(report, console())
    sys.exit(Exit.OK if report.verified else Exit.FAULTS)


def _tell_walk(report: WalkReport, *, as_json: bool, html: Path | None) -> None:
    if html is not None:
        try:
            html.write_text(page(report, _now_us()), encoding="utf-8")
        except OSError as error:
            raise Unusable(f"the page cannot be written: {error}") from error
    if as_json:
        print_json(report.to_json())
    else:
        show_walk(report, console())
    sys.exit(Exit.OK if report.verified else Exit.FAULTS)


def _did_document(settings: Settings, given: Path | None, data: bytes, sources: Sources | None) -> DidDocument:
    """The document that was given; else that of a did:key, or one that may be fetched; else our own."""
    path = given or did_path(settings)
    try:
        if given is None and (did := _issuer(data)) and (did.startswith("did:key:") or sources is not None):
            return resolve(did, sources or Given(None, None))
        if not path.exists():
            raise Unusable(
                f"there is no DID document at {path}: run `lodestream keys`, name the issuer's with --did-document, or let it be "
                "fetched with --allow HOST"
            )
        return read_did_document(path)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the issuer's DID document cannot be used: {error}") from error


def _issuer(data: bytes) -> str:
    """The DID that the file's proof names; nothing of it is believed, and what cannot be read is for the report."""
    try:
        return presented(data).issuer_hint
    except CredentialError:
        return ""


def _now_us() -> int:
    return time.time_ns() // 1000

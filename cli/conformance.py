"""`lodestream conformance`: anyone's credentials, checked tier by tier, with the clause behind each failure."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unusable
from cli.issuing import bundle_path
from cli.junit import junit
from cli.output import console, counted, print_json
from lodestream.conformance.documents import OTHER
from lodestream.conformance.findings import TIERS, FileReport, Report, Result
from lodestream.conformance.harness import check_set
from lodestream.conformance.kinds import CREDENTIALS
from lodestream.credentials.bundle import Bundle, bundle_policies
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES
from runtime.harmless import harmless
from runtime.settings import Settings
from streams.issuer.bundle import load

ENDINGS = frozenset({".json", ".jsonld", ".jwt", ".jws", ".vc"})
MANY_FILES = 2_000
MANY_BYTES = 256 * 1024 * 1024
MARKS: dict[Result | None, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "warning": ("!", "yellow"),
    "not checked": ("–", "dim"),
    None: ("", ""),
}


@click.command(
    epilog="\b\nExamples:\n  lodestream conformance passport.json\n  lodestream conformance supplier/\n"
    "  lodestream conformance --junit report.xml --json supplier/ > report.json"
)
@click.argument("target", metavar="FILE|FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object (docs/conformance.md).")
@click.option(
    "--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write it as JUnit XML too, for a CI server."
)
@pass_context
def command(context: Context, target: Path, as_json: bool, junit_file: Path | None) -> None:
    """Check anyone's UNTP credentials: data model, proof, JSON Schema, JSON-LD, status, mass balance, trust.

    A folder (with its subfolders) is one set: its credentials refer to each other, and its DID documents give the keys. Each
    failure names the clause behind it and what to do. Official schemas and contexts are those of `lodestream bundle install`.
    Nothing is fetched. Exit code 0 if nothing failed (warnings do not count), 1 if something did, 2 if there is no credential.
    """
    bundle = _bundle(context.settings)
    report = check_set(_read(target), bundle, time.time_ns() // 1000)
    if not any(file.kind in CREDENTIALS or file.result() == "failed" for file in report.files):
        raise Unusable(f"there is no credential in {target} (looked at: {', '.join(sorted(ENDINGS))})")
    if junit_file is not None:
        _write(junit_file, junit(report))
    if as_json:
        print_json(report.to_json())
    else:
        show(report, console())
    sys.exit(Exit.OK if report.conforms else Exit.FAULTS)


def _bundle(settings: Settings) -> Bundle | None:
    path = bundle_path(settings)
    try:
        bundle = load(path)
        if bundle is not None:
            bundle_policies(bundle)  # for its word on libraries that are missing
    except (CredentialError, OSError) as error:
        raise Unusable(f"the bundle in {path} cannot be used: {error}") from error
    return bundle


def _read(target: Path) -> dict[str, bytes]:
    """The files by their names within the folder. One byte more than is accepted is read, so that the reader refuses it."""
    paths = {target.name: target} if target.is_file() else dict(_within(target))
    if len(paths) > MANY_FILES:
        raise Unusable(f"{target} has {len(paths):,} files; at most {MANY_FILES:,} are one set")
    files, size = {}, 0
    for name, path in paths.items():
        try:
            with path.open("rb") as opened:
                files[name] = opened.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise Unusable(f"{path} cannot be read: {error.strerror}") from error
        size += len(files[name])
        if size > MANY_BYTES:
            raise Unusable(f"{target} has more than {MANY_BYTES // 2**20} MiB; divide the set")
    return files


def _within(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS and path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}") from error


def show(report: Report, to: Console) -> None:
    """For a person: a line a file, then each failure and warning in a line under its file, what to do by rule, then the tiers."""
    to.print(_table([file for file in report.files if file.kind != OTHER]))
    to.print(Text("✓ passed   (✓) passed in part, the rest not checked   ✗ failed   ! warning   – not checked", style="dim"))
    if others := [harmless(file.file) for file in report.files if file.kind == OTHER]:
        to.print(Text(f"no credentials, and not checked: {', '.join(others)}", style="dim"), soft_wrap=True)
    advice: dict[str, str] = {}
    for file in report.files:
        told = [check for check in file.checks if check.result in ("failed", "warning")]
        if told:
            to.print(Text(f"\n{harmless(file.file)}", style="bold"), soft_wrap=True)
        for check in told:
            mark, style = MARKS[check.result]
            where = f" {harmless(check.pointer)}:" if check.pointer else ""
            said = f"{where} {harmless(check.found.removesuffix('.'))}. "
            to.print(Text.assemble((f"  {mark} {check.rule}", style), said, (harmless(check.clause), "dim")), soft_wrap=True)
            advice[check.rule] = check.advice
    if advice:
        to.print(Text("\nWhat to do", style="bold"))
    for rule, what in advice.items():
        to.print(Text.assemble((f"  {rule:<18}", "dim"), f" {what}"), soft_wrap=True)
    to.print()
    _summary(report, to)


def _table(files: list[FileReport]) -> Table:
    made = Table(box=None, header_style="dim", pad_edge=False)
    made.add_column("file", overflow="fold")
    made.add_column("what", overflow="fold")
    for name in TIERS.values():
        made.add_column(name, justify="center")
    for file in files:
        what = f"{file.kind.removeprefix('Digital')} {file.version}".strip()
        made.add_row(Text(harmless(file.file)), Text(harmless(what)), *(Text(*_mark(file, tier)) for tier in TIERS))
    return made


def _mark(file: FileReport, tier: int) -> tuple[str, str]:
    """Of a tier in which something passed and something was not looked at no more is said than that."""
    results = {check.result for check in file.checks if check.tier == tier}
    return ("(✓)", "green") if results == {"passed", "not checked"} else MARKS[file.result(tier)]


def _summary(report: Report, to: Console) -> None:
    made = Table(box=None, header_style="dim", pad_edge=False)
    for name in ("tier", "passed", "failed", "warnings", "not checked"):
        made.add_column(name, justify="left" if name == "tier" else "right")
    for tier in report.tiers:
        counts = (tier.passed, tier.failed, tier.warning, tier.not_checked)
        made.add_row(f"{tier.tier} {tier.name}", *map(str, counts))
    to.print(made)
    for why, times in _left_out(report).items():
        to.print(Text(f"not checked ({times}): {harmless(why)}", style="dim"), soft_wrap=True)
    if not report.bundle:
        to.print(Text("No bundle of official files is installed, so tiers 3 and 4 were not checked.", style="yellow"))
    verdict = ("CONFORMS", "bold green") if report.conforms else ("DOES NOT CONFORM", "bold red")
    files = sum(file.kind in CREDENTIALS for file in report.files)
    failed = sum(tier.failed for tier in report.tiers)
    warned = sum(tier.warning for tier in report.tiers)
    said = f": {counted(files, 'credential')}, {counted(failed, 'failure')}, {counted(warned, 'warning')}"
    to.print(Text.assemble(verdict, said))


def _left_out(report: Report) -> dict[str, int]:
    """Why something was not checked, and how often; the same reason once."""
    found: dict[str, int] = {}
    for check in (check for file in report.files for check in file.checks if check.result == "not checked"):
        if check.rule == "FORM":
            continue  # those files are named under the table
        why = f"{check.rule}: {check.found}"
        found[why] = found.get(why, 0) + 1
    return found

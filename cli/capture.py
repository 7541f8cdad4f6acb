"""`lodestream capture`: event documents to the inbox."""

import re
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.broker import need_topic
from cli.context import Context, pass_context
from cli.exits import Exit, Unreachable, Unusable
from cli.output import counted, print_json
from connectors.files.capture import Capture, DeliveryError
from connectors.files.documents import Document, documents, expand
from runtime.clients import producer
from runtime.harmless import harmless
from schemas.topics import INBOX

SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@click.command(epilog="\b\nExamples:\n  lodestream capture examples/\n  lodestream capture --source plant-7 2026-01-*.jsonld")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE_OR_FOLDER...")
@click.option("--source", default="local", show_default=True, metavar="NAME", help="Who sends: the key of the inbox records.")
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object.")
@pass_context
def command(context: Context, paths: tuple[Path, ...], source: str, as_json: bool) -> None:
    """Send event documents to the inbox, in file order, and wait until the broker has them.

    A file is one document (.json, .jsonld); a .jsonl or .ndjson file holds a document or an event a line. Folders are
    searched through. What is above the inbox limit is refused here. Sending a file twice is safe: events that are
    there already become a DUPLICATE. Exit code 1 where something was refused, 3 where the broker does not take it.
    """
    if not SOURCE.fullmatch(source):
        raise Unusable(f"--source {source}: use small letters, digits and -, at most 63")
    try:
        capture = send_all(context, paths, source)
    except DeliveryError as error:
        raise Unreachable(f"{context.settings.kafka.bootstrap_servers}: {error}") from error
    limit = context.settings.limits.inbox_record_bytes
    for document in capture.refused:
        click.echo(_refusal(document, limit), err=True)
    if as_json:
        print_json({"source": source, "topic": INBOX, "captured": capture.delivered, "refused": len(capture.refused)})
    else:
        click.echo(f"{counted(capture.delivered, 'document')} captured, {len(capture.refused):,} refused")
    sys.exit(Exit.FAULTS if capture.refused else Exit.OK)


def send_all(context: Context, paths: tuple[Path, ...], source: str) -> Capture:
    """Send the documents of all paths with a progress bar on standard error. Raises DeliveryError, Unusable."""
    files = expand(paths)
    client = producer(context.settings)
    need_topic(client, context.settings.kafka.bootstrap_servers, INBOX)
    capture = Capture(client, INBOX, source, sample=context.settings.traces.sample)
    with _progress() as bar:
        task = bar.add_task("capturing", total=len(files))
        for path in files:
            try:
                for document in documents(path, context.settings.limits.inbox_record_bytes):
                    capture.send(document)
            except OSError as error:
                raise Unusable(f"{path}: {error.strerror or error}") from error
            bar.advance(task)
        bar.update(task, description="waiting for the broker")
        capture.finish(lambda delivered: bar.update(task, completed=delivered, total=capture.sent))
    return capture


def _progress() -> Progress:
    """A bar for people; nothing where standard error is a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _refusal(document: Document, limit: int) -> str:
    size = f"{document.size:,} bytes; the inbox takes at most {limit:,}"
    return f"refused {harmless(document.name)}: {size}: split it into documents of fewer events"

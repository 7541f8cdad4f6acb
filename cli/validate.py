"""`lodestream validate`: would the gate take these events?"""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit
from cli.judged import judge
from cli.output import console, counted, print_json
from lodestream.epcis.intake import Accepted
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.routing import route
from lodestream.ledger.book import Register
from runtime.harmless import harmless


@click.command(epilog="\b\nExamples:\n  lodestream validate shipment.json\n  lodestream validate --json examples/ | jq .code")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE_OR_FOLDER...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for each event or rejection.")
@click.option("--book", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Book file, for the sites.")
@pass_context
def command(context: Context, paths: tuple[Path, ...], as_json: bool, book: Path | None) -> None:
    """Check EPCIS 2.0 documents or bare events as the gate does, without a broker.

    Says of each event whether the gate takes it, with its event hash, digest and site, or why not and where.
    Exit code 0 only if every event of every document is accepted.
    """
    register = context.book(book).register
    rows = (row(name, item, register) for name, item in judge(paths, context.limits))
    counts: Counter[str] = Counter()
    for line in rows:
        counts[line["status"]] += 1
        if as_json:
            print_json(line)
        else:
            _say(line)
    if not as_json:
        console().print(f"{counted(counts['accepted'], 'event')} accepted, {counts['rejected']:,} rejected")
    sys.exit(Exit.FAULTS if counts["rejected"] else Exit.OK)


def row(name: str, item: Accepted | Rejection, register: Register) -> dict[str, Any]:
    """One line of `validate --json`."""
    if isinstance(item, Rejection):
        place = {"status": "rejected", "file": name, "index": item.index}
        return place | {"code": item.code, "pointer": item.pointer, "message": item.message}
    event, where = item.event, route(item.event, register)
    return {
        "status": "accepted",
        "file": name,
        "index": item.index,
        "type": event.type,
        "event_id": event.event_id,
        "event_hash": event.event_hash,
        "content_digest": event.content_digest,
        "site": where.site,
        "warnings": [*item.warnings, *where.warnings],
    }


def _say(line: dict[str, Any]) -> None:
    """One event for a person: what it is and where it belongs, or what is wrong, where, and what to do."""
    place = harmless(line["file"]) if line["index"] is None else f"{harmless(line['file'])} event {line['index']}"
    if line["status"] == "rejected":
        where = harmless(line["pointer"] or "/")
        said = Text.assemble(("rejected ", "bold red"), place, "  ", (line["code"], "bold"), f" at {where}\n")
        said.append(f"         {harmless(line['message'])}")
    else:
        said = Text.assemble(("accepted ", "green"), place, f"  {line['type']}  at {line['site'] or 'no site'}")
        for warning in line["warnings"]:
            said.append(f"\n         {harmless(warning)}", style="magenta")
    console().print(said, soft_wrap=True)

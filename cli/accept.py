"""`lodestream accept`: suppliers' credentials into our books."""

import sys
from pathlib import Path

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unreachable, Unusable
from cli.output import console, counted, print_json
from cli.supplying import desk, list_of_suppliers, web
from connectors.credentials.desk import Answer
from connectors.credentials.push import told
from lodestream.credentials.jsontext import LARGEST_BYTES
from lodestream.credentials.walk.ports import Absent, Sources
from lodestream.supplied.acceptance import order
from runtime.errors import FatalError
from runtime.harmless import harmless

BY = "lodestream accept"


@click.command(
    epilog="\b\nExamples:\n  lodestream accept delivery/*.json\n  lodestream accept https://mine.example/credentials/dte/42"
)
@click.argument("given", nargs=-1, required=True, metavar="FILE_OR_URL...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a credential.")
@pass_context
def command(context: Context, given: tuple[str, ...], as_json: bool) -> None:
    """Take suppliers' credentials in: check them, keep them, open their lots in our books.

    The setting suppliers.file says whose credentials are taken and for which facilities. What is refused is kept with its
    reason and opens nothing. Giving a credential again is safe. Exit code 1 where one was refused, 3 where the broker or an
    address does not answer.
    """
    suppliers, _ = list_of_suppliers(context)
    found = sorted(((name, _read(name, web(suppliers))) for name in given), key=lambda one: order(one[1]))
    try:
        with desk(context) as at:
            answers = [(name, at.take(data, BY)) for name, data in found]
            at.send()
    except FatalError as error:
        raise Unusable(str(error)) from error
    for name, answer in answers:
        _show(name, answer, as_json)
    if not all(answer.sent for _, answer in answers):
        raise Unreachable("the broker does not take what was opened; it is kept and sent with the next call")
    sys.exit(Exit.OK if all(answer.accepted for _, answer in answers) else Exit.FAULTS)


def _read(name: str, sources: Sources) -> bytes:
    """A file, or what stands at an address. Raises Unusable, Unreachable."""
    if name.startswith(("https://", "http://")):
        answer = sources.get(name)
        if isinstance(answer, Absent):
            raise Unreachable(harmless(f"{name} cannot be had: {answer}"))
        return answer
    try:
        with Path(name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from error


def _show(name: str, answer: Answer, as_json: bool) -> None:
    if as_json:
        print_json({"name": name} | told(answer))
        return
    to = console()
    if not answer.accepted:
        to.print(Text.assemble(("refused  ", "bold red"), harmless(f"{name}: {answer.code}: {answer.sentence}")), soft_wrap=True)
        return
    more = " (it was accepted before)" if answer.again else ""
    to.print(Text.assemble(("accepted ", "bold green"), harmless(f"{name}: {answer.id}{more}")), soft_wrap=True)
    for one in answer.opened:
        done = "corrected" if one.version > 1 else "took back" if not one.event else "posts"
        lots = counted(len(one.lots), "lot")
        to.print(
            harmless(f"           {one.ref.partition(' ')[2]} {done} {lots} at {one.site}: {', '.join(one.lots)}"), soft_wrap=True
        )

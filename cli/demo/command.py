"""`lodestream demo`: broker and all workers on this machine; the examples go through them."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli.capture import send_all
from cli.context import Context, pass_context
from cli.demo.arrival import Arrival
from cli.demo.report import farewell, report
from cli.exits import Unreachable
from cli.judged import judge
from cli.local.processes import Interruption, Workers
from cli.local.stage import embedded, find_examples, fresh_folder, make_topics, near, settings_of_its_own
from cli.output import console, counted
from cli.worker import WORKERS

DEADLINE_SECONDS = 120.0


@click.command(epilog="\b\nExamples:\n  lodestream demo\n  lodestream --config .lodestream/demo/lodestream.toml findings")
@pass_context
def command(context: Context) -> None:
    """See an event travel the whole way, with nothing installed but this package.

    Starts the embedded broker and the six workers as processes of their own, captures the documents of examples/,
    waits until every event has arrived, shows what came of them, and stops everything. The tables stay in the data
    folder (.lodestream/demo) until the next run. Ctrl-C stops it cleanly at any time.
    """
    to = console()
    examples = find_examples()
    with Interruption() as interruption, ExitStack() as everything:
        folder = everything.enter_context(fresh_folder(context.settings.data_dir.absolute() / "demo"))
        with ExitStack() as running:
            own = _start(to, folder, running, interruption)
            workers = running.enter_context(Workers(dict(os.environ), folder / "logs"))
            _run(to, own, examples, workers, interruption)
            to.print("\nstopping the workers and the broker ...", style="dim")
        farewell(to, own)


def _start(to: Console, folder: Path, running: ExitStack, interruption: Interruption) -> Context:
    """The broker with its topics; the settings that lead to it."""
    logs = folder / "logs"
    logs.mkdir()
    broker = running.enter_context(embedded(logs / "broker.log"))
    interruption.check()
    own = settings_of_its_own(folder, broker, {"instance": "demo"})
    make_topics(own)
    interruption.check()
    _done(to, "broker", f"Kafka protocol at {broker.address}, in memory; topics made")
    return own


def _run(to: Console, own: Context, examples: Path, workers: Workers, interruption: Interruption) -> None:
    """The workers, the examples through them, and what came of it."""
    for name in WORKERS:
        interruption.check()
        workers.start(name)
    _done(to, "workers", f"{', '.join(WORKERS)}: a process each, logs in {near(workers.log_folder)}")
    expected = sum(1 for _ in judge([examples], own.limits))
    capture = send_all(own, (examples,), "local")
    _done(to, "captured", f"{counted(capture.delivered, 'document')} of {near(examples)} with {counted(expected, 'event')}")
    with Arrival(own.settings, expected) as arrival:
        _wait(to, arrival, workers, interruption)
    report(to, own, arrival.tally.credentials)


def _wait(to: Console, arrival: Arrival, workers: Workers, interruption: Interruption) -> None:
    """Until all has arrived, with a line that says how far it is. Raises Unreachable after the deadline or a worker's death."""
    began = time.monotonic()
    with to.status("") as line:

        def arrived() -> bool:
            workers.check()
            done = arrival.complete()
            line.update(_progress(arrival))
            return done

        if not interruption.wait(arrived, DEADLINE_SECONDS):
            raise Unreachable(
                f"not everything arrived in {DEADLINE_SECONDS:.0f} s ({_progress(arrival)}); see {workers.log_folder}"
            )
    tally = arrival.tally
    seconds = time.monotonic() - began
    _done(to, "arrived", f"{_progress(arrival)}, all in ClickHouse, after {seconds:.1f} s")
    _done(to, "fates", f"{len(tally.fates) - tally.rejections} into books, {tally.rejections} refused at the door")


def _progress(arrival: Arrival) -> str:
    tally = arrival.tally
    events = f"{len(tally.fates)} of {counted(arrival.expected, 'event')}"
    return f"{events}, {counted(tally.outcomes, 'outcome')}, {counted(len(tally.credentials), 'credential')}"


def _done(to: Console, what: str, said: str) -> None:
    to.print(Text.assemble(("✓ ", "green"), (f"{what:<9} ", "bold"), said), soft_wrap=True)

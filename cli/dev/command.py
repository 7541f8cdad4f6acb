"""`lodestream dev`: broker and all workers on this machine, until Ctrl-C."""

import os
import time
from contextlib import AbstractContextManager, ExitStack

import click
from rich.console import Console

from cli.context import Context, pass_context
from cli.dev.ground import Ground, fetch_kafka, named_broker, on_embedded, on_kafka, on_named
from cli.dev.keeper import Keeper
from cli.dev.logs import readable
from cli.dev.screen import State, show
from cli.dev.watch import FLAGS, Watch
from cli.exits import Unreachable
from cli.local.processes import Interruption, Workers
from cli.output import console
from cli.worker import WORKERS

LOOK_SECONDS = 0.1
READY_SECONDS = 60.0
"""How long the screen waits for all workers to be ready; then it says which are not, and why."""


@click.command(
    epilog="\b\nExamples:\n  lodestream dev\n  lodestream dev --kafka\n  lodestream -s kafka.bootstrap_servers=kafka:9092 dev"
)
@click.option("--kafka", is_flag=True, help="On an Apache Kafka of its own (Java 17 and Maven), whose data last.")
@pass_context
def command(context: Context, kafka: bool) -> None:
    """Run everything on this machine until Ctrl-C: a broker, the gate, the ledger, the watch, the issuer,
    the publication and the sink.

    The broker is the one that the settings name, else the embedded one, which forgets everything when it stops. With
    --kafka it is an Apache Kafka node, and the next `dev --kafka` goes on where this one stopped. A worker that dies is
    started again. Commands in other terminals read through this one while it runs. Exit code 0 after Ctrl-C or SIGTERM.
    """
    to = console()
    to.print("Everything starts" + (" (the first time, Maven fetches Apache Kafka)" if kafka else "") + " ...", style="dim")
    if kafka:
        fetch_kafka()
    with Interruption() as interruption:
        try:
            with _ground(context, kafka) as ground:
                _run(to, ground, interruption)
        except click.Abort:
            to.print("Stopped.")


def _ground(context: Context, kafka: bool) -> AbstractContextManager[Ground]:
    if kafka:
        return on_kafka(context)
    if named_broker(context):
        return on_named(context)
    return on_embedded(context)


def _run(to: Console, ground: Ground, interruption: Interruption) -> None:
    """Start the workers and look after them until somebody asks us to stop, which raises click.Abort."""
    with ExitStack() as stack:
        workers = stack.enter_context(Workers(dict(os.environ), ground.logs, (*ground.flags, *FLAGS)))
        stack.callback(lambda: to.print("\nThe workers finish what they are at, then the broker stops ...", style="dim"))
        watch = Watch(workers, WORKERS)
        processes = {name: workers.start(name) for name in WORKERS}
        keeper = Keeper(workers, lambda said: to.print(said, soft_wrap=True))

        def look() -> list[tuple[str, str]]:
            if not ground.broker_lives():
                raise Unreachable(_of_the_broker(ground))
            keeper.look()
            return [*watch.lines()]

        said: list[tuple[str, str]] = []

        def ready() -> bool:
            said.extend(look())
            return not any(map(watch.unready, WORKERS))

        interruption.wait(ready, READY_SECONDS)
        show(to, ground, {name: State(processes[name], watch.address(name), watch.unready(name)) for name in WORKERS})
        while True:
            for name, line in said:
                to.print(readable(name, line), soft_wrap=True)
            time.sleep(LOOK_SECONDS)
            interruption.check()
            said = look()


def _of_the_broker(ground: Ground) -> str:
    after = (
        "Start `dev --kafka` again: it goes on where it was." if ground.lasts else "What was in it is gone; start `dev` again."
    )
    return f"the broker has died; its log is {ground.broker_log}. {after}"

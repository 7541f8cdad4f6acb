"""What `dev` says when everything runs: what and where, how to send, how to ask, and what does not last."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from cli.dev.ground import Ground
from cli.exits import Unusable
from cli.local.stage import SETTINGS_NAME, find_examples, near, program
from runtime.settings import CONFIG_VARIABLE, without_password

FORGETFUL = (
    "The embedded broker forgets: when it stops, everything sent to it is gone, and the next start begins with an empty ledger. "
    "`lodestream dev --kafka` keeps it, on Apache Kafka (Java 17 and Maven)."
)
LOT = "https://id.gs1.org/01/09521321102026/10/A"
QUERY = "SELECT site, element, stock_kg, losses_kg, unaccounted_kg FROM site_balances ORDER BY site, element"


@dataclass(frozen=True, slots=True)
class State:
    """One worker: its process, where it tells how it is, and why it is not ready (empty: it is)."""

    process: int
    address: str
    unready: str


def show(to: Console, ground: Ground, workers: Mapping[str, State]) -> None:
    """Print the screen."""
    settings = ground.context.settings
    to.print()
    to.print(Text.assemble(("Lodestream runs.", "bold green"), " Ctrl-C stops all of it."), soft_wrap=True)
    to.print()
    _row(to, "broker", f"{settings.kafka.bootstrap_servers}, {ground.kind}")
    for name, state in workers.items():
        how = f"not ready: {state.unready}" if state.unready else "ready"
        where = f", {state.address}/metrics" if state.address else ""
        _row(to, name, f"process {state.process}, {how}{where}")
    _row(to, "ClickHouse", without_password(settings.clickhouse.url))
    _row(to, "data", near(ground.folder))
    _row(to, "logs", near(ground.logs))
    if not ground.lasts:
        to.print()
        to.print(FORGETFUL)
    to.print()
    to.print("In another terminal:", style="bold cyan")
    for command in commands(ground):
        to.print(Text.assemble(("  $ ", "dim"), command), soft_wrap=True)
    to.print()
    to.print("What the workers say, in UTC:", style="bold cyan")


def commands(ground: Ground) -> list[str]:
    """What to type there, each as it can be copied."""
    called = program()
    lines = [f"export {CONFIG_VARIABLE}={shlex.quote(str(ground.folder / SETTINGS_NAME))}"] if ground.own else []
    try:
        examples = find_examples()
        documents, lot = near(examples / "01-copper"), LOT
    except Unusable:
        documents, lot = "shipment.json", "LOT"
    return [
        *lines,
        f"{called} capture {shlex.quote(documents)}",
        f"{called} balance",
        f"{called} trace {lot}",
        f"{called} findings --all",
        f"{called} sql '{QUERY}'",
    ]


def _row(to: Console, what: str, said: str) -> None:
    to.print(Text.assemble((f"  {what:<12}", "bold"), said), soft_wrap=True)

"""What `dev` says when everything runs: what and where, how to send, how to ask, and what does not last."""

import shlex

from rich.console import Console
from rich.text import Text

from cli.dev.ground import Ground
from cli.exits import Unusable
from cli.local.stage import SETTINGS_NAME, find_examples, near, program
from cli.worker import WORKERS
from runtime.settings import CONFIG_VARIABLE, without_password

LOT = "https://id.gs1.org/01/09521321102026/10/A"
QUERY = "SELECT site, element, stock_kg, losses_kg, unaccounted_kg FROM site_balances ORDER BY site, element"


def show(to: Console, ground: Ground, processes: dict[str, int]) -> None:
    """Print the screen."""
    settings = ground.context.settings
    to.print()
    to.print(Text.assemble(("Lodestream runs.", "bold green"), " Ctrl-C stops all of it."), soft_wrap=True)
    to.print()
    _row(to, "broker", f"{settings.kafka.bootstrap_servers}  {ground.kind}")
    _row(to, "workers", ", ".join(f"{name} ({processes[name]})" for name in WORKERS))
    _row(to, "ClickHouse", without_password(settings.clickhouse.url))
    _row(to, "data", near(ground.folder))
    _row(to, "logs", near(ground.logs))
    if not ground.lasts:
        to.print()
        to.print(Text("The embedded broker forgets: when it stops, everything sent to it is gone, and the next start begins"))
        to.print(Text("with an empty ledger. `lodestream dev --kafka` keeps it, on Apache Kafka (Java 17 and Maven)."))
    to.print()
    to.print("In another terminal:", style="bold cyan")
    for command in commands(ground):
        to.print(Text.assemble(("  $ ", "dim"), command), soft_wrap=True)
    to.print(
        "What you send is in the tables about a second later; in the first half minute, once all workers have joined.",
        style="dim",
    )
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

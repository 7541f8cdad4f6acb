"""`lodestream dev` as a user meets it: start it, send and ask in another terminal, kill a worker, press Ctrl-C."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka import KafkaUnavailableError, libraries
from sinks.clickhouse.readsocket import SocketReader, socket_path

from .conftest import EXAMPLES, ROOT
from .running import environment, holding, left_over

pytestmark = pytest.mark.embedded
DEADLINE_SECONDS = 120.0
LOT_A = "urn:epc:class:lgtin:9521321.010202.A"


@dataclass
class Dev:
    """A running `dev`: its process, what it has printed, and the commands that it tells to type."""

    process: subprocess.Popen[bytes]
    data: Path
    screen: Path

    @property
    def said(self) -> str:
        return self.screen.read_text()

    @property
    def told(self) -> list[str]:
        return [line.removeprefix("  $ ") for line in self.said.splitlines() if line.startswith("  $ ")]

    def type(self, line: str, code: int = 0) -> str:
        """Type a line into another terminal, after what it tells to type first."""
        export = next(each for each in self.told if each.startswith("export "))
        line = re.sub(r"^(\S*/)?lodestream ", f"{shlex.quote(sys.executable)} -m cli.main ", line)
        shell = ["sh", "-c", f"{export}; {line}"]
        done = subprocess.run(shell, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == code, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.said}"
        return done.stdout

    def until(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            assert self.process.poll() is None, f"{what}: it ended\n{self.said}"
            assert time.monotonic() < deadline, f"{what}: not in time\n{self.said}"
            time.sleep(0.1)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """As `sql` does, without a process for each look; nothing while nobody answers."""
        reader = SocketReader.to(socket_path(self.folder / "clickhouse"))
        if reader is None:
            return []
        try:
            return [tuple(row) for row in reader.query(query).rows]
        finally:
            reader.close()

    def stop(self, number: signal.Signals) -> None:
        """As a terminal does: the whole group is told. It ends well, and nothing is left."""
        broker = self.folder / "logs" / "broker.log"
        os.killpg(self.process.pid, number)
        assert self.process.wait(60) == 0, self.said
        assert "Traceback" not in self.said
        assert left_over(self.data) == []
        assert holding(broker) == []

    @property
    def folder(self) -> Path:
        return Path(next(each for each in self.told if each.startswith("export ")).partition("=")[2]).parent

    def pid(self, name: str) -> int:
        """The process of a worker, as the screen says it."""
        numbers = re.findall(rf"^  {name} +process (\d+), ready|{name} started again, process (\d+)", self.said, re.MULTILINE)
        return int("".join(numbers[-1]))


@contextmanager
def dev(folder: Path, *words: str) -> Iterator[Dev]:
    """It, started and ready; killed at the end where the test has not stopped it."""
    screen = folder / "screen"
    command = [sys.executable, "-m", "cli.main", "dev", *words]
    with screen.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(folder / "data"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    running = Dev(process, folder / "data", screen)
    try:
        running.until(lambda: "What the workers say" in running.said, "start")
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


IN_STOCK = "SELECT 1 FROM site_balances WHERE stock_kg = 854035.92516"
"""What the smelter has of lots A and B once all of 01-copper is in its book."""
ACCOUNTS = "SELECT site, element, account, balance_mg FROM account_balances WHERE balance_mg != 0"


def test_embedded(tmp_path: Path, embedded_broker: str) -> None:
    with dev(tmp_path) as running:
        assert "The embedded broker forgets" in running.said
        assert "\x1b" not in running.said  # plain, where it is no terminal
        running.type(next(line for line in running.told if " capture " in line))
        running.until(lambda: running.ask(IN_STOCK), "the first documents in the tables")
        ledger = running.pid("ledger")
        os.kill(ledger, signal.SIGKILL)
        running.until(lambda: "ledger was killed by SIGKILL; it is started again now" in running.said, "death")
        running.type(f"lodestream capture {EXAMPLES}")
        replayed = replay()
        running.until(lambda: sorted(map(as_text, running.ask(ACCOUNTS))) == replayed, "all examples in the tables")
        assert running.pid("ledger") != ledger
        for line in running.told[2:]:  # what the screen says to ask
            assert running.type(line, code=1 if " findings " in line else 0).strip()
        site = "https://id.gs1.org/414/9526543000020"
        links = [json.loads(line) for line in running.type(f"lodestream trace --json {LOT_A} --site {site}").splitlines()]
        assert [link["from_lot"] for link in links if link["direction"] == "upstream"][-1].endswith("/10/ORE-2026-02")
        running.type("lodestream sink verify")
        assert re.search(r"^ledger +\d\d:\d\d:\d\d worker starts  inputs=site.entries.v1", running.said, re.MULTILINE)
        running.stop(signal.SIGINT)
        assert running.said.endswith("Stopped.\n")
        assert "854,035.92516" in running.type("lodestream balance")  # it opens the folder now


def replay() -> list[tuple[str, ...]]:
    """What the same documents come to without a broker."""
    command = [sys.executable, "-m", "cli.main", "replay", "--json", str(EXAMPLES)]
    said = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=90, check=False).stdout
    accounts = json.loads(said.splitlines()[-1])["accounts"]
    return sorted(as_text((row["site"], row["element"], row["account"], row["balance_mg"])) for row in accounts)


def as_text(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(str, row))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process that its parent has ended")
def test_nothing_outlives_it_also_when_it_is_killed(tmp_path: Path, embedded_broker: str) -> None:
    with dev(tmp_path) as running:
        broker = running.folder / "logs" / "broker.log"
        assert len(holding(broker)) == 2  # its standard output and error
        assert len(left_over(running.data)) == 7  # `dev` itself and six workers
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 20
        while left_over(running.data) or holding(broker):
            assert time.monotonic() < deadline, left_over(running.data)
            time.sleep(0.05)


@pytest.mark.kafka
def test_on_kafka(tmp_path: Path) -> None:  # a short name: it is in the path of a socket
    """It goes on where it was."""
    try:
        libraries()
    except KafkaUnavailableError as reason:
        pytest.skip(f"no real Kafka: {reason}")
    with dev(tmp_path, "--kafka") as running:
        assert "forgets" not in running.said
        running.type(f"lodestream capture {EXAMPLES / '01-copper'}")
        running.until(lambda: running.ask(IN_STOCK), "the documents in the tables")
        running.stop(signal.SIGTERM)
    with dev(tmp_path, "--kafka") as running:
        assert running.ask(IN_STOCK)
        running.type(f"lodestream capture {EXAMPLES}")  # the first of them once more: they are known still
        replayed = replay()
        running.until(lambda: sorted(map(as_text, running.ask(ACCOUNTS))) == replayed, "all examples in the tables")
        running.type("lodestream sink verify")
        running.stop(signal.SIGINT)
        assert left_over(running.folder / "kafka") == []

"""`lodestream demo` as a user meets it: a process that shows the whole way, that can be run again, and that Ctrl-C stops."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .conftest import ROOT
from .running import environment, holding, left_over

pytestmark = pytest.mark.embedded
DEADLINE_SECONDS = 150.0


class Demo(NamedTuple):
    """A finished demonstration: its data folder and what it said."""

    data: Path
    out: str


def start(data: Path) -> subprocess.Popen[str]:
    """The demonstration in a process group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "cli.main", "demo"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environment(data), text=True, start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]


def interrupt(data: Path, said: str, number: signal.Signals) -> None:
    """Start it, send a signal as soon as it has said so, and see that nothing is left of it."""
    running = start(data)
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith(f"✓ {said}"):
            break
    began = time.monotonic()
    os.killpg(running.pid, number)  # as a terminal does: the whole group is told
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert time.monotonic() - began < 30
    ended(data)


def ended(data: Path) -> None:
    """Nothing of it runs any more."""
    assert left_over(data) == []
    assert holding(data / "demo" / "logs" / "broker.log") == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, embedded_broker: str) -> Demo:
    """The demonstration, run to its end, in a folder where it was stopped before."""
    data = tmp_path_factory.mktemp("demo")
    interrupt(data, "captured", signal.SIGINT)
    running = start(data)
    out, err = running.communicate(timeout=DEADLINE_SECONDS)
    assert running.returncode == 0, out + err
    ended(data)
    return Demo(data, out)


def ask(demo: Demo, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A reading command on the tables that the demonstration left. A process: chDB opens one folder in each."""
    settings = str(demo.data / "demo" / "lodestream.toml")
    command = [sys.executable, "-m", "cli.main", "--config", settings, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)


def rows(demo: Demo, *arguments: str) -> list[dict[str, Any]]:
    done = ask(demo, *arguments, "--json")
    assert done.returncode in {0, 1}, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_shows_the_whole_way(demo: Demo) -> None:
    for said in (
        "✓ arrived",
        "all in ClickHouse",
        "854,035.92516",  # what the smelter has of lots A and B
        "out 111.1 % of in",
        "hard IMPOSSIBLE",
        "hold DOUBLE_SPEND",
        "from run-around/…/MHP-1",  # of the examples it has the longest way
        "VERIFIED\n",
        "NOT VERIFIED\n",
        str(demo.data / "demo" / "clickhouse"),
    ):
        assert said in demo.out


def test_the_commands_that_it_tells_to_try_work(demo: Demo) -> None:
    told = [line.removeprefix("  $ ") for line in demo.out.splitlines() if line.startswith("  $ ")]
    assert len(told) == 3
    for line in told:
        words = shlex.split(line.replace(f"{sys.executable} -m cli.main", "lodestream"), comments=True)
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *words[1:]],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode in {0, 1}, line + done.stderr
        assert done.stdout


def test_the_tables_are_what_a_replay_of_the_same_documents_says(demo: Demo) -> None:
    replayed = [json.loads(line) for line in ask(demo, "replay", "--json", "examples").stdout.splitlines()]
    state = replayed[-1]
    in_tables = rows(demo, "sql", "SELECT site, element, account, balance_mg FROM account_balances WHERE balance_mg != 0")
    assert sorted(map(str, in_tables)) == sorted(map(str, state["accounts"]))
    lots = {(lot["site"], lot["lot"]): lot["contained_mg"] for lot in rows(demo, "lots", "--all")}
    assert lots == {(lot["site"], lot["lot"]): lot["contained_mg"] for lot in state["lots"]}


def test_the_sink_proves_what_it_wrote(demo: Demo) -> None:
    done = ask(demo, "sink", "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_balances_of_all_sites_and_accounts_of_one(demo: Demo) -> None:
    sites = {(row["site"], row["element"]): row for row in rows(demo, "balance")}
    smelter = "https://id.gs1.org/414/9526543000020"
    assert sites[smelter, "Cu"]["stock_mg"] == "854035925160"
    accounts = {row["account"]: row["balance_mg"] for row in rows(demo, "balance", "urn:epc:id:sgln:9526543.00002.0")}
    assert accounts["TRANSIT_VAR"] == "1819074840"
    assert "1,819.07484" in ask(demo, "balance", smelter).stdout
    assert f"{smelter}\n  Cu 0 kg entered = 854,035.92516 in stock + 1,819.07484 lost in transit" in ask(demo, "balance").stdout
    assert "has no balances" in ask(demo, "balance", "urn:nowhere:1").stdout


def test_what_is_shown_can_be_copied_into_the_next_command(demo: Demo) -> None:
    smelter, lot = "https://id.gs1.org/414/9526543000020", "https://id.gs1.org/01/09521321102026/10/A"
    shown = ask(demo, "lots", "--site", smelter).stdout
    assert shown.startswith(f"{smelter}\n")
    assert lot in shown
    assert f"{lot} at {smelter}\n" in ask(demo, "trace", lot).stdout
    assert "IMPOSSIBLE (F1) at https://refinery-one.example.com/loc/tankhouse\n" in ask(demo, "findings").stdout
    assert "has no lots" in ask(demo, "lots", "--site", "urn:nowhere:1").stdout


def test_findings_say_their_arithmetic_and_leave_a_code(demo: Demo) -> None:
    found = rows(demo, "findings")
    assert {row["state"] for row in found} == {"open"}
    assert ask(demo, "findings").returncode == 1
    assert ask(demo, "findings", "--site", "https://graphite.example.com/loc/mill").returncode == 0
    assert len(rows(demo, "findings", "--all")) > len(found)


def test_a_trace_crosses_sites(demo: Demo) -> None:
    links = rows(demo, "trace", "--site", "https://id.gs1.org/414/9526543000020", "urn:epc:class:lgtin:9521321.010202.A")
    upstream = [(link["from_site"], link["from_lot"]) for link in links if link["direction"] == "upstream"]
    mine = "https://id.gs1.org/414/9521321000018"
    assert upstream == [
        (mine, "https://id.gs1.org/01/09521321102026/10/A"),
        (mine, "https://id.gs1.org/01/09521321102026/10/K1"),
        (mine, "https://id.gs1.org/01/09521321101012/10/ORE-2026-02"),
    ]
    assert {link["biz_step"] for link in links} >= {"commissioning"}
    assert all(link["event_id"].startswith("urn:uuid:") for link in links if link["biz_step"])
    graph = ask(demo, "trace", "--dot", "https://id.gs1.org/01/09521321102026/10/A").stdout
    assert (graph[:15], graph[-2:]) == ("digraph trace {", "}\n")
    assert ask(demo, "trace", "urn:no:lot").returncode == 2


def test_the_tables_are_audited_and_the_past_is_asked(demo: Demo) -> None:
    said = ask(demo, "audit", "--from", "clickhouse", "--as-of", "2100-01-01")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "chain version 1" in said.stdout
    assert "byte for byte and in order" in said.stdout
    assert "every consignment is at zero" in said.stdout
    head, *balances = rows(demo, "audit", "--from", "clickhouse", "--as-of", "2100-01-01")
    assert (head["ok"], head["transactions"] > 30) == (True, True)
    told = {(row["site"], row["element"], row["account"], row["balance_mg"]) for row in balances}
    asked = {
        (row["site"], row["element"], row["account"], row["balance_mg"]) for row in rows(demo, "balance", "--as-of", "2100-01-01")
    }
    assert told == asked != set()
    assert rows(demo, "balance", "--as-of", "2000-01-01") == []
    assert ask(demo, "audit", "--about", "2026-01-01").returncode == 2
    assert ask(demo, "balance", "--as-of", "yesterday").returncode == 2


def test_its_credential_verifies_and_the_changed_one_does_not(demo: Demo) -> None:
    folder = demo.data / "demo"
    assert ask(demo, "verify", str(folder / "credential.json")).returncode == 0
    changed = ask(demo, "verify", "--json", str(folder / "credential-changed.json"))
    assert changed.returncode == 1
    assert "SIGNATURE" in changed.stdout
    assert (folder / "issuer" / "key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("said", "number"), [("broker", signal.SIGINT), ("workers", signal.SIGINT), ("captured", signal.SIGTERM)]
)
def test_it_stops_cleanly_when_it_is_interrupted(tmp_path: Path, embedded_broker: str, said: str, number: signal.Signals) -> None:
    interrupt(tmp_path, said, number)

"""The parts of `dev` that can go wrong alone: merged logs, the keeper, whose settings are kept, a machine without Java."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from rich.text import Text

from cli.context import Context
from cli.dev import ground
from cli.dev.keeper import DEATHS_MAX, WAITS, WITHIN_SECONDS, Keeper
from cli.dev.logs import LogFile, readable
from cli.dev.screen import commands
from cli.dev.watch import Watch
from cli.exits import Unreachable
from cli.local.processes import Death, Workers
from cli.local.stage import Running, held_folder

from .conftest import Run


class Mortal(Workers):
    """Workers that only die and are only counted."""

    def __init__(self, folder: Path) -> None:
        super().__init__({}, folder)
        self.dead: list[Death] = []
        self.started: list[str] = []

    def start(self, name: str) -> int:
        self.started.append(name)
        return len(self.started)

    def died(self) -> list[Death]:
        dead, self.dead = self.dead, []
        return dead


class Kept:
    """A keeper with a clock of the test's."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.workers = Mortal(folder)
        self.keeper = Keeper(self.workers, lambda text: self.said.append(text.plain), lambda: self.now)

    def die(self, code: int = -9, name: str = "ledger") -> None:
        self.workers.dead.append(Death(name, code, Path("x.log"), ("its last words",)))
        self.keeper.look()


def test_what_dies_is_started_again_at_first_at_once_then_ever_later(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for wait in WAITS:
        kept.die()
        count = len(kept.workers.started)
        if wait:
            kept.now += wait - 0.01
            kept.keeper.look()
            assert len(kept.workers.started) == count
            kept.now += 0.02
            kept.keeper.look()
            count += 1
        assert len(kept.workers.started) == count
    assert "ledger was killed by SIGKILL; it is started again now (death 1 of at most 5)" in kept.said[0]
    assert kept.workers.started == ["ledger"] * len(WAITS)


def test_what_dies_again_and_again_ends_all_with_its_last_words(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.die(70, "gate")  # another worker's deaths are its own
    for _ in range(DEATHS_MAX):
        kept.die()
    with pytest.raises(Unreachable, match=r"(?s)ledger was killed.*its last words.*died 6 times in 120 s"):
        kept.die()


def test_what_died_long_ago_is_forgotten(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for _ in range(3 * DEATHS_MAX):
        kept.die(70)
        kept.now += WITHIN_SECONDS
    assert len(kept.workers.started) == 3 * DEATHS_MAX


@pytest.mark.parametrize("code", [2, 5])
def test_what_a_new_start_would_not_change_ends_all_at_once(tmp_path: Path, code: int) -> None:
    with pytest.raises(Unreachable, match=rf"exit code {code}.*(?s:.)*would change nothing"):
        Kept(tmp_path).die(code)


def test_logs_come_line_by_line_from_where_they_end_now(tmp_path: Path) -> None:
    path = tmp_path / "gate.log"
    path.write_text("of an earlier run\n")
    log, other = LogFile("gate", path), LogFile("sink", tmp_path / "sink.log")
    assert list(log.lines()) == list(other.lines()) == []
    with path.open("a") as out:
        out.write("one\ntw")
        out.flush()
        assert list(log.lines()) == ["one"]
        out.write("o\nthree\n")
        out.flush()
        assert list(log.lines()) == ["two", "three"]
    (tmp_path / "sink.log").write_text("first\n")
    assert list(other.lines()) == ["first"]


def test_a_line_says_who_when_what_and_the_rest() -> None:
    line = {
        "timestamp": "2026-01-02T03:04:05.678Z",
        "level": "warning",
        "event": "went wrong",
        "logger": "x",
        "processor": "gate",
    }
    more = {"site": "urn:a", "reason": "too large", "partitions": ["a/0", "a/1", "a/2", "a/3", "a/4"], "alert": True}
    said = readable("gate", json.dumps(line | more))
    assert said.plain == 'gate        03:04:05 went wrong  site=urn:a  reason="too large"  partitions=a/0,a/1,a/2,a/3,... (5)'
    assert readable("sink", "not JSON").plain == "sink        not JSON"
    assert readable("sink", "[1]").plain == "sink        [1]"


def test_a_traceback_is_told_under_its_line_and_nothing_forges_one() -> None:
    fields = {"event": "bug\nledger 00:00:00 all is well", "exception": ["Traceback", "  File\x1b[2J"], "evil\n": "\x9b"}
    said: Text = readable("gate", json.dumps(fields))
    assert len(said.plain.split("\n")) == 3
    assert all(line.startswith("gate   ") for line in said.plain.split("\n"))
    assert not set(said.plain) & {"\x1b", "\x9b"}


@pytest.fixture
def own(lodestream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The settings file of a broker of its own, from a user's settings file and flags."""

    def write(text: str, *flags: str) -> str:
        Path("lodestream.toml").write_text(text)
        monkeypatch.setattr(ground, "make_topics", lambda _: None)
        broker = Running("127.0.0.1:1", tmp_path / "broker.log", lambda: True)
        place = ground._own(Context(None, flags), tmp_path, broker, "the embedded broker", lasts=False)
        assert place.context.settings.kafka.bootstrap_servers == "127.0.0.1:1"
        return (tmp_path / "lodestream.toml").read_text()

    return write


def test_a_broker_of_its_own_keeps_settings_of_the_books_and_none_of_other_servers(
    own: Callable[..., str], tmp_path: Path
) -> None:
    file = own(
        'book = "book.toml"\npartitions = 8\nkafka.options."sasl.password" = "hunter2"\n'
        'clickhouse.url = "https://me:hunter2@host"\nschema_registry.url = "https://me:hunter2@host"\n'
        'issuer.name = "Kupfer \\"K\\""\nissuer.key_pem = "hunter2"\nissuer.pkcs11.pin = "hunter2"\n',
        "limits.list_elements=7",
    )
    assert "hunter2" not in file
    assert f'book = "{tmp_path / "book.toml"}"' in file
    assert 'issuer.name = "Kupfer \\"K\\""' in file
    assert "limits.list_elements = 7" in file
    assert "partitions = 8" in file
    assert "partitions = 4" not in file


def test_it_takes_the_broker_that_somebody_named(lodestream: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not ground.named_broker(Context(None, ()))
    monkeypatch.setattr("cli.broker.REACH_SECONDS", 1.0)
    assert ground.named_broker(Context(None, ("kafka.bootstrap_servers=localhost:9092",)))  # also where it is the default's
    said = lodestream("-s", "kafka.bootstrap_servers=127.0.0.1:9", "dev")
    assert said.code == 3
    assert "no broker answers at 127.0.0.1:9" in said.err


def test_with_a_named_broker_other_terminals_need_no_settings_file(lodestream: Run, tmp_path: Path) -> None:
    place = ground.Ground(Context(None, ()), tmp_path, tmp_path, "the broker of the settings", lasts=True, own=False)
    assert not [line for line in commands(place) if line.startswith("export ")]


def test_without_java_it_says_what_there_is_instead(lodestream: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    said = lodestream("dev", "--kafka")
    assert said.code == 3
    assert "no Java: install version 17 or newer" in said.err
    assert "`lodestream dev` without --kafka needs neither" in said.err


def test_a_folder_has_one_at_a_time(lodestream: Run, tmp_path: Path) -> None:
    with held_folder(tmp_path / "data" / "dev"):
        said = lodestream("dev")
    assert said.code == 2
    assert "is running in" in said.err


def test_a_worker_is_asked_where_its_log_says(tmp_path: Path) -> None:
    workers = Mortal(tmp_path)
    watch = Watch(workers, ["gate"])
    answers = {"well": False}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if answers["well"] else 503)
            self.end_headers()
            self.wfile.write(b'{"reason": "partitions are being restored"}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature is Python's
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        assert watch.unready("gate") == "it starts"
        line = json.dumps({"event": "metrics are served", "port": server.server_port})
        workers.log("gate").write_text(f"an event about metrics are served\n{line}\n")
        assert [name for name, _ in watch.lines()] == ["gate", "gate"]
        assert watch.unready("gate") == "partitions are being restored"
        answers["well"] = True
        assert watch.unready("gate") == ""
        server.shutdown()
    assert watch.unready("gate") == "it does not answer"

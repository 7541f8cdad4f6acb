"""The parts of the demonstration that can go wrong alone: processes, interruption, arrival, the folder."""

import os
import signal
import sys
from pathlib import Path

import click
import pytest

from cli.demo.arrival import Tally
from cli.demo.report import one_byte_changed
from cli.exits import Unreachable, Unusable
from cli.local.processes import Interruption, Workers
from cli.local.stage import fresh_folder
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, Origin, Outcome
from schemas.codec import encode
from schemas.topics import ENTRIES, REJECTED, TRANSACTIONS


def entry(entry_id: str, offset: int | None = None) -> bytes:
    origin = None if offset is None else Origin("epcis.inbox.v1", 0, offset, 0)
    return encode(Entry(entry_id, "urn:site:a", "EVENT", 1, origin=origin))


def outcome(entry_id: str, what: str) -> bytes:
    return encode(Outcome(what, entry_id, f"t-{entry_id}-{what}", 1, "urn:site:a", 1, 1, 1))


def test_an_event_has_its_fate_by_its_place_and_an_entry_of_the_ledger_has_none() -> None:
    tally = Tally()
    tally.take(ENTRIES, entry("a", 0))
    tally.take(ENTRIES, entry("a", 1))  # the same event sent again is another event with a fate of its own
    tally.take(ENTRIES, entry("offer"))
    tally.take(REJECTED, encode(Rejection("NOT_JSON", "no", topic="epcis.inbox.v1", offset=2)))
    assert len(tally.fates) == 3
    assert tally.rejections == 1


def test_every_entry_needs_an_outcome_and_a_late_posting_is_nobody_elses() -> None:
    tally = Tally()
    for offset in range(2):
        tally.take(ENTRIES, entry("a", offset))
    tally.take(TRANSACTIONS, outcome("a", "PARKED"))
    assert not tally.settled
    tally.take(TRANSACTIONS, outcome("a", "TRANSACTION"))
    assert not tally.settled  # the second copy has not been answered yet
    tally.take(TRANSACTIONS, outcome("a", "DUPLICATE"))
    assert tally.settled
    tally.take(ENTRIES, entry("b", 9))
    assert not tally.settled


def test_a_signal_is_looked_at_where_somebody_waits_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        assert interruption.wait(lambda: True, 0)
        assert not interruption.wait(lambda: False, 0)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(click.Abort):
            interruption.wait(lambda: False, 5)
    assert signal.getsignal(signal.SIGINT) is before


def workers_that(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Workers that run another program instead of ours."""
    script = folder / "program.py"
    script.write_text(f"#!{sys.executable}\n{program}\n")
    script.chmod(0o755)
    monkeypatch.setattr("cli.local.processes.sys.executable", str(script))
    return Workers(dict(os.environ), folder)


def test_a_worker_that_ends_on_its_own_is_told_with_the_end_of_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        workers_that("import sys; print('out of metal'); sys.exit(7)", tmp_path, monkeypatch) as workers,
        Interruption() as waiting,
    ):
        workers.start("gate")

        def dead() -> bool:
            workers.check()
            return False

        with pytest.raises(Unreachable, match=r"(?s)gate ended with exit code 7.*out of metal"):
            waiting.wait(dead, 20)


def test_a_worker_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.local.processes.STOP_SECONDS", 0.2)
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    workers = workers_that(program, tmp_path, monkeypatch)
    with workers, Interruption() as waiting:
        workers.start("gate")
        assert waiting.wait(lambda: workers.log("gate").read_text() == "up\n", 20)
        assert workers.stop() == ["gate"]
        assert workers.stop() == []


def test_the_folder_is_fresh_and_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "demo"
    with fresh_folder(folder):
        (folder / "rest").write_text("of a run that was interrupted before it had settings")
        with pytest.raises(Unusable, match=r"another .* is running"), fresh_folder(folder):
            pass
    with fresh_folder(folder):
        assert [path.name for path in folder.iterdir()] == ["lodestream.toml"]
        (folder / "lodestream.toml").unlink()
        (folder / "thesis.txt").write_text("somebody's")
    with pytest.raises(Unusable, match="is no folder of"), fresh_folder(folder):
        pass
    assert (folder / "thesis.txt").exists()


def test_one_byte_changed_is_one_byte_of_the_signed_payload() -> None:
    envelope = '{"@context":"https://www.w3.org/ns/credentials/v2","id":"data:application/vc+jwt,aaaa.bbbbBbbb.cccc","type":"EnvelopedVerifiableCredential"}'
    changed = one_byte_changed(envelope)
    different = [place for place, (one, other) in enumerate(zip(envelope, changed, strict=True)) if one != other]
    assert len(changed) == len(envelope)
    assert len(different) == 1
    assert envelope[different[0]] in "bB"

"""The invariants themselves: they hold for a run in memory, and each thing that could go wrong with it is seen."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace

from lodestream.credentials.record import CredentialRecord
from lodestream.ledger.records import Entry, Outcome
from runtime.partitioner import partition_of
from runtime.processor import Record
from schemas import topics
from schemas.codec import decode, encode
from tests.faults import in_memory
from tests.faults.in_memory import PARTITIONS
from tests.faults.invariants import problems
from tests.faults.reading import Read
from tests.faults_data.bad_entries import good, huge, unreadable
from tests.faults_data.place import SITES
from tests.way.traffic import traffic


@cache
def run(*planted: Record) -> Read:
    """A run of some traffic; `planted` is what a test writes into the entries."""
    return in_memory.run(([*traffic(3, 3), b"{}"], planted))


def changed(topic: str, change: Callable[[list[Record]], list[Record]]) -> list[str]:
    """What is said of the run with one topic changed."""
    return problems(Read(run().topics | {topic: change(list(run().of(topic)))}))


def test_a_run_without_faults_holds() -> None:
    assert len(run().of(topics.CREDENTIALS)) > 10
    assert problems(run()) == []


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        (topics.ENTRIES, "entries"),
        (topics.REJECTED, "rejections"),
        (topics.TRANSACTIONS, "outcome"),
        (topics.LOTS, "lots"),
        (topics.CREDENTIALS, "credential"),
        (topics.CREDENTIAL_STATUS, "status"),
    ],
)
def test_a_record_lost_is_seen(topic: str, says: str) -> None:
    assert says in " ".join(changed(topic, lambda records: records[:-1]))


@pytest.mark.parametrize("topic", [topics.ENTRIES, topics.REJECTED, topics.TRANSACTIONS, topics.CREDENTIALS])
def test_a_record_doubled_is_seen(topic: str) -> None:
    assert changed(topic, lambda records: [*records, replace(records[-1], offset=records[-1].offset + 1)])


def test_an_event_lost_before_the_gate_had_written_it_is_seen() -> None:
    """Everything agrees, only one event has no fate."""
    lost = decode(run().of(topics.ENTRIES)[0].value or b"", Entry)
    assert lost.origin is not None
    assert "1 entries missing" in " ".join(changed(topics.ENTRIES, lambda records: records[1:]))


def test_outcomes_in_another_order_are_seen() -> None:
    def swap(records: list[Record]) -> list[Record]:
        one, other, *_ = (n for n, record in enumerate(records) if record.key == records[0].key)
        records[one], records[other] = records[other], records[one]
        return records

    assert "not the fold" in " ".join(changed(topics.TRANSACTIONS, swap))


def test_an_outcome_that_says_something_else_is_seen() -> None:
    def falsify(records: list[Record]) -> list[Record]:
        first = records[0]
        other = encode(replace(decode(first.value or b"", Outcome), reason="another"))
        return [replace(first, value=other), *records[1:]]

    assert "the first difference at 0" in " ".join(changed(topics.TRANSACTIONS, falsify))


def test_a_credential_of_no_transaction_is_seen() -> None:
    def invent(records: list[Record]) -> list[Record]:
        first = records[0]
        other = encode(replace(decode(first.value or b"", CredentialRecord), txn_id="none"))
        return [replace(first, value=other), *records[1:]]

    assert "which is no transaction" in " ".join(changed(topics.CREDENTIALS, invent))


# --- what a test has written into the entries itself ---------------------------------------------------------------------------


@cache
def bad_run() -> tuple[Read, list[bytes | None]]:
    """A run with entries that cannot be read, with one that can, and one that no record of the log could hold the outcome of."""
    own = [good(SITES[0], "own"), huge(SITES[3])]
    raw = [*unreadable(*SITES), *((encode(one), one.site.encode(), None) for one in own)]
    records = [
        Record(topics.ENTRIES, partition_of(key or b"", PARTITIONS) if number is None else number, 0, 0, key, value)
        for value, key, number in raw
    ]
    return run(*records), [value for value, _, _ in raw]


def said_of(log: Read, injected: list[bytes | None]) -> str:
    return " ".join(problems(log, injected=injected))


def test_a_run_with_bad_entries_holds_and_its_books_are_those_of_an_undisturbed_one() -> None:
    log, injected = bad_run()
    assert problems(log, injected=injected) == []


def test_an_entry_that_no_event_caused_and_no_test_wrote_is_seen() -> None:
    log, injected = bad_run()
    assert "1 entries too many" in said_of(log, [value for value in injected if value != b"rubbish"] + [b"rubbish"])


def test_an_entry_of_the_tests_own_that_is_lost_is_seen() -> None:
    log, injected = bad_run()
    assert "1 entries of the test's own missing" in said_of(log, [*injected, b"never written"])


def test_an_unreadable_entry_without_its_word_or_with_two_is_seen() -> None:
    log, injected = bad_run()
    told = log.of(topics.TRANSACTIONS)
    word = next(record for record in told if decode(record.value or b"", Outcome).outcome == "UNREADABLE")
    silent = [record for record in told if record is not word]
    assert "1 outcomes UNREADABLE missing" in said_of(Read(log.topics | {topics.TRANSACTIONS: silent}), injected)
    twice = [*told, replace(word, offset=10**6)]
    assert "1 outcomes UNREADABLE too many" in said_of(Read(log.topics | {topics.TRANSACTIONS: twice}), injected)


def test_books_that_lack_an_entry_of_the_tests_own_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    log, injected = bad_run()
    monkeypatch.setattr("tests.faults.invariants._own", lambda *_: iter(()))
    assert "lots differ from those of an undisturbed run" in said_of(log, injected)

"""The load of the campaign: it has everything in flight that a ledger does, and its books are those of an undisturbed run."""

from collections import Counter
from itertools import islice

from lodestream.ledger.records import Entry, Outcome
from runtime.partitioner import partition_of
from runtime.processor import Record
from schemas import topics
from schemas.codec import decode, encode
from tests.faults.in_memory import PARTITIONS, SINCE_MS, run
from tests.faults.invariants import problems
from tests.faults.load import books, documents, ticks

MINES = 4
ROUNDS, A_ROUND = 4, 7 * MINES
"""So many documents, about."""
NOW_US, DAY_US = SINCE_MS * 1_000, 86_400_000_000


def records(entries: list[Entry]) -> list[Record]:
    keyed = ((one.site.encode(), encode(one)) for one in entries)
    return [Record(topics.ENTRIES, partition_of(key, PARTITIONS), 0, 0, key, value) for key, value in keyed]


def test_everything_is_in_flight_and_the_books_are_those_of_an_undisturbed_run() -> None:
    """Four rounds; months close in the middle and at the end."""
    came = [value for _, value, _ in islice(documents(MINES), ROUNDS * A_ROUND)]
    own = [records(books(MINES)), records(ticks(MINES, NOW_US + 40 * DAY_US)), records(ticks(MINES, NOW_US + 80 * DAY_US))]
    half = len(came) // 2
    log = run(([], own[0]), (came[:half], []), ([], own[1]), (came[half:], []), ([], own[2]))
    assert problems(log, injected=[record.value for each in own for record in each]) == []

    told = [decode(record.value or b"", Outcome) for record in log.of(topics.TRANSACTIONS)]
    kinds = Counter(one.kind for one in told if one.outcome == "TRANSACTION")
    wanted = ("campaign", "correct", "assay", "contain", "ship", "receive", "close")
    assert min(kinds[kind] for kind in wanted) > MINES, kinds
    fates = Counter(one.outcome for one in told)
    assert fates["DUPLICATE"] > MINES
    assert fates["PARKED"] > MINES
    said = Counter((finding.code, finding.state) for one in told for finding in one.findings)
    assert min(said[code, "open"] for code in ("RETRO_OVERDRAFT", "ORIGIN_UNSUPPORTED", "CREDIT_OVERDRAWN", "TRANSIT_OPEN")) > 0
    assert said["TRANSIT_OPEN", "resolved"] > 0
    assert log.of(topics.REJECTED)

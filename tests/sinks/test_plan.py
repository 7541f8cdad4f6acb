"""Where to begin and what to write next: the pure part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.processor import Record
from sinks.clickhouse.plan import (
    DONE,
    Batch,
    Committed,
    Cut,
    Limits,
    Span,
    Start,
    Stored,
    cut,
    intent,
    linger_s,
    pending,
    start,
    together,
    token,
)

OFFSETS = st.integers(0, 2**63 - 1)


def waiting(*offsets: int, size: int = 1) -> list[Record]:
    return [Record("t", 0, offset, 0, b"", b"x" * size) for offset in offsets]


@given(OFFSETS, OFFSETS)
def test_an_intent_is_read_as_it_was_written(first: int, last: int) -> None:
    assert pending(intent(first, last)) == Span(first, last)
    assert pending(intent(first, last, "a1")) == Span(first, last, "a1")


@given(st.text())
def test_no_metadata_breaks_the_start(metadata: str) -> None:
    assert pending(metadata) is None or metadata.startswith("{")


def test_nothing_is_pending_where_all_is_done() -> None:
    assert pending(DONE) is None
    assert pending("") is None
    assert pending('{"v":2,"pending":[1,2]}') is None
    assert DONE


@pytest.mark.parametrize(
    ("committed", "stored", "expected"),
    [
        (Committed(), Stored(), Start(5)),
        (Committed(5, intent(5, 9)), Stored(), Start(5, Span(5, 9))),
        (Committed(10, DONE), Stored(10, 9), Start(10)),
        (Committed(10, intent(10, 19)), Stored(10, 9), Start(10, Span(10, 19))),
        # ClickHouse has the batch whole; only the last commit is missing.
        (Committed(10, intent(10, 19)), Stored(20, 19), Start(20)),
        # The broker drops metadata: rows beyond the last whole batch tell how far the next one reached.
        (Committed(10, ""), Stored(10, 14), Start(10, Span(None, 14))),
        (Committed(), Stored(None, 14), Start(5, Span(None, 14))),
        (Committed(10, ""), Stored(10, 9), Start(10)),
        # With metadata the intent alone decides: no half batch can be there without one.
        (Committed(10, DONE), Stored(10, 14), Start(10)),
    ],
)
def test_where_to_begin(committed: Committed, stored: Stored, expected: Start) -> None:
    assert start(committed, stored, low=5) == expected


def test_a_database_that_lost_its_rows_is_filled_again_and_says_so() -> None:
    begin = start(Committed(100, DONE), Stored(), low=0)
    assert (begin.position, begin.redo) == (0, None)
    assert "to 100" in begin.warning


def test_records_that_retention_took_first_are_a_warning_and_a_break_between_batches() -> None:
    begin = start(Committed(10, DONE), Stored(10), low=50)
    assert begin.position == 50
    assert "retention" in begin.warning


LIMITS = Limits(records=3, bytes=100)


@pytest.mark.parametrize(
    ("records", "redo", "at_end", "due", "expected"),
    [
        (waiting(), None, False, True, Cut(0)),
        (waiting(1), None, False, False, Cut(0)),
        (waiting(1), None, False, True, Cut(1)),
        (waiting(1), None, True, False, Cut(0)),
        (waiting(1, 2, 5), None, False, False, Cut(3)),
        (waiting(1, 2, 5, 6), None, False, False, Cut(3)),
        (waiting(1, 2, size=60), None, False, False, Cut(1)),
        (waiting(1, size=500), None, False, False, Cut(1)),
        # A batch to repeat is repeated whole, whatever the limits are now, and only once all of it is there.
        (waiting(1, 2), Span(1, 4), False, True, Cut(0, Span(1, 4))),
        (waiting(1, 2, 4), Span(1, 4), False, False, Cut(3, Span(1, 4))),
        (waiting(1, 2, 3, 4, 6), Span(1, 4), False, False, Cut(4, Span(1, 4))),
        (waiting(1, 2, 6), Span(1, 4), False, False, Cut(2, Span(1, 4))),
        (waiting(1, 2), Span(1, 4), True, False, Cut(2, Span(1, 4))),
        (waiting(1, 2, 4), Span(None, 4), False, False, Cut(3, Span(None, 4))),
        # Its records are gone, or what came before it is gone too: it is no batch any more.
        (waiting(7), Span(1, 4), False, True, Cut(1)),
        (waiting(), Span(1, 4), True, True, Cut(0)),
        (waiting(), Span(1, 4), False, True, Cut(0, Span(1, 4))),
        (waiting(0, 1, 4), Span(1, 4), False, True, Cut(3)),
    ],
)
def test_the_next_batch(records: list[Record], redo: Span | None, at_end: bool, due: bool, expected: Cut) -> None:
    assert cut(records, redo, at_end=at_end, due=due, limits=LIMITS) == expected


@given(st.lists(st.integers(0, 50), min_size=1, max_size=50), st.integers(1, 10), st.integers(1, 100))
def test_batches_take_every_record_once_within_the_limits(sizes: list[int], most: int, most_bytes: int) -> None:
    rest = [Record("t", 0, n, 0, b"", b"x" * size) for n, size in enumerate(sizes)]
    taken: list[int] = []
    while rest:
        part = cut(rest, None, at_end=False, due=True, limits=Limits(most, most_bytes))
        assert 1 <= part.records <= most
        assert part.records == 1 or sum(len(r.value or b"") for r in rest[: part.records]) <= most_bytes
        taken += [record.offset for record in rest[: part.records]]
        rest = rest[part.records :]
    assert taken == list(range(len(sizes)))


def test_a_token_names_table_topic_and_range() -> None:
    batch = Batch("t", "id", 3, 4, tuple(waiting(5, 9)))
    assert token([batch], "postings") == "t:id:3:5-9:postings"


def test_a_token_of_several_batches_is_theirs_in_any_order_and_nobody_elses() -> None:
    one, two, three = (Batch("t", "id", number, 4, tuple(waiting(5, 9))) for number in (1, 2, 3))
    assert token([one, two], "postings") == token([two, one], "postings")
    assert len({token(group, "postings") for group in ([one, two], [one, three], [one, two, three], [one])}) == 4


@given(st.lists(st.integers(1, 5), max_size=20))
def test_groups_take_every_batch_once_within_the_limits_of_one(sizes: list[int]) -> None:
    batches = [Batch("t", "id", number, 0, tuple(waiting(*range(size)))) for number, size in enumerate(sizes)]
    groups = together(batches, LIMITS)
    assert [batch for group in groups for batch in group] == batches
    assert all(len(group) == 1 or sum(len(batch.records) for batch in group) <= LIMITS.records for group in groups)
    assert len(groups) <= max(1, len(batches))


@pytest.mark.parametrize(("took", "expected"), [(0.0, 0.2), (0.05, 0.2), (0.1, 0.4), (0.25, 1.0), (30.0, 1.0)])
def test_records_wait_longer_where_inserts_take_long_but_never_for_ever(took: float, expected: float) -> None:
    assert linger_s(0.2, took) == pytest.approx(expected)
    assert linger_s(0.0, took) == 0.0

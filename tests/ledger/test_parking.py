"""What waits is counted in the head of the book, so that nobody looks for it where nothing does."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.apply import apply
from lodestream.ledger.state import Head, Parked, Waiting
from lodestream.ledger.stored import KINDS
from lodestream.ledger.view import DECODERS, ENCODER, Books, key_of
from tests.ledger.making import add, declared, entry, transform

A = "urn:site:a"


def history() -> list[Event]:
    """Three transformations, each of a lot that comes later, and what comes."""
    lots = [f"lot{n}" for n in range(3)]
    made = [transform(A, [(lot, "1", {})], [(f"{lot}x", "1", {"cu": "10"})]) for lot in lots]
    return [*made, *(add(lot, "1", A, cu="10", event_time_us=made[0].event_time_us) for lot in lots)]


def run(events: list[Event], **forgotten: Any) -> dict[bytes, bytes]:
    """The state after the events, each in a batch of its own; `forgotten` is written into the head after each."""
    state: dict[bytes, bytes] = {}
    for one in events:
        books = Books(state)
        apply(books, entry(one))
        for key, value in books.take().items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        if forgotten:
            state[key_of(A, Head, "")] = ENCODER.encode(replace(head(state), **forgotten))
    return state


def head(state: dict[bytes, bytes]) -> Head:
    found = DECODERS[Head].decode(state[key_of(A, Head, "")])
    assert isinstance(found, Head)
    return found


def waiting(state: dict[bytes, bytes]) -> int:
    return sum(f"\0{KINDS[Parked]}\0".encode() in key for key in state)


@given(st.permutations(range(6)), st.integers(0, 6))
@settings(max_examples=60)
def test_the_count_is_that_of_the_parked_entries(order: list[int], taken: int) -> None:
    events = history()
    state = run([events[n] for n in order[: taken or 1]])
    assert head(state).parked == waiting(state)


def test_a_head_without_the_count_still_wakes_what_waits() -> None:
    """State that an earlier version wrote: its heads do not count."""
    state = run(history(), parked=None)
    assert head(state).parked is None
    assert waiting(state) == 0


def waits(state: dict[bytes, bytes]) -> dict[str, list[str]]:
    """The entries that wait, by what they wait for."""
    found = {}
    for key, value in state.items():
        if f"\0{KINDS[Waiting]}\0".encode() in key:
            one = DECODERS[Waiting].decode(value)
            assert isinstance(one, Waiting)
            found[key.split(b"\0")[2].decode()] = one.entry_ids
    return found


def test_what_waits_is_listed_under_what_it_waits_for_until_then() -> None:
    """Two draws wait for one lot. The first is void; then the lot comes, and nobody waits for it."""
    first, second = (transform(A, [("lot", "1", {})], [(name, "1", {"cu": "10"})]) for name in "xy")
    events = [first, second, declared(first), add("lot", "1", A, cu="10", event_time_us=first.event_time_us)]
    listed = [waits(run(events[:n])) for n in range(1, 5)]
    ids = [entry(first).entry_id, entry(second).entry_id]
    assert listed == [{"lot:lot": ids[:1]}, {"lot:lot": ids}, {"lot:lot": ids[1:]}, {}]

"""The watch over random histories of three sites: repeats add nothing, and how the sites' logs are mixed is no matter."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.book import BookFile, Register
from lodestream.ledger.records import Outcome
from lodestream.watch.watch import Watch
from tests.ledger.making import START, add, declared, hashed, receive, ship, transform
from tests.watch.watching import DAY, Watched, outcome

SITES = ("urn:a", "urn:b", "urn:c")
PLACES = {"urn:a": (0, 0), "urn:b": (10_000_000, 10_000_000), "urn:c": (20_000_000, 0)}
BOOK = BookFile(register=Register(coordinates=PLACES))

sites, lots = st.sampled_from(SITES), st.sampled_from("xyz")
masses, tickets = st.sampled_from(["24.32", "25.17", "20"]), st.lists(st.sampled_from(["T1", "T2"]), max_size=1)
times = st.integers(0, 40).map(lambda day: START + day * DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    for _ in range(draw(st.integers(1, 12))):
        at, lot, mass, when = draw(sites), draw(lots), draw(masses), draw(times)
        kind = draw(st.sampled_from(["add", "add", "ship", "receive", "transform", "declare", "copy"]))
        if kind == "add":
            events.append(add(lot, mass, at, cu="28.51", event_time_us=when, tickets=draw(tickets)))
        elif kind == "ship":
            events.append(ship(lot, mass, at, draw(sites), consignment_id="c", event_time_us=when, cu="28.51"))
        elif kind == "receive":
            events.append(receive(lot, mass, at, consignment_id="c", event_time_us=when, cu="28.51"))
        elif kind == "transform":
            events.append(transform(at, [(lot, mass, {})], [(lot + "o", mass, {"cu": "28.51"})], event_time_us=when))
        elif events:
            original = draw(st.sampled_from(events))
            if original.error_declaration is None:
                events.append(declared(original) if kind == "declare" else hashed(replace(original, biz_location=at)))
    return events


def logs(events: list[Event]) -> dict[str, list[Outcome]]:
    """The sites' logs of a history."""
    watched = Watched(BOOK.register)
    watched(*events)
    return {site: [one for one in watched.outcomes if one.site == site] for site in SITES}


def ids(outcomes: list[Outcome]) -> set[str]:
    watch = Watch(BOOK)
    found = [entry for one in outcomes for entry in watch.see(one)]
    assert len({entry.entry_id for entry in found}) == len(found), "each once"
    for entry in found:
        assert entry.finding is not None
        assert entry.finding.arithmetic
        assert (entry.entry_id, entry.site) == (entry.finding.id, entry.finding.inputs[0])
        assert (entry.kind, entry.cause) == ("FINDING", next(o.txn_id for o in outcomes if o.txn_id == entry.cause))
    return {entry.entry_id for entry in found}


@settings(max_examples=60, deadline=None)
@given(events=histories(), data=st.data())
def test_repeats_add_nothing_and_any_mix_of_the_logs_finds_the_same(events: list[Event], data: st.DataObject) -> None:
    by_site = logs(events)
    one_after_the_other = [one for site in SITES for one in by_site[site]]
    found = ids(one_after_the_other)
    places = data.draw(st.permutations([site for site in SITES for _ in by_site[site]]))
    iterators = {site: iter(by_site[site]) for site in SITES}
    mixed = [next(iterators[site]) for site in places]
    assert ids(mixed) == found
    assert ids([*mixed, *mixed]) == found


def test_what_a_finding_caused_is_not_watched_and_not_said_again() -> None:
    watched = Watched(BOOK.register)
    watched(add("x", "24.32", "urn:a", tickets=["T"], cu="28"), add("y", "24.32", "urn:a", tickets=["T"], cu="28"))
    (entry,) = watched.entries
    assert entry.record_time_us == watched.outcomes[1].record_time_us
    assert entry.cause == watched.outcomes[1].txn_id
    recorded = replace(outcome("urn:a", 3, "finding"), entry_id=entry.entry_id)
    assert watched.watch.see(recorded) == []
    assert watched.watch.recorded == {entry.entry_id}

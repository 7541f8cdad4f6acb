"""F11 REPLAY_SUSPECT of the watch, and F24 across sites."""

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook
from tests.ledger.making import START, add, declared, hashed, ship
from tests.watch.watching import DAY, Watched, said

A, B = "urn:a", "urn:b"


def came(lot: str, mass: str, day: float = 0, at: str = A, cu: str = "28.51", **more: object) -> Event:
    return add(lot, mass, at, cu=cu, event_time_us=START + int(day * DAY), **more)


def test_a_ticket_of_two_events() -> None:
    """One ticket, two events, 29 days apart."""
    watched = Watched()
    first = came("x", "24", tickets=["T-1"])
    assert watched(first) == []
    (found,) = watched(second := came("y", "25", 29, tickets=["T-1"]))
    assert said([found]) == [("REPLAY_SUSPECT", "warn", A)]
    assert found.rule == "F11"
    assert found.arithmetic == (
        f"the ticket T-1, is stated by {first.event_id} and, 29 days apart, by {second.event_id}; "
        "within 30 days at one site that is one weighing told twice"
    )
    assert found.lots == ["y"]


def test_ticket_numbers_begin_anew() -> None:
    assert Watched()(came("x", "24", tickets=["T-1"]), came("y", "25", 31, tickets=["T-1"])) == []
    assert Watched()(came("x", "24", tickets=["T-1"]), came("y", "25", 1, at=B, tickets=["T-1"])) == []


def test_the_same_weighing_under_a_new_eventid_and_time() -> None:
    """24,320 kg at 28.51 % Cu, to the last digit; another last digit of either is another weighing."""
    watched = Watched()
    assert watched(came("x", "24.32"), came("y", "24.33", 1), came("z", "24.32", 2, cu="28.52")) == []
    (found,) = watched(came("w", "24.320", 3))
    assert found.arithmetic.startswith("24.32 TNE with Cu 28.51 P1 dry, to the last digit, is stated by ")


def test_nominal_masses_say_nothing() -> None:
    assert Watched()(came("x", "1.00"), came("y", "1", 1), came("z", "25"), came("w", "25", 1)) == []


def test_tickets_tell_two_weighings_apart() -> None:
    assert Watched()(came("x", "24.32", tickets=["T-1"]), came("y", "24.32", 1, tickets=["T-2"])) == []


def test_what_is_shipped_is_not_a_replay_of_its_making() -> None:
    watched = Watched(**{A: SiteBook(elements=["Cu"])})
    made = came("x", "24.32", tickets=["T-1"])
    gone = ship("x", "24.32", A, B, cu="28.51", tickets=["T-1"], event_time_us=START + DAY)
    assert watched(made, gone) == []


def test_a_corrective_event_may_state_it_again() -> None:
    wrong = came("x", "24.32", tickets=["T-1"])
    assert Watched()(wrong, declared(wrong), came("x", "24.32", 0.1, tickets=["T-1"])) == []


def edited(original: Event, at: str) -> Event:
    return hashed(replace(original, biz_location=at))


def test_one_eventid_in_two_books() -> None:
    """Its location was edited, so the copy went to another site: hard, in both books, in either order."""
    original = came("x", "24")
    for first, second in ((original, edited(original, B)), (edited(original, B), original)):
        watched = Watched()
        assert watched(first) == []
        found = watched(second)
        assert sorted(said(found)) == [("MUTATED_EVENT", "hard", A), ("MUTATED_EVENT", "hard", B)]
        assert {one.rule for one in found} == {"F24"}
        assert [one.lots for one in found] == [["x"], ["x"]]
        assert all(site in one.arithmetic for one in found for site in (A, B))
        assert watched(edited(original, "urn:c"))[0].inputs[0] == "urn:c", "each further site once"


def test_the_same_event_in_two_books_is_a_changed_register() -> None:
    original = came("x", "24")
    again = replace(edited(original, B), event_hash=original.event_hash)
    found = Watched()(original, again)
    assert {one.severity for one in found} == {"warn"}


def test_a_refused_event_may_be_sent_again_elsewhere() -> None:
    watched = Watched(**{A: SiteBook(sources=["nobody"])})
    original = came("x", "24")
    assert watched(original) == []
    assert watched.outcomes[-1].kind == "refuse"
    assert watched(edited(original, B)) == []


def test_a_declaration_repeats_its_eventid_by_right() -> None:
    original = came("x", "24")
    stray = declared(edited(original, B))
    watched = Watched()
    assert watched(original, declared(original), stray) == []
    assert watched.outcomes[-1].outcome == "PARKED"

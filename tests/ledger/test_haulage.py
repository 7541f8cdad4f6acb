"""TRANSIT_LOSS on the mean of a lane and month (F35): what every consignment hides within its own 0.5 % + 3u (rulebook R99)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger import haulage, months
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Offered
from lodestream.ledger.records import Finding, Outcome, Parcel
from lodestream.ledger.state import Head
from lodestream.ledger.timed import Haul, Period
from lodestream.ledger.values import Weighed
from lodestream.ledger.view import View
from tests.ledger.making import HOUR, Books, T, add, assay, declared, event, receive, ship, tick
from tests.ledger.page import says

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
MARCH, APRIL = (months.bounds("UTC", month)[0] for month in ("2026-03", "2026-04"))


def closing(at: str = B, at_us: int = APRIL) -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_location=at, period_close="2026-03", event_time_us=at_us)


def way(n: int, came: str, origin: str = A, **more: Any) -> tuple[Event, Event, Event]:
    """10 t of 30 % Cu leave, and so much comes."""
    at, name = MARCH + 10 * n * HOUR, f"x{n}"
    return (
        add(name, "10", origin, cu="30", event_time_us=at),
        ship(name, "10", origin, B, consignment_id=f"c{n}", event_time_us=at + HOUR),
        receive(name, came, B, consignment_id=f"c{n}", receipt="final", event_time_us=at + 9 * HOUR, **({"cu": "30"} | more)),
    )


def lanes(books: Books, came: list[str], origin: str = A) -> Books:
    for n, one in enumerate(came):
        books(*way(n, one, origin))
    return books


def said(outcomes: list[Outcome], state: str = "open") -> list[Finding]:
    return [f for o in outcomes for f in o.findings if f.code == "TRANSIT_LOSS" and f.state == state]


def hauls(books: Books) -> dict[str, Haul]:
    """Those of March at B."""
    found = {ref: period for site, ref, period in books.fold.every(Period) if site == B}
    return {lane: haul for lane, haul in found.get("2026-03", Period()).hauls.items() if haul != Haul()}


def test_r99_the_worked_line() -> None:
    """R99: 20 times 9.9 t of 10 t at 30 % Cu: 1 % each, of which none is beyond its own 0.5 % + 3u."""
    books = lanes(Books(), ["9.9"] * 20)
    assert said(books.outcomes) == []
    (found,) = said(books(closing()))
    assert (found.severity, found.inputs, found.lots) == ("warn", ["lane", A, "2026-03", "Cu"], [])
    assert found.arithmetic == (
        "Cu from urn:site:a in 2026-03, 20 consignments: sent 60,000 kg, lost 600 kg (1 %) > 0.5 % + 3u = 595.654374 kg; "
        "u 98.551458 kg of random 65.700972 kg and systematic 73.45592 kg"
    )
    says("R99", "9.9", "600 kg", "595.654374", "98.551458", "65.700972", "73.45592", "59.073552")


@pytest.mark.parametrize(
    ("count", "came", "speaks"), [(19, "9.9", 1), (18, "9.9", 0), (20, "9.902", 0), (2, "9.81", 1), (1, "9.79", 0)]
)
def test_where_it_speaks(count: int, came: str, speaks: int) -> None:
    """Fewer consignments average less out; one alone is judged by itself."""
    books = lanes(Books(), [came] * count)
    assert len(said(books(closing()))) == speaks


def test_by_the_tolerance_of_the_receiver() -> None:
    """0.3 % + 3u: 180 + 295.950186 kg."""
    books = lanes(Books(**{B: SiteBook(transit_tolerance_percent=Decimal("0.3"))}), ["9.92"] * 20)
    (found,) = said(books(closing()))
    assert "lost 480 kg (0.8 %) > 0.3 % + 3u = 475.950186 kg" in found.arithmetic


def test_lanes_are_apart() -> None:
    """Half of them from elsewhere, and honest."""
    books = lanes(Books(), ["9.9"] * 20)
    for n in range(20, 40):
        books(*way(n, "10", C))
    (found,) = said(books(closing()))
    assert found.inputs[1] == A
    assert {lane: haul.lost_mg for lane, haul in hauls(books).items()} == {f"Cu {A}": 600_000_000, f"Cu {C}": 0}


def test_a_declaration_after_the_close_restates_it() -> None:
    """One of the twenty was 10 t: without it March version 2 has lost 570 of 57,000 kg, with it version 3 570 of 60,000 kg."""
    books = lanes(Books(), ["9.9"] * 19)
    made, sent, wrong = way(19, "9.9")
    books(made, sent, wrong)
    (first,) = said(books(closing()))
    right = way(19, "10", event_id="urn:e:right")[2]
    done = books(declared(wrong, 1, ("urn:e:right",)))
    assert [(f.id, f.state) for o in done for f in o.findings if f.code == "TRANSIT_LOSS"] == [
        (first.id, "superseded"),
        (first.id, "open"),
    ]
    assert len(said(books(right), "superseded")) == 1
    assert (hauls(books)[f"Cu {A}"].count, hauls(books)[f"Cu {A}"].lost_mg) == (20, 570_000_000)
    assert "TRANSIT_LOSS" not in books.open()


def test_what_is_not_final_or_not_known_at_both_ends_does_not_count() -> None:
    books = Books()
    made, sent, _ = way(0, "9")
    books(made, sent, receive("x0", "5", B, consignment_id="c0", cu="30", receipt="partial", event_time_us=MARCH + 9 * HOUR))
    assert hauls(books) == {}
    books(receive("x0", "4", B, consignment_id="c0", cu="30", receipt="final", event_time_us=MARCH + 9 * HOUR))
    assert hauls(books)[f"Cu {A}"].lost_mg == 300_000_000
    other = Books(**{B: SiteBook(elements=["Ni"])})
    other(*way(0, "9"))
    assert set(hauls(other)) <= {f"Ni {A}"}


def test_what_two_senders_share_is_no_lane() -> None:
    books = Books()
    for site in (A, C):
        books(
            add("x", "10", site, cu="30", event_time_us=MARCH), ship("x", "10", site, B, consignment_id="c", event_time_us=MARCH)
        )
    books(receive("x", "19", B, consignment_id="c", cu="30", receipt="final", event_time_us=MARCH + HOUR))
    assert hauls(books) == {}


def test_a_later_assay_at_the_sender_changes_what_was_lost() -> None:
    """30 % was 29.7 %: nothing is lost."""
    books = lanes(Books(), ["9.9"])
    again = assay("x0", A, cu="29.7")
    books(again)
    assert hauls(books)[f"Cu {A}"].lost_mg == 0
    assert hauls(books)[f"Cu {A}"].sent_mg == 2_970_000_000


def test_a_sender_that_withdrew_its_offer_shares_it_no_more() -> None:
    books, others = Books(), add("x", "10", C, cu="30", event_time_us=MARCH)
    wrong = ship("x", "10", C, B, consignment_id="c0", event_time_us=MARCH)
    made, sent, _ = way(0, "9.9")
    renamed = ship("x", "10", A, B, consignment_id="c0", event_time_us=MARCH + HOUR)
    books(add("x", "10", A, cu="30", event_time_us=MARCH), renamed, others, wrong, declared(wrong))
    books(receive("x", "9.9", B, consignment_id="c0", cu="30", receipt="final", event_time_us=MARCH + 9 * HOUR))
    alone = Books()
    alone(made, sent, receive("x0", "9.9", B, consignment_id="c0", cu="30", receipt="final", event_time_us=MARCH + 9 * HOUR))
    assert hauls(books) == hauls(alone) != {}


def test_an_element_of_which_nothing_went_is_a_haul_of_nothing() -> None:
    """Both books track Ni, and there is none: 0 of 0 mg, and not a milligram lost or sent."""
    books = Books(**{site: SiteBook(elements=["Cu", "Ni"]) for site in (A, B)})
    books(*way(0, "9.9"))
    assert hauls(books)[f"Ni {A}"] == Haul(1)


# -- edges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dry_mg", "counts"), [([1], True), ([1, 0], True), ([0, 10], True), ([1, 1], False), ([0], False)])
def test_one_sender_with_something_on_its_way(dry_mg: list[int], counts: bool) -> None:
    """A withdrawn offer has nothing in it; one milligram is something."""
    pair = Inbound("c", "x", [Offered(f"s{n}", [], Parcel("x", 1, mg, mg, True, {}, {}, 0)) for n, mg in enumerate(dry_mg)])
    assert haulage.counted(pair, {"Cu": Weighed(5, 4, 3), "Ni": Weighed(2, 2, 1)}) == ({"Cu": 3, "Ni": 1} if counts else {})
    assert haulage.counted(pair, {}) == {}


def lost(haul: Haul, tolerance: str = "0.5", **more: Haul) -> list[str]:
    """The lanes that are said to have lost too much: the one from urn:s, and others."""
    view = View(B, {})
    view.put(Head(book=SiteBook(transit_tolerance_percent=Decimal(tolerance))))
    draft = Draft(view, tick(B, APRIL))
    haulage.judge(draft, "2026-03", Period(hauls={**{k.replace("_", " "): v for k, v in more.items()}, "Cu urn:s": haul}))
    return [" ".join((f.inputs[3], f.inputs[1])) for f in draft.findings]


@pytest.mark.parametrize(
    ("haul", "tolerance", "allowed"),
    [
        (Haul(2, 1_000_000, 0, "100", 40), "0.5", 5_042),  # 0.5 %, and 3 times the root of 10 and 10 squared, 14
        (Haul(2, 1_000_000, 0, "100", -40), "0.5", 5_042),  # a plain sum of u that is taken back
        (Haul(2, 1_000_000, 0, "0", 39), "0.3", 3_027),  # a quarter of it, without the rest
        (Haul(2, -1_000_000, 0, "0", 0), "0.5", 0),  # more was taken back in this month than came in it
        (Haul(2, -1_000_000, 0, "-100", -40), "100", 30),
    ],
)
def test_exactly_what_is_allowed_is_allowed(haul: Haul, tolerance: str, allowed: int) -> None:
    sums = (haul.count, haul.sent_mg)
    assert lost(Haul(*sums, allowed, haul.u2, haul.u_mg), tolerance) == []
    assert lost(Haul(*sums, allowed + 1, haul.u2, haul.u_mg), tolerance) == ["Cu urn:s"]
    assert lost(Haul(1, haul.sent_mg, allowed + 1, haul.u2, haul.u_mg), tolerance) == []


def test_lanes_are_said_in_their_order() -> None:
    bad = Haul(2, 100, 99)
    assert lost(bad, Ni_a=bad, Cu_z=bad, Cu_a=bad) == ["Cu a", "Cu urn:s", "Cu z", "Ni a"]


WAYS = st.lists(st.tuples(st.integers(900, 1_010), st.booleans(), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(WAYS)
def test_the_sums_are_those_of_what_stands(ways: list[tuple[int, bool, bool]]) -> None:
    """Whichever of offer and receipt comes first, and without what is declared void: as if that had never been."""
    books, plain = Books(), Books()
    for n, (came, void, early) in enumerate(ways):
        made, sent, got = way(n, f"{came / 100:.2f}")
        books(made, *((got, sent) if early else (sent, got)))
        if void:
            books(declared(got))
        else:
            plain(made, sent, got)
    assert hauls(books) == hauls(plain)
    stands = [came for came, void, _ in ways if not void]
    expected = (len(stands), 3 * T * len(stands), sum((1000 - came) * 3_000_000 for came in stands))
    whole = hauls(books).get(f"Cu {A}", Haul())
    assert (whole.count, whole.sent_mg, whole.lost_mg) == expected

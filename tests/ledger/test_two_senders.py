"""Two senders of one lot in one consignment: each offer is its own, and its receipts settle it in the order of shipping."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger.state import Journal
from tests.ledger.making import HOUR, START, Books, T, add, codes, declared, entry, event, item, receive, ship
from tests.ledger.page import says
from tests.ledger.test_properties import Network

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def got(mass: str, origin: str | None = None, **more: Any) -> Event:
    sources = {"sources": [TypedRef(origin, "location")]} if origin else {}
    return receive("x", mass, B, **{"consignment_id": "c"} | sources | more)


def asked_back(site: str) -> Event:
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": site, "action": "OBSERVE", "consignment_id": "c"}
    return event("ObjectEvent", [item("object", "x", None)], **fields)


def sent(a: str = "10", c: str = "10") -> Books:
    """A ships at 10 % Cu from Chile, an hour later C at 30 % from Peru."""
    books = Books()
    books(add("x", "100", A, cu="10", country_of_origin="CL", embodied_g_co2e=1000, event_time_us=START))
    books(add("x", "100", C, cu="30", country_of_origin="PE", embodied_g_co2e=5000, event_time_us=START))
    books(ship("x", c, C, B, consignment_id="c", event_time_us=START + 2 * HOUR))  # told first, shipped second
    books(ship("x", a, A, B, consignment_id="c", event_time_us=START + HOUR))
    return books


def custody(books: Books) -> list[int]:
    return [books.balance(site, "CUSTODY(c x)") for site in (A, C, B)]


def transit(books: Books) -> list[int]:
    return [books.balance(site, "TRANSIT(c x)") for site in (A, C)]


def shares(books: Books) -> dict[str, int]:
    return next(lot.shares["Cu"] for lot in books.fold.lots() if (lot.site, lot.lot) == (B, "x"))


def test_two_senders_of_one_lot_in_one_consignment() -> None:
    """10 t of each, 1 t and 3 t Cu; 20 t come with 3.98 t: both answers settle all, the rest is variance."""
    books = sent()
    made = books(got("20", receipt="final", cu="19.9"))
    assert [(o.site, o.kind) for o in made] == [(B, "receive"), (A, "answer"), (C, "answer")]
    assert (transit(books), custody(books)) == ([0, 0], [1 * T, 3 * T, -4 * T])
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "TRANSIT_VAR"), books.open()) == (3_980_000_000, 20_000_000, set())


def test_they_settle_in_the_order_of_shipping() -> None:
    """R31: 15 t at 20 % hold 3 t Cu: A's ton, and 2 of the 3 t that C sent; A is settled, C's 5 t are pending."""
    books = sent()
    books(got("15", cu="20"))
    assert (transit(books), custody(books)) == ([0, 1 * T], [1 * T, 2 * T, -3 * T])
    assert shares(books) == {"CL - - -": 1 * T, "PE - - -": 2 * T}
    edges = [(e.from_site, e.dry_mg, e.contained_mg) for e in books.outcomes[-3].edges]
    assert edges == [(A, 10 * T, {"Cu": 1 * T}), (C, 5 * T, {"Cu": 2 * T})]
    says("R31", "15 t", 1_000, 3_000, 2_000)


def test_without_an_assay_each_part_has_its_senders_grade() -> None:
    """12 t: 10 t of A at 10 % and 2 t of C at 30 %: 1.6 t Cu, 100 + 2/10 x 500 g CO2e of each 10 t."""
    books = sent()
    books(got("12"))
    lot = next(lot for lot in books.fold.lots() if (lot.site, lot.lot) == (B, "x"))
    assert (lot.contained_mg, lot.embodied_g_co2e, lot.uncovered_mg) == ({"Cu": 1_600_000_000}, 200, 0)
    assert custody(books) == [1 * T, 600_000_000, -1_600_000_000]


def test_a_receipt_settles_the_sender_that_it_names_first() -> None:
    """10 t from C settle C, though A shipped before; it is final by itself, and A is still on its way."""
    books = sent()
    books(got("9.98", C, cu="30"))
    assert (transit(books), custody(books)) == ([1 * T, 0], [0, 3 * T, -3 * T])
    assert books.balance(B, "TRANSIT_VAR") == 6_000_000
    books(got("10", A, cu="10"))
    assert (transit(books), custody(books), books.open()) == ([0, 0], [1 * T, 3 * T, -4 * T], set())


def test_what_is_beyond_the_sender_that_it_names_goes_on_to_the_other() -> None:
    """14 t said to be from C: its 10 t, and 4 t that A sent."""
    books = sent()
    books(got("14", C))
    assert (transit(books), custody(books)) == ([600_000_000, 0], [400_000_000, 3 * T, -3_400_000_000])


def test_final_of_a_named_sender_ends_that_offer_alone() -> None:
    """8 of C's 10 t, final: 0.6 t Cu are C's variance; A's receipt counts after that, and a third comes too late."""
    books = sent()
    books(got("8", C, cu="30", receipt="final"))
    assert (transit(books), books.balance(B, "TRANSIT_VAR")) == ([1 * T, 0], 600_000_000)
    assert codes(books(got("10", cu="10"))) == ["TRANSIT_LOSS"], "over the pair: 4 t sent, 3.4 t came"
    assert codes(books(got("1", cu="10"))) == ["ALREADY_RESOLVED"]
    assert (transit(books), custody(books)) == ([0, 0], [1 * T, 3 * T, -4 * T])


def test_the_second_offer_comes_after_all_was_received() -> None:
    """A's 10 t, received as 20 t and final: a gain of 3 t Cu, until C's offer comes."""
    books = Books()
    books(add("x", "100", A, cu="10", event_time_us=START), add("x", "100", C, cu="30", event_time_us=START))
    books(ship("x", "10", A, B, consignment_id="c"), got("20", receipt="final", cu="20"))
    assert books.open(B) == {"TRANSIT_GAIN"}
    books(ship("x", "10", C, B, consignment_id="c"))
    assert (transit(books), custody(books), books.open()) == ([0, 0], [1 * T, 3 * T, -4 * T], set())


def test_one_asks_back_what_is_pending_of_its_own() -> None:
    """12 t came, A's 10 t and 2 of C's: C asks back, has 98 of its 100 t again, and what comes later is refused."""
    books = sent()
    books(got("12"))
    books(asked_back(C))
    assert (books.balance(C, "STOCK(x)"), transit(books)) == (98 * T * 3 // 10, [0, 0])
    assert codes(books(got("1"))) == ["ALREADY_RESOLVED"]
    assert custody(books) == [1 * T, 600_000_000, -1_600_000_000]


def test_what_comes_after_one_asked_back_is_the_others() -> None:
    books = sent()
    books(asked_back(A))
    books(got("10"))
    assert (books.balance(A, "STOCK(x)"), transit(books), custody(books)) == (10 * T, [0, 0], [0, 3 * T, -3 * T])


def test_one_shipment_is_declared_void() -> None:
    """C's was an error: what A sent is all that was offered, and 20 t of it came, a gain of 2.9 t."""
    books = sent()
    wrong = ship("x", "5", C, B, consignment_id="c")
    books(wrong, got("25", receipt="final"))
    assert custody(books) == [1 * T, 4_500_000_000, -5_500_000_000]
    books(declared(wrong))
    assert (transit(books), custody(books)) == ([0, 0], [1 * T, 3 * T, -4 * T])


def test_an_unnamed_receipt_goes_to_the_pair_of_the_sender_that_it_names() -> None:
    books = sent()
    books(add("x", "100", "urn:site:d", cu="20", event_time_us=START))
    books(ship("x", "10", "urn:site:d", B, consignment_id="d", event_time_us=START + 3 * HOUR))
    books(got("10", "urn:site:d", consignment_id=None))
    books(got("10", C, consignment_id=None))
    assert (books.balance("urn:site:d", "TRANSIT(d x)"), transit(books)) == (0, [1 * T, 0])


def test_versions_are_counted_by_sender() -> None:
    """A second shipment of A is its version 2 and no older than C's first."""
    books = sent()
    books(ship("x", "5", A, B, consignment_id="c"), got("25", receipt="final"))
    assert (transit(books), custody(books)) == ([0, 0], [1_500_000_000, 3 * T, -4_500_000_000])


# -- any order ------------------------------------------------------------------------------------------------------

tonnes = st.integers(1, 300).map(lambda n: f"{n / 10:.1f}")
Scene = list[list[Event]]


@st.composite
def scenes(draw: st.DrawFn, *, voids: bool = False) -> Scene:
    """What A and C send, what B receives; one event of each may be declared void."""
    scene: Scene = []
    for site, grade in ((A, "10"), (C, "30")):
        mine = [add("x", "1000", site, cu=grade, country_of_origin=site[-1].upper() + "L", event_time_us=START)]
        times = [START + (1 + n) * HOUR for n in range(draw(st.integers(1, 2)))]
        mine += [ship("x", draw(tonnes), site, B, consignment_id="c", event_time_us=at) for at in times]
        if voids and draw(st.booleans()):
            mine.append(asked_back(site))
        elif draw(st.booleans()):
            mine.append(declared(draw(st.sampled_from(mine[1:]))))
        scene.append(mine)
    received = []
    for n in range(draw(st.integers(1, 4))):
        fields: dict[str, Any] = {
            "receipt": draw(st.sampled_from([None, "final", "partial"])),
            "event_time_us": START + (9 + n) * HOUR,
        }
        fields |= draw(st.sampled_from([{}, {"cu": "12"}, {"cu": "25"}]))
        named = draw(st.sampled_from([{}, {}, {"consignment_id": None}]))
        received.append(got(draw(tonnes), draw(st.sampled_from([None, A, C])), **fields | named))
    if draw(st.booleans()):
        received.append(declared(draw(st.sampled_from(received))))
    return [*scene, received]


wires = [(A, B), (C, B), (B, A), (B, C)]
steps = st.lists(st.sampled_from([0, 1, 2, *wires]), max_size=30)


def played(scene: Scene, order: list[Any]) -> Network:
    network, left = Network(), [list(one) for one in scene]
    for step in order:
        if isinstance(step, tuple):
            network.deliver(step)
        elif left[step]:
            network.take(entry(left[step].pop(0)))
    for one in (x for events in left for x in events):
        network.take(entry(one))
    network.quiet()
    return network


@settings(max_examples=200, deadline=None)
@given(scenes(), steps)
def test_offers_and_receipts_of_two_senders_commute(scene: Scene, order: list[Any]) -> None:
    for one, other in zip(played(scene, order).state(), played(scene, [0] * 9 + [1] * 9 + wires * 9).state(), strict=True):
        assert one == other


@settings(max_examples=200, deadline=None)
@given(scenes(voids=True), steps)
def test_custody_clears_over_all_books(scene: Scene, order: list[Any]) -> None:
    """Whatever comes, is asked back or was an error; nobody's TRANSIT is below zero, and no more is settled than was sent."""
    network = played(scene, order)
    rows = {(site, account): mg for site, _, account, mg in network.fold.accounts()}
    if not any(f.code == "UNMATCHED" for _, f in network.fold.open_findings()):
        assert sum(mg for (_, account), mg in rows.items() if account.startswith("CUSTODY")) == 0
    for site in (A, C):
        out = 100 * T if site == A else 300 * T
        transit, custody = (rows.get((site, f"{kind}(c x)"), 0) for kind in ("TRANSIT", "CUSTODY"))
        assert min(transit, custody) >= 0
        assert rows[site, "STOCK(x)"] + transit + custody == out


def test_the_state_of_one_sender_is_as_small_as_before() -> None:
    """One sender is a list of one: no journal, pair or message more than a single move needs."""
    books = Books()
    made = books(add("x", "10", A, cu="10"), ship("x", "5", A, B, consignment_id="c"), got("5"))
    assert [(o.site, o.kind) for o in made] == [(A, "create"), (A, "ship"), (B, "offer"), (B, "receive"), (A, "answer")]
    assert len(list(books.fold.every(Journal))) == 3


@pytest.mark.parametrize("first", [A, C])
def test_ties_of_shipping_are_broken_by_sender(first: str) -> None:
    """Both shipped in one hour: A's is settled first, whoever told first."""
    books = Books()
    books(add("x", "10", A, cu="10", event_time_us=START), add("x", "10", C, cu="10", event_time_us=START))
    for site in (first, C if first == A else A):
        books(ship("x", "10", site, B, consignment_id="c", event_time_us=START + HOUR))
    books(got("10", cu="10"))
    assert transit(books) == [0, 1 * T]

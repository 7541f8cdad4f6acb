"""Void by asking: the sender asks a consignment back, and the receiver's book says what is still pending."""

from collections import deque
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from tests.ledger.making import HOUR, START, Books, T, add, codes, declared, entry, event, item, receive, ship
from tests.ledger.test_properties import Network

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
DAY = 24 * HOUR


def void(lot: str, **more: Any) -> Event:
    """A void_shipping event at A; what it says of masses does not count."""
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": A, "action": "OBSERVE", "consignment_id": "c"} | more
    return event("ObjectEvent", [item("object", lot, None)], **fields)


def ask(books: Books, lot: str = "x", **more: Any) -> list[Outcome]:
    return books(void(lot, **more))


def shipped(*masses: str, to: str | None = B, moisture: str = "8") -> Books:
    books = Books()
    books(add("x", "100", A, moisture=moisture, cu="10", event_time_us=START))
    for mass in masses:
        books(ship("x", mass, A, to, consignment_id="c", moisture=moisture, event_time_us=START + HOUR))
    return books


def x(books: Books) -> tuple[int, int, int]:
    """Wet, dry and copper of the lot at A."""
    lot = next(lot for lot in books.fold.lots() if (lot.site, lot.lot) == (A, "x"))
    return lot.wet_mg, lot.dry_mg, lot.contained_mg.get("Cu", 0)


WHOLE = (100 * T, 92 * T, 9_200_000_000)


def test_all_of_it_comes_back() -> None:
    """100 t wet at 8 % and 10 % Cu: 92 t dry, 9.2 t Cu. 10 t leave, are asked back before anything came, and are back."""
    books = shipped("10")
    assert (x(books), books.balance(A, "TRANSIT(c x)")) == ((90 * T, 82_800_000_000, 8_280_000_000), 920_000_000)
    done = ask(books)
    assert [(o.site, o.kind) for o in done] == [(A, "void"), (B, "offer"), (A, "answer")]
    assert [(p.account, p.amount_mg) for p in done[2].postings] == [("TRANSIT(c x)", -920_000_000), ("STOCK(x)", 920_000_000)]
    assert (x(books), books.balance(A, "TRANSIT(c x)"), books.balance(A, "CUSTODY(c x)")) == (WHOLE, 0, 0)


def test_what_came_before_stays_there() -> None:
    """Of 10 t, 4 t came: 6 t wet = 5.52 t dry = 552 kg Cu come back, and CUSTODY clears."""
    books = shipped("10")
    books(receive("x", "4", B, consignment_id="c", moisture="8", cu="10"))
    ask(books)
    assert x(books) == (96 * T, 88_320_000_000, 8_832_000_000)
    assert [books.balance(s, "CUSTODY(c x)") for s in (A, B)] == [368_000_000, -368_000_000]
    assert (books.balance(B, "STOCK(x)"), books.balance(A, "TRANSIT(c x)"), books.open()) == (368_000_000, 0, set())


def test_nothing_comes_back_of_what_is_final() -> None:
    books = shipped("10")
    books(receive("x", "9.9", B, consignment_id="c", receipt="final", moisture="8", cu="10"))
    before = books.fold.accounts()
    done = ask(books)
    assert [o.kind for o in done] == ["void", "offer", "answer"]
    assert books.fold.accounts() == before


def test_a_later_receipt_is_refused() -> None:
    books = shipped("10")
    ask(books)
    late = books(receive("x", "10", B, consignment_id="c", moisture="8", cu="10"))
    assert codes(late) == ["ALREADY_RESOLVED"]
    assert "was given back to its sender before" in late[0].findings[-1].arithmetic
    assert (books.balance(B, "STOCK(x)"), x(books)) == (0, WHOLE)


def test_a_later_receipt_without_a_consignment_has_no_offer() -> None:
    books = shipped("10")
    ask(books)
    assert codes(books(receive("x", "10", B, moisture="8", cu="10"))) == ["UNMATCHED"]
    assert x(books) == WHOLE


def test_a_void_before_the_answer_to_a_receipt_arrives() -> None:
    """The receiver's book is the arbiter: the receipt stood there when the question came."""
    network = Network()
    network.take(entry(add("x", "100", A, cu="10", event_time_us=START)))
    network.take(entry(ship("x", "10", A, B, consignment_id="c")))
    network.deliver((A, B))
    network.take(entry(receive("x", "10", B, consignment_id="c", cu="10")))
    network.take(entry(void("x")))
    network.quiet()
    assert [row for row in network.fold.accounts() if "SOURCE" not in row[2]] == [
        (A, "Cu", "CUSTODY(c x)", T),
        (A, "Cu", "STOCK(x)", 9 * T),
        (B, "Cu", "CUSTODY(c x)", -T),
        (B, "Cu", "STOCK(x)", T),
    ]


@pytest.mark.parametrize("to", [None, "urn:party:x"])
def test_where_no_book_answers_it_comes_back_at_once(to: str | None) -> None:
    books = Books()
    books(add("x", "100", A, moisture="8", cu="10", event_time_us=START))
    sent = ship("x", "10", A, to, consignment_id="c", moisture="8")
    books.fold.submit(entry(sent, external=[to] if to else []))
    (done,) = ask(books)
    assert [(p.account, p.amount_mg) for p in done.postings] == [("TRANSIT(c x)", -920_000_000), ("STOCK(x)", 920_000_000)]
    assert (x(books), books.open()) == (WHOLE, set())


def test_a_lot_that_went_to_two_sites_comes_back_from_both() -> None:
    books = shipped("10")
    books(ship("x", "20", A, C, consignment_id="c", moisture="8"))
    books(receive("x", "5", C, consignment_id="c", moisture="8", cu="10"))
    ask(books)
    assert (x(books)[0], books.balance(A, "TRANSIT(c x)")) == (95 * T, 0)


def test_only_the_lots_that_it_names() -> None:
    books = shipped("10")
    books(add("y", "1", A, cu="10"), ship("y", "1", A, B, consignment_id="c"))
    ask(books, "y")
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (920_000_000, 0)


@pytest.mark.parametrize("more", [{}, {"consignment_id": "other"}, {"consignment_id": None}])
def test_what_is_not_on_its_way_is_kept_and_linked(more: dict[str, Any]) -> None:
    books = shipped(*(["10"] if more else []))
    before = books.fold.accounts()
    (done,) = ask(books, **more)
    assert (done.kind, "nothing of consignment" in done.reason, books.fold.accounts()) == ("link", True, before)


def test_asked_twice() -> None:
    books = shipped("10")
    ask(books)
    (again,) = ask(books)
    assert (again.kind, x(books)) == ("link", WHOLE)


def test_a_shipment_after_that_needs_a_consignment_of_its_own() -> None:
    books = shipped("10")
    ask(books)
    assert codes(books(ship("x", "1", A, B, consignment_id="c"))) == ["ALREADY_RESOLVED"]
    assert codes(books(ship("x", "1", A, B, consignment_id="d"))) == []


def test_a_delete_with_that_step_destroys_nothing() -> None:
    books = shipped("10")
    ask(books, action="DELETE")
    assert x(books) == WHOLE


# -- corrections ----------------------------------------------------------------------------------------------------


def test_the_void_was_an_error() -> None:
    """Declared void itself: what came back is on its way again, and the receipt that was refused counts."""
    books = shipped("10")
    asked = void("x")
    books(asked)
    books(receive("x", "10", B, consignment_id="c", moisture="8", cu="10"))
    books(declared(asked))
    assert (x(books)[0], books.balance(A, "TRANSIT(c x)"), books.balance(B, "STOCK(x)")) == (90 * T, 0, 920_000_000)
    assert [books.balance(s, "CUSTODY(c x)") for s in (A, B)] == [920_000_000, -920_000_000]
    assert books.open() == set()


def test_a_receipt_before_it_is_declared_void() -> None:
    """4 t had come: without that receipt all 10 t were pending when they were asked back."""
    books = shipped("10")
    got = receive("x", "4", B, consignment_id="c", moisture="8", cu="10")
    books(got)
    ask(books)
    books(declared(got))
    assert (x(books), books.balance(A, "TRANSIT(c x)"), books.balance(A, "CUSTODY(c x)")) == (WHOLE, 0, 0)


def test_one_of_two_shipments_is_declared_void_after_they_came_back() -> None:
    for to in (B, None):
        books = Books()
        books(add("x", "100", A, moisture="8", cu="10", event_time_us=START))
        sent = [ship("x", mass, A, to, consignment_id="c", moisture="8") for mass in ("10", "20")]
        books(*sent)
        ask(books)
        books(declared(sent[0]))
        assert (x(books), books.balance(A, "TRANSIT(c x)")) == (WHOLE, 0)
        books(declared(sent[1]))
        assert (x(books), books.balance(A, "TRANSIT(c x)")) == (WHOLE, 0)


def test_it_was_sold_again_before_the_void_turned_out_to_be_an_error() -> None:
    books = shipped("100")
    asked = void("x")
    books(asked)
    books(ship("x", "100", A, C, consignment_id="d", moisture="8"))
    books(declared(asked))
    assert (books.open(A), x(books)) == ({"RETRO_OVERDRAFT"}, (-100 * T, -92 * T, -9_200_000_000))


def test_it_resolves_what_was_found_open() -> None:
    books = shipped("10")
    books.tick(A, START + 20 * DAY)
    assert books.open(A) == {"TRANSIT_OPEN", "ONE_SIDED"}
    assert sorted(codes(ask(books), "resolved")) == ["ONE_SIDED", "TRANSIT_OPEN"]
    assert books.open() == set()


def test_s5_resolved_by_a_receipt_and_a_void_of_the_rest() -> None:
    """Scenario S5 (ledger-rules 5): 980 of 950 kg Ni shipped, -30; B receives 948 of 980, 32 are voided: -30 + 32 = 2."""
    books = Books(**{A: SiteBook(elements=["Ni"]), B: SiteBook(elements=["Ni"], transit_tolerance_percent=Decimal("0.5"))})
    e1 = add("P1", "10", A, ni="10", event_time_us=START)
    books(e1, ship("P1", "9.8", A, B, consignment_id="c", event_time_us=START + HOUR))
    books(declared(e1, 30), add("P1", "9.5", A, ni="10", event_time_us=START))
    assert (books.balance(A, "STOCK(P1)", "Ni"), books.open(A)) == (-30_000_000, {"RETRO_OVERDRAFT"})
    books(receive("P1", "9.48", B, consignment_id="c", ni="10", event_time_us=START + 2 * HOUR))
    books(void("P1", event_time_us=START + 3 * HOUR))
    assert books.balance(A, "STOCK(P1)", "Ni") == 2_000_000
    assert (books.balance(A, "TRANSIT(c P1)", "Ni"), books.open(A)) == (0, set())


# -- any order ------------------------------------------------------------------------------------------------------

tonnes = st.integers(1, 200).map(lambda n: f"{n / 10:.1f}")
Scene = tuple[list[Event], list[Event]]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """What A does: ship, ask back, perhaps declare one of these; what B receives, and perhaps declares."""
    sent: list[Event] = [add("x", "1000", A, cu="10", event_time_us=START)]
    masses = draw(st.lists(tonnes, min_size=1, max_size=3))
    shipments = [ship("x", mass, A, B, consignment_id="c", event_time_us=START + HOUR) for mass in masses]
    asked = void("x", event_time_us=START + 2 * HOUR)
    sent += [*shipments, asked]
    if draw(st.booleans()):
        sent.append(declared(draw(st.sampled_from([*shipments, asked]))))
    kinds = st.sampled_from([None, "final", "partial"])
    got = [
        receive("x", draw(tonnes), B, consignment_id="c", cu="10", receipt=draw(kinds), event_time_us=START + (3 + n) * HOUR)
        for n in range(draw(st.integers(0, 3)))
    ]
    if got and draw(st.booleans()):
        got.append(declared(draw(st.sampled_from(got))))
    return sent, got


@settings(max_examples=250, deadline=None)
@given(scenes(), st.lists(st.sampled_from(["send", "get", "there", "back"]), max_size=30))
def test_it_clears_in_any_order(scene: Scene, order: list[str]) -> None:
    """What was asked back is nowhere on its way, and CUSTODY is zero over both books."""
    network = _run(scene, order)
    rows = network.fold.accounts()
    undone = any(e.error_declaration and e.biz_step == "void_shipping" for e in scene[0])
    if not undone:
        assert [row for row in rows if row[2].startswith("TRANSIT(")] == []
    if not any(f.code == "UNMATCHED" for _, f in network.fold.open_findings()):
        assert sum(mg for _, _, account, mg in rows if account.startswith("CUSTODY")) == 0
    lot = next(lot for lot in network.fold.lots() if lot.site == A)
    assert lot.dry_mg == 10 * lot.contained_mg.get("Cu", 0), "10 % went out, and 10 % came back"


@settings(max_examples=150, deadline=None)
@given(scenes(), st.lists(st.sampled_from(["send", "get", "there", "back"]), max_size=20))
def test_it_does_not_matter_when_the_question_and_its_answer_travel(scene: Scene, order: list[str]) -> None:
    """With every receipt before the question (or after it) in B's book, the end is the same however long messages take."""
    for early in (True, False):
        sent, got = scene
        first = next(n for n, e in enumerate(sent) if e.biz_step == "void_shipping")
        networks = []
        for steps in (order, []):
            network = Network()
            if early:
                _play(network, sent[:first], got, steps)
                _play(network, sent[first:], [], steps)
            else:
                _play(network, sent, [], [])
                _play(network, [], got, steps)
            networks.append(network.state())
        assert networks[0] == networks[1]


def _run(scene: Scene, order: list[str]) -> Network:
    network = Network()
    _play(network, *scene, order)
    return network


def _play(network: Network, sent: list[Event], got: list[Event], order: list[str]) -> None:
    to_send, to_get = deque(sent), deque(got)
    for step in order:
        if step == "send" and to_send:
            network.take(entry(to_send.popleft()))
        elif step == "get" and to_get:
            network.take(entry(to_get.popleft()))
        elif step in {"there", "back"}:
            network.deliver((A, B) if step == "there" else (B, A))
    for one in [*to_send, *to_get]:
        network.take(entry(one))
    network.quiet()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_same_again_changes_nothing(order: tuple[int, ...]) -> None:
    books = shipped()
    made = [
        ship("x", "10", A, B, consignment_id="c", moisture="8", event_time_us=START + HOUR),
        void("x", event_time_us=START + 2 * HOUR),
        receive("x", "4", B, consignment_id="c", moisture="8", cu="10", event_time_us=START + 3 * HOUR),
    ]
    books(*(made[n] for n in order))
    before = books.fold.accounts()
    assert [o.outcome for o in books(*made, *reversed(made))] == ["DUPLICATE"] * 6
    assert books.fold.accounts() == before


# -- origins, and what is told anew ---------------------------------------------------------------------------------


def shares(books: Books, site: str) -> dict[str, int]:
    return next(lot.shares["Cu"] for lot in books.fold.lots() if (lot.site, lot.lot) == (site, "x"))


def test_origins_come_back_with_the_metal() -> None:
    """7 t of Chile and 3 t of Peru at 10 % Cu; 5 t leave, 2 t are received: 140 and 60 kg stay there, the rest is back."""
    books = Books()
    for mass, country in (("7", "CL"), ("3", "PE")):
        books(add("x", mass, A, cu="10", country_of_origin=country, embodied_g_co2e=1000, event_time_us=START))
    books(ship("x", "5", A, B, consignment_id="c"))
    assert shares(books, A) == {"CL - - -": 350_000_000, "PE - - -": 150_000_000}
    books(receive("x", "2", B, consignment_id="c"))
    ask(books)
    assert shares(books, A) == {"CL - - -": 560_000_000, "PE - - -": 240_000_000}
    assert shares(books, B) == {"CL - - -": 140_000_000, "PE - - -": 60_000_000}
    carbon = {lot.site: (lot.embodied_g_co2e, lot.uncovered_mg) for lot in books.fold.lots()}
    assert carbon == {A: (1600, 0), B: (400, 0)}


@pytest.mark.parametrize("to", [B, None])
def test_what_came_back_follows_a_correction_of_what_was_shipped(to: str | None) -> None:
    """100 t at 10 % were 100 t at 8 %: of the 10 t that left and came back, with a draw since, 8 % counts everywhere."""
    books = Books()
    first = add("x", "100", A, cu="10", event_id="urn:first", event_time_us=START)
    books(first, ship("x", "10", A, to, consignment_id="c"))
    ask(books)
    books(ship("x", "50", A, C, consignment_id="d"))
    books(declared(first, 30, ("urn:second",)), add("x", "100", A, cu="8", event_id="urn:second", event_time_us=START))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "TRANSIT(d x)"), books.balance(A, "TRANSIT(c x)")) == (4 * T, 4 * T, 0)
    assert books.open() == set()

"""What goes to external parties leaves the book on proof of delivery, or at the close of its month; a correction follows it."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, event, item, ship
from tests.ledger.page import says

A, PARTY, PORT = "urn:site:a", "urn:party:x", "urn:port"
DAY = 24 * HOUR
APRIL = START + 31 * DAY


def proof(step: str = "receiving", at: str = PARTY, origin: str = A, **more: Any) -> Event:
    fields = {"biz_step": step, "biz_location": at, "action": "OBSERVE", "sources": [TypedRef(origin, "location")]}
    lots = more.pop("lots", ("x",))
    fields |= {"consignment_id": "c", "event_time_us": START + 3 * DAY} | more
    return event("ObjectEvent", [item("object", lot, None) for lot in lots], **fields)


def stock(**more: Any) -> Event:
    return add("x", "100", A, **{"cu": "10", "event_time_us": START} | more)


def sale(mass: str = "10", **more: Any) -> Event:
    return ship("x", mass, A, PARTY, **{"consignment_id": "c", "event_time_us": START + DAY} | more)


def put(books: Books, *events: Event, source: str = "local", record: int | None = None) -> list[Outcome]:
    made = [o for e in events for o in books.fold.submit(entry(e, source, record, external=[PARTY]))]
    books.outcomes += made
    return made


def stood(books: Books) -> tuple[int, int, int]:
    """Copper in stock, on its way and in SINK, in kg."""
    accounts = ("STOCK(x)", "TRANSIT(c x)", f"SINK(external:{PARTY})")
    return tuple(books.balance(A, account) // 10**6 for account in accounts)  # type: ignore[return-value]


def asked_back() -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", read_point=A, consignment_id="c")


def closing(at_us: int = APRIL) -> Event:
    return event("ObjectEvent", [], action="OBSERVE", biz_location=A, period_close="2026-03", event_time_us=at_us)


@pytest.mark.parametrize("step", ["arriving", "receiving", "accepting"])
def test_the_buyer_says_that_it_has_come(step: str) -> None:
    """10 t at 10 % Cu: 1 t is on its way, then in SINK; seen at the buyer's, told to the seller, from whatever source."""
    books = Books(**{A: SiteBook(sources=["local"])})
    put(books, stock(), sale())
    assert stood(books) == (9_000, 1_000, 0)
    seen, told = put(books, proof(step), source="carrier")
    assert (seen.site, seen.kind, seen.postings) == (PARTY, "link", [])
    assert (told.site, told.kind, told.cause, codes([told])) == (A, "deliver", seen.txn_id, [])
    assert [(p.account, p.amount_mg) for p in told.postings] == [("TRANSIT(c x)", -T), (f"SINK(external:{PARTY})", T)]
    assert stood(books) == (9_000, 0, 1_000)


def test_goods_that_become_an_external_owners() -> None:
    """Seen in a port that has no book and is not external itself; the destination names the new owner."""
    books = Books()
    put(books, stock(), sale())
    made = put(books, proof("arriving", PORT, destinations=[TypedRef(PARTY, "owning_party")]))
    assert [(o.site, o.kind) for o in made] == [(PORT, "link"), (A, "deliver")]
    assert stood(books) == (9_000, 0, 1_000)


@pytest.mark.parametrize(
    "other", [{"sources": []}, {"consignment_id": "d"}, {"lots": ("y",)}, {"biz_step": "transporting"}, {"action": "ADD"}]
)
def test_what_proves_nothing(other: dict[str, Any]) -> None:
    """No source, another consignment or lot, a step on the way, another action."""
    books = Books()
    put(books, stock(), sale())
    put(books, proof(**other))
    assert stood(books) == (9_000, 1_000, 0)


def test_what_went_to_a_site_waits_for_its_answer() -> None:
    """Of one lot and consignment 10 t went to the buyer and 20 t to a site with a book: the proof is of the 10 t."""
    books = Books()
    put(books, stock(), sale(), ship("x", "20", A, PORT, consignment_id="c", event_time_us=START + DAY), proof())
    assert (stood(books), books.balance(A, "SINK(external:)")) == ((7_000, 2_000, 1_000), 0)


@pytest.mark.parametrize(("late", "gone"), [(0, 1_000), (1, 0)])
def test_clocks_may_differ_by_what_the_book_allows(late: int, gone: int) -> None:
    """Shipped 15 minutes after the proof of it, and a microsecond later."""
    books = Books()
    at_us = START + 3 * DAY + 15 * 60_000_000 + late
    put(books, stock(), sale(event_time_us=at_us), proof(), record=START + 4 * DAY)
    assert stood(books) == (9_000, 1_000 - gone, gone)


def test_a_lot_of_many_metals_arrives_in_their_order() -> None:
    books = Books()
    put(books, stock(ni="5", co="2", li="1"), sale())
    (told,) = [o for o in put(books, proof()) if o.site == A]
    assert [p.element for p in told.postings if p.amount_mg > 0] == ["Co", "Cu", "Li", "Ni"]


def test_the_consignment_alone() -> None:
    books = Books()
    put(books, stock(), add("y", "10", A, cu="10", event_time_us=START), sale())
    put(books, ship("y", "10", A, PARTY, consignment_id="c", event_time_us=START + DAY))
    put(books, proof(lots=()))
    assert (stood(books), books.balance(A, "TRANSIT(c y)")) == ((9_000, 0, 2_000), 0)


def test_what_is_shipped_after_it_waits_for_its_own() -> None:
    books = Books()
    put(books, stock(), sale(), proof(), sale("20", event_time_us=START + 4 * DAY))
    assert stood(books) == (7_000, 2_000, 1_000)
    put(books, proof(event_time_us=START + 5 * DAY))
    assert stood(books) == (7_000, 0, 3_000)


def test_the_close_takes_the_rest_and_nothing_twice() -> None:
    books = Books()
    put(books, stock(), sale(), proof(), sale("20", event_time_us=START + 4 * DAY))
    put(books, closing(), record=APRIL)
    assert stood(books) == (7_000, 0, 3_000)


def test_the_proof_was_an_error() -> None:
    books = Books()
    wrong = proof()
    put(books, stock(), sale(), wrong)
    made = put(books, declared(wrong))
    assert [(o.site, o.kind) for o in made] == [(PARTY, "link"), (A, "correct")]
    assert stood(books) == (9_000, 1_000, 0)


def test_an_error_after_the_close_changes_nothing() -> None:
    books = Books()
    wrong = proof()
    put(books, stock(), sale(), wrong)
    put(books, closing(), record=APRIL)
    put(books, declared(wrong, 40 * 24), record=APRIL + DAY)
    assert stood(books) == (9_000, 0, 1_000)


# -- corrections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["proof", "close"])
def test_a_shipment_that_was_another(by: str) -> None:
    """10 t were 8 t: 200 kg come out of SINK, and nothing is left on its way, although the month is closed."""
    books = Books()
    wrong, right = sale(event_id="urn:wrong"), sale("8", event_id="urn:right")
    put(books, stock(), wrong)
    put(books, *([proof()] if by == "proof" else [closing()]), record=START + 3 * DAY if by == "proof" else APRIL)
    assert stood(books) == (9_000, 0, 1_000)
    put(books, declared(wrong, 1, ("urn:right",)), record=APRIL + DAY)
    assert stood(books) == (10_000, 0, 0)
    put(books, right, record=APRIL + DAY)
    assert stood(books) == (9_200, 0, 800)
    says("R78", "0.8 t", -100_000_000, "+80,000,000")  # a tenth of it


@pytest.mark.parametrize("by", ["proof", "close"])
def test_a_lot_that_was_richer(by: str) -> None:
    """10 % were 12 %: of the 10 t that are gone 200 kg more are in SINK."""
    books = Books()
    wrong = stock(event_id="urn:wrong")
    put(books, wrong, sale())
    put(books, *([proof()] if by == "proof" else [closing()]), record=START + 3 * DAY if by == "proof" else APRIL)
    put(books, declared(wrong, 1, ("urn:right",)), stock(cu="12", event_id="urn:right"), record=APRIL + DAY)
    assert (stood(books), books.open()) == ((10_800, 0, 1_200), {"BACKDATED"} if by == "close" else set())


def test_a_lot_without_an_assay() -> None:
    """It is assayed when it is gone: its copper goes to SINK too."""
    books = Books()
    put(books, add("x", "100", A, event_time_us=START))
    parked = put(books, sale())
    put(books, proof(), assay("x", A, cu="10"))
    assert ([o.outcome for o in parked], stood(books)) == (["PARKED"], (9_000, 0, 1_000))


def test_a_lot_that_is_assayed_again_and_again() -> None:
    """10 % were 12 %, then 8 %: what is in SINK of the 10 t follows each, 1,200 and 800 kg."""
    books = Books()
    put(books, stock(), sale(), proof(), assay("x", A, cu="12"))
    assert stood(books) == (10_800, 0, 1_200)
    put(books, assay("x", A, cu="8"))
    assert stood(books) == (7_200, 0, 800)


def test_asked_back_before_the_proof() -> None:
    """What the sender has back it has; withdrawn, the proof counts."""
    books = Books()
    asked = asked_back()
    put(books, stock(), sale(), asked, proof())
    assert stood(books) == (10_000, 0, 0)
    put(books, declared(asked))
    assert stood(books) == (9_000, 0, 1_000)


def test_asked_back_after_the_proof() -> None:
    """What has arrived does not come back, unless the proof was an error."""
    books = Books()
    asked, wrong = asked_back(), proof()
    put(books, stock(), sale(), wrong, asked)
    assert stood(books) == (9_000, 0, 1_000)
    put(books, declared(wrong))
    assert stood(books) == (10_000, 0, 0)


# -- any order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_any_order(order: tuple[int, ...]) -> None:
    """Stock, sale, proof, and the sale declared void with its corrective behind it."""
    wrong, right = sale(event_id="urn:wrong"), sale("8", event_id="urn:right")
    steps = [[stock()], [wrong], [proof()], [declared(wrong, 1, ("urn:right",)), right]]
    books = Books()
    for n in order:
        put(books, *steps[n], record=START + 4 * DAY)
    assert (stood(books), books.open()) == ((9_200, 0, 800), set())


sold = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.booleans()), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(sold, st.randoms(), st.booleans())
def test_every_shipment_is_in_one_place(sales: list[tuple[int, int, bool]], random: Any, proven: bool) -> None:
    """Sales on any day, some void, a proof on day 3, in any order: what was sold by then has arrived, the rest waits."""
    events: list[Event] = [stock()]
    for mass, day, void in sales:
        made = sale(str(mass), event_time_us=START + day * DAY)
        events += [made, declared(made)] if void else [made]
    events += [proof()] if proven else []
    random.shuffle(events)
    books = Books()
    for one in events:
        put(books, one, record=START + 9 * DAY)
    gone = sum(100 * mass for mass, day, void in sales if not void and proven and day <= 3)
    waits = sum(100 * mass for mass, day, void in sales if not void and not (proven and day <= 3))
    assert stood(books) == (10_000 - gone - waits, waits, gone)
    assert {o.outcome for one in events for o in put(books, one, record=START + 9 * DAY)} == {"DUPLICATE"}

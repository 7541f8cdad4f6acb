"""Two sources that report one move: the first counts, unless the book names the one that does (rulebook R39)."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Container
from lodestream.ledger.moving import Outbound
from lodestream.ledger.records import Entry
from tests.ledger.making import Books, T, add, declared, event, item, receive, ship
from tests.ledger.test_containment import P, Q, R, aggregation, come, held, moving, out

A, B = "urn:site:a", "urn:site:b"


def books_of(counting: str) -> Books:
    """100 t of 10 % Cu at A; at both sites the source `counting` counts."""
    books = Books(**{A: SiteBook(counting_source=counting), B: SiteBook(counting_source=counting)})
    books(add("x", "100", A, cu="10"))
    return books


def shipped(mass: str) -> Event:
    return ship("x", mass, A, B, consignment_id="c")


def received(mass: str) -> Event:
    return receive("x", mass, B, consignment_id="c", receipt="final", cu="10")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_counting_sources_shipment_stands(order: tuple[int, int]) -> None:
    """The carrier weighed 9.9 t, the MES 10 t; the MES counts, whichever comes first."""
    books = books_of("mes")
    both = [(shipped("10"), "mes"), (shipped("9.9"), "carrier")]
    outcomes = [books(both[n][0], source=both[n][1])[0] for n in order]
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (T, 9 * T)
    if order == (1, 0):
        assert [(p.account, p.amount_mg) for p in outcomes[1].postings] == [
            ("STOCK(x)", 990_000_000),
            ("TRANSIT(c x)", -990_000_000),
            ("STOCK(x)", -T),
            ("TRANSIT(c x)", T),
        ]
    books(received("10"))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "CUSTODY(c x)"), books.open()) == (0, T, set())


@pytest.mark.parametrize("consignment", ["c", None])
def test_the_first_is_taken_back_as_a_whole_and_means_nothing_any_more(consignment: str | None) -> None:
    """Reported twice in the same words: what the carrier declares is void already, what the MES declares is all there was."""
    books = books_of("mes")
    first = ship("x", "10", A, B, consignment_id=consignment, event_id="urn:one")
    second = replace(first, event_id="urn:two", content_digest="other")
    books(first, source="carrier")
    assert books(second, source="mes")[0].kind == "ship"
    books(declared(first), source="carrier")
    assert books.balance(A, "STOCK(x)") == 9 * T
    books(declared(second), source="mes")
    assert books.balance(A, "STOCK(x)") == 10 * T


def test_what_one_source_reports_twice_are_two_parcels() -> None:
    """Of the counting source too: nothing of its own is taken back. A consignment may have any name."""
    books = books_of("mes")
    for mass in ("10", "20"):
        books(ship("x", mass, A, B, consignment_id="order 7"), source="mes")
    assert books.balance(A, "TRANSIT(order 7 x)") == 3 * T
    for mass in ("10", "19.5"):
        books(receive("x", mass, B, consignment_id="order 7", cu="10"), source="mes")
    assert books.balance(B, "STOCK(x)") == 2_950_000_000
    books(receive("x", "9.9", B, consignment_id="order 7", cu="10"), source="carrier")
    assert (books.balance(B, "STOCK(x)"), books.open()) == (2_950_000_000, set())


def test_an_entry_without_a_source_is_not_that_of_a_book_that_names_none() -> None:
    books = books_of("")
    books(shipped("9.9"), source="carrier")
    assert books(shipped("10"), source="")[0].kind == "link"
    assert books.balance(A, "TRANSIT(c x)") == 990_000_000


def test_what_confirmed_before_it_counted_takes_nothing_along_when_it_is_void() -> None:
    """The book names the MES after both reported: its declaration is of what it said, not of what the carrier did."""
    books = books_of("")
    books(shipped("9.9"), source="carrier")
    second = shipped("10")
    books(second, source="mes")
    books.fold.submit(Entry("book", A, "BOOK", second.event_time_us, book=SiteBook(counting_source="mes")))
    books(declared(second), source="mes")
    assert books.balance(A, "TRANSIT(c x)") == 990_000_000


def test_without_one_that_counts_the_first_stands() -> None:
    books = books_of("")
    books(shipped("9.9"), source="carrier")
    assert books(shipped("10"), source="mes")[0].kind == "link"
    assert books.balance(A, "TRANSIT(c x)") == 990_000_000


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_two_sources_on_both_sides_in_any_order(order: tuple[int, ...]) -> None:
    """The MES ships 10 t and receives 9.95 t final; the carrier says 9.9 t and 9.8 t. 5 kg Cu of variance."""
    events = [(shipped("10"), "mes"), (shipped("9.9"), "carrier"), (received("9.95"), "mes"), (received("9.8"), "carrier")]
    books = books_of("mes")
    for n in order:
        books(events[n][0], source=events[n][1])
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 9 * T)
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "TRANSIT_VAR")) == (995_000_000, 5_000_000)
    assert (books.balance(A, "CUSTODY(c x)"), books.balance(B, "CUSTODY(c x)"), books.open()) == (T, -T, set())


def test_a_receipt_without_a_consignment_is_replaced_by_its_equal() -> None:
    """Of two equal events (one hash) the counting source's stands, in the pair that the first was matched to."""
    books = books_of("mes")
    books(ship("x", "10", A, B))
    first = receive("x", "10", B, cu="10", event_id="urn:one")
    books(first, source="carrier")
    outcome = books(replace(first, event_id="urn:two", content_digest="other"), source="mes")[0]
    assert (outcome.kind, books.balance(B, "STOCK(x)"), books.open()) == ("receive", T, set())


def test_void_the_counting_event_leaves_nothing_and_the_first_is_void_without_effect() -> None:
    books = books_of("mes")
    first, second = shipped("9.9"), shipped("10")
    books(first, source="carrier")
    books(second, source="mes")
    books(declared(first), source="carrier")
    assert books.balance(A, "TRANSIT(c x)") == T
    books(declared(second), source="mes")
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 10 * T)


def test_an_event_that_moved_more_is_not_taken_back() -> None:
    """The carrier reported x and y in one event; the MES names x alone: what was said of y would be lost."""
    books = books_of("mes")
    books(add("y", "100", A, cu="10"))
    to = shipped("1").destinations
    both = event(
        "ObjectEvent",
        [item("object", "x", "9.9"), item("object", "y", "5")],
        action="OBSERVE",
        biz_step="shipping",
        read_point=A,
        destinations=to,
        consignment_id="c",
    )
    books(both, source="carrier")
    assert books(shipped("10"), source="mes")[0].kind == "link"
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (990_000_000, 500_000_000)


def test_what_left_in_a_container_before_is_not_what_it_names_now() -> None:
    """The MES sent y in P under another consignment, and names P beside x now: y, which the carrier reports too, stands."""
    books = books_of("mes")
    books(add("y", "100", A, cu="10"), aggregation("ADD", P, ("y", "25")))
    books(out(P, consignment_id="old"), source="mes")
    both = [("x", "9.9", {}), ("y", "5", {})]
    books(moving("shipping", A, to=B, lots=both, consignment_id="c"), source="carrier")
    assert books(moving("shipping", A, P, to=B, lots=[("x", "10", {})], consignment_id="c"), source="mes")[0].kind == "link"
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "TRANSIT(c y)")) == (990_000_000, 500_000_000)


def test_a_container_in_a_container_that_the_counting_source_names_second() -> None:
    """Bag P on pallet Q: who declares the first changes nothing, who declares the second has P on Q again, with its 25 t."""
    books = books_of("mes")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, P))
    sent = [out(Q, consignment_id="c") for _ in range(2)]
    for made, source in zip(sent, ("carrier", "mes"), strict=True):
        assert books(made, source=source)[0].kind == "ship"
    came = [come(Q) for _ in range(2)]
    for made, source in zip(came, ("carrier", "mes"), strict=True):
        assert books(made, source=source)[0].kind == "receive"
    for made in (sent[0], came[0]):
        books(declared(made), source="carrier")
    assert (books.balance(A, "TRANSIT(c x)"), held(books, A, P), held(books, B, P)) == (0, 0, 25 * T)
    assert (nested(books, A), nested(books, B)) == ([], [P])
    books(declared(came[1]), source="mes")
    books(declared(sent[1]), source="mes")
    assert (books.balance(A, "STOCK(x)"), held(books, A, P), held(books, B, P)) == (10 * T, 25 * T, 0)
    assert (nested(books, A), nested(books, B)) == ([P], [])


@pytest.mark.parametrize("names", [(Q,), (Q, P), (P, Q), (P,)])
@pytest.mark.parametrize("counting", ["", "carrier"])
def test_a_container_in_a_container_is_confirmed_by_whichever_is_named(counting: str, names: tuple[str, ...]) -> None:
    books = books_of(counting)
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, P, ("x", "5")))
    books(out(Q, consignment_id="c"), source="carrier")
    for _ in range(2):
        confirmed = books(out(*names, consignment_id="c"), source="mes")[0]
        assert (confirmed.outcome, confirmed.kind, confirmed.findings) == ("TRANSACTION", "link", [])
    assert (books.balance(A, "TRANSIT(c x)"), books.open()) == (3 * T, set())
    assert books(out(Q, consignment_id="other"), source="mes")[0].reason == "UNKNOWN_CONTENT"


def nested(books: Books, site: str) -> list[str]:
    """What pallet Q holds at a site."""
    return next((one.children for s, ref, one in books.fold.every(Container) if (s, ref) == (site, Q)), [])


@pytest.mark.parametrize("counting", ["", "mes", "carrier"])
def test_two_sources_name_the_container_alone(counting: str) -> None:
    """Whoever counts: 25 t leave once and come once, in their bag; void, they are back in it."""
    books = books_of(counting)
    books(aggregation("ADD", P, ("x", "25")))
    sent = [out(P, consignment_id="c") for _ in range(2)]
    for made, source in zip(sent, ("carrier", "mes"), strict=True):
        books(made, source=source)
    assert (books.balance(A, "TRANSIT(c x)"), held(books, A, P), books.open()) == (2_500_000_000, 0, set())
    for source in ("carrier", "mes"):
        books(come(P), source=source)
    assert (books.balance(B, "STOCK(x)"), held(books, B, P), books.open()) == (2_500_000_000, 25 * T, set())
    for made, source in zip(sent, ("carrier", "mes"), strict=True):
        books(declared(made), source=source)
    assert (books.balance(A, "STOCK(x)"), held(books, A, P)) == (10 * T, 25 * T)


@pytest.mark.parametrize("counting", ["", "mes", "carrier"])
def test_two_sources_name_the_pallet_alone(counting: str) -> None:
    """As above, with 25 t of x and 5 t of y in two bags on the pallet R."""
    books = books_of(counting)
    books(add("y", "100", A, cu="10"), aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, ("y", "5")))
    books(aggregation("ADD", R, P, Q))
    for source in ("carrier", "mes"):
        books(out(R, consignment_id="c"), source=source)
    counts = {s.source for _, _, pair in books.fold.every(Outbound) for s in pair.shipments}
    assert (counts, books.open()) == ({counting or "carrier"}, set())
    assert [books.balance(A, f"TRANSIT(c {lot})") for lot in ("x", "y")] == [2_500_000_000, 500_000_000]
    for source in ("carrier", "mes"):
        books(come(R), source=source)
    assert [books.balance(B, f"STOCK({lot})") for lot in ("x", "y")] == [2_500_000_000, 500_000_000]
    assert (held(books, B, P), held(books, B, Q, "y"), books.open()) == (25 * T, 5 * T, set())


def test_what_the_other_source_said_ends_once() -> None:
    """Both received x without an assay before the offer, so it waits for one. The carrier's receipt is void: it still waits."""
    books = books_of("mes")
    theirs, own = (receive("x", mass, B, consignment_id="c") for mass in ("9.9", "10"))
    books(theirs, source="carrier")
    books(own, source="mes")
    assert "UNASSAYED" in books.open(B)
    books(declared(theirs), source="carrier")
    assert (books.lot(B, "x").dry_mg, "UNASSAYED" in books.open(B)) == (10 * T, True)

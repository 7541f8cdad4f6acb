"""Receipts that name no consignment: which offer each belongs to, whatever comes, changes or goes later (rulebook R29, R39)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity
from lodestream.ledger.book import SiteBook
from lodestream.ledger.moving import Inbound, Received
from lodestream.ledger.records import Entry, Outcome
from tests.ledger.making import START, Books, T, assay, codes, declared, hashed, receive
from tests.ledger.test_arrivals import after, offer
from tests.ledger.test_containment import B, come

BAG = "urn:test:bag"  # no SSCC: its name is no consignment


def got(mass: str, consignment: str | None = None, **more: object) -> Event:
    return receive("x", mass, B, consignment_id=consignment, **more)


def shipped(consignment: str, dry: int = 10, version: int = 1, hours: int = 0) -> Entry:
    """An offer of so many t of x."""
    made = offer(consignment, version, dry=dry * T)
    assert made.offer is not None
    parcels = [replace(one, shipped_us=START + hours) for one in made.offer.parcels]
    return replace(made, offer=replace(made.offer, parcels=parcels))


def custody(books: Books, *names: str) -> list[int]:
    """What of each consignment is settled at B, in kg Cu."""
    return [-books.balance(B, f"CUSTODY({name} x)") // 10**6 for name in names]


def postings(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    return [(p.account, p.amount_mg // 10**6) for o in outcomes for p in o.postings]


def test_a_receipt_moves_on_when_its_offer_becomes_smaller() -> None:
    """10 t were offered as z, 10 t later as a. 4 t of z came, and 6 t that name nothing. z was 4 t: the 6 t are of a.

    The transaction tells the consignments in their order.
    """
    books = after(shipped("z"), shipped("a", hours=1))
    books(got("4", "z"), got("6"))
    assert custody(books, "z", "a") == [1000, 0]
    made = books.fold.submit(shipped("z", 4, 2))
    assert custody(books, "z", "a") == [400, 600]
    assert [account for account, _ in postings(made[:1]) if account.startswith("CUSTODY")] == ["CUSTODY(a x)", "CUSTODY(z x)"]
    assert books.lot(B, "x").dry_mg == 10 * T


def test_receipts_of_one_offer_settle_it_in_order_of_arrival() -> None:
    """9.99 t that name nothing came before 9.98 t of c. With its offer of 10 t the first settle it, the second are refused."""
    books = after()
    books(got("9.99"), got("9.98", "c"))
    made = books.fold.submit(shipped("c"))
    assert (books.lot(B, "x").dry_mg, codes(made)) == (9_990_000_000, ["ALREADY_RESOLVED"])


def test_another_sources_receipt_of_another_mass_is_another_parcel() -> None:
    """The carrier received 4 t without a consignment, the MES 5 t: nothing tells that they are one."""
    books = after(shipped("c", 20))
    books(got("4"), source="carrier")
    (made, *_) = books(got("5"), source="mes")
    assert (made.kind, custody(books, "c"), books.lot(B, "x").dry_mg) == ("receive", [900], 9 * T)


def test_what_names_a_consignment_is_confirmed_within_it_alone() -> None:
    """The carrier's 4 t name nothing and are of c; the MES receives 5 t of d."""
    books = after(shipped("c", 20), shipped("d", 20, hours=1))
    books(got("4"), source="carrier")
    (made, *_) = books(got("5", "d"), source="mes")
    assert (made.kind, custody(books, "c", "d")) == ("receive", [400, 500])


def test_an_equal_receipt_confirms_the_first_wherever_that_was_matched() -> None:
    """10 t of d were offered loose. The carrier receives the bag with 10 t: d's. Then the bag is offered under c.

    The MES tells the same event: it is of c by its bag, and still the same 10 t.
    """
    books = after(shipped("d", hours=-1))
    first = come(BAG, lots=[("x", "10", {})])
    books(first, source="carrier")
    books.fold.submit(offer("c", packed={"x": {BAG: 10}}))
    (made,) = books(hashed(replace(first, event_id="urn:two")), source="mes")
    assert (made.kind, custody(books, "d", "c"), books.lot(B, "x").dry_mg) == ("link", [1000, 0], 10 * T)


def test_an_equal_receipt_confirms_the_first_though_the_bag_is_offered_no_more() -> None:
    """The carrier received the bag with 10 t of c, and 4 t more that name nothing. x was in no bag, says the offer then."""
    books = after(offer("c", packed={"x": {BAG: 20}}))
    first = come(BAG, lots=[("x", "10", {})])
    books(first, got("4"), source="carrier")
    books.fold.submit(offer("c", 2, dry=20 * T))
    (made,) = books(hashed(replace(first, event_id="urn:two")), source="mes")
    assert (made.kind, custody(books, "c"), books.lot(B, "x").dry_mg) == ("link", [1400], 14 * T)


def test_void_it_leaves_the_offer_that_it_was_matched_to_and_no_other() -> None:
    """Three receipts of 10 t without a consignment, two offers: the second is void, so the third is of the second offer.

    Their consignments come before any hash.
    """
    books = after(shipped("#c"), shipped("#d", hours=1))
    receipts = [got("10"), got("10"), got("10")]
    books(*receipts)
    assert (custody(books, "#c", "#d"), books.lot(B, "x").dry_mg) == ([1000, 1000], 30 * T)
    (void, *_) = books(declared(receipts[1]))
    assert (custody(books, "#c", "#d"), books.lot(B, "x").dry_mg) == ([1000, 1000], 20 * T)
    assert void.kind == "correct"
    assert sorted(ref for _, ref, _ in books.fold.every(Received)) == sorted(f"{r.identity} x 0" for r in receipts[::2])


def test_an_assay_of_what_came_without_a_consignment_is_of_that_receipt() -> None:
    """Two receipts, two offers at 10 % Cu; the assay is of the one that has waited: one in a pair of its own."""
    books = after(shipped("c"))
    books(got("10"), got("5"), assay("x", B, cu="12"))
    assert (books.balance(B, "STOCK(x)"), books.open()) == (1_600_000_000, {"UNMATCHED"})


def two_lines(first: int, second: int) -> Event:
    """So many t in one unit, and so many in another."""
    one = got(str(first))
    return hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(second * 1000), "KGM")]))


def of_two(*offers: Entry) -> Books:
    return after(*offers, book=SiteBook(mass_basis="dry"))


def belongs(books: Books) -> dict[str, list[tuple[str, int]]]:
    """The receipts of each pair of x, by event and line."""
    found = {ref: [(r.identity, r.number) for r in pair.receipts] for _, ref, pair in books.fold.every(Inbound)}
    return {ref.split(" ")[0]: receipts for ref, receipts in found.items() if receipts}


def test_lines_of_one_receipt_go_to_the_offers_in_their_order_whichever_came_first() -> None:
    """Offers of 10 and 5 t, and 10 t and 5,000 kg in one receipt."""
    made, offers = two_lines(10, 5), [shipped("#c"), shipped("#d", 5, hours=1)]
    rows = {"#c": [(made.identity, 0)], "#d": [(made.identity, 1)]}
    books = of_two(*offers)
    books(made)
    assert (belongs(books), custody(books, "#c", "#d"), books.open()) == (rows, [1000, 500], set())
    books = of_two()
    books(made)
    for one in offers:
        books.fold.submit(one)
    assert (belongs(books), custody(books, "#c", "#d"), books.open()) == (rows, [1000, 500], set())


def test_what_waits_behind_two_lines_of_a_void_receipt_takes_their_offers() -> None:
    """10 and 5 t in one receipt, then 10 t and 5 t that are beyond the offers: void, the latter are as if they had come alone."""
    made, third, fourth = two_lines(10, 5), got("10"), got("5")
    books = of_two(shipped("#c"), shipped("#d", 5, hours=1))
    books(made, third, fourth)
    assert books.lot(B, "x").dry_mg == 30 * T
    books(declared(made))
    assert belongs(books) == {"#c": [(third.identity, 0)], "#d": [(fourth.identity, 0)]}
    assert (custody(books, "#c", "#d"), books.lot(B, "x").dry_mg, books.open()) == ([1000, 500], 15 * T, set())
    assert books.balance(B, "STOCK(x)") == 1_500_000_000


@pytest.mark.parametrize("early", [True, False])
def test_a_corrective_of_two_lines_settles_as_its_original_would_have(early: bool) -> None:
    """The first 10 t are of the first offer. Of the 10 and 5 t that follow 10 are of the second, and the 5 wait.

    What stands in their place is the same again, whether the declaration or the corrective came first.
    """
    first, wrong = got("10"), two_lines(10, 5)
    right = hashed(replace(two_lines(10, 5), event_id="urn:right"))
    both = [right, declared(wrong, 1, ("urn:right",))]
    books = of_two(shipped("#c"), shipped("#d", 5, hours=1))
    books(first, wrong, *(both if early else reversed(both)))
    assert belongs(books) == {
        "#c": [(first.identity, 0)],
        "#d": [("urn:right", 0)],
        right.event_hash: [("urn:right", 1)],
    }
    assert (custody(books, "#c", "#d"), books.lot(B, "x").dry_mg) == ([1000, 500], 25 * T)


@pytest.mark.parametrize("early", [True, False])
def test_a_corrective_takes_its_place_beside_two_lines_of_another_receipt(early: bool) -> None:
    """Of the 10 t of c came 2 and 3 in two lines, then 5 that were 4: the lines of others have no turn."""
    others = hashed(replace(two_lines(2, 3), consignment_id="c", event_id="urn:others"))
    wrong, right = got("5", "c"), got("4", "c", event_id="urn:right")
    both = [right, declared(wrong, 1, ("urn:right",))]
    books = of_two(shipped("c"))
    books(others, wrong, *(both if early else reversed(both)))
    assert belongs(books) == {"c": [("urn:others", 0), ("urn:others", 1), ("urn:right", 0)]}
    assert (custody(books, "c"), books.lot(B, "x").dry_mg) == ([900], 9 * T)


@pytest.mark.parametrize("early", [True, False])
def test_a_line_that_moves_to_another_offer_has_had_its_turn(early: bool) -> None:
    """8 t of each offer; the first 10 t are of the first. 5 and 2 t were 10 and 2: the 10 are of the second, and the 2 wait."""
    first, wrong = got("10"), two_lines(5, 2)
    right = hashed(replace(two_lines(10, 2), event_id="urn:right"))
    both = [right, declared(wrong, 1, ("urn:right",))]
    books = of_two(shipped("#c", 8), shipped("#d", 8, hours=1))
    books(first, wrong, *(both if early else reversed(both)))
    assert belongs(books) == {"#c": [(first.identity, 0)], "#d": [("urn:right", 0)], right.event_hash: [("urn:right", 1)]}
    assert (custody(books, "#c", "#d"), books.balance(B, "STOCK(x)")) == ([800, 800], 2_000_000_000)

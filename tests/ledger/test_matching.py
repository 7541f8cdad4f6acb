"""Many offers of one lot that are never received: each costs the same, and a receipt without a consignment finds the oldest."""

from lodestream.ledger.moving import OpenPage, OpenPairs
from lodestream.ledger.records import Entry, Offer, Parcel
from tests.ledger.making import START, Books, T, declared, receive

A, B = "urn:site:a", "urn:site:b"


def offer(number: int, shipped: int | None = None, dry: int = T, version: int = 1) -> Entry:
    """One tonne of x with 10 % Cu, consignment c<number>."""
    parcel = Parcel("x", version, dry, dry, True, {"Cu": dry // 10}, {"Cu": T // 1000}, START + (shipped or number))
    return Entry(f"o{number}.{version}", B, "OFFER", START + number, offer=Offer(f"c{number}", A, A, B, ["Cu"], [parcel]))


def test_an_offer_costs_the_same_however_many_are_open() -> None:
    """In bytes of state that it writes."""
    books, sizes = Books(), []
    for number in range(1000):
        books.fold.apply(offer(number))
        sizes.append(sum(len(v or b"") for v in books.fold._books.take().values()))
    assert max(sizes[900:]) <= max(sizes[50:150]) + 100, "a page more or less"


def test_a_receipt_without_a_consignment_takes_the_oldest_of_many() -> None:
    books = Books()
    for number in range(200):
        books.fold.apply(offer(number, shipped=1000 - number))
    (outcome,) = [o for o in books(receive("x", "1", B)) if o.kind == "receive"]
    assert [(p.account, p.amount_mg) for p in outcome.postings] == [("STOCK(x)", T // 10), ("CUSTODY(c199 x)", -T // 10)]


def test_what_is_received_leaves_its_page() -> None:
    """200 offers are on four pages; received, or withdrawn, they are on none, and the pages are used again."""
    books = Books()
    receipts = [receive("x", "1", B, consignment_id=f"c{number}") for number in range(200)]
    for number in range(200):
        books.fold.apply(offer(number))
    pages = {ref: page.consignments for _, ref, page in books.fold.every(OpenPage)}
    assert {ref: len(page) for ref, page in pages.items()} == {"x 0": 64, "x 1": 64, "x 2": 64, "x 3": 8}
    books(*receipts[:150])
    for number in range(150, 200):
        books.fold.apply(offer(number, dry=0, version=2))
    assert [page.consignments for _, _, page in books.fold.every(OpenPage)] == [[]] * 4
    books(declared(receipts[7]))
    books.fold.apply(offer(300))
    assert [page.consignments for _, _, page in books.fold.every(OpenPage)] == [[], [], [], ["c300", "c7"]]
    assert [index for _, _, index in books.fold.every(OpenPairs)] == [OpenPairs(3, [])]

"""What the books keep: under which keys, in which order, and of which size. Who renames a kind loses what was written before."""

from lodestream.ids import derive
from lodestream.ledger import stored
from lodestream.ledger.book import BookFile, SiteBook
from lodestream.ledger.fold import Fold
from lodestream.ledger.state import Balance, Fate, Head
from lodestream.ledger.view import Books, View, key_of
from tests.ledger.making import add, entry, ship

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
NAMES = {
    "Head": "head", "Balance": "account", "Lot": "lot", "Held": "held", "Seen": "seen", "SameHash": "hash", "Fate": "fate",
    "Parked": "parked", "Waiting": "waiting", "Journal": "journal", "Run": "run", "Outbound": "outbound",
    "Consigned": "consigned", "Inbound": "inbound", "OpenPairs": "pairs", "OpenPage": "page", "Move": "move",
    "Vacant": "vacant", "Corrective": "corrective", "Received": "received", "Restating": "restating", "Pack": "pack",
    "Container": "container", "Manifest": "manifest", "Came": "came", "Owed": "owed", "Arranged": "arranged",
    "Owners": "owners", "Backing": "backing", "Finding": "finding", "Credits": "credits", "MonthFlow": "flow",
    "FlowIndex": "flows", "FlowMonth": "flowed", "ClaimedOf": "claimed", "Claims": "claims", "Standing": "standing",
    "Taken": "taken", "Queue": "queue", "Handed": "handed", "Got": "got", "Acts": "acts", "Certificate": "certificate",
    "Page": "due", "NextBooks": "books", "Period": "period", "Carried": "carried",
}  # fmt: skip


def test_every_kind_has_its_name_in_the_store() -> None:
    assert {kind.__name__: name for kind, name in stored.KINDS.items()} == NAMES
    assert len(set(NAMES.values())) == len(NAMES), "no two share one"


def test_a_key_is_site_kind_and_reference() -> None:
    assert key_of(A, Balance, "Cu STOCK_ADJ") == b"urn:site:a\0account\0Cu STOCK_ADJ"
    assert key_of(A, Head, "") == b"urn:site:a\0head\0"


# -- the fold ---------------------------------------------------------------------------------------------------------


def test_a_book_file_stands_from_the_beginning() -> None:
    """Its entries come at time 0, each with an id of its site."""
    fold = Fold(BookFile(sites={B: SiteBook(elements=["Ni"]), A: SiteBook()}))
    assert [(site, head.seq, head.record_time_us, head.book.elements) for site, _, head in fold.every(Head)] == [
        (A, 1, 0, []),
        (B, 1, 0, ["Ni"]),
    ]
    assert [(site, ref) for site, ref, _ in fold.every(Fate)] == [(site, derive("book", site, "fold")) for site in (A, B)]


def test_what_a_fold_holds_is_told_in_order_whenever_it_came() -> None:
    fold = Fold()
    fold.submit(entry(add("x", "1", B, cu="10")))
    assert [(lot.site, lot.lot) for lot in fold.lots()] == [(B, "x")]
    for lot, site in (("y", A), ("a", B), ("x", A)):
        fold.submit(entry(add(lot, "1", site, cu="10")))
    fold.submit(entry(ship("x", "1", A, C, consignment_id="c")))
    assert [(lot.site, lot.lot) for lot in fold.lots()] == [(A, "x"), (A, "y"), (B, "a"), (B, "x")]
    assert fold.accounts() == sorted(fold.accounts())
    assert (A, "Cu", "TRANSIT(c x)", 100_000_000) in fold.accounts()
    assert not [row for row in fold.accounts() if row[2] == "STOCK(x)" and row[0] == A], "what is at zero is not told"


# -- the view ---------------------------------------------------------------------------------------------------------


def test_writes_are_taken_in_the_order_of_their_keys_once() -> None:
    books = Books({})
    for site in (B, A):
        view = books.of(site)
        for ref in ("b", "c", "a"):
            view.put(Balance(1), ref)
        view.drop(Balance, "c")
        view.keep()
        assert books.of(site) is view
    taken = books.take()
    assert [(key, value is None) for key, value in taken.items()] == [
        (key_of(site, Balance, ref), ref == "c") for site in (B, A) for ref in ("a", "b", "c")
    ]
    assert books.take() == {}


def test_an_amount_has_sixty_three_bits_and_a_sign() -> None:
    most = 2**63 - 1
    for mg, fits in ((most, True), (-most, True), (most + 1, False), (-most - 1, False)):
        view = View(A, {})
        view.put(Balance(mg), "x")
        assert view.fits(0) is fits
        view.keep()
        assert view.fits(0), "it is of what was written since"

"""Open and closed registers: who has a book, who is an external party, and where two sites are one too many."""

from msgspec.structs import replace

from lodestream.epcis.event import TypedRef
from lodestream.epcis.routing import entry_for, route
from lodestream.ledger.book import BookFile, Register, SiteBook
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Outcome
from tests.ledger.making import T, add, codes, event, item, receive, ship

PLANT, PORT, HUB, BUYER = "urn:plant", "urn:port", "urn:hub", "urn:buyer"
CLOSED = BookFile(
    Register(open=False, locations={PLANT: PLANT, PORT: PORT}, sites=[PLANT, PORT]), sites={PLANT: SiteBook(), PORT: SiteBook()}
)


def submit(fold: Fold, book: BookFile, made) -> Outcome:  # type: ignore[no-untyped-def]
    where = route(made, book.register)
    return fold.submit(entry_for(made, where, "local", made.event_time_us, None))[0]


def balance(fold: Fold, site: str, account: str) -> int:
    return next((mg for s, _, a, mg in fold.accounts() if (s, a) == (site, account)), 0)


def test_closed_register_has_no_book_for_others() -> None:
    fold = Fold(CLOSED)
    hub = submit(fold, CLOSED, add("x", "1", HUB, cu="1"))
    assert (hub.outcome, hub.kind, hub.postings) == ("TRANSACTION", "link", [])
    assert HUB in hub.reason


def test_to_an_external_party_no_offer_is_sent() -> None:
    fold = Fold(CLOSED)
    submit(fold, CLOSED, add("x", "10", PLANT, cu="10"))
    sent = submit(fold, CLOSED, ship("x", "10", PLANT, BUYER, consignment_id="c"))
    assert codes([sent]) == []
    assert balance(fold, PLANT, "TRANSIT(c x)") == T
    assert {lot.site for lot in fold.lots()} == {PLANT}


def test_from_an_external_party_metal_comes_at_once() -> None:
    fold = Fold(CLOSED)
    bought = receive("x", "10", PLANT, cu="10", sources=[TypedRef(BUYER, "location")])
    assert codes([submit(fold, CLOSED, bought)]) == []
    assert balance(fold, PLANT, f"SOURCE(external:{BUYER})") == -T


def test_two_listed_sites_in_one_event() -> None:
    fold = Fold(CLOSED)
    both = event("ObjectEvent", [item("object", "x", "1", cu="1")], action="ADD", biz_location=PLANT, read_point=PORT)
    assert codes([submit(fold, CLOSED, both)]) == ["SITE_CONFLICT"]


def test_a_location_of_a_site_is_that_site() -> None:
    book = BookFile(Register(locations={"urn:gate-1": PLANT, PLANT: PLANT}, sites=[PLANT]))
    fold = Fold(book)
    assert submit(fold, book, add("x", "1", "urn:gate-1", cu="1")).site == PLANT


def test_received_elsewhere_than_destined_is_linked() -> None:
    fold = Fold()
    book = BookFile()
    stray = receive("x", "1", HUB, cu="1")
    stray = replace(stray, destinations=[TypedRef(PLANT, "location")])
    outcome = submit(fold, book, stray)
    assert (outcome.kind, outcome.postings) == ("link", [])

"""Claims that wait for their credits: who gives way, who stands again, and what is said of it meanwhile (R101)."""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.claims.values import Credits
from lodestream.epcis.event import Claim, CreditItem, Event
from lodestream.ledger import covering
from lodestream.ledger.book import SiteBook
from lodestream.ledger.claimed import ClaimedOf, Queue, Taken
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Entry
from lodestream.ledger.state import Lot
from tests.claims.book import Book
from tests.claims.making import T
from tests.claims.test_covering import ACCOUNT, R, account, at, cathode, closing, smelter, sold, told
from tests.claims.test_handing import A, booked, handing, sites
from tests.claims.test_handing import account as account_at
from tests.claims.test_handing import told as told_at
from tests.ledger.making import Books, add, assay, codes, declared, event, item, ship

F30 = "CREDIT_OVERDRAWN"


def queue(books: Books, name: str = ACCOUNT) -> Queue:
    return next(one for _, ref, one in books.fold.every(Queue) if ref == name)


def three() -> tuple[Books, list[Event]]:
    """30 t and 20 t Zambian, of 100 t that are sold 20, 15 and 15 t are claimed so; then the 30 t are void."""
    books, wrong = smelter(), cathode("a", "30", "10")
    sales = [sold("L", tonnes, 1 + n) for n, tonnes in enumerate(("20", "15", "15"))]
    books(cathode("L", "100", "0"), wrong, cathode("b", "20", "10"), *sales)
    assert queue(books) == Queue(3)
    books(declared(wrong))
    return books, sales


def short(need: int, have: int, quarter: str = "2026-01 to 2026-03") -> str:
    said = (
        f"100 % country:ZM of {need},000 kg Cu needs {need},000 kg, have {have},000 kg in {quarter}, short {need - have},000 kg"
    )
    return said.replace(" 0,000", " 0")


def test_what_waits_is_kept_until_it_stands_or_is_void() -> None:
    """The 20 t stand, twice 15 t wait; one of them is void, and with 10 t and 5 t more the other stands again."""
    books, sales = three()
    assert told(books) == {"sale L-15-2": short(15, 0), "sale L-15-3": short(15, 0)}
    assert queue(books) == Queue(3, [1, 2])
    books(cathode("c", "10", "10", day=5))
    assert told(books) == {"sale L-15-2": short(15, 0), "sale L-15-3": short(15, 0)}  # nothing new is to be said
    outcomes = books(declared(sales[1]))
    assert {f.inputs[0]: f.state for o in outcomes for f in o.findings} == {"sale L-15-2": "superseded", "sale L-15-3": "open"}
    assert queue(books) == Queue(3, [2])
    assert told(books) == {"sale L-15-3": short(15, 10)}  # the sale is undone: so all is told anew
    assert codes(books(cathode("d", "5", "10", day=6)), "resolved") == [F30]
    assert queue(books) == Queue(3)
    assert [one.claimed_mg for _, lot, one in books.fold.every(ClaimedOf) if lot == "L"] == [{"Cu country": 35 * T}]


def test_what_a_void_claim_gives_back_goes_to_the_first_that_waits() -> None:
    """20 t are free again: the first 15 t stand, of the second 5 t are there now."""
    books, sales = three()
    [found] = [f for _, f in books.fold.open_findings() if f.inputs[0] == "sale L-15-2"]
    assert found.inputs == ["sale L-15-2", "L", "credit-strict", "Cu", "country:ZM", "100"]
    books(declared(sales[0]))
    assert told(books) == {"sale L-15-3": short(15, 5)}
    assert queue(books) == Queue(3, [2])
    assert account(books).open[0].claimed_mg == 15 * T


def test_a_void_claim_that_moved_nothing_says_nothing_new_of_those_that_still_wait() -> None:
    books, wrong, claims = smelter(), cathode("a", "30", "10"), [seen("K", "50", 1), seen("L", "60", 2)]
    books(cathode("K", "10", "0"), cathode("L", "50", "0"), cathode("b", "10", "10"), wrong, *claims, seen("L", "10", 3))
    books(declared(wrong))
    assert list(told(books)) == ["seen L 60 Cu"]
    was = told(books)
    assert queue(books) == Queue(3, [1])
    assert codes(books(declared(claims[0])), "superseded") == []
    assert told(books) == was
    assert codes(books(declared(claims[1])), "superseded") == [F30]
    assert queue(books) == Queue(3)


def test_a_milligram_that_lacks_is_enough() -> None:
    books, wrong = smelter(), cathode("a", "0.000000001", "10")
    books(cathode("L", "100", "0"), cathode("b", "29.999999999", "10"), wrong, sold("L", "30", 1))
    assert not told(books)
    books(declared(wrong))
    assert told(books)["sale L-30-1"].endswith("have 29,999.999999 kg in 2026-01 to 2026-03, short 0.000001 kg")


def test_who_gave_back_what_it_need_not_stands_though_its_whole_lot_is_claimed() -> None:
    """3 t of 18 t are void. The newest 2 t are too few, so the 6 t before them give theirs too; the 2 t stand again."""
    books, wrong = smelter(), cathode("d", "3", "10")
    books(cathode("a", "10", "0"), cathode("b", "6", "0"), cathode("c", "2", "0"), cathode("e", "15", "10"), wrong)
    books(sold("a", "10", 1), sold("b", "6", 2), sold("c", "2", 3), declared(wrong))
    assert told(books) == {"sale b-6-2": short(6, 5)}
    assert books.open(R) == {F30}
    assert account(books).open[0].claimed_mg == 12 * T


def test_a_claim_says_the_period_that_it_stands_in() -> None:
    """It was made in the second quarter while the first was open."""
    books, wrong = smelter(), cathode("a", "30", "10")
    books(cathode("L", "100", "0"), wrong, sold("L", "30", 41))
    books(declared(wrong))
    assert told(books) == {"sale L-30-41": short(30, 0, "2026-04 to 2026-06")}
    books(closing("2026-03", 45))
    assert told(books) == {"sale L-30-41": short(30, 0, "2026-04 to 2026-06")}


def seen(lot: str, percent: str, day: int, element: str = "Cu") -> Event:
    """An event that moves nothing and claims a part of all that the lot holds."""
    made = item("object", lot, None, claims=[Claim("credit-strict", element, "country:ZM", Decimal(percent))])
    return event(
        "ObjectEvent", [made], action="OBSERVE", biz_location=R, event_time_us=at(day), event_id=f"seen {lot} {percent} {element}"
    )


def test_a_lot_that_was_claimed_meanwhile_is_not_claimed_again() -> None:
    """All 10 t wait for credits, and 5 t of them are claimed by another event; once there are enough, 5 t are claimed already."""
    books, wrong = smelter(), cathode("a", "10", "10")
    books(cathode("L", "10", "0"), wrong, seen("L", "100", 1), declared(wrong), cathode("b", "6", "10"), seen("L", "50", 2))
    assert list(told(books)) == ["seen L 100 Cu"]
    books(cathode("c", "20", "10"))
    assert not told(books)
    said = "5,000 kg of the lot are claimed already, country:ZM needs 10,000 kg more, there are 10,000 kg: "
    assert told(books, "DOUBLE_CLAIM") == {"seen L 100 Cu": said + "5,000 kg would be claimed twice"}


def test_each_element_of_a_lot_is_claimed_for_itself() -> None:
    """10 t of copper and 10 t of nickel, both claimed whole; of cobalt, which never entered, there is nothing to claim."""
    books = Books(**{R: SiteBook(elements=["Cu", "Ni", "Co"], profiles=["credit-strict"])})
    more = {"country_of_origin": "ZM", "product_class": "cathode", "event_time_us": at(0)}
    books(
        add("L", "12", R, cu="50", ni="50", **more),
        add("L", "8", R, cu="50", ni="50", **more),
        add("k", "10", R, co="100", **more),
    )
    books(seen("L", "100", 1), seen("L", "100", 2, "Ni"))
    assert books.open(R) == set()
    books(replace(assay("L", R, cu="50", ni="49.9", co="0.1"), event_time_us=at(3)))
    books(seen("L", "100", 4, "Co"))
    said = "0 kg of the lot are claimed already, country:ZM needs 20 kg more, there are 0 kg: 20 kg would be claimed twice"
    assert told(books, "DOUBLE_CLAIM") == {"seen L 100 Co": said}


# -- where the account itself is below zero ----------------------------------------------------------------------------

IRMA = "irma-coc Cu - scheme:irma-75"


def certified(lot: str, tonnes: str, day: int = 0, cu: str = "100") -> Event:
    return add(lot, tonnes, A, cu=cu, event_time_us=at(day), schemes=["irma-75"])


def overdrawn() -> Books:
    """20 t are certified, 15 t handed down a level and 5 t claimed; then 10 t are void: 5 t are missing without the claim too."""
    books, wrong = sites(a=booked("irma-coc")), certified("z", "10")
    sale = [Claim("irma-coc", "Cu", "scheme:irma-75", Decimal(50))]
    books(certified("x", "10"), wrong, ship("z", "10", A, "urn:buyer", consignment_id="z", event_time_us=at(1)))
    books(ship("x", "10", A, "urn:buyer", consignment_id="x", claims=sale, event_time_us=at(2)))
    books(handing(A, CreditItem("irma-coc", "Cu", "scheme:irma-75", Decimal(15), "TNE", to_attribute="scheme:irma-50"), day=4))
    assert told_at(books, A) == []
    books(declared(wrong))
    assert waiting(books) == ["have -5,000 kg in 2026-01 to 2026-12, short 10,000 kg"]
    return books


def waiting(books: Books) -> list[str]:
    return [said.partition("needs 5,000 kg, ")[2] for code, said in told_at(books, A) if code == F30]


def test_what_comes_to_an_account_below_zero_is_no_credit_yet() -> None:
    """5 t come and make it zero: the claim waits until 5 t more are there."""
    books = overdrawn()
    books(certified("v", "5", day=6))
    assert len(waiting(books)) == 1
    assert account_at(books, A, IRMA).open[0].claimed_mg == 0
    books(certified("w", "5", day=7))
    assert waiting(books) == []
    assert account_at(books, A, IRMA).open[0].claimed_mg == 5 * T


def test_a_claim_lacks_all_that_it_needs_where_the_account_is_below_zero() -> None:
    """2 t come, then an assay makes them 3 t: of the 5 t that the claim needs none are there."""
    books = overdrawn()
    books(certified("v", "4", day=6, cu="50"))
    books(replace(assay("v", A, cu="75"), event_time_us=at(7)))
    assert waiting(books) == ["have 0 kg in 2026-01 to 2026-12, short 5,000 kg"]


# -- how many are looked at --------------------------------------------------------------------------------------------


def test_the_newest_two_thousand_claims_of_an_account_are_looked_at() -> None:
    """Of 2,001 claims of 1 mg all credits are gone: the newest 2,000 give way, the first is left to another entry."""
    book = Book(R, "credit-strict")
    book.post(cathode("a", "1", "10", day=0))
    book.post(sold("a", "1", 1))
    known = book.view.get(Credits, ACCOUNT)
    first = book.view.get(Taken, f"{ACCOUNT} 0")
    assert known is not None
    assert first is not None
    draft = Draft(book.view, Entry("many", R, "TICK", 0))
    count = 2_001
    for n in range(count):
        one = replace(first, lot=f"lot {n}".replace(" ", "-"), mg=1, whole_mg=1)
        draft.view.put(Lot(one.lot, entered_mg={"Cu": 1}), one.lot)
        draft.view.put(one, f"{ACCOUNT} {n}")
    draft.view.put(Queue(count), ACCOUNT)
    period = replace(known.open[0], claimed_mg=count, sums=replace(known.open[0].sums, certified_output_mg=0))
    draft.view.put(replace(known, open=[period]), ACCOUNT)
    covering.retell(draft, ACCOUNT, replace(known, open=[replace(period, claimed_mg=0)]), anew=True)
    assert draft.view.get(Queue, ACCOUNT) == Queue(count, list(range(1, count)))
    after = draft.view.get(Credits, ACCOUNT)
    assert after is not None
    assert after.open[0].claimed_mg == 1

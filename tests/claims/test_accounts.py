"""What an account of credits is made of, and when: each flow in its month, each claim in its period, each close (R92, R95)."""

from decimal import Decimal
from typing import Any

import pytest

from lodestream.claims.values import Credits, Sums, Use
from lodestream.epcis.event import Event
from lodestream.ledger.book import ConversionFactor, SiteBook
from lodestream.ledger.claimed import FlowIndex, MonthFlow
from tests.claims.book import Book
from tests.claims.making import T
from tests.claims.test_book import R, claims, fed, feed, sold
from tests.ledger.making import Books, add, declared, event, item, receive, ship

MARCH = 2026 * 12 + 2
CU = "credit-strict Cu cathode country:ZM"


def cathode(lot: str, tonnes: str, country: str = "ZM", **more: Any) -> Event:
    return feed(lot, tonnes, country, product_class="cathode", **more)


def flow(book: Book, month: int, element: str = "Cu") -> MonthFlow:
    return book.view.get(MonthFlow, f"{element} {month}") or MonthFlow()


def known(book: Book, name: str = CU) -> Credits:
    found = book.view.get(Credits, name)
    assert found is not None
    return found


def index(book: Book, element: str = "Cu") -> FlowIndex:
    return book.view.get(FlowIndex, element) or FlowIndex()


# -- flows -------------------------------------------------------------------------------------------------------------

ZM = "ZM urn:mine:ZM mine -"


def counted(book: Book) -> dict[int, tuple[int, int, int]]:
    """By month after March what came, what left and what was made."""
    flows = {month - MARCH: flow(book, month) for month in index(book).months}
    made = {month: sum(sum(v.values()) for v in one.made_mg.values()) for month, one in flows.items()}
    return {month: (sum(one.came_mg.values()), one.left_mg, made[month]) for month, one in flows.items()}


def test_each_movement_counts_in_its_own_month_and_is_taken_back_there() -> None:
    """Two parcels of one lot, 10 t in March and 20 t in July; the first is void in September."""
    book = Book(R, "credit-strict")
    first = book.post(cathode("L", "10"), "2026-03").event
    book.post(cathode("L", "20"), "2026-07")
    assert counted(book) == {0: (10 * T, 0, 10 * T), 4: (20 * T, 0, 20 * T)}
    book.post(declared(first), "2026-09")
    assert counted(book) == {0: (0, 0, 0), 4: (20 * T, 0, 20 * T)}


def test_what_comes_late_is_counted_in_order() -> None:
    book = Book(R, "credit-strict")
    for lot, month in (("a", "2026-07"), ("b", "2026-03"), ("c", "2026-05")):
        book.post(cathode(lot, "10"), month)
    assert index(book).months == [MARCH, MARCH + 2, MARCH + 4]


def test_a_milligram_counts() -> None:
    book = Book(R, "credit-strict")
    book.post(cathode("L", "0.000000001"))
    assert flow(book, MARCH) == MonthFlow({ZM: 1}, 0, {"cathode": {ZM: 1}})
    book.post(sold("L", "0.000000001"))
    assert flow(book, MARCH).left_mg == 1


def test_what_is_destroyed_was_there_and_has_not_left() -> None:
    """60 t came and 10 t are lost: they are made no more; what came stays."""
    book = Book(R, "credit-strict")
    book.post(cathode("L", "60"))
    book.post(event("ObjectEvent", [item("object", "L", "10")], action="DELETE", biz_location=R))
    assert flow(book, MARCH) == MonthFlow({ZM: 60 * T}, 0, {"cathode": {ZM: 50 * T}})


def test_what_is_received_comes_and_what_comes_back_is_less_that_left() -> None:
    """10 t go from a mine to the smelter, received as 10 t: they left the one and came to the other."""
    mine = "urn:mine"
    books = Books(**{site: SiteBook(elements=["Cu"], profiles=["credit-strict"]) for site in (mine, R)})
    sent = ship("L", "10", mine, R, consignment_id="C")
    books(add("L", "10", mine, cu="100", country_of_origin="ZM"), sent, receive("L", "10", R, consignment_id="C", cu="100"))
    at_site = {site: one for site, _, one in books.fold.every(MonthFlow)}
    assert at_site[mine] == MonthFlow({"ZM - - -": 10 * T}, 10 * T, {"-": {"ZM - - -": 10 * T}})
    assert at_site[R] == MonthFlow({"ZM - - -": 10 * T}, 0, {"-": {"ZM - - -": 10 * T}})


def test_what_is_asked_back_on_its_way_makes_no_credits() -> None:
    """10 t of 60 t are shipped and asked back, twice: 60 t came, nothing has left, and no 61 t of credits are there."""
    books = Books(**{R: SiteBook(elements=["Cu"], profiles=["credit-strict"])})
    books(add("L", "60", R, cu="100", country_of_origin="ZM"))
    for name in ("C", "D"):
        books(ship("L", "10", R, "urn:buyer", consignment_id=name))
        books(event("ObjectEvent", [], action="OBSERVE", biz_step="void_shipping", consignment_id=name, read_point=R))
    assert [one for _, _, one in books.fold.every(MonthFlow)] == [MonthFlow({"ZM - - -": 60 * T}, 0, {"-": {"ZM - - -": 60 * T}})]
    books(sold("L", "60", **claims("credit-strict")))
    assert books.open(R) == set()


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_an_account_by_input_is_one_for_all_products_and_counts_what_left() -> None:
    """60 t of 100 t are end of life and 50 t have left: 30 t of credits, without a conversion factor; 1 t more is refused."""
    book = Book(R, "credit-strict-input")
    recycled = claims("credit-strict-input", "recycled")
    book.post(cathode("old", "60", source_class="end_of_life"))
    book.post(cathode("new", "40"))
    book.post(sold("new", "20"))
    book.post(sold("old", "30", **recycled))
    assert not book.open
    name = "credit-strict-input Cu - recycled"
    assert index(book).accounts == [name]
    assert known(book, name).factor == 1
    assert known(book, name).open[0].sums == Sums(60 * T, 100 * T, 0, 50 * T)
    book.post(sold("new", "1", **recycled))
    assert "needs 1,000 kg, have 600 kg" in book.said("CREDIT_OVERDRAWN")[0]


def test_a_conversion_factor_counts_where_the_profile_asks_for_one() -> None:
    """96 % of 60 t are 57.6 t as soon as they come; a profile by output has no use for a factor."""
    factors = [ConversionFactor(name, "Cu", Decimal(96)) for name in ("credit-strict", "credit-strict-input")]
    book = Book(R, "credit-strict-input", conversion_factors=factors)
    book.post(cathode("old", "60", source_class="end_of_life"))
    book.post(sold("old", "58", **claims("credit-strict-input", "recycled")))
    assert "needs 58,000 kg, have 57,600 kg" in book.said("CREDIT_OVERDRAWN")[0]
    other = Book(R, "credit-strict", conversion_factors=factors)
    other.post(cathode("L", "60"))
    other.post(sold("L", "10", **claims("credit-strict")))
    assert known(other).factor == 1


def test_the_window_of_a_rolling_average_is_made_of_months() -> None:
    """What comes in April is no input of March, also where the claim of March is told later; in April it is."""
    book = fed("rolling-average")
    book.post(feed("cl", "100", "CL"), "2026-04")
    book.post(sold("cl", "1", **claims("rolling-average", percent="60")), "2026-03")
    assert not book.open
    assert index(book).uses == [Use("rolling-average", "country", MARCH, 1, 600_000_000)]
    book.post(sold("cl", "2", **claims("rolling-average", percent="31")), "2026-04")
    assert "have 60,000 kg (30 %)" in book.said("ORIGIN_UNSUPPORTED")[0]


def test_a_claim_by_shares_bars_the_methods_of_its_own_month_alone() -> None:
    book = fed("controlled-blending", "rolling-average")
    book.post(sold("zm", "10", **claims("controlled-blending")), "2026-03")
    book.post(sold("cl", "10", **claims("rolling-average", percent="60")), "2026-04")
    assert not book.open
    book.post(sold("cl", "11", **claims("rolling-average", percent="60")), "2026-03")
    assert len(book.said("DOUBLE_CLAIM")) == 1


def test_accounts_are_told_in_the_order_of_their_names_and_elements_in_theirs() -> None:
    """One event brought what was claimed of three accounts, the last by name first; void, it takes the credits of all."""
    book = Book(R, "credit-strict")
    lots = [("w", "ni", "wire"), ("x", "cu", "wire"), ("y", "cu", "cathode"), ("z", "cu", "anode")]
    parcels = [item("object", lot, "10", country_of_origin="ZM", product_class=kind, **{e: "100"}) for lot, e, kind in lots]
    made = book.post(event("ObjectEvent", parcels, action="ADD", biz_location=R)).event
    for lot, element, _ in lots:
        book.post(sold(lot, "10", **claims("credit-strict", element=element.capitalize())))
    assert not book.open
    assert index(book).accounts == [f"credit-strict Cu {kind} country:ZM" for kind in ("anode", "cathode", "wire")]
    voided = book.post(declared(made))
    assert [f.inputs[1] for f in voided.findings if f.code == "CREDIT_OVERDRAWN"] == ["z", "y", "x", "w"]


# -- periods -----------------------------------------------------------------------------------------------------------


def test_a_claim_stands_in_the_period_of_its_month_and_is_given_back_there() -> None:
    """First quarter open, claims in the second: 20 t of the 60 t that are carried; void again, they take nothing."""
    book = Book(R, "credit-strict")
    book.post(cathode("L", "60"))
    book.post(sold("L", "10", **claims("credit-strict")))
    sale = book.post(sold("L", "20", **claims("credit-strict")), "2026-05").event
    assert index(book).uses == [
        Use("credit-strict", "country", MARCH - 2, 3, 10 * T),
        Use("credit-strict", "country", MARCH + 1, 3, 20 * T),
    ]
    assert [one.claimed_mg for one in known(book).open] == [10 * T, 20 * T]
    book.post(declared(sale), "2026-05")
    assert [one.claimed_mg for one in known(book).open] == [10 * T, 0]
    assert [one.restated_mg for one in known(book).open] == [0, 0]


@pytest.mark.parametrize("month", ["2026-03", "2026-05"])
def test_a_claim_that_comes_after_the_close_stands_in_the_open_period(month: str) -> None:
    """The account is made by it, closed as far as the books are."""
    book = Book(R, "credit-strict")
    book.post(cathode("L", "60"))
    book.post(cathode("M", "40", "CL"))
    book.close("Cu", "2026-03")
    book.post(sold("L", "10", **claims("credit-strict")), month)
    assert index(book).uses == [Use("credit-strict", "country", MARCH + 1, 3, 10 * T)]
    book.post(sold("M", "40", **claims("credit-strict")), month)
    book.post(sold("L", "50", **claims("credit-strict")), month)
    assert "have 10,000 kg in 2026-04 to 2026-06, short 40,000 kg" in book.said("CREDIT_OVERDRAWN")[0]


# -- the close ---------------------------------------------------------------------------------------------------------


def test_an_element_that_never_moved_closes_too() -> None:
    book = Book(R, "credit-strict")
    book.close("Ni", "2026-03")
    book.post(add("L", "60", R, ni="100", country_of_origin="ZM", product_class="cathode"))
    book.post(sold("L", "10", **claims("credit-strict", element="Ni")))
    assert index(book, "Ni").uses == [Use("credit-strict", "country", MARCH + 1, 3, 10 * T)]


def test_a_close_below_zero_names_the_account_and_the_period() -> None:
    book = Book(R, "iscc-plus")
    certified = book.post(feed("zm", "60", "ZM", schemes=["iscc-plus"])).event
    book.post(sold("zm", "24", **claims("iscc-plus", "scheme:iscc-plus")))
    book.post(declared(certified))
    book.close("Cu", "2026-03")
    [found] = [f for f in book.open.values() if f.code == "NEGATIVE_AT_CLOSE"]
    assert found.inputs == ["iscc-plus Cu - scheme:iscc-plus", "2026-01 to 2026-03"]
    assert found.lots == []


def test_nothing_is_carried_where_shares_of_the_same_input_were_claimed() -> None:
    """By credits nothing of the quarter is claimed in the end, by shares 10 t are: the 60 t of credits end with the quarter."""
    book = Book(R, "credit-strict", "controlled-blending")
    book.post(cathode("L", "60"))
    sale = book.post(sold("L", "10", **claims("credit-strict"))).event
    book.post(declared(sale))
    book.post(sold("L", "11", **claims("controlled-blending")))
    book.close("Cu", "2026-03")
    [closed] = known(book).closed
    assert (closed.carried, [layer.mg for layer in closed.expired]) == ([], [60 * T])
    alone = Book(R, "credit-strict", "controlled-blending")
    alone.post(cathode("L", "60"))
    alone.post(sold("L", "10", **claims("credit-strict")))
    alone.close("Cu", "2026-03")
    [closed] = known(alone).closed
    assert ([layer.mg for layer in closed.carried], closed.expired) == ([50 * T], [])

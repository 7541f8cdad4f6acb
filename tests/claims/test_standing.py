"""What is claimed of a parcel stands with it: it follows the parcel through corrections, in whatever order they come (R101)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Claim, Event
from lodestream.ledger.book import SiteBook
from lodestream.ledger.claimed import ClaimedOf, FlowIndex, MonthFlow, Queue, Standing
from lodestream.ledger.state import Lot
from tests.claims.book import Book
from tests.claims.making import T
from tests.claims.test_covering import R, account, at, cathode, corrected, smelter, sold, told
from tests.ledger.making import Books, add, assay, codes, declared, event, item, ship, transform

F5 = "ORIGIN_UNSUPPORTED"
ZAMBIAN = "country:ZM"


def claim(profile: str, percent: str = "100", attribute: str = ZAMBIAN) -> list[Claim]:
    return [Claim(profile, "Cu", attribute, Decimal(percent))]


def several(day: int, *lots: tuple[str, str, list[Claim]], **more: str) -> Event:
    """One shipment of several lots, or of several parcels of a lot."""
    items = [item("object", lot, tonnes, claims=claims) for lot, tonnes, claims in lots]
    return event("ObjectEvent", items, action="OBSERVE", biz_step="shipping", read_point=R, event_time_us=at(day), **more)


def standing(books: Books) -> dict[str, str]:
    """By lot and slot the event whose claims stand there."""
    return {ref: one.identity for _, ref, one in books.fold.every(Standing)}


def piled(*profiles: str) -> tuple[Books, Event]:
    """60 t of Zambian and 40 t of Chilean cathode in one pile, the Chilean by an event that can be declared."""
    books, chilean = smelter(*(profiles or ["segregated"])), cathode("pile", "40", "0", day=1)
    books(cathode("pile", "60", "10"), chilean)
    return books, chilean


@pytest.mark.parametrize("first", [False, True])
def test_a_corrective_that_came_before_its_declaration_is_followed_too(first: bool) -> None:
    """20 t were sold, not 30 t. A later assay: of 20 t at 90 % the claim takes 18 t, whichever of the two came first."""
    books, wrong, right = smelter(), sold("L", "30", 1), sold("L", "20", 1)
    books(cathode("L", "60", "10"), wrong)
    declaration = declared(wrong, correctives=(str(right.event_id),))
    books(*((right, declaration) if first else (declaration, right)))
    books(replace(assay("L", R, cu="90"), event_time_us=at(5)))
    assert account(books).open[0].claimed_mg == 18 * T
    assert standing(books) == {"L 1": right.event_id}
    books(declared(right))
    assert account(books).open[0].claimed_mg == 0
    assert standing(books) == {}


@pytest.mark.parametrize("first", [False, True])
def test_what_a_corrective_was_refused_it_may_say_once_its_lot_allows_it(first: bool) -> None:
    books, chilean = piled()
    wrong, right = sold("pile", "30", 2, "segregated"), sold("pile", "20", 2, "segregated")
    declaration = declared(wrong, correctives=(str(right.event_id),))
    books(wrong, *((right, declaration) if first else (declaration, right)))
    assert list(told(books, F5)) == [right.event_id]
    books(declared(chilean))
    assert not told(books, F5)


@pytest.mark.parametrize("first", [False, True])
def test_a_corrective_counts_in_the_month_of_its_original(first: bool) -> None:
    """Sold in March, not in April as the corrective has it: what left counts once, in March, whichever came first."""
    books, wrong = smelter("credit-strict-input"), sold("L", "30", 1)
    right = sold("L", "20", 40)
    books(cathode("L", "60", "10", day=0), wrong)
    declaration = declared(wrong, correctives=(str(right.event_id),))
    books(*((right, declaration) if first else (declaration, right)))
    left = {ref: one.left_mg for _, ref, one in books.fold.every(MonthFlow)}
    assert {ref: mg for ref, mg in left.items() if mg} == {f"Cu {2026 * 12 + 2}": 20 * T}


def test_a_corrective_that_moves_nothing_may_claim_too() -> None:
    """It was no sale: what was seen of the lot is claimed instead, by an event that came before the declaration."""
    books, wrong = smelter("segregated"), sold("L", "30", 1, "segregated")
    seen = item("object", "L", None, claims=claim("segregated"))
    right = event("ObjectEvent", [seen], action="OBSERVE", biz_location=R, event_time_us=at(1))
    books(cathode("L", "60", "10"), wrong, right, declared(wrong, correctives=(str(right.event_id),)))
    assert [use.claimed_mg for _, _, index in books.fold.every(FlowIndex) for use in index.uses] == [30 * T]
    books(declared(right))
    assert not any(index.uses for _, _, index in books.fold.every(FlowIndex))


def test_every_lot_that_an_event_changes_is_judged_by_its_own_shares() -> None:
    """Chilean copper came to two piles in one event, to the second Peruvian too; void, it leaves the first pure."""
    books = smelter("segregated")
    chilean = [item("object", lot, "10", cu="100", country_of_origin="CL") for lot in ("one", "two")]
    wrong = event("ObjectEvent", chilean, action="ADD", biz_location=R, event_time_us=at(0))
    books(cathode("one", "60", "10"), cathode("two", "60", "10"), wrong)
    books(add("two", "10", R, cu="100", country_of_origin="PE", event_time_us=at(0)))
    books(sold("one", "7", 1, "segregated"), sold("two", "8", 1, "segregated"))
    books(declared(wrong))
    assert list(told(books, F5)) == ["sale two-8-1"]
    assert "have 6,857.142857 kg (85.714286 %)" in told(books, F5)["sale two-8-1"]


def test_a_corrective_without_claims_leaves_nothing_standing() -> None:
    """The sale claimed what its pile was not; the corrective claims nothing, so nobody is told when the pile changes."""
    books, chilean = piled()
    wrong = sold("pile", "30", 2, "segregated")
    right = ship("pile", "30", R, "urn:buyer", event_id="right", consignment_id="right", event_time_us=at(2))
    books(wrong)
    assert list(told(books, F5)) == [wrong.event_id]
    corrected(books, wrong, right)
    assert not told(books, F5)
    assert standing(books) == {}
    books(declared(chilean), cathode("pile", "30", "0", day=1, event_id="Chilean again"))
    assert not told(books, F5)


def test_the_end_of_a_finding_says_why() -> None:
    """Resolved where the parcel supports the claim again, superseded where the event that claims is void."""
    books, chilean = piled()
    sale = sold("pile", "30", 2, "segregated")
    books(sale)
    right = cathode("pile", "40", "0", day=1, event_id="right")
    assert codes(books(declared(chilean, correctives=("right",))), "resolved") == [F5]
    assert codes(books(right)) == [F5]
    assert codes(books(declared(sale)), "superseded") == [F5]
    assert standing(books) == {}


def test_a_claim_that_was_right_when_it_was_made_ends_with_its_event_too() -> None:
    books, wrong = smelter("segregated"), cathode("L", "60", "10")
    sale = sold("L", "30", 1, "segregated")
    books(wrong, sale)
    corrected(books, wrong, cathode("L", "60", "9"))
    assert list(told(books, F5)) == [sale.event_id]
    assert codes(books(declared(sale)), "superseded") == [F5]


def test_what_changes_under_several_claims_is_told_in_the_order_of_the_slots() -> None:
    books, chilean = piled()
    sales = [sold("pile", "5", 2 + n, "segregated") for n in range(9)]
    books(*sales)
    first = books(declared(chilean))[0]
    assert [f.inputs[0] for f in first.findings if f.code == F5] == [sale.event_id for sale in sales]


def test_each_lot_of_an_event_has_its_own_claims() -> None:
    """10 t of L and 20 t of M are sold at once, all Zambian; a later assay finds 90 % in L and 80 % in M."""
    books = smelter()
    books(cathode("L", "10", "10"), cathode("M", "20", "10"))
    books(several(1, ("L", "10", claim("credit-strict")), ("M", "20", claim("credit-strict"))))
    assert not told(books, "DOUBLE_CLAIM")
    assert account(books).open[0].claimed_mg == 30 * T
    books(replace(assay("L", R, cu="90"), event_time_us=at(2)), replace(assay("M", R, cu="80"), event_time_us=at(3)))
    assert account(books).open[0].claimed_mg == 25 * T
    assert {lot: one.claimed_mg for _, lot, one in books.fold.every(ClaimedOf)} == {
        "L": {"Cu country": 9 * T},
        "M": {"Cu country": 16 * T},
    }


def test_a_claim_on_what_a_run_makes_is_not_of_what_it_took_of_the_same_lot() -> None:
    """A tank: 10 t of Chilean copper go out of it, with 10 t of Zambian 20 t come back into it, half of them Zambian."""
    books = smelter("controlled-blending")
    books(cathode("tank", "10", "0"), cathode("N", "10", "10"))
    made = {"cu": "100", "claims": claim("controlled-blending", "50") + claim("controlled-blending", "51")}
    fed = {"claims": claim("controlled-blending", "100", "country:CL")}
    books(transform(R, [("tank", "10", fed), ("N", "10", {})], [("tank", "20", made)], event_time_us=at(1)))
    assert list(told(books, F5).values()) == [
        "51 % country:ZM of 20,000 kg Cu needs 10,200 kg, have 10,000 kg (50 %), short 200 kg"
    ]
    assert [use.claimed_mg for _, _, index in books.fold.every(FlowIndex) for use in index.uses] == [20 * T]
    assert len(standing(books)) == 2
    gone = [("tank", "0", {"cu": "100", "claims": claim("controlled-blending", "1")}), ("M", "5", {"cu": "100"})]
    books(transform(R, [("tank", "5", {})], gone, event_time_us=at(2)))
    assert "1 % country:ZM of tank: it holds no Cu that is known" in told(books, F5).values()


def test_a_claim_is_of_all_that_an_event_moves_of_its_lot() -> None:
    """10 t and 5,000 kg are two entries of one lot: the claim takes 15 t."""
    books = Books(**{R: SiteBook(elements=["Cu"], profiles=["credit-strict"], mass_basis="dry")})
    masses = [("10", "TNE", claim("credit-strict")), ("5000", "KGM", [])]
    gone = [item("object", "L", mass, unit, claims=claims) for mass, unit, claims in masses]
    books(cathode("L", "20", "10"))
    books(event("ObjectEvent", gone, action="OBSERVE", biz_step="shipping", read_point=R, event_time_us=at(1)))
    assert account(books).open[0].claimed_mg == 15 * T
    assert standing(books) == {}


def test_what_was_touched_and_is_no_more_is_not_named() -> None:
    book = Book(R, "identity-preserved")
    book.post(cathode("L", "10", "10"))
    lot = book.view.get(Lot, "L")
    assert lot is not None
    book.view.put(replace(lot, shares=replace(lot.shares, contacts={"CL - - -": 0, "AR - - -": -1})), "L")
    book.post(
        event("ObjectEvent", [item("object", "L", None, claims=claim("identity-preserved"))], action="OBSERVE", biz_location=R)
    )
    assert not book.open


@pytest.mark.parametrize("profile", ["segregated", "credit-strict"])
def test_one_milligram_is_claimed_like_a_tonne(profile: str) -> None:
    books = smelter("segregated", "credit-strict")
    books(cathode("L", "0.000000001", "10", claims=claim(profile)))
    assert not told(books, F5)
    assert [use.claimed_mg for _, _, index in books.fold.every(FlowIndex) for use in index.uses] == [1]


def test_a_lot_that_is_not_there_holds_nothing() -> None:
    books = smelter("segregated")
    books(event("ObjectEvent", [item("object", "L", None, claims=claim("segregated"))], action="OBSERVE", biz_location=R))
    assert list(told(books, F5).values()) == ["100 % country:ZM of L: it holds no Cu that is known"]


def test_what_was_claimed_by_shares_is_free_again_once_its_event_is_void() -> None:
    books = smelter("controlled-blending", "credit-strict")
    sale = sold("L", "30", 1, "controlled-blending")
    books(cathode("L", "60", "10"), sale, declared(sale))
    assert not any(index.uses for _, _, index in books.fold.every(FlowIndex))
    books(sold("L", "60", 2))
    assert books.open(R) == set()


def test_a_claim_on_what_a_count_adjusts_is_judged() -> None:
    """The event says how far book and count are apart, and moves metal: it is no link that only confirms another."""
    books = smelter("segregated")
    counted = item("object", "L", "60.05", claims=claim("segregated", attribute="country:CL"))
    books(cathode("L", "60", "10"))
    [outcome] = books(
        event("ObjectEvent", [counted], action="OBSERVE", biz_step="cycle_counting", biz_location=R, event_time_us=at(1))
    )
    assert outcome.kind == "count"
    assert outcome.reason
    assert codes([outcome]) == [F5]


# -- what a parcel touched ---------------------------------------------------------------------------------------------


def touched(*countries: str) -> Books:
    """10 t of L, made of Zambian copper in whose pile a milligram of other countries was, of which nothing came along."""
    books = smelter("identity-preserved", "segregated")
    for n, country in enumerate(countries):
        books(
            add(
                f"pile {country}".replace(" ", "-"),
                "60",
                R,
                cu="100",
                country_of_origin="ZM",
                site_of_origin="urn:m",
                event_time_us=at(0),
            )
        )
        books(add(f"pile-{country}", "0.000000001", R, cu="100", country_of_origin=country, event_time_us=at(0)))
        books(transform(R, [(f"pile-{country}", "10", {})], [("L", "10", {"cu": "100"})], event_time_us=at(1 + n)))
    return books


@pytest.mark.parametrize("tonnes", ["4", "10"])
def test_what_a_parcel_touched_is_known_also_where_the_lot_is_sold_whole(tonnes: str) -> None:
    books = touched("CL")
    books(sold("L", tonnes, 5, "identity-preserved"))
    said = "identity preserved is one origin and no contact with another; here are 2: CL - - -, ZM urn:m - -"
    assert list(told(books, F5).values()) == [said]


@pytest.mark.parametrize("tonnes", ["4", "40"])
def test_that_nothing_of_a_kind_is_in_a_lot_needs_that_it_touched_none(tonnes: str) -> None:
    """What nobody knows the mine of may be of that mine; of those that were touched the first by name is said."""
    books = touched("PE", "KZ", "CN", "CL")
    asked = Claim("segregated", "Cu", "site:urn:bad", Decimal(0))
    books(ship("L", tonnes, R, "urn:buyer", consignment_id="C", claims=[asked], event_time_us=at(9)))
    [said] = told(books, F5).values()
    assert said.endswith("allows 0 kg, have 0 kg (0 %), contact with CL - - -")


def test_a_later_assay_of_a_mixture_does_not_forget_what_it_touched() -> None:
    books = touched("CL", "AR")
    books(replace(assay("L", R, cu="99", claims=claim("identity-preserved")), event_time_us=at(9)))
    assert [said.partition("; ")[2] for said in told(books, F5).values()] == ["here are 3: AR - - -, CL - - -, ZM urn:m - -"]


def test_what_came_in_touches_what_its_lot_has_touched() -> None:
    books = touched("CL")
    more = {"site_of_origin": "urn:m", "country_of_origin": "ZM", "claims": claim("identity-preserved")}
    books(add("L", "5", R, cu="100", event_time_us=at(5), **more))
    assert [said.partition("; ")[2] for said in told(books, F5).values()] == ["here are 2: CL - - -, ZM urn:m - -"]
    seen = item("object", "L", None, claims=claim("identity-preserved"))
    books(event("ObjectEvent", [seen], action="OBSERVE", biz_location=R, event_time_us=at(6)))
    assert len(told(books, F5)) == 2


def test_a_claim_that_is_judged_anew_sees_what_its_parcel_touched() -> None:
    """The pile from which L was sold whole turns out to have held a milligram of Chilean copper before."""
    books, wrong = smelter("identity-preserved"), cathode("pile", "60", "10")
    books(wrong, sold("pile", "20", 2, "identity-preserved"))
    assert not told(books, F5)
    corrected(books, wrong, cathode("pile", "60", "9.9999999999"))
    assert "here are 2: CL - - -, ZM - - -" in told(books, F5)["sale pile-20-2"]


def test_the_rolling_average_keeps_no_claims_that_take_credits() -> None:
    """It takes nothing: when an input is void, what was said by the percentage of then stays said."""
    books, wrong = smelter("rolling-average"), cathode("L", "60", "10")
    books(
        wrong, cathode("M", "40", "0"), sold("M", "20", 1, "rolling-average", "60"), sold("M", "10", 2, "rolling-average", "60")
    )
    books(declared(wrong))
    assert books.open(R) == set()
    assert standing(books) == {}
    assert not books.fold.every(Queue)
    assert not books.fold.every(ClaimedOf)

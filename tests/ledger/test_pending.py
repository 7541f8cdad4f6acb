"""What is pending of the offers of one pair, as values: what a receipt settles of each, to the milligram (R31, R34, R36)."""

from typing import Any

import pytest

from lodestream.ledger.moving import Inbound, Offered, Receipt
from lodestream.ledger.pending import Pending, concerned, is_final, scope, settle, shared_out, shares_of, tracked, whole
from lodestream.ledger.records import Parcel
from lodestream.ledger.state import Shares
from lodestream.ledger.values import Judged, Settled
from lodestream.measures import Line

A, C, D = "urn:site:a", "urn:site:c", "urn:site:d"
ZM, CL = "ZM - - -", "CL - - -"


def offered(site: str = A, dry: int = 1000, contained: dict[str, int] | None = None, **more: Any) -> Offered:
    """1,000 mg dry with 100 mg Cu unless said; `void_at` and `elements` are the offer's, the rest the parcel's."""
    content = {"Cu": dry // 10} if contained is None else contained
    void_at, elements = more.pop("void_at", None), more.pop("elements", sorted(content))
    fields = {"version": 1, "wet_mg": dry, "assayed": True, "u_mg": {}, "shipped_us": 0} | more
    return Offered(site, elements, Parcel("x", dry_mg=dry, contained_mg=content, **fields), void_at=void_at)


def pending(*sites: str, **more: Any) -> list[Pending]:
    return [Pending(offered(site, **more)) for site in sites]


def receipt(from_site: str = "", *, final: bool = False) -> Receipt:
    return Receipt("urn:r", "local", final, 0, Line("object", "x"), "hash", named=True, arrival=1, from_site=from_site)


def judged(*settles: Settled) -> Judged:
    return Judged(receipt(), 0, 0, {}, {}, 0, refused=False, known=True, settles=list(settles))


# -- one offer ------------------------------------------------------------------------------------------------------


def test_all_that_was_offered_is_pending() -> None:
    """Of an element that the sender tracks and does not name, nothing; carbon that nobody stated is none, and uncovered."""
    parcel = {"shares": {"Cu": {ZM: 100}}, "embodied_g_co2e": 7, "uncovered_mg": 3}
    one = Pending(offered(elements=["Co", "Cu"], **parcel))
    assert (one.from_site, one.dry_mg, one.content, one.final) == (A, 1000, {"Co": 0, "Cu": 100}, False)
    assert one.shares == Shares({"Cu": {ZM: 100}}, 7, 3)
    assert Pending(offered()).shares == Shares()


def test_a_receipt_counts_until_its_offer_ended() -> None:
    """Asked back as entry 5: what came as entry 4 counts, 5 and later do not. After the final one none does."""
    asked = Pending(offered(void_at=5))
    assert [asked.ended(n) for n in (4, 5, 6)] == [False, True, True]
    assert [asked.is_open(n) for n in (4, 5, 6)] == [True, False, False]
    first = Pending(offered(void_at=0))
    assert (first.ended(0), first.is_open(0)) == (True, False)
    done = Pending(offered())
    assert (done.ended(9), done.is_open(9)) == (False, True)
    done.take({"Cu": 100}, 1000, final=True)
    assert (done.ended(9), done.is_open(9)) == (True, False)


def test_a_withdrawn_offer_was_never_made() -> None:
    """Its dry mass is 0: nothing of it is open, and it has not ended. One of a single milligram is."""
    gone = Pending(offered(dry=0))
    assert (gone.is_open(1), gone.ended(1)) == (False, False)
    assert Pending(offered(dry=1)).is_open(1)


def test_a_part_is_what_came_and_never_more_than_is_pending() -> None:
    """250 of 1,000 mg: 30 mg Cu as weighed, of Ni that was not weighed a quarter; 120 mg Cu are cut to 100."""
    one = Pending(offered(contained={"Cu": 100, "Ni": 50}))
    assert one.part({"Cu": 30}, 250) == {"Cu": 30, "Ni": 12}
    assert one.part({"Cu": 0}, 250) == {"Cu": 0, "Ni": 12}
    assert one.part({"Cu": 120, "Ni": 50, "Co": 1}, 250) == {"Cu": 100, "Ni": 50}
    assert one.part({}, 4000) == {"Cu": 100, "Ni": 50}


def test_of_an_offer_without_dry_mass_left_nothing_unweighed_comes() -> None:
    one = Pending(offered())
    one.take({"Cu": 90}, 1000, final=False)
    assert (one.content, one.part({}, 5), one.part({"Cu": 4}, 5)) == ({"Cu": 10}, {"Cu": 0}, {"Cu": 4})


def test_what_is_settled_goes_with_its_shares() -> None:
    """A quarter of the mass, a fifth of the copper: carbon goes by mass, origins by content."""
    one = Pending(offered(shares={"Cu": {CL: 50, ZM: 50}}, embodied_g_co2e=8, uncovered_mg=400))
    assert one.take({"Cu": 20}, 250, final=False) == Shares({"Cu": {CL: 10, ZM: 10}}, 2, 100)
    assert (one.dry_mg, one.content, one.final) == (750, {"Cu": 80}, False)
    assert one.shares == Shares({"Cu": {CL: 40, ZM: 40}}, 6, 300)
    last = one.take({"Cu": 80}, 700, final=True)
    assert last == Shares({"Cu": {CL: 40, ZM: 40}}, 6, 300), "the final one takes the carbon of all that is left"
    assert (one.dry_mg, one.content, one.final, one.shares) == (50, {"Cu": 0}, True, Shares())


def test_more_than_is_pending_takes_all_of_the_carbon_and_no_more() -> None:
    one = Pending(offered(embodied_g_co2e=8, uncovered_mg=400))
    assert one.take({}, 1500, final=False) == Shares({}, 8, 400)
    assert (one.dry_mg, one.content) == (-500, {"Cu": 100})


# -- the sum of several ---------------------------------------------------------------------------------------------


def test_the_sum_of_offers_says_what_the_first_that_knows_it_says() -> None:
    """Masses and contents add up, u in quadrature: 3 and 4 make 5. Findings once each, in order."""
    first = offered(A, 100, {"Cu": 10}, version=3, wet_mg=110, shipped_us=7, u_mg={"Cu": 3}, findings=["f2", "f1"])
    second = offered(
        C, 200, {"Cu": 40, "Ni": 5}, version=9, wet_mg=230, shipped_us=8, u_mg={"Cu": 4, "Ni": 2}, findings=["f1"],
        product_class="ore", country_of_origin="CL", owner="urn:o",
    )  # fmt: skip
    third = offered(D, 1, {}, assayed=False, product_class="slag", country_of_origin="PE", owner="urn:p")
    gone = offered("urn:site:z", 0, {"Co": 1}, wet_mg=1, product_class="dust", findings=["f0"])
    assert whole(Inbound("c", "x", [gone, first, second, third])) == Parcel(
        "x", 3, 301, 341, False, {"Cu": 50, "Ni": 5}, {"Cu": 5, "Ni": 2}, 7, "ore", "CL", "urn:o", ["f1", "f2"]
    )
    many = whole(Inbound("c", "x", [offered(A, 1, {"Ni": 1, "Co": 1, "Li": 1}), offered(C, 1, {"Zn": 1, "Cu": 1, "Ag": 1})]))
    assert many is not None
    assert list(many.contained_mg) == list(many.u_mg) == ["Ag", "Co", "Cu", "Li", "Ni", "Zn"]
    both = whole(Inbound("c", "x", [first, second]))
    assert (both.assayed, both.product_class) == (True, "ore") if both is not None else False


def test_the_sum_of_one_is_itself_and_of_none_is_none() -> None:
    one, gone = offered(dry=1), offered(C, 0)
    assert whole(Inbound("c", "x", [one])) is one.parcel
    assert whole(Inbound("c", "x", [gone, one])) is one.parcel
    assert (whole(Inbound("c", "x", [gone])), whole(Inbound("c", "x"))) == (None, None)
    bare = [offered(A), offered(C)]
    parcel = whole(Inbound("c", "x", bare))
    assert parcel is not None
    assert (parcel.product_class, parcel.country_of_origin, parcel.owner, parcel.findings) == (None, None, None, [])
    assert (parcel.contained_mg, parcel.u_mg) == ({"Cu": 200}, {"Cu": 0})


def test_what_the_standing_offers_track() -> None:
    pair = Inbound(
        "c", "x", [offered(A, 1, {"Cu": 10}, elements=["Cu", "Ni"]), offered(C, 5, {"Cu": 1}), offered(D, 0, {"Co": 1})]
    )
    assert tracked(pair) == {"Cu": 11, "Ni": 0}


def test_shares_add_up() -> None:
    one, two = Shares({"Cu": {ZM: 3}}, 1, 2), Shares({"Cu": {ZM: 4, CL: 1}}, 10, 20)
    assert shares_of([one]) == one
    assert shares_of([one, two, one]) == Shares({"Cu": {ZM: 10, CL: 1}}, 12, 24)


def test_a_pair_is_final_when_each_offer_that_stands_has_ended() -> None:
    pair = Inbound("c", "x", [offered(A, 1), offered(C, 1), offered(D, 0)])
    a, c = (Settled(site, 1, {}, {}, final=True) for site in (A, C))
    open_c = Settled(C, 1, {}, {}, final=False)
    assert is_final(pair, [judged(a), judged(c)])
    assert is_final(pair, [judged(a, c)])
    assert not is_final(pair, [judged(a, open_c)])
    assert not is_final(pair, [judged(a)])
    assert not is_final(pair, [])
    gone = Inbound("c", "x", [offered(D, 0)])
    assert not is_final(gone, []), "nothing was settled of what does not stand"


# -- which offers a receipt is of -----------------------------------------------------------------------------------


def names(among: list[Pending]) -> list[str]:
    return [one.from_site for one in among]


def test_whose_moisture_a_receipt_takes() -> None:
    """The sender's that it names; else theirs of whom something is pending; else all of them."""
    one, done, other = pending(A, C, D)
    done.dry_mg = 0
    among = [one, done, other]
    assert names(concerned(receipt(D), among)) == [D]
    assert names(concerned(receipt(C), among)) == [C]
    assert names(concerned(receipt(), among)) == [A, D]
    assert names(concerned(receipt("urn:stranger"), among)) == [A, D]
    one.dry_mg = -1
    other.dry_mg = 1
    assert names(concerned(receipt(), among)) == [D]
    other.dry_mg = 0
    assert names(concerned(receipt(), among)) == [A, C, D]
    assert names(concerned(receipt(D), pending(A, D))) == [D], "of two already"
    assert names(concerned(receipt(D), [done])) == [C], "of one alone it is his"
    assert concerned(receipt(), []) == []


@pytest.mark.parametrize(
    ("mg", "final", "found"), [(1005, False, [C]), (1006, False, [C, A, D]), (5000, True, [C]), (1, False, [C])]
)
def test_a_named_sender_alone_within_the_tolerance_of_his_offer(mg: int, final: bool, found: list[str]) -> None:
    """C offered 1,000 mg with a tolerance of 5: to the milligram, or whatever it is where it is final."""
    assert names(scope(receipt(C, final=final), pending(A, C, D), mg, {A: 9, C: 5, D: 9})) == found


def test_a_receipt_that_names_no_sender_is_of_all_in_their_order() -> None:
    assert names(scope(receipt(), pending(A, C, D), 1, dict.fromkeys((A, C, D), 5))) == [A, C, D]
    assert names(scope(receipt(final=True), pending(A, C), 1, {A: 5, C: 5})) == [A, C]
    assert names(scope(receipt(D), pending(A), 9000, {})) == [A], "of one alone no tolerance is asked"


def test_dry_mass_goes_to_each_as_far_as_it_is_pending_and_the_rest_to_the_last() -> None:
    among = pending(A, C, D)
    assert [mg for _, mg in shared_out(among, 2500)] == [1000, 1000, 500]
    assert [mg for _, mg in shared_out(among, 4000)] == [1000, 1000, 2000]
    assert [mg for _, mg in shared_out(among, 300)] == [300, 0, 0]
    assert [mg for _, mg in shared_out(among[:1], 300)] == [300]
    among[0].dry_mg = -200
    assert [(one.from_site, mg) for one, mg in shared_out(among, 300)] == [(A, 0), (C, 300), (D, 0)]


# -- what it settles ------------------------------------------------------------------------------------------------


def settled(masses: list[tuple[str, int, int]], came: dict[str, int], *, final: bool = False) -> list[Settled]:
    """Of offers (site, mg dry that are pending, mg of this receipt), with a tenth of copper each."""
    return settle([(Pending(offered(site, dry)), mg) for site, dry, mg in masses], came, final=final)[0]


def test_one_offer_in_part_and_whole() -> None:
    assert settled([(A, 1000, 300)], {"Cu": 33}) == [Settled(A, 300, {"Cu": 33}, {"Cu": 33}, final=False)]
    assert settled([(A, 1000, 300)], {"Cu": 33}, final=True) == [Settled(A, 300, {"Cu": 33}, {"Cu": 100}, final=True)]
    alone = settled([(A, 1000, 1000)], {"Cu": 90})
    assert alone == [Settled(A, 1000, {"Cu": 90}, {"Cu": 90}, final=False)], "of one offer the tolerance says whether it is final"


def test_two_offers_in_their_order() -> None:
    """1,000 + 500 mg with 140 mg Cu: A's 100 mg are settled, and 40 of C's; what came goes by what of it settles."""
    assert settled([(A, 1000, 1000), (C, 1000, 500)], {"Cu": 140}) == [
        Settled(A, 1000, {"Cu": 100}, {"Cu": 100}, final=True),
        Settled(C, 500, {"Cu": 40}, {"Cu": 40}, final=False),
    ]


def test_less_came_than_the_first_held() -> None:
    """1,500 mg with 80 mg Cu: all of A's 100 mg are settled, none is left for C, and the 80 mg are all A's."""
    assert settled([(A, 1000, 1000), (C, 1000, 500)], {"Cu": 80}) == [
        Settled(A, 1000, {"Cu": 80}, {"Cu": 100}, final=True),
        Settled(C, 500, {"Cu": 0}, {"Cu": 0}, final=False),
    ]


def test_an_offer_that_its_receipt_has_not_reached_settles_nothing() -> None:
    assert settled([(A, 1000, 400), (C, 1000, 0)], {"Cu": 40}) == [Settled(A, 400, {"Cu": 40}, {"Cu": 40}, final=False)]
    assert [s.from_site for s in settled([(A, 1000, 1000), (C, 500, 0)], {"Cu": 40})] == [A]
    both = settled([(A, 1000, 400), (C, 1000, 0)], {"Cu": 60}, final=True)
    assert [(s.from_site, s.dry_mg, s.settled_mg, s.final) for s in both] == [
        (A, 400, {"Cu": 100}, True),
        (C, 0, {"Cu": 100}, True),
    ], "the final one ends all"
    empty = settled([(A, 1000, 0), (C, 1000, 0)], {"Cu": 0})
    assert [(s.from_site, s.dry_mg, s.final) for s in empty] == [(A, 0, False)], "the first is told, even of nothing"


def test_what_came_by_sender_rounds_and_the_last_takes_the_rest() -> None:
    """101 mg for 10 and 20 mg that settle: 34 (33.67) and 67; of three the first two have 25 (25.25) each, the last 51."""
    two = settled([(A, 100, 100), (C, 200, 200)], {"Cu": 101})
    assert [(s.got_mg, s.settled_mg) for s in two] == [({"Cu": 34}, {"Cu": 10}), ({"Cu": 67}, {"Cu": 20})]
    three = settled([(A, 100, 100), (C, 100, 100), (D, 200, 200)], {"Cu": 101})
    assert [s.got_mg for s in three] == [{"Cu": 25}, {"Cu": 25}, {"Cu": 51}]


def test_of_an_element_that_settles_nothing_what_came_goes_by_dry_mass() -> None:
    """Ni was not offered: 7 mg of it by 100 and 200 mg: 2 and 5. Where no dry mass came either, the last has it."""
    two = settled([(A, 100, 100), (C, 200, 200)], {"Ni": 7})
    assert [s.got_mg for s in two] == [{"Ni": 2}, {"Ni": 5}]
    none = settled([(A, 100, 0), (C, 200, 0)], {"Ni": 7}, final=True)
    assert [s.got_mg for s in none] == [{"Ni": 0}, {"Ni": 7}]


def test_what_the_first_does_not_offer_is_all_for_the_second() -> None:
    """7 mg Ni come with 150 mg: A offered none, so C's are settled by all of it."""
    one, two = Pending(offered(A, 100, {"Cu": 10})), Pending(offered(C, 100, {"Cu": 30, "Ni": 50}))
    found, _ = settle([(one, 100), (two, 50)], {"Cu": 10, "Ni": 7}, final=False)
    assert [(s.settled_mg, s.got_mg) for s in found] == [
        ({"Cu": 10}, {"Cu": 10, "Ni": 0}),
        ({"Cu": 0, "Ni": 7}, {"Cu": 0, "Ni": 7}),
    ]


def test_the_shares_of_a_receipt_are_those_of_all_that_it_settles() -> None:
    one = Pending(offered(A, 100, {"Cu": 10}, shares={"Cu": {ZM: 10}}, embodied_g_co2e=4, uncovered_mg=6))
    two = Pending(offered(C, 100, {"Cu": 30}, shares={"Cu": {CL: 30}}, embodied_g_co2e=8, uncovered_mg=2))
    _, shares = settle([(one, 100), (two, 50)], {"Cu": 25}, final=False)
    assert shares == Shares({"Cu": {ZM: 10, CL: 15}}, 8, 7)
    assert (one.final, two.final, two.dry_mg, two.content) == (True, False, 50, {"Cu": 15})

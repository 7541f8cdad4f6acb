"""Claims in a site's book: what credits are counted from, and what becomes of a claim."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Claim, ContainedMass, Event, OriginPart
from lodestream.ledger.claimed import Claims, FlowIndex, MonthFlow
from lodestream.ledger.draft import Draft
from lodestream.ledger.view import ENCODER
from tests.claims.book import Book
from tests.claims.making import T
from tests.ledger.making import add, declared, event, item, ship, transform

R = "urn:smelter"
ZAMBIAN = "country:ZM"


def claims(profile: str, attribute: str = ZAMBIAN, percent: str = "100", element: str = "Cu") -> dict[str, Any]:
    return {"claims": [Claim(profile, element, attribute, Decimal(percent))]}


def feed(lot: str, tonnes: str, country: str, **more: Any) -> Event:
    """Copper that comes to the smelter: pure, of one country."""
    more.setdefault("source_class", "mine")
    return add(lot, tonnes, R, cu="100", country_of_origin=country, site_of_origin=f"urn:mine:{country}", **more)


def smelt(*outputs: tuple[str, str, dict[str, Any]], inputs: tuple[tuple[str, str], ...] = (("zm", "60"), ("cl", "40"))) -> Event:
    made = [(lot, mass, {"cu": "100", "product_class": "cathode", **more}) for lot, mass, more in outputs]
    return transform(R, [(lot, mass, {}) for lot, mass in inputs], made)


def sold(lot: str, mass: str, **more: Any) -> Event:
    return ship(lot, mass, R, "urn:buyer", consignment_id=f"C {lot}".replace(" ", "-"), **more)


def fed(*profiles: str) -> Book:
    book = Book(R, *profiles)
    book.post(feed("zm", "60", "ZM"))
    book.post(feed("cl", "40", "CL"))
    return book


def test_f1c_by_shares_and_by_credits() -> None:
    """60 t of 100 t are Zambian: by shares no lot is more than that, by credits 60 t of lots are all of it."""
    book = fed("credit-strict", "controlled-blending")
    book.post(smelt(("L1", "50", {}), ("L2", "50", {})))
    book.post(sold("L1", "25", **claims("controlled-blending")))
    assert book.said("ORIGIN_UNSUPPORTED") == [
        "100 % country:ZM of 25,000 kg Cu needs 25,000 kg, have 15,000 kg (60 %), short 10,000 kg"
    ]
    book.post(sold("L1", "25", **claims("credit-strict")))
    assert not book.said("CREDIT_OVERDRAWN")
    book.post(sold("L2", "50", **claims("credit-strict")))
    assert book.said("CREDIT_OVERDRAWN") == [
        "100 % country:ZM of 50,000 kg Cu needs 50,000 kg, have 35,000 kg in 2026-01 to 2026-03, short 15,000 kg"
    ]


def test_a_refused_claim_leaves_the_event_posted_and_the_lot_held() -> None:
    book = fed("controlled-blending")
    draft = book.post(smelt(("L1", "100", claims("controlled-blending"))))
    assert draft.legs
    [finding] = book.open.values()
    assert (finding.rule, finding.severity, finding.lots) == ("F5", "hold", ["L1"])
    assert draft.held("L1") == [finding.id]
    book.post(declared(draft.event))
    assert not book.open


def test_a_declaration_gives_the_credits_back() -> None:
    book = fed("credit-strict")
    book.post(smelt(("L1", "60", {}), ("L2", "40", {})))
    first = book.post(sold("L1", "60", **claims("credit-strict"))).event
    assert book.view.get(Claims, first.identity) is not None
    book.post(declared(first))
    assert book.view.get(Claims, first.identity) is None
    index = book.view.get(FlowIndex, "Cu")
    assert index is not None
    assert index.uses == []
    book.post(sold("L1", "60", **claims("credit-strict")))
    assert not book.open


def test_a_void_input_takes_its_credits_with_it() -> None:
    """The claim was right when it was made; after the correction it takes nothing, and the period closes without it."""
    book = Book(R, "copper-mark")
    certified = book.post(feed("zm", "60", "ZM", schemes=["copper-mark"])).event
    book.post(feed("cl", "40", "CL"))
    book.post(sold("cl", "40"))
    book.post(sold("zm", "24", **claims("copper-mark", "scheme:copper-mark")))
    assert not book.open
    book.post(declared(certified))
    assert book.said("CREDIT_OVERDRAWN") == [
        "100 % scheme:copper-mark of 24,000 kg Cu needs 24,000 kg, have 0 kg in 2026-01 to 2026-12, short 24,000 kg"
    ]
    book.close("Cu", "2026-12")
    assert not book.said("NEGATIVE_AT_CLOSE")
    book.post(feed("zm2", "60", "ZM", schemes=["copper-mark"]))
    assert not book.said("CREDIT_OVERDRAWN")
    book.close("Cu", "2027-12")
    assert not book.said("NEGATIVE_AT_CLOSE")


def test_a_close_below_zero_is_tried_again() -> None:
    """ISCC lets the balance be below zero until the close, which is refused until what was voided is made good."""
    book = Book(R, "iscc-plus")
    certified = book.post(feed("zm", "60", "ZM", schemes=["iscc-plus"])).event
    book.post(sold("zm", "24", **claims("iscc-plus", "scheme:iscc-plus")))
    book.post(declared(certified))
    assert not book.open.keys() - {f.id for f in book.open.values() if f.code == "RETRO_OVERDRAFT"}
    book.close("Cu", "2026-03")
    [said] = book.said("NEGATIVE_AT_CLOSE")
    assert said == (
        "2026-01 to 2026-03: carried 0 kg + in 0 kg - claimed 24,000 kg = -24,000 kg; "
        "short 24,000 kg, - % of 0 kg certified input, iscc-plus allows 0 %"
    )
    book.post(feed("zm2", "60", "ZM", schemes=["iscc-plus"]))
    book.close("Cu", "2026-04")
    assert not book.said("NEGATIVE_AT_CLOSE")


def test_an_input_percentage_is_of_what_came_and_what_left() -> None:
    """S6, a hundredth of it: 4 t of 10 t certified in, 9.5 t out make 3.8 t; 3.8 floored to 1 t is 3."""
    book = Book(R, "asi-coc", elements=["Al"])
    scheme = {"schemes": ["asi-coc"]}
    for lot, mass, more in (("a", "4", scheme), ("b", "6", {})):
        one = event("ObjectEvent", [item("object", lot, mass, product_class="alloy", **more)], action="ADD", biz_location=R)
        material = one.materials[0]
        book.post(with_contained(one, material.id, mass))
    asked = claims("asi-coc", "scheme:asi-coc", element="Al")
    book.post(sold("b", "6"), "2026-04")
    book.post(sold("a", "3.5", **asked), "2026-04")
    assert not book.open  # in mid-period more may be claimed than there is yet
    book.close("Al", "2026-11")
    assert not book.open  # the period is the year
    book.close("Al", "2026-12")
    assert "carried 0 kg + in 3,000 kg - claimed 3,500 kg = -500 kg" in book.said("NEGATIVE_AT_CLOSE")[0]
    evidence = event(
        "ObjectEvent", [], action="OBSERVE", biz_location=R, period_close="2026-12", overdraft_evidence="urn:doc:flood"
    )
    book.close("Al", "2026-12", event=evidence)
    assert not book.open


def with_contained(one: Event, lot: str, tonnes: str) -> Event:
    """The event with the aluminium of its lot stated outright."""
    materials = [replace(m, contained=[ContainedMass("Al", Decimal(tonnes), "TNE")]) for m in one.materials if m.id == lot]
    return replace(one, materials=materials)


def test_the_same_input_is_not_claimed_by_two_methods() -> None:
    book = fed("credit-strict", "controlled-blending")
    book.post(smelt(("L1", "60", claims("credit-strict")), ("L2", "40", {})))
    book.post(sold("L2", "40", **claims("controlled-blending", percent="60")))
    assert "one method per product group and period" in book.said("DOUBLE_CLAIM")[0]
    book.post(sold("L1", "60", **claims("credit-strict", "country:CL", "40")))
    assert book.said("DOUBLE_CLAIM")[-1] == (
        "60,000 kg of the lot are claimed already, country:CL needs 24,000 kg more, there are 60,000 kg: "
        "24,000 kg would be claimed twice"
    )


def test_what_is_used_up_backs_no_claim() -> None:
    """Matte that becomes cathode has no credits left as matte."""
    book = fed("credit-strict")
    matte = [("matte", "100", {"cu": "100", "product_class": "matte"})]
    book.post(transform(R, [("zm", "60", {}), ("cl", "40", {})], matte))
    book.post(smelt(("L1", "80", claims("credit-strict", percent="60")), inputs=(("matte", "80"),)))
    book.post(sold("matte", "20", **claims("credit-strict", percent="61")))
    assert book.said("CREDIT_OVERDRAWN") == [
        "61 % country:ZM of 20,000 kg Cu needs 12,200 kg, have 12,000 kg in 2026-01 to 2026-03, short 200 kg"
    ]


@pytest.mark.parametrize(
    ("booked", "profile", "says"),
    [
        ((), "credit-strict", "claims by no mass balance, not by credit-strict"),
        (("iscc-plus",), "controlled-blending", "claims by iscc-plus, not by controlled-blending"),
        ((), "no-such", "no profile 'no-such': there are asi-coc"),
    ],
)
def test_a_site_claims_by_the_profiles_of_its_book(booked: tuple[str, ...], profile: str, says: str) -> None:
    book = fed(*booked)
    book.post(sold("zm", "60", **claims(profile)))
    assert says in book.said("ORIGIN_UNSUPPORTED")[0]


def test_without_a_book_a_lot_is_judged_by_what_is_in_it() -> None:
    book = fed()
    book.post(sold("zm", "30", **claims("identity-preserved")))
    assert not book.open
    book.post(sold("zm", "30", **claims("identity-preserved", "country:CL")))
    assert book.said("ORIGIN_UNSUPPORTED") == [
        "100 % country:CL of 30,000 kg Cu needs 30,000 kg, have 0 kg (0 %), short 30,000 kg"
    ]
    assert book.view.get(MonthFlow, "Cu 24314") is None  # nothing is counted where no profile asks for it


def test_a_lot_without_content_backs_nothing() -> None:
    book = fed()
    book.post(sold("zm", "60", **claims("identity-preserved", element="Co")))
    assert book.said("ORIGIN_UNSUPPORTED") == ["100 % country:ZM of zm: it holds no Co that is known"]


def test_the_rolling_average_is_the_same_for_every_output() -> None:
    book = fed("rolling-average")
    book.post(sold("cl", "20", **claims("rolling-average", percent="60")))
    assert not book.open
    book.post(sold("zm", "30", **claims("rolling-average", percent="61")))
    assert "needs 61,000 kg, have 60,000 kg (60 %)" in book.said("ORIGIN_UNSUPPORTED")[0]


def test_an_account_made_late_is_what_it_would_have_been() -> None:
    """The first claim comes after a close: what was not carried is not there."""
    book = fed("credit-strict")
    book.post(smelt(("L1", "60", {}), ("L2", "40", {})))
    book.close("Cu", "2026-06")  # credits of the first quarter expire with the second
    book.post(sold("L1", "60", **claims("credit-strict")), "2026-07")
    assert "have 0 kg in 2026-07 to 2026-09" in book.said("CREDIT_OVERDRAWN")[0]
    one_quarter = fed("credit-strict")
    one_quarter.post(smelt(("L1", "60", {}), ("L2", "40", {})))
    one_quarter.close("Cu", "2026-03")
    one_quarter.post(sold("L1", "60", **claims("credit-strict")), "2026-04")
    assert not one_quarter.open


def test_a_mixed_input_counts_by_origin() -> None:
    book = Book(R, "credit-strict")
    origins = [OriginPart(Decimal(3), country="ZM"), OriginPart(Decimal(7), country="CL")]
    book.post(add("mix", "10", R, cu="100", origins=origins, product_class="cathode"))
    book.post(sold("mix", "3", **claims("credit-strict")))
    assert not book.open
    book.post(sold("mix", "1", **claims("credit-strict")))
    assert "needs 1,000 kg, have 0 kg" in book.said("CREDIT_OVERDRAWN")[0]
    flow = book.view.get(MonthFlow, f"Cu {2026 * 12 + 2}")
    assert flow == MonthFlow({"CL - - -": 7 * T, "ZM - - -": 3 * T}, 4 * T, {"cathode": {"CL - - -": 7 * T, "ZM - - -": 3 * T}})


def test_the_state_can_be_written() -> None:
    book = fed("credit-strict")
    draft: Draft = book.post(smelt(("L1", "60", claims("credit-strict")), ("L2", "40", {})))
    assert not draft.findings
    taken = book.view.take()
    assert sum(b"\0credits\0" in key or b"\0flow\0" in key or b"\0claims\0" in key for key in taken) == 3
    assert all(isinstance(value, bytes) for value in taken.values())
    assert ENCODER.encode(book.view.get(Claims, draft.event.identity))


def test_a_parcel_is_claimed_once_and_another_parcel_of_the_lot_too() -> None:
    book = fed("credit-strict")
    book.post(smelt(("L1", "60", {}), ("L2", "40", {})))
    twice = claims("credit-strict", percent="60")["claims"] * 2
    book.post(sold("L1", "10", claims=twice))
    assert "2,000 kg would be claimed twice" in book.said("DOUBLE_CLAIM")[0]
    for _ in range(5):
        book.post(sold("L1", "10", **claims("credit-strict")))
    assert not book.said("CREDIT_OVERDRAWN")
    assert len(book.said("DOUBLE_CLAIM")) == 1


def test_who_confirms_a_shipment_claims_nothing() -> None:
    book = fed("credit-strict")
    book.post(smelt(("L1", "60", {}), ("L2", "40", {})))
    sale = sold("L1", "60", **claims("credit-strict"))
    book.post(sale)
    confirmed = book.post(replace(sale, event_id="urn:carrier:1", event_hash="other", content_digest="other"), source="carrier")
    assert confirmed.kind == "link"
    assert not book.open


def test_a_refused_claim_stands_once_a_correction_supports_it() -> None:
    """The lot was mixed with Chilean copper by an event that is void now."""
    book = Book(R, "segregated")
    book.post(feed("pile", "60", "ZM"))
    wrong = book.post(feed("pile", "40", "CL")).event
    book.post(sold("pile", "50", **claims("segregated")))
    assert "have 30,000 kg (60 %)" in book.said("ORIGIN_UNSUPPORTED")[0]
    book.post(declared(wrong))
    assert not book.said("ORIGIN_UNSUPPORTED")

"""F1c over the whole smelter of S1: its receipts, its campaign, its two cathode lots, and what is claimed of them."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.claims.values import Credits
from lodestream.epcis.event import Assay
from lodestream.ledger.attribution import Vector
from lodestream.ledger.claimed import FlowIndex, MonthFlow
from tests.claims.book import Book
from tests.claims.making import asked
from tests.ledger.making import add, declared, hashed, ship, transform
from tests.ledger.page import says
from tests.ledger.test_golden_shares import (
    CARBON,
    CL,
    EVIDENCE,
    MINE,
    OTHER_MINE,
    REC,
    SMELTER,
    ZM,
    campaign,
    closing,
    inputs,
    opening,
    outputs,
)

ZAMBIAN: dict[str, Any] = {"country_of_origin": "ZM", "site_of_origin": MINE, "source_class": "mine"}
CHILEAN: dict[str, Any] = {"country_of_origin": "CL", "site_of_origin": OTHER_MINE, "source_class": "mine"}


def smelter(*profiles: str) -> Book:
    book = Book(SMELTER, *profiles, elements=["Cu"])
    book.post(add("A", "1996.000", SMELTER, moisture="8.90", cu="28.46", **ZAMBIAN))
    book.post(add("B", "1297.400", SMELTER, moisture="9.05", cu="28.52", **ZAMBIAN))
    book.post(add("C", "1500.000", SMELTER, moisture="8.00", cu="30.20", **CHILEAN))
    scrap = add("scrap", "60.000", SMELTER, source_class="end_of_life")
    assays = [Assay("Cu", Decimal("96.00"), "P1", "as_received")]
    book.post(hashed(replace(scrap, materials=[replace(scrap.materials[0], assays=assays, mass_basis="as_received")])))
    return book


def flow(book: Book) -> MonthFlow:
    index = book.view.get(FlowIndex, "Cu")
    assert index is not None
    [month] = index.months
    found = book.view.get(MonthFlow, f"Cu {month}")
    assert found is not None
    return found


def sell(book: Book, lot: str, mass: str, profile: str) -> None:
    one = ship(lot, mass, SMELTER, "urn:buyer", consignment_id=f"C-{lot}", claims=[asked(profile, "country:ZM", "100")])
    book.post(one)


SPLIT: tuple[list[Any], list[Any]] = ([("cathode", "1296.000", {})], [("L1", "500", {}), ("L2", "796", {})])
WHOLE: Vector = {ZM: 820_256_951_150, CL: 432_427_663_722, REC: 43_185_785_128}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "as a campaign that closes after the split"])
def test_f1c_by_credits(late: bool) -> None:
    """L1 takes 499.950 t of 820.256951150 t; L2 needs 795.9204 t and is 475.61344885 t short."""
    book = smelter("credit-strict")
    if late:
        book.post(campaign(SMELTER, "urn:campaign", inputs()[:2], [opening()], **EVIDENCE))
        book.post(campaign(SMELTER, "urn:campaign", outputs()[:1], []))
        book.post(transform(SMELTER, *SPLIT))
        book.post(campaign(SMELTER, "urn:campaign", [*inputs()[2:], *outputs()[1:]], [closing()], campaign_close=True, **CARBON))
    else:
        book.post(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE, **CARBON))
        assert flow(book).made_mg["cathode"] == WHOLE
        book.post(transform(SMELTER, *SPLIT))
    assert flow(book).made_mg == {"-": WHOLE}  # the concentrates are used up, the cathode is the two lots now
    sell(book, "L1", "500", "credit-strict")
    assert not book.said("CREDIT_OVERDRAWN")
    sell(book, "L2", "796", "credit-strict")
    [said] = book.said("CREDIT_OVERDRAWN")
    assert said == (
        "100 % country:ZM of 795,920.4 kg Cu needs 795,920.4 kg, have 320,306.95115 kg in 2026-01 to 2026-03, "
        "short 475,613.44885 kg"
    )


def test_f1c_by_shares() -> None:
    """The worked line of R90."""
    book = smelter("controlled-blending")
    book.post(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE, **CARBON))
    book.post(transform(SMELTER, *SPLIT))
    sell(book, "L1", "500", "controlled-blending")
    assert book.said("ORIGIN_UNSUPPORTED") == [
        "100 % country:ZM of 499,950 kg Cu needs 499,950 kg, have 316,457.157079 kg (63.297761 %), short 183,492.842921 kg"
    ]
    says("R90", "499,950 kg", "316,457.157079 kg", "183,492.842921 kg")


def test_a_void_receipt_is_felt_by_the_account_that_drew_on_it() -> None:
    book = smelter("credit-strict")
    wrong = add("D", "500.000", SMELTER, cu="27.784", product_class="cathode", **ZAMBIAN)
    book.post(wrong)
    sell(book, "D", "500.000", "credit-strict")
    name = "credit-strict Cu cathode country:ZM"
    before = book.view.get(Credits, name)
    assert before is not None
    assert before.open[0].sums.certified_output_mg == before.open[0].claimed_mg == 138_920_000_000
    book.post(declared(wrong))
    after = book.view.get(Credits, name)
    assert after is not None
    assert (after.open[0].sums.certified_output_mg, after.open[0].claimed_mg) == (0, 0)
    assert "short 138,920 kg" in book.said("CREDIT_OVERDRAWN")[0]
    book.close("Cu", "2026-03")
    assert not book.said("NEGATIVE_AT_CLOSE")


def test_a_claim_on_a_provisional_share_is_judged_anew_when_the_campaign_closes() -> None:
    """While only A and B have gone in, 88 % of the cathode is Zambian; with C and the scrap 63.297761 % are."""
    book = smelter("controlled-blending")
    book.post(campaign(SMELTER, "urn:campaign", inputs()[:2], [opening()], **EVIDENCE))
    book.post(campaign(SMELTER, "urn:campaign", outputs()[:1], []))
    book.post(transform(SMELTER, *SPLIT))
    for lot, mass, percent in (("L1", "500", "80"), ("L2", "796", "60")):
        claims = [asked("controlled-blending", "country:ZM", percent)]
        sale = book.post(ship(lot, mass, SMELTER, "urn:buyer", consignment_id=f"C-{lot}", claims=claims)).event
        if lot == "L1":
            first = sale
    assert not book.open
    book.post(campaign(SMELTER, "urn:campaign", [*inputs()[2:], *outputs()[1:]], [closing()], campaign_close=True, **CARBON))
    assert book.said("ORIGIN_UNSUPPORTED") == [
        "80 % country:ZM of 499,950 kg Cu needs 399,960 kg, have 316,457.157079 kg (63.297761 %), short 83,502.842921 kg"
    ]
    book.post(declared(first))
    assert not book.said("ORIGIN_UNSUPPORTED")

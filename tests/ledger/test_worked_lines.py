"""The worked lines of the rulebook, replayed with exactly their numbers: places, measures, postings, campaigns and moves.

Corrections, attribution and whose word counts: test_worked_corrections.py.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Assay, TypedRef
from lodestream.epcis.routing import route, site_of
from lodestream.ledger.book import Register, SiteBook
from lodestream.ledger.fold import Fold
from lodestream.measures import Measured, lines, measure
from tests.ledger.making import Books, T, add, assay, codes, entry, event, hashed, item, receive, ship, transform
from tests.ledger.page import says
from tests.ledger.test_golden_shares import (
    EVIDENCE,
    MINE,
    SMELTER,
    campaign,
    closing,
    in_process,
    inputs,
    opening,
    outputs,
    received,
)
from tests.ledger.test_register import CLOSED, PLANT, PORT, submit
from tests.ledger.test_scenario_s1 import copper
from tests.ledger.test_void import shipped, void, x

A, B = "urn:site:a", "urn:site:b"


def legs(books: Books) -> dict[str, int]:
    """The postings of the last outcome by account."""
    return {p.account: p.amount_mg for p in books.outcomes[-1].postings}


def ten(grade: str = "30", mass: str = "10") -> Books:
    """A lot x of 10 t at A, at 30 % Cu."""
    books = Books()
    books(add("x", mass, A, cu=grade))
    return books


# -- 2. where an event belongs ----------------------------------------------------------------------------------------


def test_r1_r2_places() -> None:
    """R1, R2: a shipment belongs to where it leaves; a location is its SGLN without the extension."""
    at_sea = replace(ship("x", "1", MINE, None), biz_location="urn:ship")
    assert route(at_sea, Register()).site == MINE
    says("R1", "bizLocation the ship", "the mine's book")
    says("R2", "urn:epc:id:sgln:9521321.00001.MILL", "https://id.gs1.org/414/9521321000010")
    assert site_of("https://id.gs1.org/414/9521321000010/254/MILL", Register()) == "https://id.gs1.org/414/9521321000010"


def test_r3_r4_r5_what_moves_nothing() -> None:
    """R3, R4, R5: two listed sites, a step with the wrong action, a hub that never posted."""

    both = event("TransformationEvent", [item("input", "x", "1"), item("output", "y", "1")], biz_location=PORT, read_point=PLANT)
    assert codes([submit(Fold(CLOSED), CLOSED, both)]) == ["SITE_CONFLICT"]
    says("R3", "plant A", "plant B")
    books = ten()
    books(replace(ship("x", "10", A, B), action="ADD"))
    assert (codes(books.outcomes), legs(books)) == (["ACTION_MISMATCH"], {})
    (hub,) = books(ship("x", "10", "urn:hub", B))
    assert (hub.outcome, hub.postings, [f.code for f in hub.findings]) == ("PARKED", [], ["NO_BOOK"])
    says("R4", "action ADD", "10 t", "0 mg")
    says("R5", "10 t", "0 mg")


def test_r6_external_party() -> None:
    """R6: 5 t at 20 % from an external party."""
    says("R6", "5 t at 20 %", -T, T)
    books = Books()
    bought = receive("x", "5", B, cu="20", sources=[TypedRef("urn:party", "location")])
    books.fold.submit(replace(entry(bought), external=["urn:party"]))
    assert (books.balance(B, "SOURCE(external:urn:party)"), books.balance(B, "STOCK(x)")) == (-T, T)


# -- 3. measures ------------------------------------------------------------------------------------------------------


def measured(mass: str, **more: Any) -> Measured:
    (line,) = lines(add("x", mass, A, **more))
    one = measure(line, None)
    assert isinstance(one, Measured)
    return one


def test_r7_r9_contained_and_its_uncertainty() -> None:
    """R7: 3,300 t wet are 855,855,000,000 mg Cu. R9: 0.4004 % of what 1,000 t contain."""
    one = measured("3300", moisture="9.00", cu="28.50")
    assert (one.dry_mg, one.contained_mg) == (3003 * T, {"Cu": 855_855_000_000})
    says("R7", "3,003 t", 855_855_000_000)
    one = measured("1000", moisture="9", cu="28.5", mass_method="weighbridge")
    assert f"{Decimal(one.u_mg['Cu'] * 100) / one.contained_mg['Cu']:.4f}" == "0.4004"
    says("R9", "0.4004 %")


def test_r8_without_a_basis() -> None:
    """R8: 10 TNE of which nobody says whether wet or dry."""
    books = Books()
    books(add("x", "10", A, cu="30", mass_basis=None))
    assert (codes(books.outcomes), legs(books)) == (["BASIS_MISSING"], {})
    says("R8", "10 TNE")


def test_r10_first_assay() -> None:
    """R10: 10 t, assayed later at 30 %."""
    books = Books()
    books(add("x", "10", A, source_class="mine"))
    assert (codes(books.outcomes), legs(books)) == (["UNASSAYED"], {})
    drawn = transform(A, [("x", "1", {})], [("y", "1", {"cu": "30"})])
    assert [o.outcome for o in books(drawn)] == ["PARKED"]
    made = books(assay("x", A, cu="30"))[0]
    assert {p.account: p.amount_mg for p in made.postings} == {"SOURCE(mine)": -3 * T, "STOCK(x)": 3 * T}
    says("R10", -3 * T, 3 * T)


def test_r11_an_item_wins_over_a_sensor() -> None:
    """R11: a sensor says 29 %, the item 30 %."""
    books = Books()
    books(replace(add("x", "10", A, cu="30"), sensor_assays=[Assay("Cu", Decimal(29), "P1", "dry")]))
    assert books.balance(A, "STOCK(x)") == 3 * T
    says("R11", 3 * T)


# -- 4. postings ------------------------------------------------------------------------------------------------------


def test_r12_double_entry() -> None:
    """R12: 989.4 = 855.855 + 133.80846 - 0.26346."""
    made = next(o for o in copper().outcomes if o.kind == "transform")
    amounts = {p.account: p.amount_mg for p in made.postings if not p.account.startswith("WIP")}
    assert [-amounts["STOCK(ore)"], amounts["STOCK(K1)"], amounts["LOSS(tailings tails)"], amounts["UNACCOUNTED"]] == [
        989_400_000_000,
        855_855_000_000,
        133_808_460_000,
        -263_460_000,
    ]
    assert sum(amounts.values()) == 0
    says("R12", "989.4 t", "855.855 t", "133.80846 t", "0.26346 t")


def test_r13_r14_creation() -> None:
    """R13: ore of the mine. R14: 400 t Cu of which nobody shows evidence."""
    books = Books()
    books(add("ore", "100", A, cu="1", source_class="mine"))
    assert legs(books) == {"SOURCE(mine)": -T, "STOCK(ore)": T}
    says("R13", "100 t of ore at 1 %", -T, T)
    books(add("o", "400", A, cu="100", opening=True))
    assert (legs(books)["SOURCE(opening)"], codes(books.outcomes)) == (-400 * T, ["OPENING_UNPROVEN"])
    says("R14", "400 t Cu")


def test_r15_draws() -> None:
    """R15: 3,000,000,001 mg in draws of 4, 3 and 3 t."""
    books = ten("30.00000001")
    assert books.balance(A, "STOCK(x)") == 3_000_000_001
    taken = []
    for n, mass in enumerate("433"):
        books(ship("x", mass, A, None, consignment_id=f"c{n}"))
        taken.append(books.balance(A, f"TRANSIT(c{n} x)"))
    assert taken == [1_200_000_000, 900_000_000, 900_000_001]
    says("R15", 3_000_000_001, 1_800_000_001, *taken)


def test_r16_above_the_book() -> None:
    """R16: 10.04 t of 10 t posts, 10.6 t waits."""
    books = ten()
    (parked,) = books(ship("x", "10.6", A, None, consignment_id="p"))
    assert (parked.outcome, codes([parked])) == ("PARKED", ["DOUBLE_SPEND"])
    books(ship("x", "10.04", A, None, consignment_id="c"))
    assert books.balance(A, "STOCK_ADJ") == -12_000_000
    assert "BOOK_EXCEEDED" in books.open()
    says("R16", 12_000_000, "10.04 t", "10.6 t")


def test_r17_an_assay_on_a_draw() -> None:
    """R17: 4 t of a lot at 30 %, assayed at 31 %."""
    books = ten()
    books(ship("x", "4", A, None, consignment_id="c", cu="31"))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK_ADJ(assay)")) == (1_800_000_000, -40_000_000)
    says("R17", 1_200_000_000, 40_000_000)


def test_r18_r19_transformation_and_split() -> None:
    """R18: 9 t in, 8.9 t out. R19: 10 t at 30 % and 5 t at 15 % into two bags."""
    books = ten("90")
    books(transform(A, [("x", "10", {})], [("y", "8.9", {"cu": "100"})]))
    assert books.balance(A, "UNACCOUNTED") == 100_000_000
    says("R18", "9.000 t in, 8.9 t out", 100_000_000)
    books = ten()
    books(add("z", "5", A, cu="15"))
    books(transform(A, [("x", "10", {}), ("z", "5", {})], [("p", "6", {}), ("q", "9", {})], biz_step="repackaging"))
    assert (books.balance(A, "STOCK(p)"), books.balance(A, "STOCK(q)")) == (1_500_000_000, 2_250_000_000)
    says("R19", 1_500_000_000, 2_250_000_000)


def test_r20_what_is_balanced() -> None:
    """R20: 98 t dry at 5.5 % Mn in the feed, none stated of the product."""
    books = Books()
    feed = add("x", "100", A, moisture="2", ni="18")
    manganese = replace(feed.materials[0], assays=[*feed.materials[0].assays, Assay("Mn", Decimal("5.5"), "P1")])
    books(hashed(replace(feed, materials=[manganese])))
    books(transform(A, [("x", "100", {"mass_basis": "wet"})], [("y", "98", {"ni": "18"})]))
    assert books.balance(A, "SINK(untracked)", "Mn") == 5_390_000_000
    assert books.open() == set()
    says("R20", 5_390_000_000)


def test_r21_losses_are_accounts() -> None:
    """R21: 2,150 t of slag with 14.62 t Cu, a tenth of which goes into the next feed."""
    books = Books()
    books(add("feed", "30", A, cu="50"))
    slag = {"cu": "0.68", "loss_class": "slag"}
    books(transform(A, [("feed", "30", {})], [("matte", "1", {"cu": "38"}), ("heap", "2150", slag)]))
    assert books.balance(A, "LOSS(slag heap)") == 14_620_000_000
    books(transform(A, [("heap", "215", {})], [("again", "1.462", {"cu": "100"})]))
    assert books.balance(A, "LOSS(slag heap)") == 13_158_000_000
    says("R21", 14_620_000_000, 1_462_000_000)


def test_r22_destroyed() -> None:
    """R22: 1 t at 30 %."""
    books = ten(mass="1")
    books(event("ObjectEvent", [item("object", "x", "1")], action="DELETE", biz_location=A))
    assert books.balance(A, "LOSS(other x destroyed)") == 300_000_000
    says("R22", 300_000_000)


def test_r23_counts() -> None:
    """R23: 98 t counted of 100 t are within 5 t, 94 t are not."""
    for mass, posted, found in (("98", 200_000_000, []), ("94", 0, ["STOCK_DIFFERS"])):
        books = Books()
        books(add("x", "1000", A, cu="10"), ship("x", "900", A, None, consignment_id="c"))
        books(event("ObjectEvent", [item("object", "x", mass)], action="OBSERVE", biz_step="stock_taking", biz_location=A))
        assert (books.balance(A, "STOCK_ADJ"), codes(books.outcomes[-1:])) == (posted, found)
    says("R23", "98 t", "94 t", 200_000_000)


# -- 5. campaigns -----------------------------------------------------------------------------------------------------


def test_r24_one_campaign() -> None:
    """R24: three days of feed, two of cathode."""
    books = Books()
    books(add("x", "30", A, cu="30"))
    for _ in range(3):
        books(campaign(A, "urn:c", [item("input", "x", "10")], []))
    books(campaign(A, "urn:c", [item("output", "k1", "4", cu="100")], []))
    assert books.balance(A, "WIP(urn:c)") == 5 * T
    books(campaign(A, "urn:c", [item("output", "k2", "4.9", cu="100")], [], campaign_close=True))
    assert (books.balance(A, "WIP(urn:c)"), books.balance(A, "UNACCOUNTED")) == (0, 100_000_000)
    says("R24", "three days", "two of cathode")


def test_r25_r26_opening_and_close() -> None:
    """R25, R26: S1's campaign, and what it leaves opens the next."""
    books = received()
    books(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE))
    assert books.balance(SMELTER, "UNACCOUNTED") == 2_925_525_160
    going_in = Decimal(400) + Decimal("1328.39592516")
    assert going_in - sum(map(Decimal, ("1295.8704", "14.620", "1.080", "1.900", "412"))) == Decimal("2.92552516")
    says("R26", "1,328.39592516", "1,295.8704", "14.620", "1.080", "1.900", "412", "2.92552516 t")
    books(campaign(SMELTER, "urn:next", [], [in_process("wip_open", "urn:campaign", cu="412.000")[1]]))
    assert legs(books) == {"WIP(urn:campaign)": -412 * T, "WIP(urn:next)": 412 * T}
    says("R25", "412 t", "-412", "+412")


def test_r27_waiting() -> None:
    """R27: closed while an input is parked; then it posts, and the balance is judged."""
    books = Books()
    late = add("z", "10", A, cu="30")
    books(add("x", "10", A, cu="30"))
    books(campaign(A, "urn:c", [item("input", "x", "10")], []), campaign(A, "urn:c", [item("input", "z", "10")], []))
    books(campaign(A, "urn:c", [item("output", "k", "9", cu="100")], [], campaign_close=True))
    assert books.open() == {"PHANTOM_STOCK"}
    books(late)
    assert books.open() == {"IMPOSSIBLE"}
    says("R27", "9 t", "6 t")


# -- 6. moves between sites -------------------------------------------------------------------------------------------


def test_r28_r30_r33_ship_and_receive() -> None:
    """R28, R30, R33: 2,000 t of K1 leave, 517.5 t Cu come."""
    books = copper()
    sent = next(o for o in books.outcomes if o.kind == "ship")
    assert {p.account: p.amount_mg for p in sent.postings} == {"STOCK(A)": -518_700_000_000, "TRANSIT(C-A A)": 518_700_000_000}
    came = next(o for o in books.outcomes if o.kind == "receive")
    assert {p.account: p.amount_mg for p in came.postings} == {
        "STOCK(A)": 517_504_117_600,
        "TRANSIT_VAR": 1_195_882_400,
        "CUSTODY(C-A A)": -518_700_000_000,
    }
    told = next(o for o in books.outcomes if o.kind == "answer")
    assert {p.account: p.amount_mg for p in told.postings} == {
        "TRANSIT(C-A A)": -518_700_000_000,
        "CUSTODY(C-A A)": 518_700_000_000,
    }
    assert books.balance(SMELTER, "CUSTODY(C-A A)") == -518_700_000_000
    says("R28", 518_700_000_000)
    says("R30", 518_700_000_000, 517_504_117_600, 1_195_882_400)
    says("R33", "518.7 t", "-518.7", "+518.7")


def test_r29_offer_and_receipt_commute() -> None:
    """R29: the receipt of S1 before its offer."""
    first = Books()
    got = receive("A", "1996", SMELTER, consignment_id="c", receipt="final", moisture="8.90", cu="28.46")
    sent = ship("A", "2000", MINE, SMELTER, consignment_id="c", mass_basis="wet")
    made = add("A", "2000", MINE, moisture="9", cu="28.5")
    first(got)
    assert (first.balance(SMELTER, "CUSTODY(c A)"), first.open()) == (-517_504_117_600, {"UNMATCHED"})
    first(made, sent)
    assert (first.balance(SMELTER, "CUSTODY(c A)"), first.balance(SMELTER, "TRANSIT_VAR")) == (-518_700_000_000, 1_195_882_400)
    second = Books()
    second(made, sent, got)
    assert (first.fold.accounts(), first.open()) == (second.fold.accounts(), second.open())
    says("R29", "517.5041176 t", "-517.5041176", "518.7", "-518.7", "+1.1958824")


def sent(mass: str, grade: str = "100", **more: Any) -> Books:
    books = Books()
    books(add("x", mass, A, cu=grade, **more), ship("x", mass, A, B, consignment_id="c"))
    return books


def test_r31_partial_and_final() -> None:
    """R31: 948 of 980 kg."""
    books = sent("0.980")
    books(receive("x", "948", B, uom="KGM", consignment_id="c"))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(B, "TRANSIT_VAR")) == (32_000_000, 0)
    says("R31", "948 of 980 kg", "32 kg")


def test_r32_after_the_final_one() -> None:
    """R32: a second receipt of 10 t."""
    books = sent("10")
    books(receive("x", "10", B, consignment_id="c"))
    (again,) = books(receive("x", "10", B, consignment_id="c"))
    assert (codes([again]), again.postings) == (["ALREADY_RESOLVED"], [])
    says("R32", "10 t", "0 mg")


def test_r34_elements_of_two_books() -> None:
    """R34: Ni and Co are offered, the receiver's book has Ni: 5 kg Co."""
    books = Books(**{B: SiteBook(elements=["Ni"])})
    books(
        add("x", "0.1", A, ni="20", co="5"),
        ship("x", "0.1", A, B, consignment_id="c"),
        receive("x", "0.1", B, consignment_id="c"),
    )
    assert [books.balance(B, account, "Co") for account in ("CUSTODY(c x)", "SINK(untracked)")] == [-5_000_000, 5_000_000]
    says("R34", "-5 kg Co", "+5 kg Co")


def test_r35_transit_findings() -> None:
    """R35: what 105 t and 95 t of 100 t say, u 0.3 t together."""
    for mass, code in (("105", "TRANSIT_GAIN"), ("95", "TRANSIT_LOSS")):
        books = sent("100", mass_uncertainty_percent=Decimal("0.3"))
        books(receive("x", mass, B, consignment_id="c", receipt="final", cu="100", mass_uncertainty_percent=Decimal("0.000001")))
        assert books.open() == {code}
    says("R35", "105 t", "95 t", "0.3 t")


def test_r36_r37_void_by_asking() -> None:
    """R36: of 10 t wet 4 t came, 5.52 t dry come back. R37: of 10 t that came after the question nothing posts."""
    books = shipped("10")
    books(receive("x", "4", B, consignment_id="c", moisture="8", cu="10"))
    before = x(books)
    books(void("x"))
    assert (x(books)[1] - before[1], x(books)[2] - before[2]) == (5_520_000_000, 552_000_000)
    assert [books.balance(s, "CUSTODY(c x)") for s in (A, B)] == [368_000_000, -368_000_000]
    says("R36", "5.52 t", 552_000_000, 368_000_000)
    books = shipped("10")
    books(void("x"))
    (late,) = books(receive("x", "10", B, consignment_id="c", moisture="8", cu="10"))
    assert (codes([late]), late.postings) == (["ALREADY_RESOLVED"], [])
    says("R37", "10 t", "0 mg")


def test_r39_two_sources() -> None:
    """R39: the carrier says 9.9 t, the MES, which counts, 10 t."""
    books = Books(**{A: SiteBook(counting_source="mes")})
    books(add("x", "100", A, cu="10"))
    books(ship("x", "9.9", A, B, consignment_id="c"), source="carrier")
    (mes, *_) = books(ship("x", "10", A, B, consignment_id="c"), source="mes")
    assert [p.amount_mg for p in mes.postings if p.account == "TRANSIT(c x)"] == [-990_000_000, T]
    says("R39", -990_000_000, T)

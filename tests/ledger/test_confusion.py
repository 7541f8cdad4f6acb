"""F14 UNIT_BASIS and F15 UNIT_SUSPECT: what was received against what was sent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import confusion
from lodestream.ledger.moving import Receipt
from lodestream.ledger.records import Finding, Parcel
from lodestream.ledger.values import Judged
from lodestream.measures import Line
from tests.ledger.making import Books, add, codes, declared, receive, ship

M2, R = "urn:site:m2", "urn:site:r"
WET = {"moisture": "8.00"}


def moved(sent: str, came: str, at_sender: dict[str, str], at_receiver: dict[str, str]) -> Books:
    """One lot from M2 to R, received in full."""
    books = Books()
    books(add("C", sent, M2, cu="30.20", **at_sender), ship("C", sent, M2, R, consignment_id="C-C", **at_sender))
    books(receive("C", came, R, consignment_id="C-C", receipt="final", cu="30.20", **at_receiver))
    return books


def said(books: Books, code: str) -> list[Finding]:
    return [f for _, f in books.fold.open_findings() if f.code == code]


# -- worked examples ----------------------------------------------------------------------------------------------


def test_scenario_f1b_a_wet_mass_booked_as_dry() -> None:
    """1,500 wet t at 8 % booked as 1,500 dry t: 453.000 t Cu instead of 416.760, +36.240; 108.6957 % = 1/(1-0.08)."""
    books = moved("1500", "1500", WET, {})
    (finding,) = said(books, "UNIT_BASIS")
    assert finding.severity == "hold"
    assert finding.arithmetic == (
        "dry: received 1,500,000 kg / shipped 1,380,000 kg = 1.086957, "
        "within 0.2 % of 1/(1-M) = 1.086957, M = 8 % by the sender: a wet mass taken for a dry one?"
    )
    assert (books.balance(R, "STOCK(C)"), books.balance(R, "TRANSIT_VAR")) == (453_000_000_000, -36_240_000_000)
    assert books.open() == {"UNIT_BASIS", "TRANSIT_GAIN"}


def test_the_sender_may_be_the_one() -> None:
    """Sent as 1,500 dry t, weighed there as 1,500 wet t at 8 %: 1,380 / 1,500 = 0.92 = 1 - M."""
    books = moved("1500", "1500", {}, WET)
    (finding,) = said(books, "UNIT_BASIS")
    assert "= 0.92, within 0.2 % of (1-M) = 0.92, M = 8 % by the receiver" in finding.arithmetic
    assert books.open() == {"UNIT_BASIS", "TRANSIT_LOSS"}


def test_the_edge_of_two_per_mille() -> None:
    """1/(1-0.08) x 1.002 = 1.0891304 of 1,380 t is 1,503 t."""
    assert said(moved("1500", "1503", WET, {}), "UNIT_BASIS")
    assert not said(moved("1500", "1503.001", WET, {}), "UNIT_BASIS")


def test_a_moisture_that_two_scales_can_differ_by_is_no_confusion() -> None:
    """At 0.5 % moisture 1/(1-M) is 1.005, and u of the ratio is 0.2 %."""
    assert said(moved("1500", "1500", {"moisture": "0.5"}, {}), "UNIT_BASIS") == []
    assert said(moved("1500", "1500", {"moisture": "2"}, {}), "UNIT_BASIS")


@pytest.mark.parametrize(
    ("came", "name"),
    [
        ("1500000", "a thousandfold unit"),
        ("1.5", "a thousandfold unit"),
        ("1360.77711", "short ton"),
        ("1653.46693", "short ton"),
        ("1524.07034", "long ton"),
        ("3306.93393", "pound"),
        ("680.388555", "pound"),
        ("46655.2152", "troy ounce"),
        ("48.2261", "troy ounce"),
    ],
)
def test_units(came: str, name: str) -> None:
    (finding,) = said(moved("1500", came, {}, {}), "UNIT_SUSPECT")
    assert name in finding.arithmetic
    assert finding.severity == "hold"


def test_a_long_ton_the_other_way_is_a_common_loss() -> None:
    """1 / 1.016047 of 1,500 t is 1,476.3 t: 1.58 % are gone, which two assays at 30 % can differ by."""
    assert moved("1500", "1476.3", {}, {}).open() == set()


@pytest.mark.parametrize(
    ("grade", "name"),
    [("38.748", "Li2O and Li mixed"), ("95.819", "Li2CO3 and Li mixed"), ("15.847", "LiOH.H2O and Li2CO3"), ("18.2", None)],
)
def test_compounds_of_lithium(grade: str, name: str | None) -> None:
    """Sent with 18 % Li: x 2.1527 is Li2O, x 5.3233 is LCE, x 0.8804 the monohydrate read as carbonate."""
    books = Books()
    books(add("S", "100", M2, li="18"), ship("S", "100", M2, R, consignment_id="c"))
    books(receive("S", "100", R, consignment_id="c", receipt="final", li=grade))
    found = said(books, "UNIT_SUSPECT")
    assert [name in f.arithmetic for f in found] == ([True] if name else [])


def lithium(*receipts: dict[str, str]) -> list[Finding]:
    """100 t with 18 % Li, received in equal parts."""
    books = Books()
    books(add("S", "100", M2, li="18"), ship("S", "100", M2, R, consignment_id="c"))
    for one in receipts:
        books(receive("S", str(100 // len(receipts)), R, consignment_id="c", **one))
    return said(books, "UNIT_SUSPECT")


def test_lithium_of_a_poor_assay_is_not_judged_nor_where_a_part_has_none() -> None:
    poor = Books()
    poor(add("S", "100", M2, li="0.6"), ship("S", "100", M2, R, consignment_id="c"))
    poor(receive("S", "100", R, consignment_id="c", receipt="final", li="0.52826"))
    assert said(poor, "UNIT_SUSPECT") == [], "0.8804, and u is 0.10 points of 0.6 %"
    assert len(lithium({"li": "38.748"}, {"li": "38.748"})) == 1
    assert lithium({"li": "77.496"}, {"li": "0"}) == [], "a part without lithium is another question"


def test_a_poor_scale_cannot_tell_a_confusion() -> None:
    """1.087 is within 3u of 1 where the receiver's mass has u = 5 %; with 2 % it is not."""
    for u, found in (("5", 0), ("2", 1)):
        books = Books()
        books(add("C", "1500", M2, cu="30.20", **WET), ship("C", "1500", M2, R, consignment_id="c", **WET))
        poor = {"receipt": "final", "cu": "30.20", "mass_uncertainty_percent": Decimal(u)}
        books(receive("C", "1500", R, consignment_id="c", **poor))
        assert len(said(books, "UNIT_BASIS")) == found


def test_it_ends_with_the_receipt_and_with_the_shipment() -> None:
    books = Books()
    books(add("C", "1500", M2, cu="30.20", **WET))
    sent = ship("C", "1500", M2, R, consignment_id="c", **WET)
    wrong = receive("C", "1500", R, consignment_id="c", receipt="final", cu="30.20")
    books(sent, wrong)
    assert "UNIT_BASIS" in books.open()
    assert "UNIT_BASIS" in codes(books(declared(wrong)), "superseded")
    assert books.open() == set()
    books(receive("C", "1500", R, consignment_id="c", receipt="final", cu="30.20", **WET))
    assert books.open() == set()
    again = receive("C", "1500", R, consignment_id="c2", receipt="final", cu="30.20")
    other = ship("C", "1400", M2, R, consignment_id="c2", **WET)
    books(declared(sent), other, again)
    assert said(books, "UNIT_BASIS") == [], "1,500 / 1,288 is no 1.087"


def test_a_partial_receipt_is_not_judged_yet() -> None:
    books = Books()
    books(add("C", "1500", M2, cu="30.20", **WET), ship("C", "1500", M2, R, consignment_id="c", **WET))
    books(receive("C", "1.38", R, consignment_id="c", cu="30.20"))
    assert said(books, "UNIT_SUSPECT") == []
    books(receive("C", "1378.62", R, consignment_id="c", cu="30.20"))
    assert books.open() == set()


# -- properties ---------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    tonnes=st.integers(10, 100_000),
    moisture=st.integers(0, 60),
    wet_error=st.integers(-100, 100),
    moisture_error=st.integers(-100, 100),
    dried=st.booleans(),
)
def test_two_honest_scales_confuse_nothing(tonnes: int, moisture: int, wet_error: int, moisture_error: int, dried: bool) -> None:
    """The receiver's mass within 2u (0.2 %), its moisture within 2u (0.3 points); a lot may lose half its water on the way."""
    true = Decimal(moisture) / (2 if dried else 1)
    dry = tonnes * (100 - Decimal(moisture)) / 100
    wet = dry / (100 - true) * 100 * (1 + Decimal(wet_error) / 50_000)
    seen = max(Decimal(0), true + Decimal(moisture_error) * 3 / 1000)
    books = moved(str(tonnes), f"{wet:.6f}", {"moisture": str(moisture)}, {"moisture": f"{seen:.4f}"})
    assert not books.open() & {"UNIT_BASIS", "UNIT_SUSPECT"}


@settings(max_examples=60, deadline=None)
@given(tonnes=st.integers(10, 100_000), permille=st.integers(20, 600))
def test_a_confused_basis_is_always_found(tonnes: int, permille: int) -> None:
    moisture = {"moisture": str(Decimal(permille) / 10)}
    assert said(moved(str(tonnes), str(tonnes), moisture, {}), "UNIT_BASIS")
    assert said(moved(str(tonnes), str(tonnes), {}, moisture), "UNIT_BASIS")


@given(
    n=st.integers(1, 10**18),
    d=st.integers(1, 10**18),
    target=st.sampled_from([t for _, t in confusion.MASS_UNITS]),
    per=st.integers(1, 9),
)
def test_near_is_what_fractions_say(n: int, d: int, target: tuple[int, int], per: int) -> None:
    expected = abs(Fraction(n, d) / Fraction(*target) - 1) <= Fraction(per, 1000)
    assert confusion.near((n, d), target, (per, 1000)) == expected
    assert confusion.near(target, target, (per, 1000))


def test_the_tables_are_exact_definitions() -> None:
    """A pound is 0.45359237 kg, a short ton 2000 of them, a long ton 2240, a troy ounce 31.1034768 g."""
    pound, ounce = Fraction("0.45359237"), Fraction("31.1034768")
    li2o, lce, hydroxide = Fraction("0.464540"), Fraction("0.187852"), Fraction("0.165388")
    assert [Fraction(*ratio) for _, ratio in confusion.MASS_UNITS] == [
        1000,
        Fraction(1, 1000),
        2 * pound,
        1 / (2 * pound),
        Fraction(2240) * pound / 1000,
        1 / pound,
        pound,
        ounce,
        1 / ounce,
    ]
    assert [Fraction(*ratio) for _, ratio in confusion.LITHIUM] == [
        1 / li2o,
        li2o,
        1 / lce,
        lce,
        hydroxide / lce,
        lce / hydroxide,
    ]
    names = ["a thousandfold unit (kg, t)"] * 2 + ["short ton and tonne"] * 2 + ["long ton and tonne"]
    names += ["pound and kilogram"] * 2 + ["troy ounce and gram"] * 2
    assert [name for name, _ in confusion.MASS_UNITS] == names
    names = ["Li2O and Li"] * 2 + ["Li2CO3 and Li"] * 2 + ["LiOH.H2O and Li2CO3"] * 2
    assert [name for name, _ in confusion.LITHIUM] == names
    assert (Fraction(*confusion.BASIS_WITHIN), Fraction(*confusion.UNIT_WITHIN)) == (Fraction(2, 1000), Fraction(5, 1000))


# -- one pair ---------------------------------------------------------------------------------------------------------


def got(dry: int, wet: int, li: int = 0, u_dry: int = 0, u: int = 0, moist: bool = True) -> Judged:
    """A final receipt in mg; where `moist`, its item states a moisture."""
    material = Material("object", "x", moisture_percent=Decimal(8) if moist else None)
    receipt = Receipt("r", "local", True, 0, Line("object", "x", material=material), "", True, 0)
    return Judged(receipt, wet, dry, {"Li": li}, {"Li": u}, u_dry, refused=False, known=True)


def offered(dry: int, wet: int, li: int = 0, u: int = 0) -> Parcel:
    return Parcel("x", 1, dry, wet, True, {"Li": li} if li else {}, {"Li": u} if u else {}, 0)


def found(offer: Parcel, *taken: Judged) -> list[tuple[str, tuple[str, ...]]]:
    said = confusion.said("c", "x", offer, list(taken))
    assert all(list(one.lots) == ["x"] for one in said)
    return [(one.code, tuple(one.inputs)) for one in said]


BASIS, UNIT = ("UNIT_BASIS", ("c", "x")), ("UNIT_SUSPECT", ("c", "x", "dry"))
LI = ("UNIT_SUSPECT", ("c", "x", "Li"))


def test_the_ids_of_what_is_confused() -> None:
    assert found(offered(920_000, 1_000_000), got(1_000_000, 1_000_000, moist=False)) == [BASIS]
    assert found(offered(1_000_000, 1_000_000), got(1_000, 1_000)) == [UNIT]
    assert found(offered(1_000_000, 1_000_000, 464_540), got(1_000_000, 1_000_000, 1_000_000)) == [LI]
    assert found(offered(1_000_000, 1_000_000, 464_540), got(1_000, 1_000, 1_000_000)) == [UNIT, LI]


def test_a_milligram_is_a_mass() -> None:
    assert found(offered(1, 1), got(1_000, 1_000)) == [UNIT]
    assert found(offered(1_000, 1_000), got(1, 1)) == [UNIT]
    none = replace(got(500_000, 500_000), got_mg={})
    assert found(offered(1_000_000, 1_000_000, 464_540), got(500_000, 500_000, 999_999), none) == []


def test_what_is_not_stated_is_sure() -> None:
    """15 mg Li of 17 are the ratio of the hydroxide; where neither side states an uncertainty, 2 mg are a difference."""
    sure = replace(got(1_000_000, 1_000_000, 15), u_mg={})
    assert found(offered(1_000_000, 1_000_000, 17), sure) == [LI]
    assert found(offered(1_000_000, 1_000_000, 17), got(1_000_000, 1_000_000, 15, u=1)) == []
    assert found(offered(1_000_000, 1_000_000, 17, u=1), sure) == []
    assert confusion._u_sent(offered(400, 400)) == 0


def test_a_moisture_is_the_receivers_where_it_states_one() -> None:
    """920 of 1000 is 1 - 8 %; where the 8 % are not the receiver's own words, they explain nothing."""
    sent = offered(1_000_000, 1_000_000)
    (one,) = confusion.said("c", "x", sent, [got(920_000, 1_000_000)])
    assert "M = 8 % by the receiver: a wet mass" in one.arithmetic
    assert found(sent, got(920_000, 1_000_000, moist=False)) == []
    assert (
        found(sent, replace(got(920_000, 1_000_000), receipt=Receipt("r", "s", True, 0, Line("object", "x"), "", True, 0))) == []
    )
    assert found(offered(1, 2), got(2, 2, moist=False)) == [BASIS]


def test_a_difference_of_three_u_is_none() -> None:
    """1000 t were sent as 1000 t dry, u 1 t by its scale: 3u are 3 t where the receiver weighs exactly, to the mg."""
    t = 10**9
    sent, moisture = offered(1_000 * t, 1_000 * t), 12 * t
    assert confusion._u_sent(sent) == t
    assert confusion._u_sent(offered(1_000 * t, 1_010 * t)) == 1_815_275_461, "with a moisture, 0.15 points of the wet mass too"
    wide = got(1_000 * t, 1_000 * t + moisture)
    assert not confusion._differs(1_000, 0, 1_000, 0)
    assert confusion._differs(1_001, 0, 1_000, 0)
    assert [confusion._differs(came, 10, 1_000, 0) for came in (970, 969, 1_030, 1_031)] == [False, True, False, True]
    assert [confusion._differs(came, 0, 1_000, 10) for came in (970, 971, 1_030, 1_031)] == [True, False, False, True]
    assert [confusion._differs(1_000 + d, 30, 1_000, 40) for d in (158, 159, 160, 161, 170)] == [False, False, False, False, True]
    assert found(sent, wide) == []


def test_several_receipts_are_one_parcel() -> None:
    """Their masses add up, their uncertainties by squares: 30 and 40 are 50, and 3u of 1000 are 150."""
    halves = [got(500, 540, u_dry=30), got(500, 540, u_dry=40)]
    assert found(offered(920, 920), *halves) == []
    sure = [got(500_000, 540_000, u_dry=30), got(420_000, 460_000, u_dry=40)]
    assert found(offered(1_000_000, 1_000_000), *sure) == [BASIS], "0.92 of what was sent: the receivers' 920 of 1000"


def test_lithium_is_judged_where_all_of_it_is_known() -> None:
    sent = offered(1_000_000, 1_000_000, 464_540)
    assert found(sent, got(500_000, 500_000, 600_000), got(500_000, 500_000, 400_000)) == [LI]
    assert found(sent, got(500_000, 500_000, 1_000_000), got(500_000, 500_000, 0)) == []
    assert found(offered(1_000_000, 1_000_000), got(1_000_000, 1_000_000, 1_000_000)) == []
    assert found(sent, got(1_000_000, 1_000_000, 1_000_000, u=200_000)) == [], "|2.1527 - 1| is within 3u, 1.29"
    assert found(offered(1_000_000, 1_000_000, 464_540, u=85_000), got(1_000_000, 1_000_000, 1_000_000)) == []
    assert found(offered(1_000_000, 1_000_000, 464_540, u=82_000), got(1_000_000, 1_000_000, 1_000_000)) == [LI]


def test_nothing_is_said_of_what_has_no_mass() -> None:
    offer = Parcel("x", 1, 100, 110, True, {}, {}, 0)
    assert confusion.said("c", "x", offer, []) == []
    assert confusion.said("c", "x", replace(offer, dry_mg=0), []) == []

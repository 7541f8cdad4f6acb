"""Article 8: S4's active material against the minimums of 2031 and 2036, one element at a time."""

from lodestream.claims.article8 import report
from lodestream.claims.recycled import Output
from tests.claims.making import KG, profile

EOL, MFG, PRIMARY, AROUND = "ZZ - end_of_life -", "ZZ - manufacturing_waste -", "ID - mine -", "ID - run_around -"
PCAM = {
    "Ni": {EOL: 11_584_786_269, MFG: 4_964_908_401, PRIMARY: 30_186_305_330},
    "Co": {EOL: 2_891_594_686, MFG: 1_239_254_865, PRIMARY: 1_738_750_449},
    "Mn": {EOL: KG},
}
RULES = profile("eu-battery-art8")


def test_s4() -> None:
    cobalt, nickel = report(RULES, [Output("plant", 2036, "pCAM", True, PCAM)])
    assert (nickel.element, nickel.total_mg, nickel.recycled_percent) == ("Ni", 46_736 * KG, "35.411021")
    assert (nickel.end_of_life_percent, nickel.manufacturing_waste_percent) == ("24.787715", "10.623306")
    assert (cobalt.total_mg, cobalt.recycled_percent) == (5_869_600_000, "70.37702")
    assert [(c.from_year, c.minimum_percent, c.met) for c in nickel.checks] == [(2031, "6", True), (2036, "15", True)]
    assert [(c.from_year, c.minimum_percent, c.met) for c in cobalt.checks] == [(2031, "16", True), (2036, "26", True)]
    assert nickel.checks[1].arithmetic == "16,549.69467 kg of 46,736 kg Ni = 35.411021 % >= 15 % from 2036"
    assert nickel.method == "eu-battery-art8@2023-1542-1 physical-proportional-1"


def test_a_year_and_a_plant_stand_for_themselves_and_lots_add_up_in_mg() -> None:
    lots = [
        Output("a", 2031, "1", True, {"Li": {EOL: 5 * KG, PRIMARY: 95 * KG}}),
        Output("a", 2031, "2", True, {"Li": {MFG: 7 * KG, PRIMARY: 93 * KG}}),
        Output("a", 2032, "3", True, {"Li": {PRIMARY: KG}}),
        Output("b", 2031, "4", True, {"Li": {EOL: KG}}),
    ]
    found = report(RULES, reversed(lots))
    assert [(one.plant, one.year, one.recycled_percent, one.lots) for one in found] == [
        ("a", 2031, "6", 2),
        ("a", 2032, "0", 1),
        ("b", 2031, "100", 1),
    ]
    assert [check.met for check in found[0].checks] == [True, False]
    assert [check.met for check in found[1].checks] == [False, False]


def test_run_around_is_apart_and_what_is_unknown_is_primary() -> None:
    [one] = report(RULES, [Output("a", 2031, "1", True, {"Ni": {AROUND: 60 * KG, "ZZ - - -": 30 * KG, EOL: 10 * KG}})])
    assert (one.run_around_mg, one.unknown_mg, one.end_of_life_mg) == (60 * KG, 30 * KG, 10 * KG)
    assert one.recycled_percent == "10"


def test_only_active_material_counts_except_for_lead() -> None:
    found = report(RULES, [Output("a", 2031, "casing", False, {"Ni": {EOL: KG}, "Pb": {EOL: 85 * KG, PRIMARY: 15 * KG}})])
    assert [(one.element, one.recycled_percent, one.checks[0].met) for one in found] == [("Pb", "85", True)]

"""The factors of the stoichiometric table, computed again from formulas and atomic weights; the lines of an event."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from lodestream.epcis.event import Assay, Event, Material, Quantity
from lodestream.measures import lines
from lodestream.measures.stoichiometry import FACTORS, element_of, upper_bound

# IUPAC standard atomic weights 2021; the conventional value for H, Li, B, C, O, Mg, Si, S, Cl and Pb.
_PRINTED = """
H 1.008  Li 6.94  Be 9.0121831  B 10.81  C 12.011  O 15.999  F 18.998403162  Na 22.98976928  Mg 24.305
Al 26.9815384  Si 28.085  P 30.973761998  S 32.06  Cl 35.45  K 39.0983  Ca 40.078  Sc 44.955907  Ti 47.867
V 50.9415  Cr 51.9961  Mn 54.938043  Fe 55.845  Co 58.933194  Ni 58.6934  Cu 63.546  Zn 65.38  Ga 69.723
Ge 72.630  As 74.921595  Sr 87.62  Y 88.905838  Zr 91.224  Nb 92.90637  Mo 95.95  Sn 118.710  Sb 121.760
Ba 137.327  La 138.90547  Ce 140.116  Pr 140.90766  Nd 144.242  Sm 150.36  Eu 151.964  Gd 157.25
Tb 158.925354  Dy 162.500  Ho 164.930329  Er 167.259  Tm 168.934219  Yb 173.045  Lu 174.9668  Hf 178.486
Ta 180.94788  W 183.84  Pb 207.2  Bi 208.98040
"""
WEIGHTS = _PRINTED.split()
WEIGHT = {symbol: Fraction(weight) for symbol, weight in zip(WEIGHTS[::2], WEIGHTS[1::2], strict=True)}


def atoms(formula: str) -> dict[str, int]:
    """Atoms by element; brackets and the dots of a hydrate as in "CoSO4.7H2O"."""
    total: dict[str, int] = {}
    for part in formula.split("."):
        factor, body = re.fullmatch(r"(\d*)(.+)", part).groups()  # type: ignore[union-attr]
        body = re.sub(r"\(([A-Za-z0-9]+)\)(\d+)", lambda group: group[1] * int(group[2]), body)
        for symbol, count in re.findall(r"([A-Z][a-z]?)(\d*)", body):
            total[symbol] = total.get(symbol, 0) + int(count or 1) * int(factor or 1)
    return total


@pytest.mark.parametrize("compound", FACTORS)
def test_factor(compound: str) -> None:
    element, (n, d) = FACTORS[compound]
    content = atoms(compound)
    exact = content[element] * WEIGHT[element] / sum(WEIGHT[symbol] * count for symbol, count in content.items())
    assert (n, d) == (round(exact * 10**6), 10**6)


def test_factors_of_the_reference() -> None:
    """mass-balance 2.2."""
    printed = {
        "Li2O": "0.464540", "LiOH.H2O": "0.165388", "LiOH": "0.289807", "Li2CO3": "0.187852", "CoSO4.7H2O": "0.209656",
        "Co(OH)2": "0.634050", "NiSO4.6H2O": "0.223305", "MnSO4.H2O": "0.325060", "Nd2O3": "0.857356", "Pr6O11": "0.827704",
    }  # fmt: skip
    assert {compound: Fraction(*FACTORS[compound][1]) for compound in printed} == {c: Fraction(f) for c, f in printed.items()}


def test_what_a_substance_is() -> None:
    assert element_of("Cu") == ("Cu", (1, 1))
    assert element_of("LiOH * H2O") == element_of("LiOH\u00b7H2O") == FACTORS["LiOH.H2O"]
    assert element_of("Xx") is None
    assert upper_bound("Cu", "Cu") == (1, 1)
    assert upper_bound("NiSO4.6H2O", "Co") is None


def event(**fields: object) -> Event:
    return Event("ObjectEvent", "ni:///sha-256;00?ver=CBV2.0", "00", 0, "+00:00", **fields)  # type: ignore[arg-type]


def test_lines_join_lots_with_their_items() -> None:
    fed, made = Material(role="input", id="ore"), Material(role="output", id="conc")
    found = lines(
        event(
            input_quantities=[Quantity("ore", Decimal(10), "TNE"), Quantity("lime", Decimal(1), "TNE")],
            output_quantities=[Quantity("conc", Decimal(3), "TNE")],
            output_epcs=["drum"],
            materials=[made, fed, Material(role="output", id="ore")],
        )
    )
    assert [(line.role, line.id, line.instance) for line in found] == [
        ("input", "ore", False),
        ("input", "lime", False),
        ("output", "conc", False),
        ("output", "drum", True),
    ]
    assert [line.material for line in found] == [fed, None, made, None]


def test_entries_of_one_class_are_one_line() -> None:
    bags, weight = Quantity("lot", Decimal(20), None), Quantity("lot", Decimal(10), "TNE")
    (found,) = lines(event(quantities=[bags, weight, Quantity("lot", Decimal(5), "TNE")]))
    assert (found.quantity, found.uom) == (Decimal(15), "TNE")
    item = Material(role="object", id="lot", mass=Decimal(9))
    tonnes, kilograms = lines(event(quantities=[weight, Quantity("lot", Decimal(5), "KGM")], materials=[item]))
    assert (tonnes.material, kilograms.material, kilograms.quantity) == (item, None, Decimal(5))


def test_the_contents_of_an_aggregation() -> None:
    found = lines(event(parent_id="pallet", child_quantities=[Quantity("lot", Decimal(1), "TNE")], child_epcs=["bag"]))
    assert [(line.role, line.id) for line in found] == [("object", "lot"), ("object", "bag")]


def test_a_sensor_speaks_of_one_lot_only() -> None:
    reading, own = Assay("Cu", Decimal(28), "P1"), Assay("Cu", Decimal(29), "P1")
    one = [Quantity("lot", Decimal(1), "TNE")]
    (alone,) = lines(event(quantities=one, sensor_assays=[reading]))
    assert alone.material == Material(role="object", id="lot", assays=[reading])
    (item,) = lines(event(quantities=one, sensor_assays=[reading], materials=[Material(role="object", id="lot", assays=[own])]))
    assert item.material is not None
    assert item.material.assays == [own]
    both = lines(event(quantities=one, epcs=["other"], sensor_assays=[reading]))
    assert [line.material for line in both] == [None, None]

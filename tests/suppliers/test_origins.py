"""Origins from a passport's materials: never more than is stated, whatever it states."""

from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.credentials.errors import CredentialError
from lodestream.supplied.origins import embodied_g, origins
from lodestream.supplied.passports import passport_of
from lodestream.supplied.values import Passport, Provenance
from tests.suppliers.supplying import SOURCES, dpp, material, passport

NOTHING: list[str] = []


def made(*materials: dict[str, Any], fractions: dict[str, Decimal] | None = None, schemes: list[str] = NOTHING) -> list[Any]:
    told = passport_of(dpp(passport(*materials)))
    return [tuple(one.values()) for one in origins(told, fractions or {}, schemes)]


def test_two_sources_of_copper() -> None:
    assert made(*SOURCES) == [("0.12", "JP", "Cu", "scrap"), ("0.88", "ZM", "Cu", "mine")]


def test_what_is_not_traced_is_of_unknown_origin() -> None:
    assert made(material("Copper", "ZM", "0.6")) == [("0.6", "ZM", "Cu"), ("0.4", "ZZ", "Cu")]


def test_a_grade_beyond_the_materials_is_of_unknown_origin() -> None:
    """5 % of cobalt sulphate explains no 7 % of cobalt; a material that is named for nothing may be the rest of it."""
    cobalt, other = Provenance(Decimal("0.05"), "Co", "CD"), Provenance(Decimal("0.85"), None, "DE")
    nickel = Provenance(Decimal("0.1"), "Ni", "ID")
    assert of_cobalt(cobalt, other, nickel) == [("0.05", "CD"), ("0.85", "DE")]
    assert of_cobalt(cobalt, replace(nickel, fraction=Decimal("0.95"))) == [("0.05", "CD"), ("0.02", "ZZ")]


def of_cobalt(*materials: Provenance) -> list[tuple[str, str]]:
    found = origins(Passport("p", "l", "f", "{}", materials=list(materials)), {"Co": Decimal("0.07")}, [])
    return [(one["crm:parts"], one["crm:country"]) for one in found if one.get("crm:element") == "Co"]


def test_half_recycled_is_of_two_classes_and_not_said_is_of_none() -> None:
    assert made(material("Copper", "AU", "1", "0.5")) == [("0.5", "AU", "Cu", "mine"), ("0.5", "AU", "Cu", "scrap")]
    assert made(material("Copper", "AU", "1")) == [("1", "AU", "Cu")]


def test_schemes_are_on_what_is_traced_alone() -> None:
    found = made(material("Copper", "ZM", "0.6"), schemes=["copper-mark"])
    assert found == [("0.6", "ZM", "Cu", ["copper-mark"]), ("0.4", "ZZ", "Cu")]


def test_countries_that_are_no_codes_are_unknown() -> None:
    assert made(material("Copper", "Zambia", "1")) == [("1", "ZZ", "Cu")]
    assert made(material("Copper", "ZZ", "1")) == [("1", "ZZ", "Cu")]


NAMED = [("Copper concentrate", "Cu"), ("Cu cathode", "Cu"), ("Spodumene", None), ("Copper-cobalt ore", None), ("Tin", "Sn")]


@pytest.mark.parametrize(("name", "element"), NAMED)
def test_what_a_material_is_named_for(name: str, element: str | None) -> None:
    (only,) = passport_of(dpp(passport(material(name, "ZM", "1")))).materials
    assert only.element == element


def test_more_than_the_whole_is_refused() -> None:
    with pytest.raises(CredentialError) as refused:
        passport_of(dpp(passport(material("Copper", "ZM", "0.7"), material("Copper", "CL", "0.4"))))
    assert refused.value.code == "PROVENANCE"


fractions = st.decimals(0, 1, places=6)


materials = st.builds(
    Provenance,
    fraction=fractions,
    element=st.sampled_from(["Cu", "Co", None]),
    country=st.sampled_from(["ZM", "CL", None]),
    recycled=st.none() | fractions,
)


@given(st.lists(materials, max_size=5), fractions)
def test_no_country_has_more_than_is_stated(told: list[Provenance], grade: Decimal) -> None:
    """The weight of a country is what the materials that may be the element's state; all weights are the grade, or more."""
    whole = max(sum((one.fraction for one in told), Decimal(0)), Decimal(1))
    told = [replace(one, fraction=(one.fraction / whole).quantize(Decimal("0.000001"), ROUND_DOWN)) for one in told]
    found = origins(Passport("p", "l", "f", "{}", materials=told), {"Cu": grade}, [])
    for element in {one.get("crm:element") for one in found}:
        own = [one for one in found if one.get("crm:element") == element]
        stated = [one for one in told if one.element in (element, None)]
        for country in ("ZM", "CL"):
            weight = sum(Decimal(one["crm:parts"]) for one in own if one["crm:country"] == country)
            assert weight == sum(one.fraction for one in stated if one.country == country)
        if element == "Cu":
            assert sum(Decimal(one["crm:parts"]) for one in own) >= grade


def test_a_footprint_is_per_kg_and_unknown_is_not_zero() -> None:
    told = passport_of(dpp(passport(footprint="3.8")))
    assert embodied_g(told, Decimal("2000.5"), Decimal(2000)) == 7_601_900
    assert embodied_g(passport_of(dpp(passport(footprint=None))), Decimal(1), Decimal(1)) is None
    assert embodied_g(passport_of(dpp(passport(footprint="0"))), Decimal(1), Decimal(1)) == 0

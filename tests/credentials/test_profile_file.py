"""The profile file: places, products and policies in TOML, and what is wrong with one."""

import re
from decimal import Decimal

import pytest

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Address, Category, FacilityProfile, ProductProfile, Scheme
from lodestream.credentials.profile_file import LARGEST, ProfileFile, parse_facility, parse_profile

TEXT = """
[organisation]
registered_id = "HRB 1"
register = { id = "https://register.example", name = "Register" }

[facilities."urn:site:a"]
name = "Mill"
country = "ZM"
address = { street = "Mine Road 1", locality = "Kitwe" }
latitude = -11.664
longitude = 27.479
passports = "made"
events = "public"

[products.cathode]
name = "Copper cathode"
categories = [{ code = "41413", name = "Refined copper", scheme = { id = "https://unstats.un.org/cpc", name = "UN CPC" } }]
"""


def test_a_file_is_read_with_exact_numbers() -> None:
    read = parse_profile(TEXT)
    register = Scheme("https://register.example", "Register")
    assert (read.organisation.registered_id, read.organisation.register) == ("HRB 1", register)
    assert read.facilities == {
        "urn:site:a": FacilityProfile(
            "Mill", "ZM", address=Address("Mine Road 1", "", "Kitwe"), latitude=Decimal("-11.664"), longitude=Decimal("27.479"),
            passports="made", events="public",
        )
    }  # fmt: skip
    cpc = Scheme("https://unstats.un.org/cpc", "UN CPC")
    assert read.products == {"cathode": ProductProfile("Copper cathode", categories=[Category("41413", "Refined copper", cpc)])}


def test_an_empty_file_is_the_discreet_default() -> None:
    assert parse_profile("") == ProfileFile()
    default = FacilityProfile()
    assert (default.passports, default.events, default.conformity, default.record, default.stocks) == (
        "shipped", "private", "public", "public", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[facilities.x]\ncuntry = 'ZM'", "unknown field `cuntry`"),
        ("[facilities.x]\ncountry = 'Zambia'", "'Zambia' of x is no ISO 3166-1"),
        ("[facilities.x]\ncountry = 'zm'", "'zm' of x is no ISO 3166-1"),
        ("[facilities.x]\nlatitude = 1.5", "x has one of latitude and longitude"),
        ("[facilities.x]\nevents = 'open'", "Invalid enum value 'open'"),
        ("[facilities.x]\nstocks = 1", "Expected `bool`, got `int`"),
        ("[products.ore]\nhazardous = true", "the product ore is hazardous and has no material_safety"),
        ("[sites]", "unknown field `sites`"),
        ("[facilities", "Expected ']'"),
        ("#" * (LARGEST + 1), "more than"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(CredentialError, match=re.escape(said)) as raised:
        parse_profile(text)
    assert raised.value.code == "PROFILE"


def test_one_facility_may_be_a_file_of_its_own() -> None:
    assert parse_facility("name = 'Mill'\ncountry = 'ZM'", "urn:x") == FacilityProfile("Mill", "ZM")
    with pytest.raises(CredentialError, match="of urn:x is no ISO"):
        parse_facility("country = 'Z'", "urn:x")

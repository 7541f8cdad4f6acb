"""The profile file: a TOML text that says how credentials tell the organisation, its places and its products.

[organisation]
registered_id = "HRB 12345"
register = { id = "https://register.example", name = "Example business register" }

[facilities."https://id.gs1.org/414/9501101530003"]     # a site or a location of the book
name = "Concentrator"                                   # without it: the book's
country = "ZM"                                          # with a name, the place gets a facility record
address = { street = "Mine Road 1", locality = "Kitwe", region = "Copperbelt", postal_code = "10101" }
latitude = -11.664                                      # degrees (WGS 84), read as exact decimals
longitude = 27.479
processes = [{ code = "07291", name = "Copper mining", scheme = { id = "https://unstats.un.org/isic", name = "ISIC" } }]
passports = "shipped"                                   # of lots that leave the site; made: of all; none
events = "private"                                      # encrypted, the lot's key opens them; public; none
conformity = "public"                                   # credentials of closed periods; private; none
record = "public"                                       # the facility record; private; none
stocks = false                                          # masses beside the variance of a period

[products.cathode]                                      # what crm:productClass says
name = "Copper cathode, grade A"
categories = [{ code = "41413", name = "Refined copper", scheme = { id = "https://unstats.un.org/cpc", name = "UN CPC" } }]
hazardous = false                                       # true needs material_safety, the address of its sheet
"""

import tomllib
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import FacilityProfile, ProductProfile, Scheme

LARGEST = 1024 * 1024
T = TypeVar("T", bound=Struct)


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """The issuer in a register of businesses."""

    registered_id: str = ""
    register: Scheme | None = None


class ProfileFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole profile file: the organisation, its facilities by site or location, its products by class."""

    organisation: Organisation = Organisation()
    facilities: dict[str, FacilityProfile] = {}
    products: dict[str, ProductProfile] = {}


def parse_profile(text: str) -> ProfileFile:
    """The file as values. Raises CredentialError (PROFILE) with the place and what is wrong there."""
    read = _read(text, ProfileFile)
    for name, product in read.products.items():
        if product.hazardous and not product.material_safety:
            raise CredentialError("PROFILE", f"the product {name} is hazardous and has no material_safety (UNTP 0.7.0, Material)")
    for place, facility in read.facilities.items():
        _check(place, facility)
    return read


def parse_facility(text: str, place: str) -> FacilityProfile:
    """One facility as a file of its own: the keys of a `[facilities]` table. Raises CredentialError (PROFILE)."""
    read = _read(text, FacilityProfile)
    _check(place, read)
    return read


def _read(text: str, kind: type[T]) -> T:
    if len(text) > LARGEST:
        raise CredentialError("PROFILE", f"it has more than {LARGEST} characters")
    try:
        return msgspec.convert(tomllib.loads(text, parse_float=Decimal), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CredentialError("PROFILE", str(error)) from None


def _check(place: str, facility: FacilityProfile) -> None:
    if len(facility.country) != 2 or not (facility.country.isascii() and facility.country.isupper()):
        raise CredentialError("PROFILE", f"the country {facility.country!r} of {place} is no ISO 3166-1 alpha-2 code")
    if (facility.latitude is None) != (facility.longitude is None):
        raise CredentialError("PROFILE", f"{place} has one of latitude and longitude; a place has both or neither")

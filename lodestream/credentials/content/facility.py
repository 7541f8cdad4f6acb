"""The Digital Facility Record (UNTP 0.7.0): a place as its operator tells it. What is not stated is there, and empty."""

from typing import Any

from lodestream.credentials.content.saying import (
    classification,
    credential,
    documents,
    identifier_scheme,
    party,
    scheme_of,
    uri,
)
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import plain
from lodestream.credentials.profile import FacilityProfile, Issue, IssuerProfile
from lodestream.credentials.untp.base import DFR

PLUS_CODES = "https://plus.codes/"


def facility_record(location: str, site: str, profile: IssuerProfile, issue: Issue) -> dict[str, Any]:
    """The unsigned record of a location of a site. Raises CredentialError (OUTCOME): it cannot be told, such as half a point."""
    at = profile.facility(location, site)
    name = at.name or location
    linked = documents(issue)
    subject = {
        "type": ["Facility"],
        "id": uri(location, "the location"),
        "name": name,
        **({"registeredId": at.registered_id} if at.registered_id else {}),
        "idScheme": identifier_scheme(at.register) if at.register is not None else scheme_of(location),
        "countryOfOperation": {"countryCode": at.country},
        "processCategory": [classification(one.code, one.name, one.scheme) for one in at.processes],
        "relatedParty": [{"role": "operator", "party": party(profile)}],
        **({"relatedDocument": linked} if linked else {}),
        "locationInformation": _location(at),
        "address": {
            "streetAddress": at.address.street,
            "postalCode": at.address.postal_code,
            "addressLocality": at.address.locality,
            "addressRegion": at.address.region,
            "addressCountry": {"countryCode": at.country},
        },
    }
    return credential(DFR, profile, issue, f"Facility record of {name}", subject)


def _location(at: FacilityProfile) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if at.plus_code:
        plus_code = at.plus_code if ":" in at.plus_code else PLUS_CODES + at.plus_code
        said["plusCode"] = uri(plus_code, "the plus code")
    if (at.latitude is None) != (at.longitude is None):
        raise CredentialError("OUTCOME", f"{at.name or 'a facility'} has a latitude or a longitude alone: state both or none")
    if at.latitude is not None and at.longitude is not None:
        if abs(at.latitude) > 90 or abs(at.longitude) > 180:
            raise CredentialError("OUTCOME", f"{at.latitude}, {at.longitude} are no degrees of latitude and longitude")
        said["geoLocation"] = {"latitude": plain(at.latitude), "longitude": plain(at.longitude)}
    return said

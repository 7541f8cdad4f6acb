"""Whom a verifier trusts, and what it tolerates: a value, read from a file by whoever runs the walk (docs/verifying.md)."""

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.walk.balance import Tolerance
from lodestream.credentials.walk.outcomes import Outcome

Point = tuple[Decimal, Decimal]
"""Latitude and longitude in degrees (WGS 84)."""


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """A register or an accreditation body: the DID that signs its identity anchors. `types` are the registerTypes it may say.

    Without types a register may say all but accreditation.
    """

    did: str
    name: str = ""
    types: list[str] = []


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """An area of conflict: corners of a polygon, or a box (south, west, north, east; west > east crosses the date line)."""

    name: str
    polygon: list[Point] = []
    box: tuple[Decimal, Decimal, Decimal, Decimal] | None = None

    def holds(self, point: Point) -> bool:
        """Whether the point lies in the area, or on the edge of its box; a polygon is taken as flat."""
        return self._in_box(point) or self._in_polygon(point)

    def _in_box(self, point: Point) -> bool:
        if self.box is None:
            return False
        (latitude, longitude), (south, west, north, east) = point, self.box
        between = west <= longitude <= east if west <= east else longitude >= west or longitude <= east
        return south <= latitude <= north and between

    def _in_polygon(self, point: Point) -> bool:
        """A ray to the east crosses the border an odd number of times."""
        latitude, longitude = point
        crossings = 0
        for (lat1, lon1), (lat2, lon2) in zip(self.polygon, self.polygon[1:] + self.polygon[:1], strict=True):
            if (lat1 > latitude) != (lat2 > latitude):
                # Where the edge crosses this latitude, without a division: both sides are multiplied by the edge's height.
                offset = (longitude - lon1) * (lat2 - lat1) - (latitude - lat1) * (lon2 - lon1)
                crossings += offset < 0 if lat2 > lat1 else offset > 0
        return crossings % 2 == 1


class Trust(Struct, frozen=True, forbid_unknown_fields=True):
    """The anchors and the policy of a verifier.

    `registers` anchor identities, `accreditors` accredit assessors; `parties` are DIDs that the verifier knows itself, who need
    neither. `resolvers` are base URLs that are asked about every identifier. `accept` are outcomes that do not count.
    """

    registers: list[Register] = []
    accreditors: list[Register] = []
    parties: list[str] = []
    resolvers: list[str] = []
    zones: list[Zone] = []
    accept: list[Outcome] = []
    tolerance: Tolerance = Tolerance()


def trust_of(raw: dict[str, Any]) -> Trust:
    """The value of a trust file, read with its numbers as int and Decimal. Raises CredentialError (TRUST)."""
    try:
        trust = msgspec.convert(raw, Trust, strict=True, dec_hook=_exact)
    except msgspec.ValidationError as error:
        raise CredentialError("TRUST", f"the trust file cannot be used: {error}") from None
    for zone in trust.zones:
        if len(zone.polygon) < 3 and zone.box is None:
            raise CredentialError("TRUST", f"the zone {zone.name!r} has neither a polygon of at least three corners nor a box")
    return trust


def _exact(kind: type, value: Any) -> Any:
    if kind is Decimal and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise NotImplementedError

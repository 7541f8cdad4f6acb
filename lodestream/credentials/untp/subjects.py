"""What passports, facility records and identity anchors of UNTP 0.7.0 are about."""

from typing import Annotated, Any, Literal

from lodestream.credentials.untp.base import Closed, Date, Open, Types, Uri, contains
from lodestream.credentials.untp.parts import (
    Address,
    Claim,
    Classification,
    Coordinate,
    Country,
    IdentifierScheme,
    Image,
    Link,
    Material,
    Measure,
    Named,
    PartyRole,
    Period,
)


class NamedFacility(Open):
    """A facility that is only named."""

    type: Annotated[Types, contains("Facility")]
    id: Uri
    name: str
    registeredId: str | None = None  # noqa: N815


class Dimension(Open):
    """How large and heavy one piece is."""

    weight: Measure | None = None
    length: Measure | None = None
    width: Measure | None = None
    height: Measure | None = None
    volume: Measure | None = None


class Package(Open):
    """What the product comes in."""

    description: str
    dimensions: Dimension
    materialUsed: list[Material]  # noqa: N815
    packageLabel: list[Image] | None = None  # noqa: N815
    performanceClaim: list[Claim] | None = None  # noqa: N815


class ProductSubject(Open):
    """The product of a passport. UNTP: a passport asserts neither quantity nor location."""

    type: Annotated[Types, contains("Product")]
    id: Uri
    name: str
    description: str | None = None
    idScheme: IdentifierScheme  # noqa: N815
    modelNumber: str | None = None  # noqa: N815
    batchNumber: str | None = None  # noqa: N815
    itemNumber: str | None = None  # noqa: N815
    idGranularity: Literal["model", "batch", "item"]  # noqa: N815
    productImage: Link | None = None  # noqa: N815
    characteristics: dict[str, Any] | None = None
    productCategory: list[Classification]  # noqa: N815
    relatedDocument: list[Link] | None = None  # noqa: N815
    relatedParty: list[PartyRole] | None = None  # noqa: N815
    producedAtFacility: NamedFacility  # noqa: N815
    productionDate: Date | None = None  # noqa: N815
    expiryDate: Date | None = None  # noqa: N815
    countryOfProduction: Country  # noqa: N815
    dimensions: Dimension | None = None
    materialProvenance: list[Material] | None = None  # noqa: N815
    packaging: Package | None = None
    productLabel: list[Image] | None = None  # noqa: N815
    performanceClaim: list[Claim] | None = None  # noqa: N815


class Location(Open):
    """Where a facility is: a plus code (a URI), a point, an outline."""

    plusCode: Uri | None = None  # noqa: N815
    geoLocation: Coordinate | None = None  # noqa: N815
    geoBoundary: list[Coordinate] | None = None  # noqa: N815


class MaterialUsage(Closed):
    """What a facility used in a period."""

    applicablePeriod: Period | None = None  # noqa: N815
    materialConsumed: list[Material]  # noqa: N815


class FacilitySubject(Open):
    """The facility of a record."""

    type: Annotated[Types, contains("Facility")]
    id: Uri
    name: str
    description: str | None = None
    registeredId: str | None = None  # noqa: N815
    idScheme: IdentifierScheme | None = None  # noqa: N815
    countryOfOperation: Country  # noqa: N815
    processCategory: list[Classification]  # noqa: N815
    relatedParty: list[PartyRole] | None = None  # noqa: N815
    relatedDocument: list[Link] | None = None  # noqa: N815
    facilityAlsoKnownAs: list[NamedFacility] | None = None  # noqa: N815
    locationInformation: Location  # noqa: N815
    address: Address
    materialUsage: MaterialUsage | None = None  # noqa: N815
    performanceClaim: list[Claim] | None = None  # noqa: N815


RegisterType = Literal["product", "facility", "business", "trademark", "land", "accreditation"]


class RegisterScheme(Closed):
    """The register's scheme; in an anchor nothing may be added to it."""

    type: Annotated[Types, contains("IdentifierScheme")] | None = None
    id: Uri
    name: str


class RegisteredIdentity(Open):
    """Who a register says that the owner of a DID is; `id` is that DID."""

    type: Annotated[Types, contains("RegisteredIdentity")]
    id: Uri
    registeredName: str  # noqa: N815
    registeredId: str  # noqa: N815
    registeredDate: Date  # noqa: N815
    publicInformation: Uri | None = None  # noqa: N815
    idScheme: RegisterScheme  # noqa: N815
    registrar: Named | None = None
    registerType: RegisterType  # noqa: N815
    registrationScope: list[Uri] | None = None  # noqa: N815

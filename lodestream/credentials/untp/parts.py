"""Parts that several kinds of UNTP 0.7.0 credential share: measures, links, parties, places, materials and claims."""

from typing import Annotated, Any, Literal

from pydantic import Field

from lodestream.credentials.untp.base import Closed, Date, Number, Open, Types, Uri, contains


class Measure(Closed):
    """An amount in a unit of UN/CEFACT Rec 20; the tolerances are in the same unit."""

    value: Number
    unit: Annotated[str, Field(min_length=1)]
    upperTolerance: Number | None = None  # noqa: N815  # the names of UNTP
    lowerTolerance: Number | None = None  # noqa: N815


class Link(Closed):
    """A document elsewhere. `digestMultibase` is of its exact bytes, or of what `linkName` says."""

    linkURL: Uri  # noqa: N815
    linkName: str  # noqa: N815
    digestMultibase: str | None = None  # noqa: N815
    mediaType: str | None = None  # noqa: N815
    linkType: str | None = None  # noqa: N815


class Classification(Closed):
    """A code of a scheme."""

    code: str
    name: str
    definition: str | None = None
    schemeId: Uri  # noqa: N815
    schemeName: str  # noqa: N815


class Country(Closed):
    """A country by its ISO 3166-1 alpha-2 code."""

    countryCode: Annotated[str, Field(min_length=1)]  # noqa: N815
    countryName: str | None = None  # noqa: N815


class Address(Closed):
    """A postal address; all of its parts are there, if empty."""

    streetAddress: str  # noqa: N815
    postalCode: str  # noqa: N815
    addressLocality: str  # noqa: N815
    addressRegion: str  # noqa: N815
    addressCountry: Country  # noqa: N815


class Period(Closed):
    """From a day to a day, both included."""

    startDate: Date  # noqa: N815
    endDate: Date  # noqa: N815
    periodInformation: str | None = None  # noqa: N815


class Image(Closed):
    """A picture, base64."""

    name: str
    description: str | None = None
    imageData: str  # noqa: N815
    mediaType: str  # noqa: N815


class IdentifierScheme(Open):
    """A register or scheme that gives out identifiers."""

    type: Annotated[Types, contains("IdentifierScheme")] | None = None
    id: Uri
    name: str


class Facility(Open):
    """A place where something is made or changed."""

    type: Annotated[Types, contains("Facility")]
    id: Uri
    name: str


class Named(Open):
    """A thing that is only named: a metric, a criterion, a scheme, a party."""

    type: Types | None = None
    id: Uri
    name: str
    description: str | None = None
    registeredId: str | None = None  # noqa: N815


class NamedParty(Named):
    """A party that is only named."""

    type: Annotated[Types, contains("Party")] | None = None


class Party(Open):
    """An organisation or person."""

    type: Annotated[Types, contains("Party")] | None = None
    id: Uri
    name: str
    description: str | None = None
    registeredId: str | None = None  # noqa: N815
    idScheme: IdentifierScheme | None = None  # noqa: N815
    registrationCountry: Country | None = None  # noqa: N815
    partyAddress: Address | None = None  # noqa: N815
    organisationWebsite: Uri | None = None  # noqa: N815
    industryCategory: list[Classification] | None = None  # noqa: N815
    partyAlsoKnownAs: list[NamedParty] | None = None  # noqa: N815


Role = Literal[
    "owner", "producer", "manufacturer", "processor", "remanufacturer", "recycler", "operator", "serviceProvider", "inspector",
    "certifier", "logisticsProvider", "carrier", "consignor", "consignee", "importer", "exporter", "distributor", "retailer",
    "brandOwner", "regulator",
]  # fmt: skip


class PartyRole(Closed):
    """Who took part, as what."""

    role: Role
    party: Party


class Coordinate(Closed):
    """A point in degrees (WGS 84)."""

    latitude: Annotated[Number, Field(ge=-90, le=90)]
    longitude: Annotated[Number, Field(ge=-180, le=180)]


class Score(Closed):
    """A grade of a scoring framework."""

    code: str
    rank: int | None = None
    definition: str | None = None


class ConformityTopic(Closed):
    """What a claim or an assessment is about."""

    type: Annotated[Types, contains("ConformityTopic")] | None = None
    id: Uri
    name: str
    definition: str | None = None


class Performance(Closed):
    """A measured value or a score; a measure has a metric."""

    metric: Named | None = None
    measure: Measure | None = None
    score: Score | None = None

    def model_post_init(self, _context: Any) -> None:
        """A number that measures nothing named says nothing."""
        if self.measure is not None and self.metric is None:
            raise ValueError("a measure needs the metric that it measures")


class Material(Open):
    """A part of a product's mass, and where it comes from."""

    name: str
    originCountry: Country  # noqa: N815
    materialType: Classification  # noqa: N815
    massFraction: Annotated[Number, Field(ge=0, le=1)]  # noqa: N815
    mass: Measure | None = None
    recycledMassFraction: Annotated[Number, Field(ge=0, le=1)] | None = None  # noqa: N815
    hazardous: bool | None = None
    symbol: Image | None = None
    materialSafetyInformation: Link | None = None  # noqa: N815


class Claim(Open):
    """What an issuer claims of its product or facility."""

    type: Annotated[Types, contains("Claim")]
    id: Uri
    name: str
    description: str | None = None
    referenceCriteria: list[Named]  # noqa: N815
    referenceRegulation: list[Named] | None = None  # noqa: N815
    referenceStandard: list[Named] | None = None  # noqa: N815
    claimDate: Date  # noqa: N815
    applicablePeriod: Period | None = None  # noqa: N815
    claimedPerformance: list[Performance]  # noqa: N815
    evidence: list[Link] | None = None
    conformityTopic: list[ConformityTopic]  # noqa: N815

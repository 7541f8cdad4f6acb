"""UNTP 0.7.0 as typed models: the W3C credential, its issuer, and the Digital Traceability Event with all it needs.

Ours, not generated: what the official schema closes (`additionalProperties: false`) is closed here, what it leaves
open keeps what it does not know, and `type`, which the schema forgets to require, is required where JSON-LD needs it.
Numbers are `Decimal`; a float is refused, so no quantity passes through one.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
UNTP_CONTEXT = "https://vocabulary.uncefact.org/untp/0.7.0/context/"
CONTEXTS = [VC_CONTEXT, UNTP_CONTEXT]
DTE = "DigitalTraceabilityEvent"
VC = "VerifiableCredential"

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\](?::\d*)?|{_CHAR}*)"
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?!//)(?:{_CHAR}|/)*(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?")
_URI_AT_HOST = re.compile(_URI.pattern.replace(":(?!//)", f"://{_HOST}(?![^/?#])", 1))
# XML Schema 1.1 dateTimeStamp as VCDM 2.0 section 4.9 wants it: always with a zone. Years of four digits.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def time_us(text: str) -> int:
    """Microseconds since 1970 of a date-time with zone; finer digits are cut off. Raises ValueError."""
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("is no date-time with a zone, such as 2025-03-05T06:00:00Z")
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)) - _EPOCH
    return (moment.days * 86_400 + moment.seconds) * 1_000_000 + moment.microseconds


def _uri(text: str) -> str:
    if not (_URI.fullmatch(text) or _URI_AT_HOST.fullmatch(text)):
        raise ValueError("is no URI (RFC 3986)")
    return text


def _date_time(text: str) -> str:
    time_us(text)
    return text


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("is no exact number")
    return Decimal(value)


def _contains(*names: str) -> AfterValidator:
    def check(types: list[str]) -> list[str]:
        missing = [name for name in names if name not in types]
        if missing:
            raise ValueError(f"does not name {', '.join(missing)}")
        return types

    return AfterValidator(check)


Uri = Annotated[str, AfterValidator(_uri)]
DateTime = Annotated[str, AfterValidator(_date_time)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Types = list[str]


class Closed(BaseModel):
    """A class to which nothing may be added."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)


class Open(BaseModel):
    """A class that may carry more than is named here; what it carries is kept."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, populate_by_name=True, hide_input_in_errors=True)


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


class Facility(Open):
    """A place where something is made or changed."""

    type: Annotated[Types, _contains("Facility")]
    id: Uri
    name: str


class Product(Open):
    """What went in or came out. `characteristics` is where assayed grades are carried (docs/credentials.md)."""

    type: Annotated[Types, _contains("Product")]
    id: Uri
    name: str
    idGranularity: Literal["model", "batch", "item"]  # noqa: N815
    modelNumber: str | None = None  # noqa: N815
    batchNumber: str | None = None  # noqa: N815
    itemNumber: str | None = None  # noqa: N815
    characteristics: dict[str, Any] | None = None


Disposition = Literal["new", "inTransit", "active", "repaired", "recalled", "expired", "consumed", "recycled", "disposed"]


class EventProduct(Closed):
    """A product's part in an event. UNTP leaves the quantity optional; what we issue always has one."""

    product: Product
    quantity: Measure | None = None
    disposition: Disposition | None = None


class Party(Open):
    """An organisation or person."""

    type: Annotated[Types, _contains("Party")] | None = None
    id: Uri
    name: str
    registeredId: str | None = None  # noqa: N815


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


class Named(Open):
    """A thing that is only named: a metric, a sensor."""

    id: Uri
    name: str


class SensorData(Closed):
    """What a sensor measured during the event."""

    metric: Named
    measure: list[Measure]
    rawData: list[Link] | None = None  # noqa: N815
    sensor: Named | None = None
    geoLocation: Coordinate | None = None  # noqa: N815


class LifecycleEvent(Open):
    """What the three kinds of event have in common. UNTP's `id` is the EPCIS eventID."""

    id: Uri
    name: str
    description: str | None = None
    eventDate: DateTime  # noqa: N815
    activityType: Classification  # noqa: N815
    sensorData: list[SensorData] | None = None  # noqa: N815
    relatedDocument: list[Link] | None = None  # noqa: N815
    relatedParty: list[PartyRole] | None = None  # noqa: N815


class MakeEvent(LifecycleEvent):
    """Products become other products at a facility. No input at all is primary production."""

    type: Annotated[Types, _contains("MakeEvent", "LifecycleEvent")]
    inputProduct: list[EventProduct]  # noqa: N815
    outputProduct: list[EventProduct]  # noqa: N815
    madeAtFacility: Facility  # noqa: N815


class MoveEvent(LifecycleEvent):
    """Products go from one facility to another."""

    type: Annotated[Types, _contains("MoveEvent", "LifecycleEvent")]
    movedProduct: list[EventProduct]  # noqa: N815
    fromFacility: Facility  # noqa: N815
    toFacility: Facility  # noqa: N815
    consignmentId: Uri | None = None  # noqa: N815


class ModifyEvent(LifecycleEvent):
    """Something is done to products that stay what they are: inspected, repaired, counted."""

    type: Annotated[Types, _contains("ModifyEvent", "LifecycleEvent")]
    modifiedProduct: list[EventProduct]  # noqa: N815
    modifiedAtFacility: Facility  # noqa: N815


def _kind_of_event(value: Any) -> str | None:
    types = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    if not isinstance(types, list):
        return None
    return next((kind for kind in ("MakeEvent", "MoveEvent", "ModifyEvent") if kind in types), None)


Event = Annotated[
    Annotated[MakeEvent, Tag("MakeEvent")] | Annotated[MoveEvent, Tag("MoveEvent")] | Annotated[ModifyEvent, Tag("ModifyEvent")],
    Discriminator(
        _kind_of_event,
        custom_error_type="event_type",
        custom_error_message="type must name MakeEvent, MoveEvent or ModifyEvent",
    ),
]


class CredentialIssuer(Open):
    """Who says so; `id` is the DID that the key belongs to."""

    type: Annotated[Types, _contains("CredentialIssuer")] | None = None
    id: Uri
    name: str
    issuerAlsoKnownAs: list[Party] | None = None  # noqa: N815


class BitstringStatusListEntry(Closed):
    """Where the credential's status is to be looked up (Bitstring Status List 1.0); one object, the index an integer."""

    type: Literal["BitstringStatusListEntry"]
    id: Uri | None = None
    statusPurpose: Literal["refresh", "revocation", "suspension", "message"]  # noqa: N815
    statusListIndex: Annotated[int, Field(ge=0)]  # noqa: N815
    statusListCredential: Uri  # noqa: N815


class RenderTemplate2024(Closed):
    """How a person may be shown the credential. Never followed by us."""

    type: Annotated[Types, _contains("RenderTemplate2024")] | None = None
    name: str | None = None
    mediaQuery: str | None = None  # noqa: N815
    template: str | None = None
    url: Uri | None = None
    mediaType: str | None = None  # noqa: N815
    digestMultibase: str | None = None  # noqa: N815


class Vendor(Closed):
    """Who makes the issuing software."""

    id: Uri
    name: str


class IssuingSoftware(Closed):
    """What software issued the credential."""

    id: Uri
    name: str
    version: str
    vendor: Vendor


def _first_is_vc(contexts: Any) -> Any:
    if not isinstance(contexts, list) or not contexts or contexts[0] != VC_CONTEXT:
        raise ValueError(f"must be a list that begins with {VC_CONTEXT} (VCDM 2.0 section 4.3)")
    return contexts


def _untp_contexts(contexts: list[str]) -> list[str]:
    if contexts[:2] != CONTEXTS or len(set(contexts)) != len(contexts):
        raise ValueError(f"must begin with {CONTEXTS[0]} and {CONTEXTS[1]}, each context once")
    return contexts


def _as_list(types: Any) -> Any:
    return [types] if isinstance(types, str) else types


def _issuer(value: Any) -> Any:
    issuer = value.get("id") if isinstance(value, dict) else value
    if not isinstance(issuer, str):
        raise ValueError("must be a URI or an object with an id (VCDM 2.0 section 4.7)")
    _uri(issuer)
    return value


def _subject(value: Any) -> Any:
    subjects = value if isinstance(value, list) else [value]
    if not subjects or not all(isinstance(subject, dict) and subject for subject in subjects):
        raise ValueError("must be an object, or a list of them, that says something (VCDM 2.0 section 4.8)")
    return value


class VerifiableCredential(Open):
    """Any W3C credential: what VCDM 2.0 requires of all of them, UNTP or not."""

    context: Annotated[list[Any], BeforeValidator(_first_is_vc)] = Field(alias="@context")
    type: Annotated[Types, BeforeValidator(_as_list), _contains(VC)]
    id: Uri | None = None
    issuer: Annotated[Any, AfterValidator(_issuer)]
    validFrom: DateTime | None = None  # noqa: N815
    validUntil: DateTime | None = None  # noqa: N815
    credentialSubject: Annotated[Any, AfterValidator(_subject)]  # noqa: N815


class DigitalTraceabilityEvent(Open):
    """A UNTP 0.7.0 traceability event credential. Events are told apart by their `type`."""

    context: Annotated[list[str], AfterValidator(_untp_contexts)] = Field(alias="@context")
    type: Annotated[Types, _contains(DTE, VC)]
    id: Uri
    issuer: CredentialIssuer
    validFrom: DateTime  # noqa: N815
    validUntil: DateTime | None = None  # noqa: N815
    name: str
    credentialStatus: BitstringStatusListEntry | None = None  # noqa: N815
    renderMethod: list[RenderTemplate2024] | None = None  # noqa: N815
    issuingSoftware: IssuingSoftware | None = None  # noqa: N815
    credentialSubject: Annotated[list[Event], Field(min_length=1)]  # noqa: N815

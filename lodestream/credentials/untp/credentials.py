"""The frame of a credential: any of W3C's (VCDM 2.0), and the five kinds of UNTP 0.7.0."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from lodestream.credentials.untp.base import (
    CONTEXTS,
    DCC,
    DFR,
    DIA,
    DPP,
    DTE,
    UNTP_CONTEXT,
    VC,
    VC_CONTEXT,
    Closed,
    DateTime,
    Open,
    Types,
    Uri,
    contains,
    uri,
)
from lodestream.credentials.untp.conformity import ConformityAttestation
from lodestream.credentials.untp.events import Event
from lodestream.credentials.untp.parts import NamedParty
from lodestream.credentials.untp.subjects import FacilitySubject, ProductSubject, RegisteredIdentity


class CredentialIssuer(Open):
    """Who says so; `id` is the DID that the key belongs to."""

    type: Annotated[Types, contains("CredentialIssuer")] | None = None
    id: Uri
    name: str
    issuerAlsoKnownAs: list[NamedParty] | None = None  # noqa: N815


class BitstringStatusListEntry(Closed):
    """Where the credential's status is to be looked up (Bitstring Status List 1.0); one object, the index an integer."""

    type: Literal["BitstringStatusListEntry"]
    id: Uri | None = None
    statusPurpose: Literal["refresh", "revocation", "suspension", "message"]  # noqa: N815
    statusListIndex: Annotated[int, Field(ge=0)]  # noqa: N815
    statusListCredential: Uri  # noqa: N815


class RenderTemplate2024(Closed):
    """How a person may be shown the credential. Never followed by us."""

    type: Annotated[Types, contains("RenderTemplate2024")] | None = None
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
    uri(issuer)
    return value


def _subject(value: Any) -> Any:
    subjects = value if isinstance(value, list) else [value]
    if not subjects or not all(isinstance(subject, dict) and subject for subject in subjects):
        raise ValueError("must be an object, or a list of them, that says something (VCDM 2.0 section 4.8)")
    return value


class VerifiableCredential(Open):
    """Any W3C credential: what VCDM 2.0 requires of all of them, UNTP or not."""

    context: Annotated[list[Any], BeforeValidator(_first_is_vc)] = Field(alias="@context")
    type: Annotated[Types, BeforeValidator(_as_list), contains(VC)]
    id: Uri | None = None
    issuer: Annotated[Any, AfterValidator(_issuer)]
    validFrom: DateTime | None = None  # noqa: N815
    validUntil: DateTime | None = None  # noqa: N815
    credentialSubject: Annotated[Any, AfterValidator(_subject)]  # noqa: N815


class UntpCredential(Open):
    """What all five kinds of UNTP 0.7.0 credential have in common."""

    context: Annotated[list[str], AfterValidator(_untp_contexts)] = Field(alias="@context")
    id: Uri
    issuer: CredentialIssuer
    validFrom: DateTime  # noqa: N815
    validUntil: DateTime | None = None  # noqa: N815
    name: str
    credentialStatus: BitstringStatusListEntry | None = None  # noqa: N815
    renderMethod: list[RenderTemplate2024] | None = None  # noqa: N815
    issuingSoftware: IssuingSoftware | None = None  # noqa: N815


class DigitalTraceabilityEvent(UntpCredential):
    """What happened to products. Events are told apart by their `type`."""

    type: Annotated[Types, contains(DTE, VC)]
    credentialSubject: Annotated[list[Event], Field(min_length=1)]  # noqa: N815


class DigitalProductPassport(UntpCredential):
    """What a product is, where it comes from, and what is claimed of it."""

    type: Annotated[Types, contains(DPP, VC)]
    credentialSubject: ProductSubject  # noqa: N815


class DigitalConformityCredential(UntpCredential):
    """What an assessor found."""

    type: Annotated[Types, contains(DCC, VC)]
    credentialSubject: ConformityAttestation  # noqa: N815


class DigitalFacilityRecord(UntpCredential):
    """What a facility is and where."""

    type: Annotated[Types, contains(DFR, VC)]
    credentialSubject: FacilitySubject  # noqa: N815


class DigitalIdentityAnchor(UntpCredential):
    """Which entry of a register a DID belongs to."""

    type: Annotated[Types, contains(DIA, VC)]
    credentialSubject: RegisteredIdentity  # noqa: N815


MODELS: dict[str, type[UntpCredential]] = {
    DTE: DigitalTraceabilityEvent,
    DPP: DigitalProductPassport,
    DCC: DigitalConformityCredential,
    DFR: DigitalFacilityRecord,
    DIA: DigitalIdentityAnchor,
}


def model_for(credential: dict[str, Any]) -> type[BaseModel] | None:
    """The model of the credential's UNTP 0.7.0 kind, by its type and context; None where it is of no kind that is known here."""
    types, contexts = credential.get("type"), credential.get("@context")
    if not isinstance(types, list) or not isinstance(contexts, list) or UNTP_CONTEXT not in contexts:
        return None
    return next((model for name, model in MODELS.items() if name in types), None)

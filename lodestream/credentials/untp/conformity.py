"""The attestation of a UNTP 0.7.0 conformity credential, and the assessments in it."""

from typing import Annotated, Literal

from lodestream.credentials.untp.base import Date, Open, Types, Uri, contains
from lodestream.credentials.untp.parts import ConformityTopic, Image, Link, Named, Performance, Score
from lodestream.credentials.untp.subjects import NamedFacility

AssessorLevel = Literal["self", "commercial", "buyer", "membership", "unspecified", "3rdParty", "hybrid"]
AssessmentLevel = Literal[
    "authority-benchmark", "authority-mandate", "authority-globalmra", "authority-peer", "authority-extended-mra",
    "scheme-self", "scheme-cab", "no-endorsement",
]  # fmt: skip
AttestationType = Literal["certification", "declaration", "inspection", "testing", "verification", "validation", "calibration"]


class Endorsement(Open):
    """Who has accredited the assessor."""

    name: str
    trustmark: Image | None = None
    issuingAuthority: Named  # noqa: N815
    endorsementEvidence: Link | None = None  # noqa: N815


class AssessedProduct(Open):
    """A product that was assessed; its id is all that must be said."""

    type: Annotated[Types, contains("Product")]
    id: Uri
    name: str
    modelNumber: str | None = None  # noqa: N815
    batchNumber: str | None = None  # noqa: N815
    itemNumber: str | None = None  # noqa: N815


class ProductVerification(Open):
    """An assessed product, and whether the assessor checked which one it is."""

    product: AssessedProduct
    idVerifiedByCAB: bool | None = None  # noqa: N815


class FacilityVerification(Open):
    """An assessed facility, and whether the assessor checked which one it is."""

    facility: NamedFacility
    idVerifiedByCAB: bool | None = None  # noqa: N815


class ConformityAssessment(Open):
    """One assessment: against which criteria, of what, with what result."""

    type: Annotated[Types, contains("ConformityAssessment")]
    id: Uri
    name: str
    description: str | None = None
    assessmentCriteria: list[Named]  # noqa: N815
    assessmentDate: Date  # noqa: N815
    assessedPerformance: list[Performance]  # noqa: N815
    assessedProduct: list[ProductVerification] | None = None  # noqa: N815
    assessedFacility: list[FacilityVerification] | None = None  # noqa: N815
    assessedOrganisation: Named | None = None  # noqa: N815
    referenceStandard: list[Named] | None = None  # noqa: N815
    referenceRegulation: list[Named] | None = None  # noqa: N815
    specifiedCondition: list[str] | None = None  # noqa: N815
    evidence: list[Link] | None = None
    conformityTopic: list[ConformityTopic]  # noqa: N815
    conformance: bool | None = None


class ConformityAttestation(Open):
    """What is attested, by what kind of assessor, to whom."""

    type: Annotated[Types, contains("ConformityAttestation")]
    id: Uri
    name: str
    description: str | None = None
    assessorLevel: AssessorLevel  # noqa: N815
    assessmentLevel: AssessmentLevel  # noqa: N815
    attestationType: AttestationType  # noqa: N815
    issuedToParty: Named  # noqa: N815
    authorisation: list[Endorsement] | None = None
    referenceScheme: Named  # noqa: N815
    referenceProfile: Named | None = None  # noqa: N815
    profileScore: Score | None = None  # noqa: N815
    conformityCertificate: Link | None = None  # noqa: N815
    auditableEvidence: Link | None = None  # noqa: N815
    trustmark: Image | None = None
    conformityAssessment: list[ConformityAssessment] | None = None  # noqa: N815

"""A mine, a refinery and an assessor with keys of their own, their credentials, and books at the other end."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from lodestream.credentials.proof import presented, prove
from lodestream.credentials.securing import secure
from lodestream.credentials.untp import CONTEXTS, DCC, DPP, DTE, VC
from lodestream.credentials.verify import verify
from lodestream.epcis.intake import Accepted as Taken
from lodestream.epcis.intake import intake
from lodestream.epcis.routing import admit
from lodestream.ledger.bookfile import read_book
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import LotState, Outcome
from lodestream.supplied.acceptance import accepted
from lodestream.supplied.cabinet import Cabinet
from lodestream.supplied.standing import Raised, transitions
from lodestream.supplied.suppliers import parse_suppliers
from lodestream.supplied.values import Accepted, Opened
from tests.credentials.telling import published, signer

REFINERY, CAB = "did:web:sample-refinery.example.com", "did:web:sample-cab.example.com"
WORKS, OURS = "https://facility-register.example.com/fac-002", "https://facility-register.example.com/fac-003"
LOT = "https://id.gs1.org/01/09521234000021/10/2025-Q1-0812"
NOW_US = 1_741_600_000_000_000  # 2025-03-10T09:46:40Z
LIST = f"""
[suppliers."{REFINERY}"]
name = "Sample Copper Refinery"
facilities = ["{WORKS}"]

[assessors."{CAB}"]
name = "Sample CAB"
schemes = ["https://coppermark.org"]

[schemes]
"https://coppermark.org" = "copper-mark"
"""
BOOK = f"""
[register]
open = false

[sources]
credentials = "epcis.inbox.v1"
local = "epcis.inbox.local.v1"

[sites."{WORKS}"]
name = "Refinery"
locations = []
sources = ["credentials"]
mass_basis = "dry"
elements = ["Cu"]

[sites."{OURS}"]
name = "Our works"
locations = []
sources = ["local"]
mass_basis = "dry"
elements = ["Cu"]
"""
KEYS = {REFINERY: bytes(range(32)), CAB: bytes(range(1, 33))}


def credential(kind: str, name: str, subject: Any, by: str = REFINERY, **more: Any) -> dict[str, Any]:
    """An unsigned credential of UNTP 0.7.0."""
    return {
        "@context": CONTEXTS,
        "type": [kind, VC],
        "id": f"https://credentials.example.com/{kind}/{name}",
        "issuer": {"type": ["CredentialIssuer"], "id": by, "name": "Issuer"},
        "validFrom": "2025-03-05T07:00:00Z",
        "name": name,
        "credentialSubject": subject,
    } | more


def product(batch: str = "2025-Q1-0812", kg: str | None = "10000", unit: str = "KGM", **more: Any) -> dict[str, Any]:
    """An EventProduct: a batch of cathode."""
    named = {"type": ["Product"], "id": "https://id.gs1.org/01/09521234000021", "name": "Cathode", "idGranularity": "batch"}
    entry = {"product": named | {"batchNumber": batch} | more}
    return entry if kg is None else entry | {"quantity": {"value": Decimal(kg), "unit": unit}}


def facility(name: str) -> dict[str, Any]:
    return {"type": ["Facility"], "id": name, "name": "A place"}


def step(code: str) -> dict[str, str]:
    return {"code": code, "name": code, "schemeId": "https://ref.gs1.org/cbv/BizStep", "schemeName": "CBV"}


def make(*outputs: dict[str, Any], inputs: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A MakeEvent at the refinery, with one input unless said."""
    concentrate = {"type": ["Product"], "id": "https://mine.example.com/p/conc", "name": "Concentrate", "idGranularity": "batch"}
    drawn = [{"product": concentrate | {"batchNumber": "4501"}, "quantity": {"value": 30000, "unit": "KGM"}}]
    return {
        "type": ["MakeEvent", "LifecycleEvent"],
        "id": "https://refinery.example.com/events/make-1",
        "name": "Refining",
        "eventDate": "2025-03-05T06:00:00+09:00",
        "activityType": step("commissioning"),
        "inputProduct": drawn if inputs is None else inputs,
        "outputProduct": list(outputs) or [product(characteristics=CATHODE)],
        "madeAtFacility": facility(WORKS),
    } | more


CATHODE: dict[str, Any] = {"cuContainedMass": {"value": 9999, "unit": "KGM"}}


def move(*moved: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A MoveEvent from the refinery to us."""
    return {
        "type": ["MoveEvent", "LifecycleEvent"],
        "id": "https://refinery.example.com/events/move-1",
        "name": "Shipment",
        "eventDate": "2025-03-06T14:00:00Z",
        "activityType": step("shipping"),
        "movedProduct": list(moved) or [product(kg="2000")],
        "fromFacility": facility(WORKS),
        "toFacility": facility(OURS),
        "consignmentId": "urn:carrier:BL-0310",
    } | more


def material(name: str, country: str, fraction: str, recycled: str | None = None) -> dict[str, Any]:
    """A Material of a passport."""
    kind = {"code": "1", "name": "A kind", "schemeId": "https://cpc.example.com/", "schemeName": "CPC"}
    told = {"name": name, "originCountry": {"countryCode": country}, "materialType": kind, "massFraction": Decimal(fraction)}
    return told if recycled is None else told | {"recycledMassFraction": Decimal(recycled)}


SOURCES = [material("Copper concentrate", "ZM", "0.88", "0"), material("Recycled copper scrap", "JP", "0.12", "1")]


def passport(*materials: dict[str, Any], footprint: str | None = "3.8", **more: Any) -> dict[str, Any]:
    """The subject of a passport of the cathode."""
    topic = {
        "type": ["ConformityTopic"],
        "id": "https://vocabulary.uncefact.org/conformity-topic/origin-tracking",
        "name": "Origin",
    }
    metric = {"id": "https://vocabulary.uncefact.org/performance-metric/product-carbon-footprint", "name": "PCF"}
    measured = [] if footprint is None else [{"metric": metric, "measure": {"value": Decimal(footprint), "unit": "KGM"}}]
    claim = {
        "type": ["Claim"],
        "id": "https://refinery.example.com/claims/1",
        "name": "A claim",
        "referenceCriteria": [{"type": ["Criterion"], "id": "https://coppermark.org/criterion/26", "name": "26"}],
        "claimDate": "2025-03-01",
        "claimedPerformance": measured,
        "conformityTopic": [topic],
    }
    scheme = {"type": ["IdentifierScheme"], "id": "https://id.gs1.org", "name": "GS1"}
    return (
        product(kg=None)["product"]
        | {
            "idScheme": scheme,
            "productCategory": [],
            "producedAtFacility": facility(WORKS),
            "countryOfProduction": {"countryCode": "JP"},
            "materialProvenance": list(materials) or SOURCES,
            "performanceClaim": [claim],
        }
        | more
    )


def attestation(about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The subject of a conformity credential on the refinery."""
    assessment = {
        "type": ["ConformityAssessment"],
        "id": "https://cab.example.com/assessment/1",
        "name": "Assessment",
        "assessmentCriteria": [{"type": ["Criterion"], "id": "https://coppermark.org/criterion/26", "name": "26"}],
        "assessmentDate": "2025-01-15",
        "assessedPerformance": [],
        "assessedFacility": [{"facility": facility(WORKS), "idVerifiedByCAB": True}],
        "conformityTopic": [{"type": ["ConformityTopic"], "id": "https://v.example/origin-tracking", "name": "Origin"}],
        "conformance": True,
    } | (about or {})
    return {
        "type": ["ConformityAttestation"],
        "id": "https://cab.example.com/attestation/1",
        "name": "Certificate",
        "assessorLevel": "3rdParty",
        "assessmentLevel": "scheme-cab",
        "attestationType": "certification",
        "issuedToParty": {"type": ["Party"], "id": REFINERY, "name": "Refinery"},
        "referenceScheme": {"type": ["ConformityScheme"], "id": "https://coppermark.org", "name": "Copper Mark"},
        "conformityAssessment": [assessment],
    } | more


def dte(*events: dict[str, Any], name: str = "1", **more: Any) -> dict[str, Any]:
    return credential(DTE, name, list(events), **more)


def dpp(subject: dict[str, Any] | None = None, name: str = "1", **more: Any) -> dict[str, Any]:
    return credential(DPP, name, subject or passport(), **more)


def dcc(subject: dict[str, Any] | None = None, name: str = "1", **more: Any) -> dict[str, Any]:
    return credential(DCC, name, subject or attestation(), CAB, **more)


def signed(made: dict[str, Any]) -> bytes:
    """The bytes that the issuer publishes."""
    issuer = made["issuer"]["id"]
    return secure(made, signer(KEYS[issuer], issuer), "vc+jwt", NOW_US)


def taken(made: dict[str, Any], now_us: int = NOW_US, suppliers: str = LIST) -> Accepted:
    """The credential signed, verified and accepted. Raises CredentialError."""
    data = signed(made)
    issuer = made["issuer"]["id"]
    document = published(signer(KEYS[issuer], issuer))
    report = verify(data, document, now_us)
    digest = sha256(prove(presented(data), document).payload).hexdigest()
    return accepted(report, digest, sha256(data).hexdigest(), parse_suppliers(suppliers), now_us)


class Office:
    """Credentials in, and a ledger of our own at the other end; everything that is sent arrives."""

    def __init__(self, suppliers: str = LIST, book: str = BOOK) -> None:
        self.book = read_book(book)
        self.cabinet = Cabinet(parse_suppliers(suppliers), self.book.register)
        self.fold = Fold(self.book)
        self.raised: dict[str, Raised] = {}
        self.sent: list[bytes] = []

    def __call__(self, *made: dict[str, Any], now_us: int = NOW_US) -> list[Outcome]:
        """Accept credentials one after the other; the outcomes of what they bring."""
        return [outcome for one in made for outcome in self.post(self.cabinet.add(taken(one, now_us)), now_us)]

    def post(self, changed: list[Opened], now_us: int = NOW_US) -> list[Outcome]:
        outcomes = []
        for opened in changed:
            for document in opened.documents:
                self.sent.append(document.encode())
                outcomes += self.deliver(document.encode(), now_us=now_us)
            self.cabinet.sent(opened.ref)
        return outcomes + self.review(now_us)

    def deliver(self, document: bytes, source: str = "credentials", now_us: int = NOW_US) -> list[Outcome]:
        """A document through gate and ledger."""
        outcomes = []
        for item in intake(document):
            assert isinstance(item, Taken), item
            entry = admit(item, self.book.register, source, now_us, None)
            assert not hasattr(entry, "code"), entry
            outcomes += self.fold.submit(entry)  # type: ignore[arg-type]
        return outcomes

    def review(self, now_us: int = NOW_US) -> list[Outcome]:
        """The findings that the credentials' standing brings or ends."""
        outcomes = []
        for one in transitions(self.cabinet, self.raised, now_us):
            for entry in one.entries:
                outcomes += self.fold.submit(entry)
            self.raised[one.finding.id] = Raised(one.finding, one.turn)
        return outcomes

    def lot(self, site: str, name: str = LOT) -> LotState:
        return next(one for one in self.fold.lots() if (one.site, one.lot) == (site, name))

    def open(self, site: str | None = None) -> set[str]:
        return {f.code for s, f in self.fold.open_findings() if site in {None, s}}

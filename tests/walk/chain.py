"""A simulator of sources: a mine, a smelter and a battery maker with all that they, their registers and assessors publish.

A test changes the world before it is signed, or what stands at its addresses after, and walks it.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from decimal import Decimal
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lodestream.credentials.did import Published, document_of
from lodestream.credentials.encoding import digest_multibase
from lodestream.credentials.jsontext import write
from lodestream.credentials.linkset import FILE, Link, anchor, anchor_path, linkset, to_bytes
from lodestream.credentials.securing import secure
from lodestream.credentials.signer import Ed25519Signer
from lodestream.credentials.status import Bitstring, status_list
from lodestream.credentials.untp import CONTEXTS
from lodestream.credentials.walk import Absent, Limits, Trust, WalkReport, walk
from lodestream.credentials.walk.ports import Answer
from lodestream.credentials.walk.trust import Register

NOW_US = 1_750_000_000_000_000  # 2025-06-15
MINE, SMELTER, BATTERY = "did:web:mine.example", "did:web:smelter.example", "did:web:battery.example"
REGISTER, CAB, ACCREDITOR = "did:web:register.example", "did:web:cab.example", "did:web:accreditor.example"
PARTIES = {"mine": MINE, "smelter": SMELTER, "battery": BATTERY, "register": REGISTER, "cab": CAB, "accreditor": ACCREDITOR}
CONCENTRATE = "https://id.gs1.org/01/09521234000013/10/K1"
CATHODE = "https://id.gs1.org/01/09521234000020/10/A1"
PACK = "https://id.gs1.org/01/09521234000037/10/P1"
TRUST = Trust(registers=[Register(REGISTER)], accreditors=[Register(ACCREDITOR)])
START = "https://battery.example/dpp"
TOPIC = "https://vocabulary.uncefact.org/conformity-topic/supply-chain-traceability"
CRITERION = "https://scheme.example/criterion/traceability"
KINDS = {
    "dpp": ["DigitalProductPassport"],
    "dte": ["DigitalTraceabilityEvent"],
    "dcc": ["DigitalConformityCredential"],
    "dfr": ["DigitalFacilityRecord"],
    "dia": ["DigitalIdentityAnchor"],
}
SCHEME = {"id": "https://scheme.example", "name": "Scheme"}


def signer(did: str) -> Ed25519Signer:
    """A key that is no secret."""
    return Ed25519Signer(did, Ed25519PrivateKey.from_private_bytes(sha256(did.encode()).digest()))


def measure(kg: int | Decimal, unit: str = "KGM") -> dict[str, Any]:
    return {"value": kg, "unit": unit}


def product(lot: str, kg: int | Decimal, disposition: str, **more: Any) -> dict[str, Any]:
    """A product in an event."""
    return {
        "product": {"type": ["Product"], "id": lot, "name": lot[-2:], "idGranularity": "batch", "batchNumber": lot[-2:]} | more,
        "quantity": measure(kg),
        "disposition": disposition,
    }


def named(lot: str) -> dict[str, Any]:
    return {"type": ["Product"], "id": lot, "name": lot[-2:]}


def activity(code: str) -> dict[str, str]:
    return {"code": code, "name": code, "schemeId": "https://ref.gs1.org/cbv/BizStep", "schemeName": "CBV"}


def facility(who: str) -> dict[str, Any]:
    return {"type": ["Facility"], "id": f"https://{who}.example/facility", "name": who}


def material(name: str, country: str, share: str, recycled: str = "0") -> dict[str, Any]:
    return {
        "name": name,
        "originCountry": {"countryCode": country},
        "materialType": {"code": "1", "name": name, "schemeId": "https://scheme.example", "schemeName": "Scheme"},
        "massFraction": Decimal(share),
        "recycledMassFraction": Decimal(recycled),
        "hazardous": False,
    }


def event(kind: str, name: str, date: str, code: str, **more: Any) -> dict[str, Any]:
    told = {"type": [kind, "LifecycleEvent"], "id": f"urn:event:{name}", "name": name, "eventDate": date}
    return told | {"activityType": activity(code)} | more


def passport(who: str, lot: str, grade: str, materials: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": ["Product"],
        "id": lot,
        "name": lot[-2:],
        "idScheme": SCHEME,
        "idGranularity": "batch",
        "batchNumber": lot[-2:],
        "productCategory": [{"code": "1", "name": "metal", "schemeId": "https://scheme.example", "schemeName": "Scheme"}],
        "producedAtFacility": facility(who),
        "countryOfProduction": {"countryCode": "DE"},
        "characteristics": {"cuMassFraction": Decimal(grade)},
        "materialProvenance": materials,
    }


def attestation(to: str, assessment: dict[str, Any]) -> dict[str, Any]:
    assessed = {
        "type": ["ConformityAssessment"],
        "id": "https://cab.example/assessment/1",
        "name": "Traceability",
        "assessmentCriteria": [{"type": ["Criterion"], "id": CRITERION, "name": "Traceability"}],
        "assessmentDate": "2025-05-01",
        "assessedPerformance": [{"metric": {"id": "https://scheme.example/m", "name": "m"}, "measure": measure(1, "P1")}],
        "conformityTopic": [{"id": TOPIC, "name": "Traceability"}],
        "conformance": True,
    }
    return {
        "type": ["ConformityAttestation"],
        "id": "https://cab.example/attestation/1",
        "name": "Attestation",
        "assessorLevel": "3rdParty",
        "assessmentLevel": "authority-peer",
        "attestationType": "verification",
        "issuedToParty": {"id": to, "name": to},
        "referenceScheme": SCHEME,
        "conformityAssessment": [assessed | assessment],
    }


def identity(of: str, kind: str = "business", host: str = "register.example") -> dict[str, Any]:
    return {
        "type": ["RegisteredIdentity"],
        "id": of,
        "registeredName": of,
        "registeredId": f"N-{of[8:12]}",
        "registeredDate": "2000-01-01",
        "idScheme": {"id": f"https://{host}", "name": "Register"},
        "registerType": kind,
    }


def site(who: str, did: str, latitude: str = "10", longitude: str = "20") -> dict[str, Any]:
    country = {"countryCode": "DE"}
    names = ("streetAddress", "postalCode", "addressLocality", "addressRegion")
    return facility(who) | {
        "countryOfOperation": country,
        "processCategory": [{"code": "1", "name": "p", "schemeId": "https://scheme.example", "schemeName": "Scheme"}],
        "locationInformation": {
            "plusCode": "https://plus.codes/8Q7Q5G22+22",
            "geoLocation": {"latitude": Decimal(latitude), "longitude": Decimal(longitude)},
            "geoBoundary": [],
        },
        "address": dict.fromkeys(names, "") | {"addressCountry": country},
        "relatedParty": [{"role": "operator", "party": {"type": ["Party"], "id": did, "name": who}}],
    }


CLAIM = {
    "type": ["Claim"],
    "id": "https://battery.example/claim/1",
    "name": "Traceable",
    "referenceCriteria": [{"type": ["Criterion"], "id": CRITERION, "name": "Traceability"}],
    "claimDate": "2025-05-01",
    "claimedPerformance": [{"metric": {"id": "https://scheme.example/m", "name": "m"}, "measure": measure(1, "P1")}],
    "conformityTopic": [{"id": "https://vocabulary.uncefact.org/conformity-topics/supply-chain-traceability", "name": "T"}],
}


class Chain:
    """What everybody says. `subjects` is by credential URL; a test changes it, then `publish` signs and links all of it."""

    def __init__(self) -> None:
        concentrate = product(CONCENTRATE, 30_000, "new", characteristics={"cuMassFraction": Decimal("0.3")})
        drawn = product(CONCENTRATE, 30_000, "consumed")
        cathode = product(CATHODE, 8_900, "new")
        journey = {"fromFacility": facility("mine"), "toFacility": facility("smelter"), "consignmentId": "urn:consignment:1"}
        moved = {"movedProduct": [product(CONCENTRATE, 30_000, "inTransit")]}
        make = "MakeEvent"
        self.subjects: dict[str, Any] = {
            "https://mine.example/dte": [
                event(make, "mined", "2025-02-01T00:00:00Z", "commissioning", inputProduct=[], outputProduct=[concentrate])
                | {"madeAtFacility": facility("mine")},
                event("MoveEvent", "sent", "2025-03-01T00:00:00Z", "shipping", **moved, **deepcopy(journey)),
            ],
            "https://smelter.example/dte": [
                event("MoveEvent", "got", "2025-03-04T00:00:00Z", "receiving", **deepcopy(moved), **deepcopy(journey)),
                event(make, "smelted", "2025-03-05T00:00:00Z", "commissioning", inputProduct=[drawn], outputProduct=[cathode])
                | {"madeAtFacility": facility("smelter")},
            ],
            "https://battery.example/dte": [
                event(
                    make,
                    "assembled",
                    "2025-04-01T00:00:00Z",
                    "assembling",
                    inputProduct=[product(CATHODE, 36, "consumed")],
                    outputProduct=[product(PACK, 36, "new")],
                )
                | {"madeAtFacility": facility("battery")}
            ],
            "https://mine.example/dpp": passport("mine", CONCENTRATE, "0.3", [material("Copper ore", "ZM", "0.3")]),
            "https://smelter.example/dpp": passport("smelter", CATHODE, "0.9999", [material("Copper", "ZM", "1")]),
            "https://battery.example/dpp": passport("battery", PACK, "0.9", [material("Copper", "ZM", "0.9")])
            | {"performanceClaim": [deepcopy(CLAIM)]},
            "https://cab.example/dcc": attestation(
                BATTERY, {"assessedProduct": [{"product": {"type": ["Product"], "id": PACK, "name": "P1"}}]}
            ),
            "https://accreditor.example/dia": identity(CAB, "accreditation", "accreditor.example"),
            "https://mine.example/dfr": site("mine", MINE),
            "https://smelter.example/dfr": site("smelter", SMELTER),
            "https://battery.example/dfr": site("battery", BATTERY),
        }
        for name in ("mine", "smelter", "battery"):
            self.subjects[f"https://register.example/dia-{name}"] = identity(PARTIES[name])
        self.about: dict[str, list[tuple[str, str]]] = {
            CONCENTRATE: [("dpp", "https://mine.example/dpp"), ("dte", "https://mine.example/dte")],
            CATHODE: [("dpp", "https://smelter.example/dpp"), ("dte", "https://smelter.example/dte")],
            PACK: [
                ("dpp", "https://battery.example/dpp"),
                ("dte", "https://battery.example/dte"),
                ("dcc", "https://cab.example/dcc"),
            ],
            CAB: [("dia", "https://accreditor.example/dia")],
            **{PARTIES[name]: [("dia", f"https://register.example/dia-{name}")] for name in ("mine", "smelter", "battery")},
        }
        for name in ("mine", "smelter", "battery"):
            self.about[f"https://{name}.example/facility"] = [("dfr", f"https://{name}.example/dfr")]
        self.resolver = "https://resolver.example"
        self.dates: dict[str, dict[str, str]] = {}
        self.revoked: set[str] = set()
        self.locked: Callable[[str], bool] = lambda _: False
        self.issuers: dict[str, str] = {}
        self.embedded: set[str] = set()

    def publish(self) -> "World":
        """Everything signed, at its address."""
        places: dict[str, Answer] = {}
        index = {url: 100 + number for number, url in enumerate(sorted(self.subjects))}
        for url, subject in self.subjects.items():
            places[url] = self._signed(url, subject, index[url])
        for name, did in PARTIES.items():
            made = signer(did)
            places[f"https://{name}.example/.well-known/did.json"] = write(
                document_of(did, [Published(made.kid, made.public_jwk())], self.resolver)
            )
            gone = [index[url] for url in self.revoked if url in index and self._who(url) == name]
            bits = Bitstring.empty().set(*gone)
            status = status_list(f"https://{name}.example/status", did, bits, NOW_US - 10**9)
            places[f"https://{name}.example/status"] = secure(status, made, "vc+jwt", NOW_US - 10**9)
        for identifier, links in self.about.items():
            found = [(relation, self._link(url)) for relation, url in links]
            document = to_bytes(linkset(anchor(identifier, self.resolver), found))
            places[f"{self.resolver}{anchor_path(identifier)}/{FILE}"] = document
        return World(places)

    def _who(self, url: str) -> str:
        return url.removeprefix("https://").partition(".")[0]

    def _link(self, url: str) -> Link:
        return Link(url, url, encryption_method="AES-256-GCM" if self.locked(url) else "")

    def _signed(self, url: str, subject: Any, index: int) -> bytes:
        name = self._who(url)
        did = self.issuers.get(url, PARTIES[name])
        kind = url.rpartition("/")[2][:3]
        credential = {
            "@context": CONTEXTS,
            "type": [*KINDS[kind], "VerifiableCredential"],
            "id": url,
            "issuer": {"type": ["CredentialIssuer"], "id": did, "name": name},
            "validFrom": "2025-01-01T00:00:00Z",
            "name": f"{kind} of {name}",
            "credentialStatus": {
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": index,
                "statusListCredential": f"https://{did.removeprefix('did:web:')}/status",
            },
            "credentialSubject": subject,
        } | self.dates.get(url, {})
        return secure(credential, signer(did), "eddsa-jcs-2022" if url in self.embedded else "vc+jwt", NOW_US)


class World:
    """What stands at each address; it remembers what was asked for."""

    def __init__(self, places: dict[str, Answer]) -> None:
        self.places = places
        self.asked: list[str] = []

    def get(self, url: str) -> Answer:
        self.asked.append(url)
        return self.places.get(url, Absent("missing", "404"))


def walked(
    world: World, start: str | bytes | None = None, trust: Trust = TRUST, limits: Limits | None = None, keys: Sequence[bytes] = ()
) -> WalkReport:
    """A walk over the world from the battery's passport, unless another start is given."""
    first = world.places[START] if start is None else start
    assert not isinstance(first, Absent)
    return walk(first, world, trust, limits, NOW_US, keys=keys)


def found(report: WalkReport) -> set[tuple[str, str]]:
    """Outcome and rule of every finding."""
    return {(finding.outcome, finding.rule) for finding in report.findings}


def digest(data: Answer) -> str:
    """The digestMultibase of what stands there."""
    assert isinstance(data, bytes)
    return digest_multibase(sha256(data).hexdigest())

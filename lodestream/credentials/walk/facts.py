"""What credentials say, taken together: the graph of products, events, facilities, assessments and identities.

The nodes are things, not credentials: what two credentials say of one product is said of one node (UNTP, trust graphs).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lodestream.credentials.jose import issuer_of
from lodestream.credentials.walk.balance import Key, key_of
from lodestream.credentials.walk.grades import MANY, as_list, as_object
from lodestream.epcis.identifiers import canonical_id

KINDS = {
    "DigitalProductPassport": "dpp",
    "DigitalTraceabilityEvent": "dte",
    "DigitalConformityCredential": "dcc",
    "DigitalFacilityRecord": "dfr",
    "DigitalIdentityAnchor": "dia",
}
NOT_CREDENTIALS = ("text/html", "application/pdf")


class Seen(NamedTuple):
    """A credential whose proof holds: where it was, and what it says."""

    url: str
    credential: dict[str, Any]

    @property
    def id(self) -> str:
        """The credential's own id, else where it was found."""
        name = self.credential.get("id")
        return name if isinstance(name, str) else self.url

    @property
    def kind(self) -> str:
        """One of KINDS' values, or empty."""
        types = self.credential.get("type")
        return next((kind for name, kind in KINDS.items() if isinstance(types, list) and name in types), "")

    @property
    def issuer(self) -> str:
        """The issuer's DID."""
        return issuer_of(self.credential) or ""

    @property
    def subjects(self) -> list[dict[str, Any]]:
        """Its subjects as a list. The product of a 0.6 passport is one step deeper."""
        subjects = [as_object(each) for each in as_list(self.credential.get("credentialSubject"))]
        return [each | as_object(each.get("product")) if self.kind == "dpp" and "product" in each else each for each in subjects]


class Event(NamedTuple):
    """A lifecycle event and the credential that tells it."""

    seen: Seen
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """The event's id, else the credential's."""
        name = self.body.get("id")
        return name if isinstance(name, str) else self.seen.id

    @property
    def kind(self) -> str:
        """MakeEvent, MoveEvent or ModifyEvent, or empty."""
        types = self.body.get("type")
        kinds = ("MakeEvent", "MoveEvent", "ModifyEvent")
        return next((kind for kind in kinds if isinstance(types, list) and kind in types), "")

    @property
    def step(self) -> str:
        """The code of its activity: shipping, receiving, ..."""
        return text(as_object(self.body.get("activityType")).get("code"))

    def products(self, side: str) -> list[dict[str, Any]]:
        """The entries of inputProduct, outputProduct, movedProduct or modifiedProduct."""
        return [as_object(each) for each in as_list(self.body.get(side))]

    def keys(self, side: str) -> list[Key]:
        """The keys of these entries."""
        return [key_of(as_object(each.get("product"))) for each in self.products(side)]

    def place(self, name: str) -> str:
        """The id of madeAtFacility, fromFacility or toFacility."""
        return id_of(self.body.get(name))


class Assessment(NamedTuple):
    """One assessment of a conformity credential."""

    seen: Seen
    body: dict[str, Any]


class Graph:
    """All that usable credentials say. The order in which they are given decides nothing but which of two equals is shown."""

    def __init__(self, seen: Iterable[Seen], first: Seen | None = None) -> None:
        self.first = first
        self.seen = sorted(seen, key=lambda each: (each.id, each.url))
        self.passports: dict[Key, Seen] = {}
        self.events: dict[str, list[Event]] = {"MakeEvent": [], "MoveEvent": [], "ModifyEvent": []}
        self.facilities: dict[str, list[Seen]] = {}
        self.assessments: list[Assessment] = []
        self.identities: dict[str, list[Seen]] = {}
        self._makers: dict[str, list[Event]] = {}
        self.contradictions: list[tuple[Event, Event]] = []
        told: dict[tuple[str, str], Event] = {}
        for each in self.seen:
            for subject in each.subjects:
                self._add(each, subject, told)
        self.products = {key: each.subjects[0] for key, each in self.passports.items()}

    def _add(self, seen: Seen, subject: dict[str, Any], told: dict[tuple[str, str], Event]) -> None:
        if seen.kind == "dpp":
            self.passports.setdefault(key_of(subject), seen)
        elif seen.kind == "dfr":
            self.facilities.setdefault(id_of(subject), []).append(seen)
        elif seen.kind == "dia":
            self.identities.setdefault(id_of(subject), []).append(seen)
        elif seen.kind == "dcc":
            self.assessments += [Assessment(seen, as_object(each)) for each in as_list(subject.get("conformityAssessment"))]
        elif seen.kind == "dte":
            event = Event(seen, subject)
            known = told.setdefault((seen.issuer, event.id), event)
            if known is not event and known.body != event.body:
                self.contradictions.append((known, event))
            if event.kind and known is event:  # one event may be told by several credentials of its issuer, alike
                self.events[event.kind].append(event)
                if event.kind == "MakeEvent":
                    for product in {key.product for key in event.keys("outputProduct")}:
                        self._makers.setdefault(product, []).append(event)

    def makers(self, key: Key) -> list[Event]:
        """The Make events that this batch or item came out of."""
        return [each for each in self._makers.get(key.product, []) if any(same(key, out) for out in each.keys("outputProduct"))]


class Leads(NamedTuple):
    """Where a credential leads: facilities by identifier; documents by URL, with their kind and the digest that was stated."""

    facilities: list[str]
    documents: list[tuple[str, str, str]]


def leads(seen: Seen) -> Leads:
    """What a proven credential names, apart from products, which only matter where they are looked for."""
    places: list[str] = []
    links: list[Any] = []
    for subject in seen.subjects:
        links += as_list(subject.get("relatedDocument"))
        if seen.kind == "dpp":
            places.append(id_of(subject.get("producedAtFacility")))
        elif seen.kind == "dfr":
            places.append(id_of(subject))
        elif seen.kind == "dte":
            places += [
                id_of(subject.get(name)) for name in ("madeAtFacility", "modifiedAtFacility", "fromFacility", "toFacility")
            ]
        elif seen.kind == "dcc":
            links += [as_object(each).get("endorsementEvidence") for each in as_list(subject.get("authorisation"))]
            links += [subject.get("conformityCertificate"), subject.get("auditableEvidence")]
        for claim in as_list(subject.get("performanceClaim")) + as_list(subject.get("conformityAssessment")):
            links += as_list(as_object(claim).get("evidence"))
    return Leads([name for name in dict.fromkeys(places) if name], list(dict.fromkeys(_documents(links))))


def _documents(links: list[Any]) -> Iterator[tuple[str, str, str]]:
    for link in map(as_object, links):
        url, kind = text(link.get("linkURL")), text(link.get("linkType")).rpartition("/")[2].removeprefix("untp:")
        if kind in KINDS.values() and link.get("mediaType") not in NOT_CREDENTIALS and url.startswith(("https://", "http://")):
            yield url, kind, text(link.get("digestMultibase"))


def same(one: Key, other: Key) -> bool:
    """Whether two keys may be of one thing: the same product, and no batch or item that contradicts."""
    return (
        one.product == other.product
        and (one.batch == other.batch or not one.batch or not other.batch)
        and (one.item == other.item or not one.item or not other.item)
    )


def has_long_list(value: Any) -> bool:
    """Whether a list anywhere in it is longer than `as_list` reads: what is not read must not pass for not there."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list) and len(each) > MANY:
            return True
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return False


def id_of(value: Any) -> str:
    """The id of an object in its canonical spelling, or empty."""
    return canonical_id(text(as_object(value).get("id")))


def text(value: Any) -> str:
    """The value where it is a text, else empty."""
    return value if isinstance(value, str) else ""

"""Events by hand for the tests of the ledger: short, and with ids that read well."""

from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Assay, ErrorDeclaration, Event, Material, Quantity, TypedRef
from lodestream.ids import derive
from lodestream.ledger.book import BookFile, SiteBook
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, LotState, Outcome
from lodestream.ledger.state import Head

T = 10**9  # a tonne in mg
HOUR = 3_600_000_000
START = 1_772_400_000_000_000  # 2026-03-01 in microseconds
numbers = count()
hours = count()


def item(role: str, lot: str, mass: str | None = None, uom: str = "TNE", **more: Any) -> tuple[Quantity, Material | None]:
    """A quantity element and its material item; `cu="28.5"` is an assay on dry basis, basis dry unless said."""
    assays = [Assay(e.capitalize(), Decimal(str(more.pop(e))), "P1") for e in ("cu", "ni", "co", "li") if e in more]
    moisture = more.pop("moisture", None)
    more.setdefault("mass_basis", "wet" if moisture is not None else "dry")
    material = Material(role, lot, assays=assays, moisture_percent=None if moisture is None else Decimal(moisture), **more)
    return Quantity(lot, None if mass is None else Decimal(mass), uom), material


def event(type_: str, items: list[tuple[Quantity, Material | None]], **fields: Any) -> Event:
    """An event whose hash and digest are those of its own content, as far as the ledger is concerned."""
    fields.setdefault("event_id", f"urn:test:event:{next(numbers)}")
    fields.setdefault("event_time_us", START + next(hours) * HOUR)
    roles = {role: [q for q, m in items if m is not None and m.role == role] for role in ("input", "output", "object")}
    made = Event(
        type=type_,
        event_hash="",
        content_digest="",
        event_time_zone_offset="+00:00",
        input_quantities=roles["input"],
        output_quantities=roles["output"],
        quantities=roles["object"],
        materials=[m for _, m in items if m is not None],
        **fields,
    )
    return hashed(made)


def hashed(made: Event) -> Event:
    """The event with a hash (without its eventID and declaration) and a digest (with its eventID) made of its content."""
    bare = replace(made, event_id=None, error_declaration=None, event_hash="", content_digest="")
    named = replace(bare, event_id=made.event_id)
    return replace(
        made, event_hash=sha256(repr(bare).encode()).hexdigest(), content_digest=sha256(repr(named).encode()).hexdigest()
    )


def add(lot: str, mass: str, at: str, **more: Any) -> Event:
    """ObjectEvent ADD of one lot."""
    fields = {k: more.pop(k) for k in ("event_id", "event_time_us", "opening", "opening_evidence", "biz_step") if k in more}
    return event("ObjectEvent", [item("object", lot, mass, **more)], action="ADD", biz_location=at, **fields)


def transform(at: str, inputs: list[Any], outputs: list[Any], **fields: Any) -> Event:
    """A TransformationEvent: (lot, mass, {item fields}) for each input and output."""
    items = [item("input", lot, mass, **more) for lot, mass, more in inputs]
    items += [item("output", lot, mass, **more) for lot, mass, more in outputs]
    return event("TransformationEvent", items, biz_location=at, **fields)


def ship(lot: str, mass: str, origin: str, to: str | None, **more: Any) -> Event:
    """A shipping event from one location to another."""
    fields = {k: more.pop(k) for k in ("event_id", "event_time_us", "consignment_id") if k in more}
    destinations = [TypedRef(to, "location")] if to else []
    fields |= {"biz_step": "shipping", "read_point": origin, "destinations": destinations}
    return event("ObjectEvent", [item("object", lot, mass, **more)], action="OBSERVE", **fields)


def receive(lot: str, mass: str, at: str, **more: Any) -> Event:
    """A receiving event."""
    fields = {k: more.pop(k) for k in ("event_id", "event_time_us", "consignment_id", "receipt", "sources") if k in more}
    fields |= {"biz_step": "receiving", "biz_location": at}
    return event("ObjectEvent", [item("object", lot, mass, **more)], action="OBSERVE", **fields)


def assay(lot: str, at: str, **more: Any) -> Event:
    """An inspecting event with an assay."""
    return event("ObjectEvent", [item("object", lot, None, **more)], action="OBSERVE", biz_step="inspecting", biz_location=at)


def declared(original: Event, hours: int = 1, correctives: tuple[str, ...] = ()) -> Event:
    """The error declaration of an event: the same event, with errorDeclaration."""
    return replace(
        original, error_declaration=ErrorDeclaration(original.event_time_us + hours * HOUR, "incorrect_data", list(correctives))
    )


def entry(made: Event, source: str = "local", record_time_us: int | None = None, **more: Any) -> Entry:
    """The entry that the gate would write: routed by custody site, locations being their own sites."""
    moving_out = made.biz_step in {"shipping", "departing", "consigning"}
    site = (made.read_point if moving_out else made.biz_location) or made.biz_location or made.read_point or ""
    locations = {site: site} | {ref.id: ref.id for ref in [*made.sources, *made.destinations] if ref.type == "location"}
    declaration = str(made.error_declaration.declaration_time_us) if made.error_declaration else ""
    return Entry(
        entry_id=derive("entry", site, made.identity, made.content_digest, declaration),
        site=site,
        kind="EVENT",
        record_time_us=made.event_time_us if record_time_us is None else record_time_us,
        source=source,
        locations=locations,
        event=made,
        **more,
    )


def tick(site: str, at_us: int) -> Entry:
    """The entry that the clock sends to a site: all inboxes are read below this time."""
    return Entry(derive("tick", site, str(at_us)), site, "TICK", at_us, tick_us=at_us)


def due_us(fold: Fold, site: str) -> int:
    """When something is next due at a site."""
    return next((head.due_us for s, _, head in fold.every(Head) if s == site), 0)


class Books:
    """A fold with a memory of all outcomes."""

    def __init__(self, **sites: SiteBook) -> None:
        self.fold = Fold(BookFile(sites=sites))
        self.outcomes: list[Outcome] = []

    def __call__(self, *events: Event, source: str = "local") -> list[Outcome]:
        """Submit events in order; gives the outcomes of all of them."""
        made = [o for one in events for o in self.fold.submit(entry(one, source))]
        self.outcomes.extend(made)
        return made

    def tick(self, site: str, at_us: int) -> list[Outcome]:
        """A tick, with all that it sets off."""
        made = self.fold.submit(tick(site, at_us))
        self.outcomes.extend(made)
        return made

    def balance(self, site: str, account: str, element: str = "Cu") -> int:
        """The balance of an account in mg."""
        return next((mg for s, e, a, mg in self.fold.accounts() if (s, e, a) == (site, element, account)), 0)

    def lot(self, site: str, name: str) -> LotState:
        """A lot of a site as it is told."""
        return next(one for one in self.fold.lots() if (one.site, one.lot) == (site, name))

    def open(self, site: str | None = None) -> set[str]:
        """The codes of the open findings, NO_BOOK apart."""
        return {f.code for s, f in self.fold.open_findings() if f.code != "NO_BOOK" and site in {None, s}}


def codes(outcomes: list[Outcome], state: str = "open") -> list[str]:
    """The codes of the findings of outcomes, NO_BOOK apart."""
    return [f.code for o in outcomes for f in o.findings if f.state == state and f.code != "NO_BOOK"]

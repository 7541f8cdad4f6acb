"""Where an event belongs: its custody site, by the table of ledger-rules section 1, and the entry that goes there.

Rulebook R1, R2.
"""

from msgspec import Struct
from msgspec.structs import replace

from lodestream.epcis.event import Event, TypedRef
from lodestream.epcis.faults import Fault
from lodestream.epcis.identifiers import without_extension
from lodestream.epcis.intake import Accepted, rejected
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.ids import derive
from lodestream.ledger.book import Register
from lodestream.ledger.records import Entry, Origin

# At the door that the goods leave by, and never bizLocation, which is where they are afterwards.
_LEAVING = frozenset({"shipping", "departing", "consigning", "void_shipping"})
_ARRIVING = frozenset({"receiving", "accepting"})
_NO_SITE = "NO_SITE: the event names no place, so it belongs to no book and the gate refuses it"


class Route(Struct, frozen=True):
    """Where an event goes. `site` is None where it names no place.

    `locations` maps each location of the event to its site, `listed` are those of these sites that the register
    lists, `external` are the parties, locations and sites that are external by register.
    """

    site: str | None
    locations: dict[str, str] = {}
    listed: list[str] = []
    external: list[str] = []
    warnings: list[str] = []


class Router:
    """Routes events by one register. What every event asks of it is worked out once: with 1,000 places that is 13 us an event."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._known = frozenset((*register.sites, *register.locations.values()))
        self._external_parties = frozenset(register.external_parties)

    def route(self, event: Event) -> Route:
        """The custody site of an event and the sites of all its locations."""
        locations = {place: site_of(place, self._register) for place in _places(event) if place is not None}
        custody = next((place for place in _custody(event) if place is not None), None)
        external: set[str] = set()
        if self._external_parties:
            external |= self._external_parties & {*locations, *locations.values(), *_parties(event)}
        if not self._register.open:
            strangers = {place: site for place, site in locations.items() if site not in self._known}
            external |= {*strangers, *strangers.values()}
        return Route(
            site=None if custody is None else locations[custody],
            locations=locations,
            listed=sorted(self._known.intersection(locations.values())) if self._known else [],
            external=sorted(external),
            warnings=[_NO_SITE] if custody is None else [],
        )

    def admit(self, accepted: Accepted, source: str, record_time_us: int, origin: Origin | None) -> Entry | Rejection:
        """The entry of an accepted event, or the rejection NO_SITE, whose payload is the canonical event."""
        event = accepted.event
        where = self.route(event)
        if where.site is not None:
            return entry_for(event, where, source, record_time_us, origin)
        fault = Fault("NO_SITE", "The event names no place that could have its metal. Give it a readPoint or a bizLocation.")
        refusal = rejected(fault, event.content.encode(), Limits())
        return replace(
            refusal,
            pointer=accepted.pointer,
            index=accepted.index,
            event_id=event.event_id,
            source=source,
            record_time_us=record_time_us,
        )


def route(event: Event, register: Register) -> Route:
    """Where one event goes by a register."""
    return Router(register).route(event)


def admit(accepted: Accepted, register: Register, source: str, record_time_us: int, origin: Origin | None) -> Entry | Rejection:
    """The entry of one event by a register, or its rejection."""
    return Router(register).admit(accepted, source, record_time_us, origin)


def site_of(location: str, register: Register) -> str:
    """The site of a canonical location: by the register, else the SGLN without its extension, else the location itself."""
    listed = register.locations.get(location)
    if listed is not None:
        return listed
    whole = without_extension(location)
    return location if whole is None else register.locations.get(whole, whole)


def entry_for(event: Event, where: Route, source: str, record_time_us: int, origin: Origin | None) -> Entry:
    """The EVENT entry of a routed event; its id is H(site, identity, digest, declaration time), runtime-rules section 2."""
    if where.site is None:
        raise ValueError("an event without a site has no entry")
    declared = "" if event.error_declaration is None else str(event.error_declaration.declaration_time_us)
    return Entry(
        entry_id=derive("entry", where.site, event.identity, event.content_digest, declared),
        site=where.site,
        kind="EVENT",
        record_time_us=record_time_us,
        source=source,
        origin=origin,
        locations=where.locations,
        listed=where.listed,
        external=where.external,
        event=event,
    )


def _custody(event: Event) -> tuple[str | None, ...]:
    """The places that can be the custody site; the first that is there is it."""
    if event.biz_step in _LEAVING:
        return event.read_point, _location(event.sources)
    if event.biz_step in _ARRIVING:
        return event.biz_location, _location(event.destinations), event.read_point
    return event.biz_location, event.read_point


def _location(refs: list[TypedRef]) -> str | None:
    return next((ref.id for ref in refs if ref.type == "location"), None)


def _places(event: Event) -> list[str | None]:
    refs = [ref.id for ref in (*event.sources, *event.destinations) if ref.type == "location"]
    return [event.read_point, event.biz_location, *refs]


def _parties(event: Event) -> set[str]:
    return {ref.id for ref in (*event.sources, *event.destinations)}

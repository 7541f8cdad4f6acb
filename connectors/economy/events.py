"""EPCIS 2.0 events with the vocabulary `crm` (docs/vocabulary.md), as JSON objects whose numbers are decimals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from connectors.economy.facts import Event, Line
from connectors.economy.materials import Material
from connectors.economy.measuring import PROVISIONAL, Reading, u_of_grade
from connectors.economy.sites import MARKET, Site
from lodestream.measures.uncertainty import SCALE

START = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"crm": "https://w3id.org/lodestream/crm/v1/"}]
_NAMESPACE = UUID("7a1c3e0e-5b0e-5c53-9d6e-0b9f0b6c2d11")


def decimal(units: int, places: int) -> Decimal:
    """`units` of 10^-places in plain notation, as short as it goes."""
    while places and units % 10 == 0:
        units, places = units // 10, places - 1
    return Decimal(units).scaleb(-places)


def event_id(seed: int, site: Site, number: int) -> str:
    """A UUID of a site's event: a hash of seed, site and number, not drawn."""
    return f"urn:uuid:{uuid5(_NAMESPACE, f'{seed} {site.prefix} {number}')}"


def clock(minute: int, offset: int) -> str:
    """A time of day as the site's clocks show it."""
    there = START + timedelta(minutes=minute + 60 * offset)
    return f"{there:%Y-%m-%dT%H:%M:00.000}{zone(offset)}"


def zone(offset: int) -> str:
    """An offset from UTC as EPCIS writes it."""
    return f"{'-' if offset < 0 else '+'}{abs(offset):02d}:00"


def base(kind: str, identity: str, site: Site, minute: int, step: str, **more: object) -> Event:
    """An event without its contents."""
    head = {"type": kind, "eventID": identity, "eventTime": clock(minute, site.offset), "eventTimeZoneOffset": zone(site.offset)}
    return head | {"bizStep": step} | more


def quantity(line: Line) -> Event:
    """A lot with its mass: tonnes from a weighbridge, kilograms from a finer scale."""
    if line.material.step_kg == 1:
        return {"epcClass": line.lot, "quantity": Decimal(line.kg), "uom": "KGM"}
    return {"epcClass": line.lot, "quantity": decimal(line.kg, 3), "uom": "TNE"}


def drawn(line: Line, role: str) -> Event:
    """The item of a lot that is drawn or shipped: its basis; the moisture is the lot's."""
    item = {"crm:role": role, "crm:id": line.lot, "crm:massBasis": "dry" if line.material.moisture is None else "wet"}
    return item | {"crm:massMethod": line.material.method, "crm:productClass": line.material.product_class}


def measured(line: Line, role: str, site: Site, assayed: bool = True) -> Event:
    """The item of a lot that was weighed here, with moisture, ticket and, if `assayed`, its certificate."""
    reading = line.readings[-1]
    item = drawn(line, role)
    if reading.moisture is not None:
        item["crm:moisturePercent"] = str(decimal(reading.moisture, 2))
    if line.loss_class:
        return item | {"crm:lossClass": line.loss_class, "crm:assays": assays(line.material, reading, site)}
    item["crm:tickets"] = [f"{site.prefix}-{site.number('ticket'):07d}"]
    if line.material.form:
        item["crm:chemicalForm"] = line.material.form
    if assayed:
        item["crm:assays"] = assays(line.material, reading, site)
    return item


def assays(material: Material, reading: Reading, site: Site) -> list[Event]:
    """The figures of one certificate."""
    certificate = f"https://{site.name}.example.com/certificate/{site.number('certificate')}"
    made = []
    for assay, printed in zip(material.assays, reading.grades, strict=True):
        one: Event = {"crm:substance": assay.substance, "crm:value": str(decimal(printed, assay.decimals)), "crm:unit": "P1"}
        one |= {"crm:basis": "dry", "crm:certificate": certificate, "crm:status": "final"}
        if reading.provisional:
            u = u_of_grade(material, assay, printed * SCALE // 10 ** (assay.decimals + 2)) * PROVISIONAL // 1000
            one |= {"crm:status": "provisional", "crm:uncertainty": str(decimal(u * 100_000 // SCALE, 3))}
        made.append(one)
    return made


def location(kind: str, place: str) -> Event:
    """An entry of a source or destination list."""
    return {"type": "owning_party" if place == MARKET else "location", kind: place}

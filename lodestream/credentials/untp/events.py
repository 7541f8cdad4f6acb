"""The events of a UNTP 0.7.0 traceability event credential: Make, Move and Modify."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from lodestream.credentials.untp.base import Closed, DateTime, Open, Types, Uri, contains
from lodestream.credentials.untp.parts import Classification, Coordinate, Facility, Link, Measure, Named, PartyRole


class EventSubject(Open):
    """What went in or came out. `characteristics` is where assayed grades are carried (docs/credentials.md)."""

    type: Annotated[Types, contains("Product")]
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

    product: EventSubject
    quantity: Measure | None = None
    disposition: Disposition | None = None


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

    type: Annotated[Types, contains("MakeEvent", "LifecycleEvent")]
    inputProduct: list[EventProduct]  # noqa: N815
    outputProduct: list[EventProduct]  # noqa: N815
    madeAtFacility: Facility  # noqa: N815


class MoveEvent(LifecycleEvent):
    """Products go from one facility to another."""

    type: Annotated[Types, contains("MoveEvent", "LifecycleEvent")]
    movedProduct: list[EventProduct]  # noqa: N815
    fromFacility: Facility  # noqa: N815
    toFacility: Facility  # noqa: N815
    consignmentId: Uri | None = None  # noqa: N815


class ModifyEvent(LifecycleEvent):
    """Something is done to products that stay what they are: inspected, repaired, counted."""

    type: Annotated[Types, contains("ModifyEvent", "LifecycleEvent")]
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

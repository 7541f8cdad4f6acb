"""An entry of a site's book to rows: itself, its event, and what the event says about lots."""

from collections.abc import Sequence

from msgspec import Raw

from lodestream.epcis.event import Assay, Event, Material, OriginPart, Quantity, TypedRef
from lodestream.ledger.records import Entry
from sinks.clickhouse.rows import (
    RECORD,
    AssayItem,
    ClaimItem,
    ContainedItem,
    EntryRow,
    EventRow,
    MaterialRow,
    OriginItem,
    QuantityItem,
    RefItem,
    Row,
    Src,
    column,
)


def entry_rows(entry: Entry, src: Src) -> list[Row]:
    """The entry; for an event also the event and what it says about lots."""
    origin, event = entry.origin, entry.event
    row = EntryRow(
        src_topic=src.topic,
        src_topic_id=src.topic_id,
        src_partition=src.partition,
        src_offset=src.offset,
        site=entry.site,
        entry_id=entry.entry_id,
        kind=entry.kind,
        record_time_us=entry.record_time_us,
        source=entry.source,
        cause=entry.cause or "",
        origin_topic=origin.topic if origin else "",
        origin_partition=origin.partition if origin else None,
        origin_offset=origin.offset if origin else None,
        origin_index=origin.index if origin else None,
        event_id=(event.event_id or "") if event else "",
        event_hash=event.event_hash if event else "",
        tick_us=entry.tick_us or None,
        finding_id=entry.finding.id if entry.finding else "",
        finding_code=entry.finding.code if entry.finding else "",
        record=Raw(RECORD.encode(entry)),
    )
    if event is None:
        return [row]
    return [row, _event_row(entry, event, src), *(_material_row(entry, event, item, src) for item in event.materials)]


def _event_row(entry: Entry, event: Event, src: Src) -> EventRow:
    declared = event.error_declaration
    return EventRow(
        src_topic=src.topic,
        src_topic_id=src.topic_id,
        src_partition=src.partition,
        src_offset=src.offset,
        site=entry.site,
        entry_id=entry.entry_id,
        event_id=event.event_id or "",
        event_hash=event.event_hash,
        content_digest=event.content_digest,
        event_type=event.type,
        action=event.action or "",
        biz_step=event.biz_step or "",
        disposition=event.disposition or "",
        event_time_us=event.event_time_us,
        event_time_zone_offset=event.event_time_zone_offset,
        record_time_us=entry.record_time_us,
        source=entry.source,
        read_point=event.read_point or "",
        biz_location=event.biz_location or "",
        epcs=event.epcs,
        input_epcs=event.input_epcs,
        output_epcs=event.output_epcs,
        parent_id=event.parent_id or "",
        child_epcs=event.child_epcs,
        quantities=[
            *_quantities("object", event.quantities),
            *_quantities("input", event.input_quantities),
            *_quantities("output", event.output_quantities),
            *_quantities("child", event.child_quantities),
        ],
        transformation_id=event.transformation_id or "",
        biz_transactions=_refs(event.biz_transactions),
        sources=_refs(event.sources),
        destinations=_refs(event.destinations),
        error_declared_us=declared.declaration_time_us if declared else None,
        error_reason=(declared.reason or "") if declared else "",
        consignment_id=event.consignment_id or "",
        receipt=event.receipt or "",
        campaign_close=event.campaign_close,
        opening=event.opening,
        period_close=event.period_close or "",
        process_emissions_g_co2e=event.process_emissions_g_co2e,
        content=event.content,
    )


def _material_row(entry: Entry, event: Event, item: Material, src: Src) -> MaterialRow:
    return MaterialRow(
        src_topic=src.topic,
        src_topic_id=src.topic_id,
        src_partition=src.partition,
        src_offset=src.offset,
        site=entry.site,
        entry_id=entry.entry_id,
        role=item.role,
        lot=item.id,
        event_time_us=event.event_time_us,
        mass=column(item.mass),
        uom=item.uom or "",
        mass_basis=item.mass_basis or "",
        gross=column(item.gross),
        tare=column(item.tare),
        moisture_percent=column(item.moisture_percent),
        volume=column(item.volume),
        volume_uom=item.volume_uom or "",
        mass_method=item.mass_method or "",
        mass_uncertainty_percent=column(item.mass_uncertainty_percent),
        moisture_uncertainty_points=column(item.moisture_uncertainty_points),
        tickets=item.tickets,
        seals=item.seals,
        assays=[_assay(assay) for assay in item.assays],
        contained=[ContainedItem(each.element, column(each.mass), each.uom) for each in item.contained],
        chemical_form=item.chemical_form or "",
        process=item.process or "",
        product_class=item.product_class or "",
        source_class=item.source_class or "",
        country_of_origin=item.country_of_origin or "",
        site_of_origin=item.site_of_origin or "",
        unfc_class=item.unfc_class or "",
        loss_class=item.loss_class or "",
        embodied_g_co2e=item.embodied_g_co2e,
        owner=item.owner or "",
        schemes=item.schemes,
        origins=[_origin(part) for part in item.origins],
        claims=[ClaimItem(each.profile, each.element, each.attribute, format(each.percent, "f")) for each in item.claims],
        credential=item.credential or "",
        credential_mass=column(item.credential_mass),
    )


def _origin(part: OriginPart) -> OriginItem:
    return OriginItem(
        parts=format(part.parts, "f"),
        element=part.element or "",
        country=part.country or "",
        site=part.site or "",
        source_class=part.source_class or "",
        schemes=part.schemes,
    )


def _assay(assay: Assay) -> AssayItem:
    return AssayItem(
        substance=assay.substance,
        value=column(assay.value),
        unit=assay.unit,
        basis=assay.basis,
        method=assay.method or "",
        laboratory=assay.laboratory or "",
        certificate=assay.certificate or "",
        status=assay.status,
        uncertainty=column(assay.uncertainty),
    )


def _quantities(role: str, quantities: Sequence[Quantity]) -> list[QuantityItem]:
    return [
        QuantityItem(role, each.epc_class, "" if each.quantity is None else format(each.quantity, "f"), each.uom or "")
        for each in quantities
    ]


def _refs(refs: Sequence[TypedRef]) -> list[RefItem]:
    return [RefItem(ref.type or "", ref.id) for ref in refs]

"""The rows of the raw tables: one Struct a table, its fields the columns that an insert names.

Values of the domain become rows in sinks/clickhouse/mapping.py. A row is encoded as a JSON array, its columns in order: without
their names an insert takes a third less of either side's processor. Integers stay exact, a Decimal is a string of digits,
times are integers in microseconds from which the table makes its DateTime64 (an input column `*_us`), bytes travel as Base64
(an input column `*_base64`). The empty string stands for none.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import ClassVar

import msgspec
from msgspec import Raw, Struct

SCALE = 9
INTEGER_DIGITS = 29
_EXACT = Context(prec=SCALE + INTEGER_DIGITS + 1, rounding=ROUND_HALF_EVEN)


def column(value: Decimal | None) -> str | None:
    """The value for a Decimal(38, 9) column; None where it has more than 29 digits before the point.

    Beyond nine decimals it is rounded; the record beside it keeps every digit.
    """
    if value is None or not value.is_finite():
        return None
    text = str(value)
    whole, _, decimals = text.partition(".")
    if len(whole) < INTEGER_DIGITS and len(decimals) <= SCALE and "E" not in text:
        return text  # it fits as it is, which spares most values a rounding of 1.5 us
    if value.adjusted() >= INTEGER_DIGITS:
        return None
    if value.adjusted() < -SCALE - 1:
        return "0"
    rounded = value.quantize(Decimal((0, (1,), -SCALE)), context=_EXACT)
    return None if rounded.adjusted() >= INTEGER_DIGITS else format(rounded, "f")


RECORD = msgspec.json.Encoder(order="sorted", decimal_format="string")
"""How a whole record is kept beside its columns: the canonical JSON of the ledger's chain.

It stands in its row as the object that it is, which ClickHouse keeps as text, byte by byte (`input_format_json_read_objects_as_
strings`): as a string its quotes would be escaped and read again, which took 4 us of the 10 that an outcome takes to encode.
"""


class Src(Struct, frozen=True, gc=False):
    """Where a row came from. Rows name its fields one by one: a row takes 0.2 us to make so, and 0.9 with `**`."""

    topic: str
    topic_id: str
    partition: int
    offset: int


class Row(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What every row carries: the Kafka record that it came from.

    `array_like` as JSONCompactEachRow wants it; no row is part of a cycle, so the collector need not look at any.
    """

    table: ClassVar[str]

    src_topic: str
    src_topic_id: str
    src_partition: int
    src_offset: int


class EntryRow(Row, frozen=True, kw_only=True):
    """One record of site.entries.v1."""

    table: ClassVar[str] = "entries"

    site: str
    entry_id: str
    kind: str
    record_time_us: int
    source: str
    cause: str
    origin_topic: str
    origin_partition: int | None
    origin_offset: int | None
    origin_index: int | None
    event_id: str
    event_hash: str
    tick_us: int | None
    finding_id: str
    finding_code: str
    record: Raw


class RefItem(Struct, frozen=True):
    """An element of bizTransactionList, sourceList or destinationList."""

    type: str
    id: str


class QuantityItem(Struct, frozen=True):
    """A quantity element with the list that it stood in."""

    role: str
    epc_class: str
    quantity: str
    uom: str


class EventRow(Row, frozen=True, kw_only=True):
    """One event of an entry."""

    table: ClassVar[str] = "events"

    site: str
    entry_id: str
    event_id: str
    event_hash: str
    content_digest: str
    event_type: str
    action: str
    biz_step: str
    disposition: str
    event_time_us: int
    event_time_zone_offset: str
    record_time_us: int
    source: str
    read_point: str
    biz_location: str
    epcs: list[str]
    input_epcs: list[str]
    output_epcs: list[str]
    parent_id: str
    child_epcs: list[str]
    quantities: list[QuantityItem]
    transformation_id: str
    biz_transactions: list[RefItem]
    sources: list[RefItem]
    destinations: list[RefItem]
    error_declared_us: int | None
    error_reason: str
    consignment_id: str
    receipt: str
    campaign_close: bool
    opening: bool
    period_close: str
    process_emissions_g_co2e: int | None
    content: str


class AssayItem(Struct, frozen=True):
    """One assay value of a material."""

    substance: str
    value: str | None
    unit: str
    basis: str
    method: str
    laboratory: str
    certificate: str
    status: str
    uncertainty: str | None


class ContainedItem(Struct, frozen=True):
    """A contained mass stated outright."""

    element: str
    mass: str | None
    uom: str


class OriginItem(Struct, frozen=True):
    """A stated origin of a material; `parts` are digits as stated."""

    parts: str
    element: str
    country: str
    site: str
    source_class: str
    schemes: list[str]


class ClaimItem(Struct, frozen=True):
    """A claim about a material; `percent` are digits as stated."""

    profile: str
    element: str
    attribute: str
    percent: str


class MaterialRow(Row, frozen=True, kw_only=True):
    """One item of an event's materials."""

    table: ClassVar[str] = "materials"

    site: str
    entry_id: str
    role: str
    lot: str
    event_time_us: int
    mass: str | None
    uom: str
    mass_basis: str
    gross: str | None
    tare: str | None
    moisture_percent: str | None
    volume: str | None
    volume_uom: str
    mass_method: str
    mass_uncertainty_percent: str | None
    moisture_uncertainty_points: str | None
    tickets: list[str]
    seals: list[str]
    assays: list[AssayItem]
    contained: list[ContainedItem]
    chemical_form: str
    process: str
    product_class: str
    source_class: str
    country_of_origin: str
    site_of_origin: str
    unfc_class: str
    loss_class: str
    embodied_g_co2e: int | None
    owner: str
    schemes: list[str]
    origins: list[OriginItem]
    claims: list[ClaimItem]
    credential: str
    credential_mass: str | None


class RejectionRow(Row, frozen=True, kw_only=True):
    """One refusal of the gate."""

    table: ClassVar[str] = "rejections"

    code: str
    message: str
    pointer: str
    event_index: int | None
    event_id: str
    payload_base64: bytes
    payload_sha256: str
    payload_truncated: bool
    source: str
    inbox_topic: str
    inbox_partition: int
    inbox_offset: int
    record_time_us: int


class CredentialRow(Row, frozen=True, kw_only=True):
    """One credential."""

    table: ClassVar[str] = "credentials"

    site: str
    credential_id: str
    kind: str
    txn_id: str
    issuer: str
    lots: list[str]
    valid_from_us: int
    record_time_us: int
    envelope: str
    sha256: str
    name: str
    access: str
    about: list[str]
    facility: str
    status_list: str
    status_index: int
    replaces: str


class StatusRow(Row, frozen=True, kw_only=True):
    """One change of a credential's status."""

    table: ClassVar[str] = "credential_status"

    credential_id: str
    status: str
    reason: str
    record_time_us: int
    replaced_by: str


class DeadLetterRow(Row, frozen=True, kw_only=True):
    """A record that could not be decoded."""

    table: ClassVar[str] = "dead_letters"

    reason: str
    message: str
    record_key_base64: bytes
    value_base64: bytes
    value_bytes: int
    value_sha256: str
    record_time_us: int


class BatchRow(Struct, frozen=True, kw_only=True, array_like=True):
    """A batch that is written whole; the last insert of the batch, so its presence says that the others are there."""

    table: ClassVar[str] = "sink_batches"

    src_topic: str
    src_topic_id: str
    src_partition: int
    resumed_at: int
    first_offset: int
    last_offset: int
    records: int
    tombstones: int
    rows: dict[str, int]

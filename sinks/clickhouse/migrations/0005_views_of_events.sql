-- Views for readers: what came in, each row once. They run with the rights of who made them: readers need none on the raw tables.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: entries
CREATE OR REPLACE VIEW lodestream.entries
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    entry_id String COMMENT 'Derived id of the entry (hex). The same event sent again has the same one.',
    kind LowCardinality(String) COMMENT 'EVENT, OFFER, ANSWER or BOOK.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time: when the inbox took what caused the entry.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    cause String COMMENT 'Transaction that caused the entry, where the ledger made it. Empty: none.',
    origin_topic LowCardinality(String) COMMENT 'Inbox topic of the event. Empty: none.',
    origin_partition Nullable(UInt32) COMMENT 'Inbox partition of the event.',
    origin_offset Nullable(UInt64) COMMENT 'Inbox offset of the event.',
    origin_index Nullable(UInt32) COMMENT 'Place of the event in its document, from 0.',
    event_id String COMMENT 'eventID of the event. Empty: none.',
    event_hash String COMMENT 'CBV 2.0 event hash of the event. Empty: none.',
    record String COMMENT 'The whole entry as JSON with sorted keys; decimals are strings.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    entry_id,
    kind,
    record_time,
    source,
    cause,
    origin_topic,
    origin_partition,
    origin_offset,
    origin_index,
    event_id,
    event_hash,
    record
FROM lodestream_raw.entries FINAL
COMMENT 'What entered the books of the sites, in order. The same event sent again is another entry.'

-- statement: events
CREATE OR REPLACE VIEW lodestream.events
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    entry_id String COMMENT 'Entry that brought the event (hex).',
    event_id String COMMENT 'eventID. Empty: none.',
    event_hash String COMMENT 'CBV 2.0 event hash, a ni: URI.',
    content_digest String COMMENT 'SHA-256 of the canonical event (hex).',
    event_type LowCardinality(String) COMMENT 'EPCIS type: ObjectEvent, TransformationEvent and so on, or an own type.',
    action LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE. Empty: none.',
    biz_step LowCardinality(String) COMMENT 'bizStep: a bare CBV word or a URI. Empty: none.',
    disposition LowCardinality(String) COMMENT 'disposition: a bare CBV word or a URI. Empty: none.',
    event_time DateTime64(6, 'UTC') COMMENT 'eventTime: when it happened, by the sender\'s clock.',
    event_time_zone_offset LowCardinality(String) COMMENT 'eventTimeZoneOffset as stated.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time: when the inbox took it.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    read_point LowCardinality(String) COMMENT 'readPoint. Empty: none.',
    biz_location LowCardinality(String) COMMENT 'bizLocation. Empty: none.',
    epcs Array(String) COMMENT 'epcList, canonical.',
    input_epcs Array(String) COMMENT 'inputEPCList, canonical.',
    output_epcs Array(String) COMMENT 'outputEPCList, canonical.',
    parent_id String COMMENT 'parentID. Empty: none.',
    child_epcs Array(String) COMMENT 'childEPCs, canonical.',
    quantities Array(Tuple(role LowCardinality(String), epc_class String, quantity String, uom String)) COMMENT 'Quantity elements of all lists. role: object, input, output or child; quantity: digits as stated, empty for none; uom: Rec 20 code, empty for a count.',
    transformation_id String COMMENT 'transformationID. Empty: none.',
    biz_transactions Array(Tuple(type String, id String)) COMMENT 'bizTransactionList.',
    sources Array(Tuple(type String, id String)) COMMENT 'sourceList.',
    destinations Array(Tuple(type String, id String)) COMMENT 'destinationList.',
    error_declared Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the errorDeclaration; none: the event is not declared in error.',
    error_reason String COMMENT 'Reason of the errorDeclaration. Empty: none.',
    consignment_id String COMMENT 'Consignment id of our extension. Empty: none.',
    receipt LowCardinality(String) COMMENT 'partial or final, where the event says so. Empty: none.',
    campaign_close Bool COMMENT 'Whether the event closes its campaign.',
    opening Bool COMMENT 'Whether the event states an opening balance.',
    period_close String COMMENT 'Period that the event closes. Empty: none.',
    process_emissions_g_co2e Nullable(Int64) COMMENT 'Process emissions that the event states, in g CO2e.',
    content String COMMENT 'The whole canonical event as JSON.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    entry_id,
    event_id,
    event_hash,
    content_digest,
    event_type,
    action,
    biz_step,
    disposition,
    event_time,
    event_time_zone_offset,
    record_time,
    source,
    read_point,
    biz_location,
    epcs,
    input_epcs,
    output_epcs,
    parent_id,
    child_epcs,
    quantities,
    transformation_id,
    biz_transactions,
    sources,
    destinations,
    error_declared,
    error_reason,
    consignment_id,
    receipt,
    campaign_close,
    opening,
    period_close,
    process_emissions_g_co2e,
    content
FROM lodestream_raw.events FINAL
COMMENT 'EPCIS events, canonical: each distinct event of a site once.'

-- statement: materials
CREATE OR REPLACE VIEW lodestream.materials
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    entry_id String COMMENT 'Entry that brought the event (hex).',
    role LowCardinality(String) COMMENT 'input, output or object.',
    lot String COMMENT 'Canonical id of the lot.',
    event_time DateTime64(6, 'UTC') COMMENT 'eventTime of the event.',
    mass Nullable(Decimal(38, 9)) COMMENT 'Mass as stated, in uom.',
    uom LowCardinality(String) COMMENT 'Rec 20 unit of the mass; none stated: that of the quantity element. Empty: none.',
    mass_basis LowCardinality(String) COMMENT 'wet, dry or as_received. Empty: none.',
    gross Nullable(Decimal(38, 9)) COMMENT 'Gross mass, in uom.',
    tare Nullable(Decimal(38, 9)) COMMENT 'Tare, in uom.',
    moisture_percent Nullable(Decimal(38, 9)) COMMENT 'Moisture in percent of the wet mass.',
    volume Nullable(Decimal(38, 9)) COMMENT 'Volume, in volume_uom.',
    volume_uom LowCardinality(String) COMMENT 'Rec 20 unit of the volume. Empty: none.',
    mass_method LowCardinality(String) COMMENT 'How the mass was found: weighbridge, belt, draft_survey and so on. Empty: none.',
    mass_uncertainty_percent Nullable(Decimal(38, 9)) COMMENT 'Standard uncertainty of the mass in percent.',
    moisture_uncertainty_points Nullable(Decimal(38, 9)) COMMENT 'Standard uncertainty of the moisture in percentage points.',
    tickets Array(String) COMMENT 'Weighing tickets.',
    seals Array(String) COMMENT 'Seals.',
    assays Array(Tuple(substance String, value Nullable(Decimal(38, 9)), unit String, basis String, method String, laboratory String, certificate String, status String, uncertainty Nullable(Decimal(38, 9)))) COMMENT 'Assay values; unit is a Rec 20 code (P1 percent, 59 ppm and so on), basis dry or as_received.',
    contained Array(Tuple(element String, mass Nullable(Decimal(38, 9)), uom String)) COMMENT 'Contained masses stated outright.',
    chemical_form String COMMENT 'Chemical form. Empty: none.',
    process String COMMENT 'Process. Empty: none.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on. Empty: none.',
    source_class LowCardinality(String) COMMENT 'mine, scrap and so on. Empty: none.',
    country_of_origin LowCardinality(String) COMMENT 'Country of origin. Empty: none.',
    site_of_origin String COMMENT 'Site of origin. Empty: none.',
    unfc_class LowCardinality(String) COMMENT 'UNFC class. Empty: none.',
    loss_class LowCardinality(String) COMMENT 'tailings, slag, residue, effluent, dust, sampling or other. Empty: none.',
    embodied_g_co2e Nullable(Int64) COMMENT 'Embodied carbon from upstream as stated, in g CO2e.',
    owner String COMMENT 'Owner. Empty: none.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    entry_id,
    role,
    lot,
    event_time,
    mass,
    uom,
    mass_basis,
    gross,
    tare,
    moisture_percent,
    volume,
    volume_uom,
    mass_method,
    mass_uncertainty_percent,
    moisture_uncertainty_points,
    tickets,
    seals,
    assays,
    contained,
    chemical_form,
    process,
    product_class,
    source_class,
    country_of_origin,
    site_of_origin,
    unfc_class,
    loss_class,
    embodied_g_co2e,
    owner
FROM lodestream_raw.materials FINAL
COMMENT 'What events say about lots: masses, moisture, assays, origin.'

-- statement: rejections
CREATE OR REPLACE VIEW lodestream.rejections
(
    code LowCardinality(String) COMMENT 'Stable code of the refusal.',
    message String COMMENT 'What was wrong and what to do.',
    pointer String COMMENT 'JSON pointer (RFC 6901) into the document.',
    event_index Nullable(UInt32) COMMENT 'Place of the event in its document, from 0; none: the whole document.',
    event_id String COMMENT 'eventID, where one could be read. Empty: none.',
    payload String COMMENT 'The event as sent, at most its first 64 KiB.',
    payload_sha256 String COMMENT 'SHA-256 over all of the event\'s bytes (hex).',
    payload_truncated Bool COMMENT 'Whether payload is cut.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    inbox_topic LowCardinality(String) COMMENT 'Inbox topic.',
    inbox_partition UInt32 COMMENT 'Inbox partition.',
    inbox_offset UInt64 COMMENT 'Inbox offset.',
    record_time DateTime64(6, 'UTC') COMMENT 'When the inbox took it.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    code,
    message,
    pointer,
    event_index,
    event_id,
    payload,
    payload_sha256,
    payload_truncated,
    source,
    inbox_topic,
    inbox_partition,
    inbox_offset,
    record_time
FROM lodestream_raw.rejections FINAL
COMMENT 'What the gate refused, with the place and the reason.'

-- statement: dead_letters
CREATE OR REPLACE VIEW lodestream.dead_letters
(
    reason LowCardinality(String) COMMENT 'Stable code: what was wrong.',
    message String COMMENT 'What was wrong, in words.',
    record_key String COMMENT 'Key of the record.',
    value String COMMENT 'Value of the record, at most its first 64 KiB.',
    value_bytes UInt64 COMMENT 'Length of the whole value.',
    value_sha256 String COMMENT 'SHA-256 over the whole value (hex).',
    record_time DateTime64(6, 'UTC') COMMENT 'Timestamp of the record.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    reason,
    message,
    record_key,
    value,
    value_bytes,
    value_sha256,
    record_time
FROM lodestream_raw.dead_letters FINAL
COMMENT 'Records that the sink could not decode.'

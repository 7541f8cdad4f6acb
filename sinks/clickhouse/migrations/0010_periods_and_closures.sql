-- Periods, judged balances, what an event stated of its lines and its move, ticks and findings as entries; recycled as claims have it.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: kinds of entries
ALTER TABLE lodestream_raw.entries COMMENT COLUMN IF EXISTS kind 'EVENT, OFFER, ANSWER, BOOK, TICK, FINDING or CONTINUE.'

-- statement: tick_us of entries
ALTER TABLE lodestream_raw.entries ADD COLUMN IF NOT EXISTS tick_us Nullable(Int64) EPHEMERAL NULL COMMENT 'Input only: tick in microseconds since 1970-01-01 UTC.' AFTER event_hash

-- statement: tick of entries
ALTER TABLE lodestream_raw.entries ADD COLUMN IF NOT EXISTS tick Nullable(DateTime64(6, 'UTC')) DEFAULT fromUnixTimestamp64Micro(tick_us, 'UTC') COMMENT 'TICK: the time that the clock told; none: another kind.' AFTER tick_us

-- statement: finding_id of entries
ALTER TABLE lodestream_raw.entries ADD COLUMN IF NOT EXISTS finding_id String COMMENT 'FINDING: id of the finding that the watch told (hex). Empty: another kind.' AFTER tick

-- statement: finding_code of entries
ALTER TABLE lodestream_raw.entries ADD COLUMN IF NOT EXISTS finding_code LowCardinality(String) COMMENT 'Its name in the catalogue. Empty: another kind.' AFTER finding_id

-- statement: kinds of transactions
ALTER TABLE lodestream_raw.transactions COMMENT COLUMN IF EXISTS kind 'create, transform, campaign, split, ship, offer, receive, answer, destroy, assay, contain, count, correct, restate, void, finding, tick, close, book, link or refuse.'

-- statement: due_us of transactions
ALTER TABLE lodestream_raw.transactions ADD COLUMN IF NOT EXISTS due_us Nullable(Int64) EPHEMERAL NULL COMMENT 'Input only: due in microseconds since 1970-01-01 UTC.' AFTER cause

-- statement: due of transactions
ALTER TABLE lodestream_raw.transactions ADD COLUMN IF NOT EXISTS due Nullable(DateTime64(6, 'UTC')) DEFAULT fromUnixTimestamp64Micro(due_us, 'UTC') COMMENT 'When something is next due at the site: the clock sends a TICK then. None: nothing waits.' AFTER due_us

-- statement: read_point of transactions
ALTER TABLE lodestream_raw.transactions ADD COLUMN IF NOT EXISTS read_point String COMMENT 'readPoint of the event. Empty: none.' AFTER due

-- statement: transport_mode of transactions
ALTER TABLE lodestream_raw.transactions ADD COLUMN IF NOT EXISTS transport_mode LowCardinality(String) COMMENT 'truck, rail, ship or air, as the event says. Empty: none.' AFTER read_point

-- statement: correctives of transactions
ALTER TABLE lodestream_raw.transactions ADD COLUMN IF NOT EXISTS correctives Array(String) COMMENT 'eventIDs that an errorDeclaration names in place of the event.' AFTER transport_mode

-- statement: tickets of lines
ALTER TABLE lodestream_raw.lines ADD COLUMN IF NOT EXISTS tickets Array(String) COMMENT 'Weighing tickets as the event stated them.' AFTER loss_class

-- statement: assays of lines
ALTER TABLE lodestream_raw.lines ADD COLUMN IF NOT EXISTS assays Array(Tuple(substance String, value Nullable(Decimal(38, 9)), unit String, basis String, status String, certificate String)) COMMENT 'Assay values as the event stated them; unit is a Rec 20 code, status provisional, exchanged, final or umpire.' AFTER tickets

-- statement: process of lines
ALTER TABLE lodestream_raw.lines ADD COLUMN IF NOT EXISTS process LowCardinality(String) COMMENT 'Process as the event stated it. Empty: none.' AFTER assays

-- statement: schemes of materials
ALTER TABLE lodestream_raw.materials ADD COLUMN IF NOT EXISTS schemes Array(String) COMMENT 'Chain-of-custody schemes.' AFTER owner

-- statement: origins of materials
ALTER TABLE lodestream_raw.materials ADD COLUMN IF NOT EXISTS origins Array(Tuple(parts String, element String, country String, site String, source_class String, schemes Array(String))) COMMENT 'Stated origins; parts: digits as stated, element empty: all.' AFTER schemes

-- statement: claims of materials
ALTER TABLE lodestream_raw.materials ADD COLUMN IF NOT EXISTS claims Array(Tuple(profile String, element String, attribute String, percent String)) COMMENT 'Claims; percent: digits as stated.' AFTER origins

-- statement: credential of materials
ALTER TABLE lodestream_raw.materials ADD COLUMN IF NOT EXISTS credential String COMMENT 'Credential of the supplier that the item names. Empty: none.' AFTER claims

-- statement: credential_mass of materials
ALTER TABLE lodestream_raw.materials ADD COLUMN IF NOT EXISTS credential_mass Nullable(Decimal(38, 9)) COMMENT 'Mass that this credential states, in uom.' AFTER credential

-- statement: closures
CREATE TABLE IF NOT EXISTS lodestream_raw.closures
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the transaction.',
    position UInt32 COMMENT 'Place among the balances of the transaction, from 0.',
    run String COMMENT 'Run that was balanced: its transformationID, else its event.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    inputs_mg Int64 COMMENT 'What went in. In mg.',
    outputs_mg Int64 COMMENT 'What came out, losses included. In mg.',
    u_mg Int64 COMMENT 'Standard uncertainty of in - out. In mg.',
    valid_time_us Int64 EPHEMERAL COMMENT 'Input only: valid_time in microseconds since 1970-01-01 UTC.',
    valid_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_time_us, 'UTC') COMMENT 'Valid time of the transaction.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, run, element, txn_id, position)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Balances of runs as they were judged: one row for each run and element of a transaction.'

-- statement: periods
CREATE TABLE IF NOT EXISTS lodestream_raw.periods
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the transaction.',
    period String COMMENT 'Calendar month in the book\'s time zone, such as 2026-03.',
    version UInt32 COMMENT '1 as it was closed; more: restated with what came later.',
    begins_us Int64 EPHEMERAL COMMENT 'Input only: begins in microseconds since 1970-01-01 UTC.',
    begins DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(begins_us, 'UTC') COMMENT 'First instant of the period.',
    ends_us Int64 EPHEMERAL COMMENT 'Input only: ends in microseconds since 1970-01-01 UTC.',
    ends DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(ends_us, 'UTC') COMMENT 'First instant after it.',
    counted Bool COMMENT 'Whether a stock-take stands in it; else it is book, not counted.',
    lines Array(Tuple(element String, account_class String, opening_mg Int64, in_mg Int64, out_mg Int64, closing_mg Int64, late_mg Int64)) COMMENT 'By element and account class, in mg: opening + late + in - out = closing.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, period, version)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Accounting periods as they were closed and restated: one row for each version.'

-- statement: view of entries
CREATE OR REPLACE VIEW lodestream.entries
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    entry_id String COMMENT 'Derived id of the entry (hex). The same event sent again has the same one.',
    kind LowCardinality(String) COMMENT 'EVENT, OFFER, ANSWER, BOOK, TICK, FINDING or CONTINUE.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time: when the inbox took what caused the entry.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    cause String COMMENT 'Transaction that caused the entry, where the ledger made it. Empty: none.',
    origin_topic LowCardinality(String) COMMENT 'Inbox topic of the event. Empty: none.',
    origin_partition Nullable(UInt32) COMMENT 'Inbox partition of the event.',
    origin_offset Nullable(UInt64) COMMENT 'Inbox offset of the event.',
    origin_index Nullable(UInt32) COMMENT 'Place of the event in its document, from 0.',
    event_id String COMMENT 'eventID of the event. Empty: none.',
    event_hash String COMMENT 'CBV 2.0 event hash of the event. Empty: none.',
    tick Nullable(DateTime64(6, 'UTC')) COMMENT 'TICK: the time that the clock told; none: another kind.',
    finding_id String COMMENT 'FINDING: id of the finding that the watch told (hex). Empty: another kind.',
    finding_code LowCardinality(String) COMMENT 'Its name in the catalogue. Empty: another kind.',
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
    tick,
    finding_id,
    finding_code,
    record
FROM lodestream_raw.entries FINAL
COMMENT 'What entered the books of the sites, in order. The same event sent again is another entry.'

-- statement: view of materials
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
    owner String COMMENT 'Owner. Empty: none.',
    schemes Array(String) COMMENT 'Chain-of-custody schemes.',
    origins Array(Tuple(parts String, element String, country String, site String, source_class String, schemes Array(String))) COMMENT 'Stated origins; parts: digits as stated, element empty: all.',
    claims Array(Tuple(profile String, element String, attribute String, percent String)) COMMENT 'Claims; percent: digits as stated.',
    credential String COMMENT 'Credential of the supplier that the item names. Empty: none.',
    credential_mass Nullable(Decimal(38, 9)) COMMENT 'Mass that this credential states, in uom.'
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
    owner,
    schemes,
    origins,
    claims,
    credential,
    credential_mass
FROM lodestream_raw.materials FINAL
COMMENT 'What events say about lots: masses, moisture, assays, origin.'

-- statement: view of transactions
CREATE OR REPLACE VIEW lodestream.transactions
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    seq UInt64 COMMENT 'Place in the site\'s sequence, from 1; 0: not a TRANSACTION.',
    outcome LowCardinality(String) COMMENT 'TRANSACTION, DUPLICATE, NOTHING, PARKED or UNREADABLE.',
    kind LowCardinality(String) COMMENT 'create, transform, campaign, split, ship, offer, receive, answer, destroy, assay, contain, count, correct, restate, void, finding, tick, close, book, link or refuse.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    entry_id String COMMENT 'Entry that it answers (hex).',
    attempt UInt32 COMMENT '1 plus the earlier outcomes of the entry other than DUPLICATE.',
    rule_version UInt32 COMMENT 'Version of the ledger\'s rules.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time; never runs backwards at a site.',
    valid_time DateTime64(6, 'UTC') COMMENT 'Valid time: the event\'s eventTime.',
    prev String COMMENT 'Chain value of the site\'s transaction before. Empty: none.',
    chain String COMMENT 'Chain value: SHA-256 over the canonical record (hex). Empty: none.',
    event_id String COMMENT 'eventID of the event. Empty: none.',
    event_hash String COMMENT 'CBV 2.0 event hash of the event. Empty: none.',
    event_type LowCardinality(String) COMMENT 'EPCIS type of the event. Empty: none.',
    biz_step LowCardinality(String) COMMENT 'bizStep of the event. Empty: none.',
    reason String COMMENT 'Why it is parked, refused or unreadable: a stable code. Empty: none.',
    location String COMMENT 'Location of the event. Empty: none.',
    event_time_zone_offset LowCardinality(String) COMMENT 'eventTimeZoneOffset of the event. Empty: none.',
    transformation_id String COMMENT 'transformationID of the event. Empty: none.',
    cause String COMMENT 'Transaction that caused the entry. Empty: none.',
    due Nullable(DateTime64(6, 'UTC')) COMMENT 'When something is next due at the site: the clock sends a TICK then. None: nothing waits.',
    read_point String COMMENT 'readPoint of the event. Empty: none.',
    transport_mode LowCardinality(String) COMMENT 'truck, rail, ship or air, as the event says. Empty: none.',
    correctives Array(String) COMMENT 'eventIDs that an errorDeclaration names in place of the event.',
    postings UInt32 COMMENT 'Number of legs.',
    findings UInt32 COMMENT 'Number of findings opened, resolved or superseded.',
    record String COMMENT 'The whole outcome as JSON with sorted keys: the bytes of the chain, with `chain`.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    seq,
    outcome,
    kind,
    txn_id,
    entry_id,
    attempt,
    rule_version,
    record_time,
    valid_time,
    prev,
    chain,
    event_id,
    event_hash,
    event_type,
    biz_step,
    reason,
    location,
    event_time_zone_offset,
    transformation_id,
    cause,
    due,
    read_point,
    transport_mode,
    correctives,
    postings,
    findings,
    record
FROM lodestream_raw.transactions FINAL
COMMENT 'What became of each entry. Only outcome TRANSACTION is in the site\'s sequence and chain.'

-- statement: view of lines
CREATE OR REPLACE VIEW lodestream.lines
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    lot String COMMENT 'Canonical id of the lot.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    line UInt32 COMMENT 'Number of the line in its transaction, from 0.',
    kind LowCardinality(String) COMMENT 'Kind of the transaction.',
    role LowCardinality(String) COMMENT 'input, output or object.',
    wet_mg Int64 COMMENT 'Wet mass. In mg.',
    wet_kg Decimal(38, 6) COMMENT 'Wet mass. In kg, exact.',
    dry_mg Int64 COMMENT 'Dry mass. In mg.',
    dry_kg Decimal(38, 6) COMMENT 'Dry mass. In kg, exact.',
    contained_mg Map(LowCardinality(String), Int64) COMMENT 'Contained mass by element symbol, in mg; empty while the lot is not assayed.',
    quantity Nullable(Decimal(38, 9)) COMMENT 'Quantity as the event stated it.',
    uom LowCardinality(String) COMMENT 'Rec 20 unit of the quantity; none: a count. Empty: none.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on. Empty: none.',
    loss_class LowCardinality(String) COMMENT 'tailings, slag, residue and so on. Empty: none.',
    tickets Array(String) COMMENT 'Weighing tickets as the event stated them.',
    assays Array(Tuple(substance String, value Nullable(Decimal(38, 9)), unit String, basis String, status String, certificate String)) COMMENT 'Assay values as the event stated them; unit is a Rec 20 code, status provisional, exchanged, final or umpire.',
    process LowCardinality(String) COMMENT 'Process as the event stated it. Empty: none.',
    valid_time DateTime64(6, 'UTC') COMMENT 'Valid time of the transaction.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    txn_id,
    txn_seq,
    line,
    kind,
    role,
    wet_mg,
    wet_kg,
    dry_mg,
    dry_kg,
    contained_mg,
    quantity,
    uom,
    product_class,
    loss_class,
    tickets,
    assays,
    process,
    valid_time
FROM lodestream_raw.lines FINAL
COMMENT 'The lots of each transaction, with masses: a row for each lot that the event names.'

-- statement: view of closures
CREATE OR REPLACE VIEW lodestream.closures
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    run String COMMENT 'Run that was balanced: its transformationID, else its event.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    inputs_mg Int64 COMMENT 'What went in. In mg.',
    outputs_mg Int64 COMMENT 'What came out, losses included. In mg.',
    unaccounted_mg Int128 COMMENT 'In less out. In mg.',
    u_mg Int64 COMMENT 'Standard uncertainty of in - out. In mg.',
    judgements UInt64 COMMENT 'How often it was judged: more than once after corrections and later assays.',
    valid_time DateTime64(6, 'UTC') COMMENT 'Valid time of the last transaction that judged it.',
    txn_id String COMMENT 'That transaction (hex).'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    run,
    element,
    argMax(went_in, at) AS inputs_mg,
    argMax(came_out, at) AS outputs_mg,
    toInt128(inputs_mg) - outputs_mg AS unaccounted_mg,
    argMax(u, at) AS u_mg,
    count() AS judgements,
    argMax(valid, at) AS valid_time,
    argMax(txn, at) AS txn_id
FROM
(
    SELECT
        site, run, element, inputs_mg AS went_in, outputs_mg AS came_out, u_mg AS u, valid_time AS valid, txn_id AS txn,
        (txn_seq, position) AS at
    FROM lodestream_raw.closures FINAL
)
GROUP BY site, run, element
COMMENT 'The balance of every run by element, as it was judged last.'

-- statement: view of period_versions
CREATE OR REPLACE VIEW lodestream.period_versions
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    period String COMMENT 'Calendar month in the book\'s time zone, such as 2026-03.',
    version UInt32 COMMENT '1 as it was closed; more: restated with what came later.',
    begins DateTime64(6, 'UTC') COMMENT 'First instant of the period.',
    ends DateTime64(6, 'UTC') COMMENT 'First instant after it.',
    counted Bool COMMENT 'Whether a stock-take stands in it; else it is book, not counted.',
    element LowCardinality(String) COMMENT 'Element symbol. Empty: nothing has ever been posted.',
    account_class LowCardinality(String) COMMENT 'Class of accounts: SOURCE, STOCK, WIP, TRANSIT, CUSTODY, LOSS, UNACCOUNTED, TRANSIT_VAR, STOCK_ADJ or SINK.',
    opening_mg Int64 COMMENT 'Balance at the beginning. In mg.',
    late_mg Int64 COMMENT 'Taken of events whose own period was closed before. In mg.',
    in_mg Int64 COMMENT 'All that went in. In mg.',
    out_mg Int64 COMMENT 'All that went out. In mg.',
    closing_mg Int64 COMMENT 'Balance at the end: opening + late + in - out. In mg.',
    opening_kg Decimal(38, 6) COMMENT 'Balance at the beginning. In kg, exact.',
    late_kg Decimal(38, 6) COMMENT 'Taken of events whose own period was closed before. In kg, exact.',
    in_kg Decimal(38, 6) COMMENT 'All that went in. In kg, exact.',
    out_kg Decimal(38, 6) COMMENT 'All that went out. In kg, exact.',
    closing_kg Decimal(38, 6) COMMENT 'Balance at the end. In kg, exact.',
    txn_id String COMMENT 'Transaction that closed or restated it (hex).',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time of that transaction.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    period,
    version,
    begins,
    ends,
    counted,
    item.1 AS element,
    item.2 AS account_class,
    item.3 AS opening_mg,
    item.7 AS late_mg,
    item.4 AS in_mg,
    item.5 AS out_mg,
    item.6 AS closing_mg,
    toDecimal128(opening_mg, 6) / 1000000 AS opening_kg,
    toDecimal128(late_mg, 6) / 1000000 AS late_kg,
    toDecimal128(in_mg, 6) / 1000000 AS in_kg,
    toDecimal128(out_mg, 6) / 1000000 AS out_kg,
    toDecimal128(closing_mg, 6) / 1000000 AS closing_kg,
    txn_id,
    record_time
FROM lodestream_raw.periods FINAL
LEFT ARRAY JOIN lines AS item
COMMENT 'Every version of every closed accounting period, a row for each element and class of accounts.'

-- statement: view of periods
CREATE OR REPLACE VIEW lodestream.periods
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    period String COMMENT 'Calendar month in the book\'s time zone, such as 2026-03.',
    version UInt32 COMMENT '1 as it was closed; more: restated with what came later.',
    begins DateTime64(6, 'UTC') COMMENT 'First instant of the period.',
    ends DateTime64(6, 'UTC') COMMENT 'First instant after it.',
    counted Bool COMMENT 'Whether a stock-take stands in it; else it is book, not counted.',
    element LowCardinality(String) COMMENT 'Element symbol. Empty: nothing has ever been posted.',
    account_class LowCardinality(String) COMMENT 'Class of accounts: SOURCE, STOCK, WIP, TRANSIT, CUSTODY, LOSS, UNACCOUNTED, TRANSIT_VAR, STOCK_ADJ or SINK.',
    opening_mg Int64 COMMENT 'Balance at the beginning. In mg.',
    late_mg Int64 COMMENT 'Taken of events whose own period was closed before. In mg.',
    in_mg Int64 COMMENT 'All that went in. In mg.',
    out_mg Int64 COMMENT 'All that went out. In mg.',
    closing_mg Int64 COMMENT 'Balance at the end: opening + late + in - out. In mg.',
    opening_kg Decimal(38, 6) COMMENT 'Balance at the beginning. In kg, exact.',
    late_kg Decimal(38, 6) COMMENT 'Taken of events whose own period was closed before. In kg, exact.',
    in_kg Decimal(38, 6) COMMENT 'All that went in. In kg, exact.',
    out_kg Decimal(38, 6) COMMENT 'All that went out. In kg, exact.',
    closing_kg Decimal(38, 6) COMMENT 'Balance at the end. In kg, exact.',
    txn_id String COMMENT 'Transaction that closed or restated it (hex).',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time of that transaction.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    period,
    version,
    begins,
    ends,
    counted,
    element,
    account_class,
    opening_mg,
    late_mg,
    in_mg,
    out_mg,
    closing_mg,
    opening_kg,
    late_kg,
    in_kg,
    out_kg,
    closing_kg,
    txn_id,
    record_time
FROM lodestream.period_versions
WHERE (site, period, version) IN (SELECT site, period, max(version) FROM lodestream_raw.periods GROUP BY site, period)
COMMENT 'The latest version of every closed accounting period: its balances, a row for each element and class of accounts.'

-- statement: view of lot_recycled: the definition of lodestream/claims, which scrap without more is not
CREATE OR REPLACE VIEW lodestream.lot_recycled
(
    site LowCardinality(String) COMMENT 'Custody site.',
    lot String COMMENT 'Canonical id of the lot.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    attributed_mg Int128 COMMENT 'Contained mass that has an origin key, in mg.',
    recycled_mg Int128 COMMENT 'Of it recovered from end of life or manufacturing waste, in mg. Neither scrap that is said to be neither of them, nor what a plant runs around, is recycled.',
    recycled_percent Nullable(Decimal(38, 9)) COMMENT 'Recycled of attributed, in percent, 9 decimals, cut off; none where nothing is attributed.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    element,
    sum(toInt128(mg)) AS attributed_mg,
    sumIf(toInt128(mg), source_class IN ('end_of_life', 'manufacturing_waste')) AS recycled_mg,
    if(attributed_mg = 0, NULL, toDecimal128(recycled_mg, 9) * 100 / attributed_mg) AS recycled_percent
FROM lodestream.lot_origins
GROUP BY site, lot, element
COMMENT 'The recycled share of the latest version of every lot, by element: source classes end_of_life and manufacturing_waste, as in claims.'

-- From ledger.transactions.v1: outcomes, legs, lots, lineage, findings.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: transactions
CREATE TABLE IF NOT EXISTS lodestream_raw.transactions
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    seq UInt64 COMMENT 'Place in the site\'s sequence, from 1; 0: not a TRANSACTION.',
    outcome LowCardinality(String) COMMENT 'TRANSACTION, DUPLICATE, NOTHING, PARKED or UNREADABLE.',
    kind LowCardinality(String) COMMENT 'create, transform, split, ship, offer, receive, answer, destroy, assay, correct, book, link or refuse.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    entry_id String COMMENT 'Entry that it answers (hex).',
    attempt UInt32 COMMENT '1 plus the earlier outcomes of the entry other than DUPLICATE.',
    rule_version UInt32 COMMENT 'Version of the ledger\'s rules.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time; never runs backwards at a site.',
    valid_time_us Int64 EPHEMERAL COMMENT 'Input only: valid_time in microseconds since 1970-01-01 UTC.',
    valid_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_time_us, 'UTC') COMMENT 'Valid time: the event\'s eventTime.',
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
    postings UInt32 COMMENT 'Number of legs.',
    findings UInt32 COMMENT 'Number of findings opened, resolved or superseded.',
    record String CODEC(ZSTD(3)) COMMENT 'The whole outcome as JSON with sorted keys: the bytes of the chain, with `chain`.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, seq, txn_id, src_partition, src_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What became of each entry: one row for each record of ledger.transactions.v1.'

-- statement: postings
CREATE TABLE IF NOT EXISTS lodestream_raw.postings
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    account String COMMENT 'Account within the site, its kind first: STOCK(lot), TRANSIT(consignment lot), UNACCOUNTED.',
    account_kind LowCardinality(String) MATERIALIZED splitByChar('(', account)[1] COMMENT 'Kind of the account: SOURCE, STOCK, WIP, TRANSIT, CUSTODY, LOSS, UNACCOUNTED, TRANSIT_VAR, STOCK_ADJ or SINK.',
    posting_id String COMMENT 'Derived id of the leg (hex).',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    leg UInt32 COMMENT 'Number of the leg in its transaction.',
    amount_mg Int64 COMMENT 'Amount. In mg.',
    amount_kg Decimal(38, 6) MATERIALIZED toDecimal128(amount_mg, 6) / 1000000 COMMENT 'Amount. In kg, exact.',
    valid_time_us Int64 EPHEMERAL COMMENT 'Input only: valid_time in microseconds since 1970-01-01 UTC.',
    valid_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_time_us, 'UTC') COMMENT 'Valid time of the transaction.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the transaction.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, element, account, posting_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Legs of the transactions: metal into (positive) or out of (negative) an account. By transaction and element they sum to zero.'

-- statement: lines
CREATE TABLE IF NOT EXISTS lodestream_raw.lines
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    lot String COMMENT 'Canonical id of the lot.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    line UInt32 COMMENT 'Number of the line in its transaction, from 0.',
    kind LowCardinality(String) COMMENT 'Kind of the transaction.',
    role LowCardinality(String) COMMENT 'input, output or object.',
    wet_mg Int64 COMMENT 'Wet mass. In mg.',
    wet_kg Decimal(38, 6) MATERIALIZED toDecimal128(wet_mg, 6) / 1000000 COMMENT 'Wet mass. In kg, exact.',
    dry_mg Int64 COMMENT 'Dry mass. In mg.',
    dry_kg Decimal(38, 6) MATERIALIZED toDecimal128(dry_mg, 6) / 1000000 COMMENT 'Dry mass. In kg, exact.',
    contained_mg Map(LowCardinality(String), Int64) COMMENT 'Contained mass by element symbol, in mg; empty while the lot is not assayed.',
    quantity Nullable(Decimal(38, 9)) COMMENT 'Quantity as the event stated it.',
    uom LowCardinality(String) COMMENT 'Rec 20 unit of the quantity; none: a count. Empty: none.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on. Empty: none.',
    loss_class LowCardinality(String) COMMENT 'tailings, slag, residue and so on. Empty: none.',
    valid_time_us Int64 EPHEMERAL COMMENT 'Input only: valid_time in microseconds since 1970-01-01 UTC.',
    valid_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_time_us, 'UTC') COMMENT 'Valid time of the transaction.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, lot, txn_id, line)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'The lots of each transaction as the ledger took them: drawn (input), made or created (output, object).'

-- statement: lots
CREATE TABLE IF NOT EXISTS lodestream_raw.lots
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    lot String COMMENT 'Canonical id of the lot.',
    seq UInt64 COMMENT 'Version of the lot, from 1.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the transaction.',
    wet_mg Int64 COMMENT 'Wet mass. In mg.',
    wet_kg Decimal(38, 6) MATERIALIZED toDecimal128(wet_mg, 6) / 1000000 COMMENT 'Wet mass. In kg, exact.',
    dry_mg Int64 COMMENT 'Dry mass. In mg.',
    dry_kg Decimal(38, 6) MATERIALIZED toDecimal128(dry_mg, 6) / 1000000 COMMENT 'Dry mass. In kg, exact.',
    assayed Bool COMMENT 'Whether an assay has given its content.',
    contained_mg Map(LowCardinality(String), Int64) COMMENT 'Contained mass by element symbol, in mg.',
    u_mg Map(LowCardinality(String), Int64) COMMENT 'Standard uncertainty of the contained mass by element symbol, in mg.',
    created_us Int64 EPHEMERAL COMMENT 'Input only: created in microseconds since 1970-01-01 UTC.',
    created DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(created_us, 'UTC') COMMENT 'Valid time of the event that made the lot.',
    loss_class LowCardinality(String) COMMENT 'tailings, slag, residue and so on. Empty: none.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on. Empty: none.',
    owner String COMMENT 'Owner. Empty: none.',
    country_of_origin LowCardinality(String) COMMENT 'Country of origin. Empty: none.',
    findings Array(String) COMMENT 'Open hard and hold findings on the lot itself, by id.',
    inherited Array(String) COMMENT 'Findings that came with an offer, by id.',
    parents Array(String) COMMENT 'Lots of the same site that it was made of.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, lot, seq)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every version of every lot: its state after each transaction that touched it.'

-- statement: lineage
CREATE TABLE IF NOT EXISTS lodestream_raw.lineage
(
    to_site LowCardinality(String) COMMENT 'Site of the second lot: whose book it is.',
    to_lot String COMMENT 'Second lot.',
    to_seq UInt64 COMMENT 'Its version.',
    from_site LowCardinality(String) COMMENT 'Site of the first lot; another one where a receipt made the edge.',
    from_lot String COMMENT 'First lot.',
    from_seq UInt64 COMMENT 'Its version.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    edge UInt32 COMMENT 'Number of the edge in its transaction, from 0.',
    dry_mg Int64 COMMENT 'Dry mass that went. In mg.',
    dry_kg Decimal(38, 6) MATERIALIZED toDecimal128(dry_mg, 6) / 1000000 COMMENT 'Dry mass that went. In kg, exact.',
    contained_mg Map(LowCardinality(String), Int64) COMMENT 'Contained mass that went by element symbol, in mg.',
    valid_time_us Int64 EPHEMERAL COMMENT 'Input only: valid_time in microseconds since 1970-01-01 UTC.',
    valid_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_time_us, 'UTC') COMMENT 'Valid time of the transaction.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (to_site, to_lot, to_seq, from_site, from_lot, from_seq, txn_id, edge)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Lineage: metal that went from one lot version to another in a transaction.'

-- statement: findings
CREATE TABLE IF NOT EXISTS lodestream_raw.findings
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    finding_id String COMMENT 'Derived id of the finding (hex).',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    position UInt32 COMMENT 'Place among the findings of the outcome, from 0.',
    rule LowCardinality(String) COMMENT 'Number in the catalogue, such as F1.',
    code LowCardinality(String) COMMENT 'Name in the catalogue, such as IMPOSSIBLE.',
    version UInt32 COMMENT 'Version of the rule.',
    severity LowCardinality(String) COMMENT 'hard, hold, warn or info.',
    state LowCardinality(String) COMMENT 'open, resolved or superseded.',
    inputs Array(String) COMMENT 'What it looked at: ids of events, lots or transactions.',
    arithmetic String COMMENT 'The calculation, for a reader to redo.',
    lots Array(String) COMMENT 'Lots on which it stands.',
    event_id String COMMENT 'eventID of the event. Empty: none.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the outcome.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, finding_id, txn_id, position)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Changes of findings: opened, resolved, superseded.'

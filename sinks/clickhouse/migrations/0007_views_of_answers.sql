-- Views for readers: balances, latest states, what became of events.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: current_lots
CREATE OR REPLACE VIEW lodestream.current_lots
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    lot String COMMENT 'Canonical id of the lot.',
    seq UInt64 COMMENT 'Version of the lot, from 1.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    txn_seq UInt64 COMMENT 'Place of the transaction in the site\'s sequence, from 1; 0: outside of it.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time of the transaction.',
    wet_mg Int64 COMMENT 'Wet mass. In mg.',
    wet_kg Decimal(38, 6) COMMENT 'Wet mass. In kg, exact.',
    dry_mg Int64 COMMENT 'Dry mass. In mg.',
    dry_kg Decimal(38, 6) COMMENT 'Dry mass. In kg, exact.',
    assayed Bool COMMENT 'Whether an assay has given its content.',
    contained_mg Map(LowCardinality(String), Int64) COMMENT 'Contained mass by element symbol, in mg.',
    u_mg Map(LowCardinality(String), Int64) COMMENT 'Standard uncertainty of the contained mass by element symbol, in mg.',
    created DateTime64(6, 'UTC') COMMENT 'Valid time of the event that made the lot.',
    loss_class LowCardinality(String) COMMENT 'tailings, slag, residue and so on. Empty: none.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on. Empty: none.',
    owner String COMMENT 'Owner. Empty: none.',
    country_of_origin LowCardinality(String) COMMENT 'Country of origin. Empty: none.',
    findings Array(String) COMMENT 'Open hard and hold findings on the lot itself, by id.',
    inherited Array(String) COMMENT 'Findings that came with an offer, by id.',
    parents Array(String) COMMENT 'Lots of the same site that it was made of.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    max(version) AS seq,
    argMax(txn_id, version) AS txn_id,
    argMax(txn_seq, version) AS txn_seq,
    argMax(record_time, version) AS record_time,
    argMax(wet_mg, version) AS wet_mg,
    argMax(wet_kg, version) AS wet_kg,
    argMax(dry_mg, version) AS dry_mg,
    argMax(dry_kg, version) AS dry_kg,
    argMax(assayed, version) AS assayed,
    argMax(contained_mg, version) AS contained_mg,
    argMax(u_mg, version) AS u_mg,
    argMax(created, version) AS created,
    argMax(loss_class, version) AS loss_class,
    argMax(product_class, version) AS product_class,
    argMax(owner, version) AS owner,
    argMax(country_of_origin, version) AS country_of_origin,
    argMax(findings, version) AS findings,
    argMax(inherited, version) AS inherited,
    argMax(parents, version) AS parents
FROM
(
    SELECT
        site,
        lot,
        seq AS version,
        txn_id,
        txn_seq,
        record_time,
        wet_mg,
        wet_kg,
        dry_mg,
        dry_kg,
        assayed,
        contained_mg,
        u_mg,
        created,
        loss_class,
        product_class,
        owner,
        country_of_origin,
        findings,
        inherited,
        parents
    FROM lodestream_raw.lots
)
GROUP BY site, lot
COMMENT 'The latest version of every lot, also of those that are used up.'

-- statement: lot_contents
CREATE OR REPLACE VIEW lodestream.lot_contents
(
    site LowCardinality(String) COMMENT 'Custody site.',
    lot String COMMENT 'Canonical id of the lot.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    contained_mg Int64 COMMENT 'Contained mass, in mg.',
    contained_kg Decimal(38, 6) COMMENT 'Contained mass, in kg, exact.',
    u_mg Int64 COMMENT 'Standard uncertainty of the contained mass, in mg.',
    dry_mg Int64 COMMENT 'Dry mass of the lot, in mg.',
    grade_percent Nullable(Decimal(38, 9)) COMMENT 'Contained mass in percent of the dry mass, 9 decimals, cut off; none where the lot has no dry mass.',
    product_class LowCardinality(String) COMMENT 'ore, concentrate, cathode, slag and so on.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    element,
    contained AS contained_mg,
    toDecimal128(contained, 6) / 1000000 AS contained_kg,
    u_mg[element] AS u_mg,
    dry_mg,
    if(dry_mg = 0, NULL, toDecimal128(contained, 9) * 100 / dry_mg) AS grade_percent,
    product_class
FROM lodestream.current_lots
ARRAY JOIN mapKeys(contained_mg) AS element, mapValues(contained_mg) AS contained
COMMENT 'What the latest version of every lot holds, a row for each element.'

-- statement: account_balances
CREATE OR REPLACE VIEW lodestream.account_balances
(
    site LowCardinality(String) COMMENT 'Custody site.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    account String COMMENT 'Account within the site, its kind first.',
    account_kind LowCardinality(String) COMMENT 'Kind of the account.',
    balance_mg Int128 COMMENT 'Balance, in mg.',
    balance_kg Decimal(38, 6) COMMENT 'Balance, in kg, exact.',
    legs UInt64 COMMENT 'Number of legs.',
    last_seq UInt64 COMMENT 'Sequence number of the last transaction on it.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    element,
    account,
    splitByChar('(', account)[1] AS account_kind,
    sum(toInt128(amount_mg)) AS balance_mg,
    toDecimal128(balance_mg, 6) / 1000000 AS balance_kg,
    count() AS legs,
    max(txn_seq) AS last_seq
FROM lodestream_raw.postings FINAL
GROUP BY site, element, account
COMMENT 'The balance of every account, by site and element: the sum of its postings.'

-- statement: site_balances
CREATE OR REPLACE VIEW lodestream.site_balances
(
    site LowCardinality(String) COMMENT 'Custody site.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    stock_mg Int128 COMMENT 'Metal in the lots. In mg.',
    stock_kg Decimal(38, 6) COMMENT 'Metal in the lots. In kg, exact.',
    wip_mg Int128 COMMENT 'Metal in process. In mg.',
    wip_kg Decimal(38, 6) COMMENT 'Metal in process. In kg, exact.',
    transit_mg Int128 COMMENT 'Metal sent and not yet settled by the receiver. In mg.',
    transit_kg Decimal(38, 6) COMMENT 'Metal sent and not yet settled by the receiver. In kg, exact.',
    custody_mg Int128 COMMENT 'Hand-overs: received before its offer (negative) or settled (positive); over both books of a consignment it ends at zero. In mg.',
    custody_kg Decimal(38, 6) COMMENT 'Hand-overs: received before its offer (negative) or settled (positive); over both books of a consignment it ends at zero. In kg, exact.',
    losses_mg Int128 COMMENT 'Metal in losses: tailings, slag, residue and so on. In mg.',
    losses_kg Decimal(38, 6) COMMENT 'Metal in losses: tailings, slag, residue and so on. In kg, exact.',
    unaccounted_mg Int128 COMMENT 'What the balances of the site leave over: missing (positive) or gained (negative) metal. In mg.',
    unaccounted_kg Decimal(38, 6) COMMENT 'What the balances of the site leave over: missing (positive) or gained (negative) metal. In kg, exact.',
    transit_variance_mg Int128 COMMENT 'Offered less received, of what is settled. In mg.',
    transit_variance_kg Decimal(38, 6) COMMENT 'Offered less received, of what is settled. In kg, exact.',
    adjustments_mg Int128 COMMENT 'Adjustments of stock; positive: metal that left the stock. In mg.',
    adjustments_kg Decimal(38, 6) COMMENT 'Adjustments of stock; positive: metal that left the stock. In kg, exact.',
    entered_mg Int128 COMMENT 'Metal that entered the book from outside. In mg.',
    entered_kg Decimal(38, 6) COMMENT 'Metal that entered the book from outside. In kg, exact.',
    left_mg Int128 COMMENT 'Metal that left the book for good. In mg.',
    left_kg Decimal(38, 6) COMMENT 'Metal that left the book for good. In kg, exact.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH splitByChar('(', account)[1] AS kind
SELECT
    site,
    element,
    sumIf(toInt128(amount_mg), kind = 'STOCK') AS stock_mg,
    toDecimal128(stock_mg, 6) / 1000000 AS stock_kg,
    sumIf(toInt128(amount_mg), kind = 'WIP') AS wip_mg,
    toDecimal128(wip_mg, 6) / 1000000 AS wip_kg,
    sumIf(toInt128(amount_mg), kind = 'TRANSIT') AS transit_mg,
    toDecimal128(transit_mg, 6) / 1000000 AS transit_kg,
    sumIf(toInt128(amount_mg), kind = 'CUSTODY') AS custody_mg,
    toDecimal128(custody_mg, 6) / 1000000 AS custody_kg,
    sumIf(toInt128(amount_mg), kind = 'LOSS') AS losses_mg,
    toDecimal128(losses_mg, 6) / 1000000 AS losses_kg,
    sumIf(toInt128(amount_mg), kind = 'UNACCOUNTED') AS unaccounted_mg,
    toDecimal128(unaccounted_mg, 6) / 1000000 AS unaccounted_kg,
    sumIf(toInt128(amount_mg), kind = 'TRANSIT_VAR') AS transit_variance_mg,
    toDecimal128(transit_variance_mg, 6) / 1000000 AS transit_variance_kg,
    sumIf(toInt128(amount_mg), kind = 'STOCK_ADJ') AS adjustments_mg,
    toDecimal128(adjustments_mg, 6) / 1000000 AS adjustments_kg,
    -sumIf(toInt128(amount_mg), kind = 'SOURCE') AS entered_mg,
    toDecimal128(entered_mg, 6) / 1000000 AS entered_kg,
    sumIf(toInt128(amount_mg), kind = 'SINK') AS left_mg,
    toDecimal128(left_mg, 6) / 1000000 AS left_kg
FROM lodestream_raw.postings FINAL
GROUP BY site, element
COMMENT 'Where the metal of each site is, by element. entered = stock + wip + transit + custody + losses + unaccounted + transit_variance + adjustments + left.'

-- statement: findings
CREATE OR REPLACE VIEW lodestream.findings
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    finding_id String COMMENT 'Derived id of the finding (hex).',
    rule LowCardinality(String) COMMENT 'Number in the catalogue, such as F1.',
    code LowCardinality(String) COMMENT 'Name in the catalogue, such as IMPOSSIBLE.',
    version UInt32 COMMENT 'Version of the rule.',
    severity LowCardinality(String) COMMENT 'hard, hold, warn or info.',
    state LowCardinality(String) COMMENT 'open, resolved or superseded.',
    inputs Array(String) COMMENT 'What it looked at: ids of events, lots or transactions.',
    arithmetic String COMMENT 'The calculation, for a reader to redo.',
    lots Array(String) COMMENT 'Lots on which it stands.',
    event_id String COMMENT 'eventID of the event that opened it. Empty: none.',
    opened_by String COMMENT 'Transaction that opened it (hex).',
    opened DateTime64(6, 'UTC') COMMENT 'Record time of the outcome that opened it.',
    changed DateTime64(6, 'UTC') COMMENT 'Record time of the outcome that changed it last.',
    changed_by String COMMENT 'Transaction that changed it last (hex).'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    finding_id,
    argMax(rule, at) AS rule,
    argMax(code, at) AS code,
    argMax(version, at) AS version,
    argMax(severity, at) AS severity,
    argMax(state, at) AS state,
    argMax(inputs, at) AS inputs,
    argMax(arithmetic, at) AS arithmetic,
    argMax(lots, at) AS lots,
    argMin(event_id, at) AS event_id,
    argMin(txn_id, at) AS opened_by,
    argMin(record_time, at) AS opened,
    argMax(record_time, at) AS changed,
    argMax(txn_id, at) AS changed_by
FROM
(
    SELECT *, (src_offset, position) AS at
    FROM lodestream_raw.findings
)
GROUP BY site, finding_id
COMMENT 'Every finding with its latest state.'

-- statement: open_findings
CREATE OR REPLACE VIEW lodestream.open_findings
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    finding_id String COMMENT 'Derived id of the finding (hex).',
    severity LowCardinality(String) COMMENT 'hard, hold, warn or info.',
    rule LowCardinality(String) COMMENT 'Number in the catalogue, such as F1.',
    code LowCardinality(String) COMMENT 'Name in the catalogue, such as IMPOSSIBLE.',
    arithmetic String COMMENT 'The calculation, for a reader to redo.',
    lots Array(String) COMMENT 'Lots on which it stands.',
    inputs Array(String) COMMENT 'What it looked at: ids of events, lots or transactions.',
    event_id String COMMENT 'eventID of the event that opened it. Empty: none.',
    opened DateTime64(6, 'UTC') COMMENT 'Record time of the outcome that opened it.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    finding_id,
    severity,
    rule,
    code,
    arithmetic,
    lots,
    inputs,
    event_id,
    opened
FROM lodestream.findings
WHERE state = 'open'
COMMENT 'Findings that are open.'

-- statement: credentials
CREATE OR REPLACE VIEW lodestream.credentials
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    credential_id String COMMENT 'The credential\'s own id, a URI.',
    kind LowCardinality(String) COMMENT 'UNTP type.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    issuer LowCardinality(String) COMMENT 'DID of the issuer.',
    lots Array(String) COMMENT 'Lots that it is about.',
    valid_from DateTime64(6, 'UTC') COMMENT 'validFrom.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time of the transaction.',
    envelope String COMMENT 'The enveloped credential as published, JSON.',
    sha256 String COMMENT 'SHA-256 over the envelope (hex).',
    status LowCardinality(String) COMMENT 'issued or revoked, by the latest status; issued where none came.',
    status_reason String COMMENT 'Finding or transaction that is the reason. Empty: none.',
    status_time Nullable(DateTime64(6, 'UTC')) COMMENT 'Record time of the latest status; none where none came.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    c.site AS site,
    c.credential_id AS credential_id,
    c.kind AS kind,
    c.txn_id AS txn_id,
    c.issuer AS issuer,
    c.lots AS lots,
    c.valid_from AS valid_from,
    c.record_time AS record_time,
    c.envelope AS envelope,
    c.sha256 AS sha256,
    if(s.credential_id = '', 'issued', s.status) AS status,
    s.reason AS status_reason,
    if(s.credential_id = '', NULL, s.record_time) AS status_time
FROM (SELECT * FROM lodestream_raw.credentials FINAL) AS c
LEFT JOIN
(
    SELECT
        credential_id,
        argMax(status, src_offset) AS status,
        argMax(reason, src_offset) AS reason,
        argMax(record_time, src_offset) AS record_time
    FROM lodestream_raw.credential_status
    GROUP BY credential_id
) AS s ON s.credential_id = c.credential_id
SETTINGS join_use_nulls = 0
COMMENT 'Every credential with its latest status.'

-- statement: events_enriched
CREATE OR REPLACE VIEW lodestream.events_enriched
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    entry_id String COMMENT 'Entry that brought the event (hex).',
    event_id String COMMENT 'eventID. Empty: none.',
    event_hash String COMMENT 'CBV 2.0 event hash, a ni: URI.',
    event_type LowCardinality(String) COMMENT 'EPCIS type: ObjectEvent, TransformationEvent and so on, or an own type.',
    action LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE. Empty: none.',
    biz_step LowCardinality(String) COMMENT 'bizStep: a bare CBV word or a URI. Empty: none.',
    event_time DateTime64(6, 'UTC') COMMENT 'eventTime: when it happened, by the sender\'s clock.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time: when the inbox took it.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    read_point LowCardinality(String) COMMENT 'readPoint. Empty: none.',
    biz_location LowCardinality(String) COMMENT 'bizLocation. Empty: none.',
    outcome LowCardinality(String) COMMENT 'Latest outcome other than DUPLICATE: TRANSACTION, PARKED or UNREADABLE. Empty: not judged yet.',
    kind LowCardinality(String) COMMENT 'Kind of the transaction. Empty: none.',
    txn_id String COMMENT 'Transaction (hex). Empty: none.',
    txn_seq UInt64 COMMENT 'Place in the site\'s sequence; 0: none.',
    reason String COMMENT 'Why it is parked or refused. Empty: it is not.',
    copies UInt64 COMMENT 'How often the same event came again.',
    finding_codes Array(String) COMMENT 'Codes of the findings that it opened.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    e.site AS site,
    e.entry_id AS entry_id,
    e.event_id AS event_id,
    e.event_hash AS event_hash,
    e.event_type AS event_type,
    e.action AS action,
    e.biz_step AS biz_step,
    e.event_time AS event_time,
    e.record_time AS record_time,
    e.source AS source,
    e.read_point AS read_point,
    e.biz_location AS biz_location,
    t.outcome AS outcome,
    t.kind AS kind,
    t.txn_id AS txn_id,
    t.txn_seq AS txn_seq,
    t.reason AS reason,
    t.copies AS copies,
    f.codes AS finding_codes
FROM (SELECT * FROM lodestream_raw.events FINAL) AS e
LEFT JOIN
(
    SELECT
        site,
        entry_id,
        argMaxIf(judged, src_offset, judged != 'DUPLICATE') AS outcome,
        argMaxIf(did, src_offset, judged != 'DUPLICATE') AS kind,
        argMaxIf(id, src_offset, judged != 'DUPLICATE') AS txn_id,
        argMaxIf(place, src_offset, judged != 'DUPLICATE') AS txn_seq,
        argMaxIf(why, src_offset, judged != 'DUPLICATE') AS reason,
        uniqExactIf(src_offset, judged = 'DUPLICATE') AS copies
    FROM
    (
        SELECT site, entry_id, toString(outcome) AS judged, toString(kind) AS did, txn_id AS id, seq AS place, reason AS why, src_offset
        FROM lodestream_raw.transactions
    )
    GROUP BY site, entry_id
) AS t ON t.site = e.site AND t.entry_id = e.entry_id
LEFT JOIN
(
    SELECT
        site,
        entry_id,
        arraySort(groupUniqArray(toString(code))) AS codes
    FROM lodestream_raw.findings AS c
    INNER JOIN (SELECT DISTINCT site, txn_id, entry_id FROM lodestream_raw.transactions WHERE outcome != 'DUPLICATE') AS of USING (site, txn_id)
    WHERE state = 'open'
    GROUP BY site, entry_id
) AS f ON f.site = e.site AND f.entry_id = e.entry_id
SETTINGS join_use_nulls = 0
COMMENT 'Events with what became of them: the latest outcome, the place in the site\'s sequence, the codes of the findings.'

-- statement: sink_progress
CREATE OR REPLACE VIEW lodestream.sink_progress
(
    topic LowCardinality(String) COMMENT 'Kafka topic.',
    topic_id LowCardinality(String) COMMENT 'Id of the topic (KIP-516).',
    partition UInt32 COMMENT 'Partition.',
    next_offset UInt64 COMMENT 'Offset after the last record that is here.',
    records UInt64 COMMENT 'Records taken so far.',
    batches UInt64 COMMENT 'Batches so far.',
    last_written DateTime64(6, 'UTC') COMMENT 'When the last batch was written, by the server\'s clock.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    src_topic AS topic,
    src_topic_id AS topic_id,
    src_partition AS partition,
    max(last_offset) + 1 AS next_offset,
    sum(records) AS records,
    count() AS batches,
    max(written) AS last_written
FROM lodestream_raw.sink_batches FINAL
GROUP BY src_topic, src_topic_id, src_partition
COMMENT 'How far the sink has read each partition.'

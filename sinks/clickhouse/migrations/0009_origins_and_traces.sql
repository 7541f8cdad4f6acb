-- Where the content of a lot comes from, its carbon and its contacts; and a way from a lot to what was made of it.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: shares of lots
ALTER TABLE lodestream_raw.lots ADD COLUMN IF NOT EXISTS shares Map(LowCardinality(String), Map(String, Int64)) COMMENT 'Where the content comes from: by element symbol and origin key (country, site, source class, schemes), in mg. Empty: not attributed.' AFTER parents

-- statement: embodied_g_co2e of lots
ALTER TABLE lodestream_raw.lots ADD COLUMN IF NOT EXISTS embodied_g_co2e Int64 COMMENT 'Embodied carbon as far as it is known, in g CO2e.' AFTER shares

-- statement: uncovered_mg of lots
ALTER TABLE lodestream_raw.lots ADD COLUMN IF NOT EXISTS uncovered_mg Int64 COMMENT 'Dry mass whose carbon nobody has stated. In mg.' AFTER embodied_g_co2e

-- statement: uncovered_kg of lots
ALTER TABLE lodestream_raw.lots ADD COLUMN IF NOT EXISTS uncovered_kg Decimal(38, 6) MATERIALIZED toDecimal128(uncovered_mg, 6) / 1000000 COMMENT 'Dry mass whose carbon nobody has stated. In kg, exact.' AFTER uncovered_mg

-- statement: contacts of lots
ALTER TABLE lodestream_raw.lots ADD COLUMN IF NOT EXISTS contacts Array(String) COMMENT 'Origin keys that the lot touched and that have no share in it.' AFTER uncovered_kg

-- statement: index of the lots that lineage starts at: without it, each step of a trace downstream read the whole table
ALTER TABLE lodestream_raw.lineage ADD INDEX IF NOT EXISTS from_lots from_lot TYPE bloom_filter(0.001) GRANULARITY 1

-- statement: that index over what is there
ALTER TABLE lodestream_raw.lineage MATERIALIZE INDEX from_lots

-- statement: index of lots by their id alone
ALTER TABLE lodestream_raw.lots ADD INDEX IF NOT EXISTS lots lot TYPE bloom_filter(0.001) GRANULARITY 1

-- statement: that index over what is there
ALTER TABLE lodestream_raw.lots MATERIALIZE INDEX lots

-- statement: lots
CREATE OR REPLACE VIEW lodestream.lots
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
    parents Array(String) COMMENT 'Lots of the same site that it was made of.',
    shares Map(LowCardinality(String), Map(String, Int64)) COMMENT 'Where the content comes from: by element symbol and origin key (country, site, source class, schemes), in mg. Empty: not attributed.',
    embodied_g_co2e Int64 COMMENT 'Embodied carbon as far as it is known, in g CO2e.',
    uncovered_mg Int64 COMMENT 'Dry mass whose carbon nobody has stated. In mg.',
    uncovered_kg Decimal(38, 6) COMMENT 'Dry mass whose carbon nobody has stated. In kg, exact.',
    contacts Array(String) COMMENT 'Origin keys that the lot touched and that have no share in it.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    seq,
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
    parents,
    shares,
    embodied_g_co2e,
    uncovered_mg,
    uncovered_kg,
    contacts
FROM lodestream_raw.lots FINAL
COMMENT 'Every version of every lot. For the latest one see current_lots.'

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
    parents Array(String) COMMENT 'Lots of the same site that it was made of.',
    shares Map(LowCardinality(String), Map(String, Int64)) COMMENT 'Where the content comes from: by element symbol and origin key (country, site, source class, schemes), in mg. Empty: not attributed.',
    embodied_g_co2e Int64 COMMENT 'Embodied carbon as far as it is known, in g CO2e.',
    uncovered_mg Int64 COMMENT 'Dry mass whose carbon nobody has stated. In mg.',
    uncovered_kg Decimal(38, 6) COMMENT 'Dry mass whose carbon nobody has stated. In kg, exact.',
    contacts Array(String) COMMENT 'Origin keys that the lot touched and that have no share in it.'
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
    argMax(parents, version) AS parents,
    argMax(shares, version) AS shares,
    argMax(embodied_g_co2e, version) AS embodied_g_co2e,
    argMax(uncovered_mg, version) AS uncovered_mg,
    argMax(uncovered_kg, version) AS uncovered_kg,
    argMax(contacts, version) AS contacts
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
        parents,
        shares,
        embodied_g_co2e,
        uncovered_mg,
        uncovered_kg,
        contacts
    FROM lodestream_raw.lots
)
GROUP BY site, lot
COMMENT 'The latest version of every lot, also of those that are used up.'

-- statement: lot_origins
CREATE OR REPLACE VIEW lodestream.lot_origins
(
    site LowCardinality(String) COMMENT 'Custody site.',
    lot String COMMENT 'Canonical id of the lot.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    country LowCardinality(String) COMMENT 'Country of origin, ISO 3166-1 alpha-2; ZZ: unknown.',
    site_of_origin String COMMENT 'Mine or plant that it came from first; -: unknown; OTHER: what was pruned.',
    source_class LowCardinality(String) COMMENT 'mine, scrap, end_of_life and so on; -: unknown.',
    schemes Array(String) COMMENT 'Chain-of-custody schemes, sorted. Empty: none.',
    mg Int64 COMMENT 'Contained mass from there, in mg.',
    kg Decimal(38, 6) COMMENT 'Contained mass from there, in kg, exact.',
    percent Nullable(Decimal(38, 9)) COMMENT 'Of what the lot contains of the element, in percent, 9 decimals, cut off; none where it contains nothing.',
    origin String COMMENT 'The origin key as the ledger writes it: country, site, source class and schemes, parted by spaces.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH splitByChar(' ', origin) AS parts
SELECT
    site,
    lot,
    element,
    parts[1] AS country,
    parts[2] AS site_of_origin,
    parts[3] AS source_class,
    if(parts[4] IN ('', '-'), [], splitByChar(',', parts[4])) AS schemes,
    share AS mg,
    toDecimal128(share, 6) / 1000000 AS kg,
    if(whole = 0, NULL, toDecimal128(share, 9) * 100 / whole) AS percent,
    origin
FROM
(
    SELECT site, lot, element, contained_mg[element] AS whole, by_origin
    FROM lodestream.current_lots
    ARRAY JOIN mapKeys(shares) AS element, mapValues(shares) AS by_origin
)
ARRAY JOIN mapKeys(by_origin) AS origin, mapValues(by_origin) AS share
COMMENT 'Where the content of the latest version of every lot comes from (proportional attribution), a row for each element and origin.'

-- statement: lot_recycled
CREATE OR REPLACE VIEW lodestream.lot_recycled
(
    site LowCardinality(String) COMMENT 'Custody site.',
    lot String COMMENT 'Canonical id of the lot.',
    element LowCardinality(String) COMMENT 'Element symbol.',
    attributed_mg Int128 COMMENT 'Contained mass that has an origin key, in mg.',
    recycled_mg Int128 COMMENT 'Of it from scrap, end of life and manufacturing waste, in mg. What a plant runs around is not recycled.',
    recycled_percent Nullable(Decimal(38, 9)) COMMENT 'Recycled of attributed, in percent, 9 decimals, cut off; none where nothing is attributed.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    site,
    lot,
    element,
    sum(toInt128(mg)) AS attributed_mg,
    sumIf(toInt128(mg), source_class IN ('scrap', 'end_of_life', 'manufacturing_waste')) AS recycled_mg,
    if(attributed_mg = 0, NULL, toDecimal128(recycled_mg, 9) * 100 / attributed_mg) AS recycled_percent
FROM lodestream.lot_origins
GROUP BY site, lot, element
COMMENT 'The recycled share of the latest version of every lot, by element: source classes scrap, end_of_life and manufacturing_waste.'

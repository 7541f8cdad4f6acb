-- the lots are those of the recorded transactions
SELECT count(), countIf(said != stored), minIf(concat('lot ', lot, ' of ', site), said != stored)
FROM
(
    SELECT
        site,
        lot,
        arraySort(groupArrayIf(version, side = 'said')) AS said,
        arraySort(groupArrayIf(version, side = 'stored')) AS stored
    FROM
    (
        SELECT
            r.1 AS site,
            r.2 AS lot,
            'said' AS side,
            (r.3, r.4, r.5, arraySort(arrayZip(mapKeys(r.6), mapValues(r.6)))) AS version
        FROM
        (
            SELECT
                arrayJoin(JSONExtract(
                    record,
                    'lots',
                    'Array(Tuple(site String, lot String, seq UInt64, wet_mg Int64, dry_mg Int64, contained_mg Map(String, Int64)))'
                )) AS r
            FROM lodestream_raw.transactions FINAL
        )
        UNION ALL
        SELECT
            toString(site) AS site,
            lot,
            'stored' AS side,
            (seq, wet_mg, dry_mg, arraySort(arrayZip(arrayMap(e -> toString(e), mapKeys(contained_mg)), mapValues(contained_mg)))) AS version
        FROM lodestream_raw.lots FINAL
    )
    GROUP BY site, lot
)

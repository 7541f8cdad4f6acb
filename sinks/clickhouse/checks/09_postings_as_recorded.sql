-- the legs are those of the recorded transactions
SELECT count(), countIf(said != stored), minIf(concat('transaction ', txn_id), said != stored)
FROM
(
    SELECT
        txn_id,
        arraySort(groupArrayIf(leg_row, side = 'said')) AS said,
        arraySort(groupArrayIf(leg_row, side = 'stored')) AS stored
    FROM
    (
        SELECT txn_id, 'said' AS side, (r.1, r.2, r.3, r.4, r.5) AS leg_row
        FROM
        (
            SELECT
                txn_id,
                arrayJoin(JSONExtract(
                    record,
                    'postings',
                    'Array(Tuple(posting_id String, leg UInt32, element String, account String, amount_mg Int64))'
                )) AS r
            FROM lodestream_raw.transactions FINAL
        )
        UNION ALL
        SELECT txn_id, 'stored' AS side, (posting_id, leg, toString(element), account, amount_mg) AS leg_row
        FROM lodestream_raw.postings FINAL
    )
    GROUP BY txn_id
)

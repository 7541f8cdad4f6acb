-- no transaction, no leg and no inbox event stands twice
SELECT count(), countIf(times > 1), minIf(concat(what, ' ', id, ' stands ', toString(times), ' times'), times > 1)
FROM
(
    SELECT what, id, count() AS times
    FROM
    (
        SELECT 'transaction' AS what, txn_id AS id FROM lodestream_raw.transactions FINAL WHERE outcome = 'TRANSACTION'
        UNION ALL
        SELECT 'posting' AS what, posting_id AS id FROM lodestream_raw.postings FINAL
        UNION ALL
        SELECT 'event' AS what,
            concat(origin_topic, '/', toString(origin_partition), '/', toString(origin_offset), '#', toString(origin_index)) AS id
        FROM lodestream_raw.entries FINAL WHERE origin_topic != '' AND kind = 'EVENT'
    )
    GROUP BY what, id
)

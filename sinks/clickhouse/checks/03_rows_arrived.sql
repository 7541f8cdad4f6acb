-- each table holds as many rows of each partition as the batches brought
-- Of events and materials the first arrival alone stays, so what a later copy brought is merged away: see events_arrived.
SELECT
    sum(brought),
    countIf(brought != found),
    minIf(
        concat(name, ' of ', src_topic, '/', toString(src_partition), ': ', toString(brought), ' rows brought, ', toString(found), ' are there'),
        brought != found
    )
FROM
(
    SELECT name, src_topic, src_topic_id, src_partition, sum(came) AS brought, sum(stands) AS found
    FROM
    (
        SELECT name, src_topic, src_topic_id, src_partition, came, 0 AS stands
        FROM lodestream_raw.sink_batches FINAL
        ARRAY JOIN mapKeys(rows) AS name, mapValues(rows) AS came
        WHERE name NOT IN ('events', 'materials')
        UNION ALL
        SELECT name, src_topic, src_topic_id, src_partition, 0 AS came, count() AS stands
        FROM
        (
        SELECT 'entries' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.entries FINAL
        UNION ALL SELECT 'transactions' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.transactions FINAL
        UNION ALL SELECT 'postings' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.postings FINAL
        UNION ALL SELECT 'lines' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.lines FINAL
        UNION ALL SELECT 'lots' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.lots FINAL
        UNION ALL SELECT 'lineage' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.lineage FINAL
        UNION ALL SELECT 'findings' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.findings FINAL
        UNION ALL SELECT 'closures' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.closures FINAL
        UNION ALL SELECT 'periods' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.periods FINAL
        UNION ALL SELECT 'rejections' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.rejections FINAL
        UNION ALL SELECT 'credentials' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.credentials FINAL
        UNION ALL SELECT 'credential_status' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.credential_status FINAL
        UNION ALL SELECT 'dead_letters' AS name, src_topic, src_topic_id, src_partition FROM lodestream_raw.dead_letters FINAL
        )
        GROUP BY name, src_topic, src_topic_id, src_partition
    )
    GROUP BY name, src_topic, src_topic_id, src_partition
)

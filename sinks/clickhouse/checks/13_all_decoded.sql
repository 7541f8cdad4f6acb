-- every record could be decoded, or is an entry that the ledger calls unreadable
SELECT (SELECT sum(records) FROM lodestream_raw.sink_batches FINAL), countIf(bad),
    minIf(concat(concat(src_topic, '/', toString(src_partition)), ' offset ', toString(src_offset), ': ', message), bad)
FROM
(
    SELECT *, src_topic != 'site.entries.v1' OR (src_partition, value_sha256) NOT IN
    (
        SELECT src_partition, extract(reason, ' sha256 ([0-9a-f]{64})$') FROM lodestream_raw.transactions FINAL WHERE outcome = 'UNREADABLE'
    ) AS bad
    FROM lodestream_raw.dead_letters FINAL
)

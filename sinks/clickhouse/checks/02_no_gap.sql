-- each batch begins where the one before it ended, so no record was passed over
SELECT count(), countIf(bad), minIf(concat(concat(src_topic, '/', toString(src_partition)), ': after ', toString(expected), ' comes ', toString(resumed_at)), bad)
FROM
(
    SELECT src_topic, src_topic_id, src_partition, resumed_at, resumed_at != expected OR first_offset < resumed_at OR last_offset < first_offset AS bad,
        lagInFrame(last_offset + 1, 1, resumed_at) OVER
        (
            PARTITION BY src_topic, src_topic_id, src_partition ORDER BY first_offset, last_offset ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS expected
    FROM lodestream_raw.sink_batches FINAL
)

-- every record could be decoded
SELECT (SELECT sum(records) FROM lodestream_raw.sink_batches FINAL), count(),
    min(concat(concat(src_topic, '/', toString(src_partition)), ' offset ', toString(src_offset), ': ', message))
FROM lodestream_raw.dead_letters FINAL

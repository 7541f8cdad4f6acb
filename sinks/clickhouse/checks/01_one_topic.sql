-- all rows of a topic come from the same topic, not from one of that name made anew
SELECT count(), countIf(ids > 1), minIf(concat(src_topic, ' has ', toString(ids), ' topic ids'), ids > 1)
FROM (SELECT src_topic, uniqExact(src_topic_id) AS ids FROM lodestream_raw.sink_batches GROUP BY src_topic)

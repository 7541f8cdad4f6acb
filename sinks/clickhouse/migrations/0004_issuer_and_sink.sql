-- Rejections, credentials, and the sink's own records.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: rejections
CREATE TABLE IF NOT EXISTS lodestream_raw.rejections
(
    code LowCardinality(String) COMMENT 'Stable code of the refusal.',
    message String COMMENT 'What was wrong and what to do.',
    pointer String COMMENT 'JSON pointer (RFC 6901) into the document.',
    event_index Nullable(UInt32) COMMENT 'Place of the event in its document, from 0; none: the whole document.',
    event_id String COMMENT 'eventID, where one could be read. Empty: none.',
    payload_base64 String EPHEMERAL COMMENT 'Input only: payload in Base64.',
    payload String DEFAULT base64Decode(payload_base64) CODEC(ZSTD(3)) COMMENT 'The event as sent, at most its first 64 KiB.',
    payload_sha256 String COMMENT 'SHA-256 over all of the event\'s bytes (hex).',
    payload_truncated Bool COMMENT 'Whether payload is cut.',
    source LowCardinality(String) COMMENT 'Who sent it, by the name of the source.',
    inbox_topic LowCardinality(String) COMMENT 'Inbox topic.',
    inbox_partition UInt32 COMMENT 'Inbox partition.',
    inbox_offset UInt64 COMMENT 'Inbox offset.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'When the inbox took it.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (inbox_topic, inbox_partition, inbox_offset, src_partition, src_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What the gate refused: a document or one of its events.'

-- statement: credentials
CREATE TABLE IF NOT EXISTS lodestream_raw.credentials
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    credential_id String COMMENT 'The credential\'s own id, a URI.',
    kind LowCardinality(String) COMMENT 'UNTP type.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    issuer LowCardinality(String) COMMENT 'DID of the issuer.',
    lots Array(String) COMMENT 'Lots that it is about.',
    valid_from_us Int64 EPHEMERAL COMMENT 'Input only: valid_from in microseconds since 1970-01-01 UTC.',
    valid_from DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(valid_from_us, 'UTC') COMMENT 'validFrom.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the transaction.',
    envelope String CODEC(ZSTD(3)) COMMENT 'The enveloped credential as published, JSON.',
    sha256 String COMMENT 'SHA-256 over the envelope (hex).',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (site, credential_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Credentials that the issuer signed.'

-- statement: credential_status
CREATE TABLE IF NOT EXISTS lodestream_raw.credential_status
(
    credential_id String COMMENT 'The credential\'s id.',
    status LowCardinality(String) COMMENT 'issued or revoked.',
    reason String COMMENT 'Finding or transaction that is the reason. Empty: none.',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Record time of the change.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (credential_id, src_partition, src_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Changes of the status of credentials.'

-- statement: dead_letters
CREATE TABLE IF NOT EXISTS lodestream_raw.dead_letters
(
    reason LowCardinality(String) COMMENT 'Stable code: what was wrong.',
    message String COMMENT 'What was wrong, in words.',
    record_key_base64 String EPHEMERAL COMMENT 'Input only: record_key in Base64.',
    record_key String DEFAULT base64Decode(record_key_base64) CODEC(ZSTD(3)) COMMENT 'Key of the record.',
    value_base64 String EPHEMERAL COMMENT 'Input only: value in Base64.',
    value String DEFAULT base64Decode(value_base64) CODEC(ZSTD(3)) COMMENT 'Value of the record, at most its first 64 KiB.',
    value_bytes UInt64 COMMENT 'Length of the whole value.',
    value_sha256 String COMMENT 'SHA-256 over the whole value (hex).',
    record_time_us Int64 EPHEMERAL COMMENT 'Input only: record_time in microseconds since 1970-01-01 UTC.',
    record_time DateTime64(6, 'UTC') DEFAULT fromUnixTimestamp64Micro(record_time_us, 'UTC') COMMENT 'Timestamp of the record.',
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    src_offset UInt64 COMMENT 'Offset of the record.'
)
ENGINE = ReplacingMergeTree
ORDER BY (src_topic, src_partition, src_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Records that the sink could not decode. The sink goes on; `lodestream sink verify` reports them.'

-- statement: sink_batches
CREATE TABLE IF NOT EXISTS lodestream_raw.sink_batches
(
    src_topic LowCardinality(String) COMMENT 'Kafka topic that the row came from.',
    src_topic_id LowCardinality(String) COMMENT 'Id of that topic (KIP-516): a topic made anew has another.',
    src_partition UInt32 COMMENT 'Partition of the record.',
    resumed_at UInt64 COMMENT 'Offset from which the batch was read: the one after the batch before. Between it and first_offset the broker gave nothing (markers of transactions).',
    first_offset UInt64 COMMENT 'Offset of the first record.',
    last_offset UInt64 COMMENT 'Offset of the last record.',
    records UInt64 COMMENT 'Number of records.',
    tombstones UInt64 COMMENT 'Records among them without a value.',
    rows Map(LowCardinality(String), UInt64) COMMENT 'Rows inserted, by table.',
    written DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was written, by the server\'s clock.'
)
ENGINE = ReplacingMergeTree
ORDER BY (src_topic, src_topic_id, src_partition, first_offset, last_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Batches that the sink has written whole, by range of offsets: what tells a gap from a loss.'

-- What a credential is called, who may read it, its place in a status list, and which one took the place of which.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: credentials
ALTER TABLE lodestream_raw.credentials
    ADD COLUMN IF NOT EXISTS name String COMMENT 'Its name, for people.' AFTER sha256,
    ADD COLUMN IF NOT EXISTS access LowCardinality(String) COMMENT 'public, or private: published encrypted.' AFTER name,
    ADD COLUMN IF NOT EXISTS about Array(String) COMMENT 'Those of the lots that it describes.' AFTER access,
    ADD COLUMN IF NOT EXISTS facility String COMMENT 'Place that it speaks of: a canonical URI. Empty: of none.' AFTER about,
    ADD COLUMN IF NOT EXISTS status_list String COMMENT 'URL of its status list. Empty: it has none.' AFTER facility,
    ADD COLUMN IF NOT EXISTS status_index UInt32 COMMENT 'Its place in that list.' AFTER status_list,
    ADD COLUMN IF NOT EXISTS replaces String COMMENT 'Id of the credential that it replaces. Empty: none.' AFTER status_index

-- statement: credential_status
ALTER TABLE lodestream_raw.credential_status
    ADD COLUMN IF NOT EXISTS replaced_by String COMMENT 'Id of the credential that took its place. Empty: none.' AFTER record_time

-- statement: credentials as answered
CREATE OR REPLACE VIEW lodestream.credentials
(
    site LowCardinality(String) COMMENT 'Custody site whose book it is: a canonical URI.',
    credential_id String COMMENT 'The credential\'s own id, a URI.',
    kind LowCardinality(String) COMMENT 'UNTP type.',
    name String COMMENT 'Its name, for people.',
    txn_id String COMMENT 'Derived id of the transaction (hex).',
    issuer LowCardinality(String) COMMENT 'DID of the issuer.',
    lots Array(String) COMMENT 'Lots that it speaks of.',
    about Array(String) COMMENT 'Those of the lots that it describes.',
    facility String COMMENT 'Place that it speaks of: a canonical URI. Empty: of none.',
    access LowCardinality(String) COMMENT 'public, or private: published encrypted.',
    valid_from DateTime64(6, 'UTC') COMMENT 'validFrom.',
    record_time DateTime64(6, 'UTC') COMMENT 'Record time of the transaction.',
    envelope String COMMENT 'The enveloped credential as published, JSON.',
    sha256 String COMMENT 'SHA-256 over the envelope (hex).',
    status_list String COMMENT 'URL of its status list. Empty: it has none.',
    status_index UInt32 COMMENT 'Its place in that list.',
    status LowCardinality(String) COMMENT 'issued or revoked, by the latest status; issued where none came.',
    status_reason String COMMENT 'Finding or transaction that is the reason. Empty: none.',
    status_time Nullable(DateTime64(6, 'UTC')) COMMENT 'Record time of the latest status; none where none came.',
    replaces String COMMENT 'Id of the credential that it replaces. Empty: none.',
    replaced_by String COMMENT 'Id of the credential that took its place. Empty: none.'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT
    c.site AS site,
    c.credential_id AS credential_id,
    c.kind AS kind,
    c.name AS name,
    c.txn_id AS txn_id,
    c.issuer AS issuer,
    c.lots AS lots,
    c.about AS about,
    c.facility AS facility,
    if(c.access = '', 'public', c.access) AS access,
    c.valid_from AS valid_from,
    c.record_time AS record_time,
    c.envelope AS envelope,
    c.sha256 AS sha256,
    c.status_list AS status_list,
    c.status_index AS status_index,
    if(s.credential_id = '', 'issued', s.status) AS status,
    s.reason AS status_reason,
    if(s.credential_id = '', NULL, s.record_time) AS status_time,
    c.replaces AS replaces,
    s.replaced_by AS replaced_by
FROM (SELECT * FROM lodestream_raw.credentials FINAL) AS c
LEFT JOIN
(
    SELECT
        credential_id,
        argMax(status, src_offset) AS status,
        argMax(reason, src_offset) AS reason,
        argMax(record_time, src_offset) AS record_time,
        argMax(replaced_by, src_offset) AS replaced_by
    FROM lodestream_raw.credential_status
    GROUP BY credential_id
) AS s ON s.credential_id = c.credential_id
SETTINGS join_use_nulls = 0
COMMENT 'Every credential with its latest status.'

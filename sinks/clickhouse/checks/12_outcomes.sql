-- each entry has its outcome, and none has one too many
-- The outcome of what is no entry of its key names the digest of its bytes, as the dead letter does. An entry that is not of its
-- partition is known by its site there. `about` is what both sides have in common. Elsewhere it is the entry's id.
WITH
    strays AS
    (
        SELECT site, src_partition FROM lodestream_raw.transactions FINAL
        WHERE outcome = 'UNREADABLE' AND startsWith(reason, 'its site does not live in this partition')
    ),
    told AS
    (
        SELECT owner AS site, about, any(src_partition) AS part, count() AS n, countIf(outcome = 'PARKED') AS parked, max(src_offset) AS last
        FROM
        (
            SELECT
                outcome,
                src_partition,
                src_offset,
                if(outcome = 'UNREADABLE', extract(reason, '^(?:cannot be decoded|its key is not).* sha256 ([0-9a-f]{64})$'), '') AS digest,
                if(digest = '', toString(site), '') AS owner,
                multiIf(
                    digest != '', concat(digest, ' in partition ', toString(src_partition)),
                    (site, src_partition) IN strays, concat('in partition ', toString(src_partition)),
                    entry_id
                ) AS about
            FROM lodestream_raw.transactions FINAL
        )
        GROUP BY site, about
    ),
    asked AS
    (
        SELECT owner AS site, about, any(src_partition) AS part, groupArray(src_offset) AS offsets
        FROM
        (
            SELECT
                toString(site) AS owner,
                if((site, src_partition) IN strays, concat('in partition ', toString(src_partition)), entry_id) AS about,
                src_partition,
                src_offset
            FROM lodestream_raw.entries FINAL
            UNION ALL
            SELECT '' AS owner, concat(value_sha256, ' in partition ', toString(src_partition)) AS about, src_partition, src_offset
            FROM lodestream_raw.dead_letters FINAL WHERE src_topic = 'site.entries.v1'
        )
        GROUP BY site, about
    ),
    judged AS
    (
        SELECT part, max(arrayMin(offsets)) AS entries, max(last) AS outcomes
        FROM asked INNER JOIN told USING (site, about) GROUP BY part
    )
SELECT count(), countIf(bad), minIf(concat('entry ', about, ' of ', site, ': ', toString(n), ' outcomes'), bad)
FROM
(
    SELECT a.site AS site, a.about AS about, t.n AS n,
        n > length(offsets) + t.parked OR n < arrayCount(o -> o < j.entries, offsets) AS bad
    FROM asked AS a LEFT JOIN told AS t ON t.site = a.site AND t.about = a.about LEFT JOIN judged AS j ON j.part = a.part
    UNION ALL
    SELECT t.site AS site, t.about AS about, t.n AS n, 1 AS bad
    FROM told AS t LEFT ANTI JOIN asked AS a ON a.site = t.site AND a.about = t.about
    INNER JOIN judged AS j ON j.part = t.part  -- offsets of another partition say nothing of how far this one's entries have come
    WHERE t.last < j.outcomes
)
SETTINGS join_use_nulls = 0

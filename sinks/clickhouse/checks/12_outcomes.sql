-- each entry has its outcome, and none has one too many
WITH
    told AS
    (
        SELECT site, entry_id, any(src_partition) AS part, count() AS n, countIf(outcome = 'PARKED') AS parked, max(src_offset) AS last
        FROM lodestream_raw.transactions FINAL GROUP BY site, entry_id
    ),
    asked AS
    (
        SELECT site, entry_id, any(src_partition) AS part, groupArray(src_offset) AS offsets
        FROM lodestream_raw.entries FINAL GROUP BY site, entry_id
    ),
    judged AS
    (
        SELECT part, max(arrayMin(offsets)) AS entries, max(last) AS outcomes
        FROM asked INNER JOIN told USING (site, entry_id) GROUP BY part
    )
SELECT count(), countIf(bad), minIf(concat('entry ', entry_id, ' of ', site, ': ', toString(n), ' outcomes'), bad)
FROM
(
    SELECT a.site AS site, a.entry_id AS entry_id, t.n AS n,
        n > length(offsets) + t.parked OR n < arrayCount(o -> o < j.entries, offsets) AS bad
    FROM asked AS a LEFT JOIN told AS t ON t.site = a.site AND t.entry_id = a.entry_id LEFT JOIN judged AS j ON j.part = a.part
    UNION ALL
    SELECT t.site AS site, t.entry_id AS entry_id, t.n AS n, 1 AS bad
    FROM told AS t LEFT ANTI JOIN asked AS a ON a.site = t.site AND a.entry_id = t.entry_id
    INNER JOIN judged AS j ON j.part = t.part  -- offsets of another partition say nothing of how far this one's entries have come
    WHERE t.last < j.outcomes
)
SETTINGS join_use_nulls = 0

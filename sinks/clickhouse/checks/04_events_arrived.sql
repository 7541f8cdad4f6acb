-- each event of an entry is there, once for a site
SELECT count(), countIf(bad), minIf(concat('entry ', entry_id, ' of ', site, ': ', toString(rows), ' events'), bad)
FROM
(
    SELECT site, entry_id, countIf(side = 'event') AS rows, rows != 1 OR countIf(side = 'entry') = 0 AS bad
    FROM
    (
        SELECT site, entry_id, 'entry' AS side FROM lodestream_raw.entries FINAL WHERE kind = 'EVENT'
        UNION ALL
        SELECT site, entry_id, 'event' AS side FROM lodestream_raw.events FINAL
    )
    GROUP BY site, entry_id
)

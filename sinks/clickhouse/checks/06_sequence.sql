-- the transactions of each site are numbered from 1 without gap
SELECT sum(n), countIf(bad), minIf(concat(site, ': ', toString(n), ' transactions numbered ', toString(low), ' to ', toString(high)), bad)
FROM
(
    SELECT site, count() AS n, uniqExact(seq) AS numbers, min(seq) AS low, max(seq) AS high,
        low != 1 OR high != n OR numbers != n AS bad
    FROM lodestream_raw.transactions FINAL WHERE outcome = 'TRANSACTION' GROUP BY site
)

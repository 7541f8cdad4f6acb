-- each transaction names the chain value of the one before it
SELECT count(), countIf(prev != expected), minIf(concat('transaction ', toString(seq), ' of ', site), prev != expected)
FROM
(
    SELECT site, seq, prev,
        lagInFrame(chain, 1, '') OVER (PARTITION BY site ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS expected
    FROM lodestream_raw.transactions FINAL WHERE outcome = 'TRANSACTION'
)

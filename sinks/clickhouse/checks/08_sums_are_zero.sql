-- the legs of each transaction sum to zero for each element
SELECT count(), countIf(total != 0), minIf(concat('transaction ', txn_id, ' of ', site, ': ', element, ' ', toString(total), ' mg'), total != 0)
FROM
(
    SELECT site, txn_id, element, sum(toInt128(amount_mg)) AS total
    FROM lodestream_raw.postings FINAL GROUP BY site, txn_id, element
)

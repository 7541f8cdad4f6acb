-- what the latest state of each lot holds is the balance of its account
SELECT
    count(),
    countIf(held != posted),
    minIf(
        concat(account, ' of ', site, ': ', element, ' ', toString(held), ' mg in the lot, ', toString(posted), ' mg posted'),
        held != posted
    )
FROM
(
    SELECT site, account, element, sum(in_lot) AS held, sum(in_legs) AS posted
    FROM
    (
        SELECT
            site,
            if(class = '', concat('STOCK(', lot, ')'), concat('LOSS(', class, ' ', lot, ')')) AS account,
            element,
            toInt128(mg) AS in_lot,
            toInt128(0) AS in_legs
        FROM
        (
            SELECT
                toString(site) AS site,
                lot,
                argMax(toString(loss_class), seq) AS class,
                argMax(contained_mg, seq) AS contents
            FROM lodestream_raw.lots FINAL
            GROUP BY site, lot
        )
        ARRAY JOIN arrayMap(e -> toString(e), mapKeys(contents)) AS element, mapValues(contents) AS mg
        UNION ALL
        SELECT toString(site), account, toString(element), toInt128(0) AS in_lot, toInt128(amount_mg) AS in_legs
        FROM lodestream_raw.postings FINAL
        -- What was destroyed is a loss that no lot holds.
        WHERE startsWith(account, 'STOCK(') OR (startsWith(account, 'LOSS(') AND NOT endsWith(account, ' destroyed)'))
    )
    GROUP BY site, account, element
)

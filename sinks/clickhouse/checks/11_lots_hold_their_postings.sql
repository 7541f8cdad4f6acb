-- what the latest state of each lot holds is the balance of its account
SELECT count(), countIf(held != posted),
    minIf(concat(account, ' of ', site, ': ', element, ' ', toString(held), ' mg in the lot, ', toString(posted), ' mg posted'), held != posted)
FROM
(
    SELECT site, account, element, sum(toInt128(held)) AS held, sum(toInt128(posted)) AS posted
    FROM
    (
        SELECT toString(site) AS site, toString(element) AS element,
            if(loss_class = '', concat('STOCK(', lot, ')'), concat('LOSS(', loss_class, ' ', lot, ')')) AS account,
            toInt128(held) AS held, toInt128(0) AS posted
        FROM lodestream.current_lots
        ARRAY JOIN mapKeys(contained_mg) AS element, mapValues(contained_mg) AS held
        UNION ALL
        SELECT toString(site), toString(element), account, toInt128(0) AS held, balance_mg AS posted
        FROM lodestream.account_balances
        WHERE account_kind = 'STOCK' OR (account_kind = 'LOSS' AND NOT endsWith(account, ' destroyed)'))
    )
    GROUP BY site, account, element
)

"""Traces in a chDB folder with very many lots; prints the median seconds of each round as JSON.

    python -m benchmarks.tracing FOLDER LOTS ROUNDS

Lots and lineage are made in ClickHouse: blocks of 128 lots of which each is made of two earlier ones, so that a way is up to
twenty steps and some hundred links long, and the ids of neighbours are far from each other.
"""

# ruff: noqa: S608  # every name in these queries is our own

import json
import sys
import time
from pathlib import Path
from statistics import median

from clickhouse_connect.driver.client import Client

from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.trace import trace

BLOCK = 128
PARENTS = (7, 11)  # how far back in its block
TRACES = 5
SITE = "concat('https://id.gs1.org/414/', leftPad(toString(cityHash64(toUInt64({n})) % 40), 13, '0'))"
LOT = "concat('https://id.gs1.org/01/09521321102026/10/', hex(sipHash64(toUInt64({n}))))"
TIME = "fromUnixTimestamp64Micro(1767225600000000 + toInt64(number), 'UTC')"


def fill(client: Client, lots: int) -> None:
    """Lots, their transactions and their lineage."""
    here = f"{SITE.format(n='number')} AS site"
    client.command(
        "INSERT INTO lodestream_raw.lots (site, lot, seq, txn_id, txn_seq, record_time, dry_mg, contained_mg, shares)"
        f" SELECT {here}, {LOT.format(n='number')}, 1, hex(sipHash128(number)), number + 1, {TIME}, 1000000,"
        f" map('Cu', 300000), map('Cu', map('ZM - mine -', 200000, 'CL - mine -', 100000)) FROM numbers({lots:d})"
    )
    client.command(
        "INSERT INTO lodestream_raw.transactions (site, seq, outcome, txn_id, event_id, biz_step, record_time)"
        f" SELECT {here}, number + 1, 'TRANSACTION', hex(sipHash128(number)), concat('urn:event:', toString(number)),"
        f" 'commissioning', {TIME} FROM numbers({lots:d})"
    )
    for edge, back in enumerate(PARENTS):
        origin = f"number - {back}"
        client.command(
            "INSERT INTO lodestream_raw.lineage"
            " (to_site, to_lot, to_seq, from_site, from_lot, from_seq, txn_id, txn_seq, edge, dry_mg, contained_mg, valid_time)"
            f" SELECT {SITE.format(n='number')}, {LOT.format(n='number')}, 1, {SITE.format(n=origin)}, {LOT.format(n=origin)}, 1,"
            f" hex(sipHash128(number)), number + 1, {edge}, 500000, map('Cu', 150000), {TIME}"
            f" FROM numbers({lots:d}) WHERE number % {BLOCK} >= {back}"
        )


def main(folder: Path, lots: int, rounds: int) -> None:
    """Fill, trace one lot after another, print."""
    url = f"chdb://{folder}"
    client = connect(url)
    migrate(client)
    fill(client, lots)
    reader = DirectReader(url)
    found = []
    for number in range(rounds):
        seconds = []
        for n in range(TRACES):
            wanted = (number * TRACES + n) * 7_919 % (lots // BLOCK) * BLOCK + BLOCK // 2
            (name,) = client.query(f"SELECT {LOT.format(n=wanted)}").result_rows[0]
            began = time.monotonic()
            way = trace(reader, name)
            seconds.append(time.monotonic() - began)
            assert way.complete
            assert way.upstream
            assert way.downstream
            assert all(link.event_id and link.shares_percent for link in way.upstream)
        found.append(median(seconds))
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""A chDB folder with very many lots, and what a trace asks of it; prints what to trace, and how long that took here, as JSON.

    python -m benchmarks.tracing FOLDER LOTS TRACES

Lots and lineage are made in ClickHouse, in the tables that the sink writes: blocks of 128 lots of which each is made of two
earlier ones, so that a way is up to twenty steps and some hundred links long, and the ids of neighbours are far from each other;
and one lot that came of some thousand others by joining two at a time, as a refinery's year does.
"""

# ruff: noqa: S608  # every name in these queries is our own

import sys
import time
from pathlib import Path

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Struct

from sinks.clickhouse.connect import connect
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.trace import trace

BLOCK = 128
PARENTS = (7, 11)  # how far back in its block
JOINED = 4_095  # lots of the large lineage: twelve levels
SITE = "concat('https://id.gs1.org/414/', leftPad(toString(cityHash64(toUInt64({n})) % 40), 13, '0'))"
LOT = "concat('https://id.gs1.org/01/09521321102026/10/', hex(sipHash64(toUInt64({n}))))"
TIME = "fromUnixTimestamp64Micro(1767225600000000 + toInt64(number), 'UTC')"


class Ways(Struct):
    """Lots to trace, one whose way is large, and how many seconds a trace of each of the first took, the tables being open."""

    lots: list[str]
    large: str
    asked_s: list[float]


def fill(client: Client, lots: int) -> None:
    """Lots, their transactions and their lineage: `lots` in blocks, then those of the large one."""
    here, every = f"{SITE.format(n='number')} AS site", lots + JOINED
    client.command(
        "INSERT INTO lodestream_raw.lots (site, lot, seq, txn_id, txn_seq, record_time, dry_mg, contained_mg, shares)"
        f" SELECT {here}, {LOT.format(n='number')}, 1, hex(sipHash128(number)), number + 1, {TIME}, 1000000,"
        f" map('Cu', 300000), map('Cu', map('ZM - mine -', 200000, 'CL - mine -', 100000)) FROM numbers({every:d})"
    )
    client.command(
        "INSERT INTO lodestream_raw.transactions (site, seq, outcome, txn_id, event_id, biz_step, record_time)"
        f" SELECT {here}, number + 1, 'TRANSACTION', hex(sipHash128(number)), concat('urn:event:', toString(number)),"
        f" 'commissioning', {TIME} FROM numbers({every:d})"
    )
    for edge, back in enumerate(PARENTS):
        _link(client, edge, f"number - {back}", f"numbers({lots:d}) WHERE number % {BLOCK} >= {back}")
    for edge in (0, 1):
        joined = f"numbers({lots:d}, {JOINED // 2:d})"
        _link(client, edge, f"{lots:d} + 2 * (number - {lots:d}) + {edge + 1}", joined)


def _link(client: Client, edge: int, origin: str, numbers: str) -> None:
    """Half of lot `origin` into each of these lots."""
    client.command(
        "INSERT INTO lodestream_raw.lineage"
        " (to_site, to_lot, to_seq, from_site, from_lot, from_seq, txn_id, txn_seq, edge, dry_mg, contained_mg, valid_time)"
        f" SELECT {SITE.format(n='number')}, {LOT.format(n='number')}, 1, {SITE.format(n=origin)}, {LOT.format(n=origin)}, 1,"
        f" hex(sipHash128(number)), number + 1, {edge}, 500000, map('Cu', 150000), {TIME} FROM {numbers}"
    )


def main(folder: Path, lots: int, traces: int) -> Ways:
    """Fill, and trace one lot after another."""
    url = f"chdb://{folder}"
    client = connect(url)
    migrate(client)
    fill(client, lots)
    numbers = [number * 7_919 % (lots // BLOCK) * BLOCK + BLOCK // 2 for number in range(traces)]
    names = [str(client.command(f"SELECT {LOT.format(n=number)}")) for number in [*numbers, lots]]
    reader = DirectReader(url)
    ways = Ways(names[:-1], names[-1], [])
    for name in ways.lots:
        began = time.monotonic()
        way = trace(reader, name)
        ways.asked_s.append(time.monotonic() - began)
        assert way.complete
        assert way.upstream
        assert way.downstream
        assert all(link.event_id and link.shares_percent for link in way.upstream)
    assert len(trace(reader, ways.large).upstream) == JOINED - 1
    return ways


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))

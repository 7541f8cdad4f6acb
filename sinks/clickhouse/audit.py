"""The books as ClickHouse holds them: what the audit reads, by site, a page at a time.

Sites are independent, so each is audited for itself: its entries and its outcomes, each in the order of their offsets.
"""

# ruff: noqa: S608  # every name in these queries is our own

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from lodestream.audit.audit import audit, merged
from lodestream.audit.values import Asked, Told, Verdict, Written
from lodestream.ledger.records import Entry, Outcome
from lodestream.ledger.unreadable import unreadable
from runtime.partitioner import partition_of
from schemas.topics import ENTRIES, TRANSACTIONS
from sinks.clickhouse.mapping import FOREIGN_KEY
from sinks.clickhouse.readonly import Reader
from sinks.clickhouse.rows import RECORD

PAGE = 4_000
RAW = "lodestream_raw"
WITHIN = "site >= {low:String} AND site <= {high:String}"
FOLLOWING = """(site > {site:String} OR (site = {site:String}
    AND (src_partition, src_offset) > ({a:Int64}, {b:Int64})))"""
_ENTRIES = f"""
SELECT site, src_partition, src_offset, record FROM {RAW}.entries FINAL
WHERE {WITHIN} AND {FOLLOWING}
ORDER BY site, src_partition, src_offset LIMIT {PAGE}
"""
_CHAINED = f"""
SELECT site, src_partition, src_offset, record, seq, txn_id FROM {RAW}.transactions FINAL
WHERE {WITHIN} AND outcome = 'TRANSACTION'
AND (site > {{site:String}} OR (site = {{site:String}} AND (seq > {{a:Int64}} OR (seq = {{a:Int64}} AND txn_id > {{b:String}}))))
ORDER BY site, seq, txn_id LIMIT {PAGE}
"""
_OTHERS = f"""
SELECT site, src_partition, src_offset, record FROM {RAW}.transactions FINAL
WHERE {WITHIN} AND outcome != 'TRANSACTION'
AND {FOLLOWING}
ORDER BY site, src_partition, src_offset LIMIT {PAGE}
"""
_SIZES = f"""
SELECT site, sum(n) FROM
(
    SELECT site, count() AS n FROM {RAW}.entries GROUP BY site
    UNION ALL SELECT site, count() AS n FROM {RAW}.transactions GROUP BY site
)
GROUP BY site ORDER BY site
"""
_LETTERS = f"""
SELECT record_key, src_partition, src_offset, reason, value_sha256, toUnixTimestamp64Micro(record_time)
FROM {RAW}.dead_letters FINAL
WHERE src_topic = '{ENTRIES}' ORDER BY src_partition, src_offset
"""
_SKIPPED = f"""
SELECT entry_id, any(substring(reason, 10)) FROM {RAW}.transactions FINAL
WHERE outcome = 'UNREADABLE' AND startsWith(reason, 'skipped: ') GROUP BY entry_id
"""
_ENTRY, _OUTCOME = msgspec.json.Decoder(Entry), msgspec.json.Decoder(Outcome)

Placed = tuple[int, int, Any]


class Range(Struct, frozen=True):
    """Sites from `low` to `high`, both inclusive, in the order of their names."""

    low: str
    high: str


def ranges(reader: Reader, number: int) -> list[Range]:
    """All sites in at most so many ranges that hold about as much. Raises QueryError."""
    sites = reader.query(_SIZES).rows
    share = sum(rows for _, rows in sites) / max(1, number)
    found: list[Range] = []
    begin, held = "", 0
    for n, (site, rows) in enumerate(sites):
        begin = begin if held else site
        held += rows
        if held >= share or n == len(sites) - 1:
            found.append(Range(begin, site))
            held = 0
    return found


def skipped(reader: Reader) -> dict[str, str]:
    """The entries that the record says were skipped, with the reasons. Raises QueryError."""
    return dict(reader.query(_SKIPPED).rows)


def entries(reader: Reader, site: str, partitions: int) -> Iterator[Entry]:
    """The entries of a site's book in their order. Raises QueryError; msgspec.DecodeError where somebody edited one."""
    home = partition_of(site.encode(), partitions)
    for _, partition, _, record in _pages(reader, _ENTRIES, Range(site, site), (1, 2), -1):
        if partition == home:
            yield _ENTRY.decode(record)


def audit_range(
    reader: Reader,
    sites: Range,
    partitions: int,
    skips: dict[str, str],
    as_of_us: int | None = None,
    about_us: int | None = None,
) -> Verdict:
    """Audit the sites of a range, each for itself. Raises QueryError."""
    letters: dict[str, list[Placed]] = {}
    for key, partition, offset, reason, digest, time_us in reader.query(_LETTERS).rows:
        raw = key.encode()
        said = "its key is not its site" if reason == FOREIGN_KEY else f"cannot be decoded: {reason}"
        letters.setdefault(raw.decode(errors="replace"), []).append((partition, offset, unreadable(raw, digest, time_us, said)))
    asked = _pages(reader, _ENTRIES, sites, (1, 2), -1)
    told = merge(_pages(reader, _CHAINED, sites, (4, 5), ""), _pages(reader, _OTHERS, sites, (1, 2), -1), key=lambda row: row[:3])
    names = sorted({name for name in letters if sites.low <= name <= sites.high})
    return merged(
        audit(_asked(site, ours, letters.get(site, []), partitions), _told(site, theirs, partitions), skips, as_of_us, about_us)
        for site, ours, theirs in _aligned(asked, told, names)
    )


def _asked(site: str, rows: Iterator[Placed], letters: Sequence[Placed], partitions: int) -> Iterator[Asked]:
    home = partition_of(site.encode(), partitions)
    for partition, offset, record in merge(rows, letters, key=lambda row: row[:2]):
        if isinstance(record, Outcome):
            yield Asked(_place(ENTRIES, partition, offset), record)
        elif partition == home:
            yield Asked(_place(ENTRIES, partition, offset), _entry(record))


def _entry(record: str) -> Entry | str:
    try:
        return _ENTRY.decode(record)
    except msgspec.DecodeError as error:
        return str(error)


def _told(site: str, rows: Iterator[Placed], partitions: int) -> Iterator[Told]:
    stray = "its site does not live in this partition"
    home = partition_of(site.encode(), partitions)
    last = (-1, -1)
    for partition, offset, record in rows:
        place = _place(TRANSACTIONS, partition, offset)
        if (partition, offset) <= last:
            yield Told(place, None, f"it stands at or before offset {last[0]}/{last[1]}, which has a lower seq", "REORDERED")
            continue
        last = (partition, offset)
        told = Written(place, record.encode(), RECORD.encode, _outcome)
        # The bytes of an entry that came to another partition are not here: `sink verify` counts it.
        if partition == home or told.outcome is None or not told.outcome.reason.startswith(stray):
            yield told


def _outcome(record: bytes) -> Outcome | str:
    try:
        return _OUTCOME.decode(record)
    except msgspec.DecodeError as error:
        return str(error)


def _place(topic: str, partition: int, offset: int) -> str:
    table = "entries" if topic == ENTRIES else "transactions"
    return f"{table} ({topic}/{partition}/{offset})"


def _pages(reader: Reader, sql: str, sites: Range, key: tuple[int, int], least: int | str) -> Iterator[tuple[Any, ...]]:
    """The rows (site, partition, offset, record and more) of a range in the order of the query; `key` says what pages go by."""
    site, a, b = "", -1, least
    while True:
        rows = reader.query(sql, {"low": sites.low, "high": sites.high, "site": site, "a": a, "b": b}).rows
        yield from rows
        if len(rows) < PAGE:
            return
        site, a, b = rows[-1][0], rows[-1][key[0]], rows[-1][key[1]]


def _aligned(
    asked: Iterator[tuple[Any, ...]], told: Iterator[tuple[Any, ...]], more: Sequence[str]
) -> Iterator[tuple[str, Iterator[Placed], Iterator[Placed]]]:
    """Of each site that either side knows, or that is in `more`: its rows there, as (partition, offset, record)."""
    streams = [_Sites(asked), _Sites(told), _Sites(iter((name,) for name in more))]
    while names := [one.site for one in streams if one.site is not None]:
        site = min(names)
        yield site, streams[0].rows(site), streams[1].rows(site)
        for one in streams:
            one.leave(site)


class _Sites:
    """Rows in the order of their sites, a site at a time."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._groups = groupby(rows, key=lambda row: str(row[0]))
        self._group: Iterator[tuple[Any, ...]] = iter(())
        self.site: str | None = None
        self._next()

    def rows(self, site: str) -> Iterator[Placed]:
        """The rows of this site, none if it is not the one in turn."""
        return (row[1:4] for row in self._group) if site == self.site else iter(())

    def leave(self, site: str) -> None:
        """Go on behind this site."""
        if site == self.site:
            self._next()

    def _next(self) -> None:
        self.site, self._group = next(self._groups, (None, iter(())))

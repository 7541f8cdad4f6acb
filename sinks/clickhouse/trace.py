"""Where a lot came from and where it went: a walk over the lineage, step by step and within bounds.

Edges join lot versions: what version 2 of a lot received does not flow out of its version 1. So the walk carries the
version with it: upstream, edges into a lot at or below the version that was drawn; downstream, edges out of it at or
above the version that was made. A return to a lot is therefore no endless loop.

A step asks for its lots by the primary key of lineage, or by an index over the lots that edges begin at (migration 0009):
without them it read the whole table.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lodestream.measures.exact import percent
from sinks.clickhouse.readonly import Reader

EDGES_MAX = 10_000
STEPS_MAX = 200
FRONTIER = 2_000  # lots asked for at a time

SHARE_PLACES = 4

Lot = tuple[str, str]


class Link(Struct, frozen=True):
    """Metal that went from one lot version to another; `step` counts from the lot that was asked for, from 1.

    The event behind it is `event_id`, `biz_step` and `valid_time`, its transaction `kind`, `txn_id` and `txn_seq` of `to_site`.
    `shares_percent` is by element and origin key what went along it, where the lot that it was drawn from has shares.
    """

    step: int
    from_site: str
    from_lot: str
    from_seq: int
    to_site: str
    to_lot: str
    to_seq: int
    dry_mg: int
    contained_mg: dict[str, int]
    txn_id: str
    txn_seq: int
    valid_time: datetime
    event_id: str = ""
    biz_step: str = ""
    kind: str = ""
    shares_percent: dict[str, dict[str, str]] = {}


class Trace(Struct, frozen=True):
    """A lot's way. `complete` False: a bound was reached, and there is more."""

    lots: list[Lot]
    upstream: list[Link]
    downstream: list[Link]
    complete: bool


def trace(reader: Reader, lot: str, site: str | None = None, *, edges: int = EDGES_MAX, steps: int = STEPS_MAX) -> Trace:
    """The way of a lot, at one site or at all that know it. `lots` is empty where nobody does. Raises QueryError."""
    rows = reader.query(
        "SELECT site, lot, seq FROM lodestream.current_lots"
        " WHERE lot = {lot:String} AND ({site:String} = '' OR site = {site:String}) ORDER BY site",
        {"lot": lot, "site": site or ""},
    ).rows
    upstream = _Walk(reader, edges, steps, up=True)
    downstream = _Walk(reader, edges, steps, up=False)
    begin = {(here, name): seq for here, name, seq in rows}
    up, down = upstream.links(begin), downstream.links(dict.fromkeys(begin, 0))
    behind = _Behind(reader, [*up, *down])
    complete = upstream.complete and downstream.complete
    return Trace(list(begin), [behind.told(link) for link in up], [behind.told(link) for link in down], complete)


class _Behind:
    """What is behind each link: its event, and the shares of the lot version that it was drawn from."""

    def __init__(self, reader: Reader, links: Sequence[Link]) -> None:
        txns = _asked(
            reader,
            "SELECT site, seq, event_id, biz_step, kind FROM lodestream.transactions WHERE (site, seq) IN"
            " (SELECT arrayJoin(JSONExtract({keys:String}, 'Array(Tuple(String, UInt64))')))",
            {(link.to_site, link.txn_seq) for link in links if link.txn_seq},
        )
        self._events = {(site, seq): (event_id, step, kind) for site, seq, event_id, step, kind in txns}
        lots = _asked(
            reader,
            "SELECT site, lot, seq, shares FROM lodestream.lots WHERE notEmpty(shares) AND (site, lot, seq) IN"
            " (SELECT arrayJoin(JSONExtract({keys:String}, 'Array(Tuple(String, String, UInt64))')))",
            {(link.from_site, link.from_lot, link.from_seq) for link in links},
        )
        self._shares = {(site, lot, seq): shares for site, lot, seq, shares in lots}

    def told(self, link: Link) -> Link:
        """The link with what is behind it."""
        event_id, biz_step, kind = self._events.get((link.to_site, link.txn_seq), ("", "", ""))
        shares = self._shares.get((link.from_site, link.from_lot, link.from_seq), {})
        return replace(link, event_id=event_id, biz_step=biz_step, kind=kind, shares_percent=_percent(shares, link.contained_mg))


def _percent(shares: dict[str, dict[str, int]], went: dict[str, int]) -> dict[str, dict[str, str]]:
    """The shares of each element that went, the largest first."""
    found = {}
    for element, parts in sorted(shares.items()):
        if element in went and (whole := sum(parts.values())):
            ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
            found[element] = {origin: percent(mg, whole, SHARE_PLACES).removesuffix(" %") for origin, mg in ordered}
    return found


def _asked(reader: Reader, sql: str, keys: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows of these keys, some thousand at a time."""
    ordered = sorted(keys)
    for begin in range(0, len(ordered), FRONTIER):
        yield from reader.query(sql, {"keys": msgspec.json.encode(ordered[begin : begin + FRONTIER]).decode()}).rows


class _Walk:
    """One direction. `_known` is the furthest version of each lot that was walked from."""

    def __init__(self, reader: Reader, edges: int, steps: int, *, up: bool) -> None:
        self._reader = reader
        self._edges = edges
        self._steps = steps
        self._up = up
        self._known: dict[Lot, int] = {}
        self.complete = True

    def links(self, begin: dict[Lot, int]) -> list[Link]:
        """All edges within the bounds, nearest first."""
        found: dict[tuple[object, ...], Link] = {}
        frontier = begin
        for step in range(1, self._steps + 1):
            frontier = {lot: seq for lot, seq in frontier.items() if self._further(lot, seq)}
            if not frontier:
                return list(found.values())
            self._known.update(frontier)
            links = self._step(frontier, step)
            for link in links:
                found.setdefault(
                    (link.from_site, link.from_lot, link.from_seq, link.to_site, link.to_lot, link.to_seq, link.txn_id), link
                )
            if len(found) >= self._edges:
                self.complete = False
                return list(found.values())[: self._edges]
            frontier = self._ends(links)
        self.complete = self.complete and not frontier
        return list(found.values())

    def _further(self, lot: Lot, seq: int) -> bool:
        known = self._known.get(lot)
        return known is None or (seq > known if self._up else seq < known)

    def _ends(self, links: Iterable[Link]) -> dict[Lot, int]:
        """The lots at the far ends, each with the version that takes in all of these links."""
        ends: dict[Lot, int] = {}
        for link in links:
            lot, seq = (
                ((link.from_site, link.from_lot), link.from_seq) if self._up else ((link.to_site, link.to_lot), link.to_seq)
            )
            ends[lot] = seq if lot not in ends else (max if self._up else min)(ends[lot], seq)
        return ends

    def _step(self, frontier: dict[Lot, int], step: int) -> list[Link]:
        """The edges of these lots on this side, as far as their versions are in question.

        Versions are compared here: a join with them took ClickHouse twice as long as the whole step.
        """
        near = "to" if self._up else "from"
        columns = ", ".join(Link.__struct_fields__[1 : Link.__struct_fields__.index("event_id")])
        links: list[Link] = []
        asked = sorted(frontier)
        for begin in range(0, len(asked), FRONTIER):
            result = self._reader.query(
                f"SELECT {columns} FROM lodestream.lineage WHERE ({near}_site, {near}_lot) IN"  # noqa: S608  # our own names
                " (SELECT arrayJoin(JSONExtract({lots:String}, 'Array(Tuple(String, String))')))"
                f" ORDER BY valid_time, txn_id, {columns} LIMIT {self._edges:d}",
                {"lots": msgspec.json.encode(asked[begin : begin + FRONTIER]).decode()},
            )
            found = [msgspec.convert({"step": step, **row}, Link) for row in result.dicts()]
            self.complete = self.complete and len(found) < self._edges
            links += [link for link in found if self._counts(link, frontier)]
        return links

    def _counts(self, link: Link, frontier: dict[Lot, int]) -> bool:
        if self._up:
            return link.to_seq <= frontier[link.to_site, link.to_lot]
        return link.from_seq >= frontier[link.from_site, link.from_lot]

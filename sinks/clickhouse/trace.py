"""Where a lot came from and where it went: a walk over the lineage, step by step and within bounds.

Edges join lot versions: what version 2 of a lot received does not flow out of its version 1. So the walk carries the
version with it: upstream, edges into a lot at or below the version that was drawn; downstream, edges out of it at or
above the version that was made. A return to a lot is therefore no endless loop.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from sinks.clickhouse.readonly import Reader

EDGES_MAX = 10_000
STEPS_MAX = 200
FRONTIER = 2_000  # lots asked for at a time

_NEAR = (
    "SELECT at.1 AS site, at.2 AS lot, at.3 AS seq"
    " FROM (SELECT arrayJoin(JSONExtract({lots:String}, 'Array(Tuple(String, String, UInt64))')) AS at)"
)

Lot = tuple[str, str]


class Link(Struct, frozen=True):
    """Metal that went from one lot version to another; `step` counts from the lot that was asked for, from 1."""

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
    valid_time: datetime


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
    return Trace(
        list(begin),
        upstream.links(begin),
        downstream.links(dict.fromkeys(begin, 0)),
        upstream.complete and downstream.complete,
    )


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
        self.complete = not frontier
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
        near, bound = ("to", "<=") if self._up else ("from", ">=")
        columns = ", ".join(Link.__struct_fields__[1:])
        asked = [(site, lot, seq) for (site, lot), seq in sorted(frontier.items())]
        links = []
        for begin in range(0, len(asked), FRONTIER):
            result = self._reader.query(
                f"SELECT {columns} FROM lodestream.lineage AS edge INNER JOIN ({_NEAR}) AS near"  # noqa: S608  # our own names
                f" ON near.site = edge.{near}_site AND near.lot = edge.{near}_lot WHERE edge.{near}_seq {bound} near.seq"
                f" ORDER BY valid_time, txn_id, {columns} LIMIT {self._edges:d}",
                {"lots": msgspec.json.encode(asked[begin : begin + FRONTIER]).decode()},
            )
            links += [msgspec.convert({"step": step, **row}, Link) for row in result.dicts()]
        return links

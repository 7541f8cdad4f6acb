"""Naming what somebody did: from the row at which a record and the fold part, and what follows in both.

Ids are derived (runtime-rules section 2), so a transaction has the same one in both; where one side lacks it, it was deleted or
inserted there. Whether the record or the entry was touched shows in the chain: who edits a record and leaves the rest breaks it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lodestream.audit.checks import SHORT, Heads
from lodestream.audit.values import Asked, Difference, Told
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Outcome


def name(told: Sequence[Told], expected: Sequence[Outcome], asked: Asked, heads: Heads) -> Difference:
    """What differs first. `told` and `expected` begin there and go on for a while; `asked` gives the first expected outcome."""
    if not told:
        return Difference("MISSING", f"after the entry {asked.place}", "-", _row(expected[0]), "this outcome was deleted")
    there = told[0]
    if there.outcome is None:
        return Difference(there.code, there.place, there.fault, _row(expected[0]) if expected else "-", "it cannot be taken")
    if not expected:
        return _without_entry(there.place, there.outcome, heads, f"after {asked.place}")
    if there.outcome.txn_id == expected[0].txn_id:
        return _edited(there.place, there.outcome, expected[0], asked, heads)
    later_there = {one.outcome.txn_id for one in told if one.outcome}
    later_expected = {one.txn_id for one in expected}
    if there.outcome.txn_id not in later_expected:
        if expected[0].txn_id in later_there or heads.follows(there.outcome):
            return _without_entry(there.place, there.outcome, heads, f"before {asked.place}")
        return Difference("EDITED", there.place, _row(there.outcome), _row(expected[0]), "another transaction stands here")
    if expected[0].txn_id in later_there:
        return _reordered(there.place, there.outcome, expected[0], asked, heads)
    return _missing(told, expected[0], asked, heads)


def _reordered(place: str, there: Outcome, expected: Outcome, asked: Asked, heads: Heads) -> Difference:
    says = "both are recorded, in another order than that of the entries"
    if heads.follows(there):
        place, says = asked.place, f"the chain of {there.site} holds as recorded, so the entries were put in another order"
    return Difference("REORDERED", place, _row(there), _row(expected), says)


def _missing(told: Sequence[Told], expected: Outcome, asked: Asked, heads: Heads) -> Difference:
    following = next((one.outcome for one in told if one.outcome and _chained(one.outcome, expected.site)), None)
    if _chained(expected, expected.site) and following is not None and heads.follows(following):
        says = f"the chain of {expected.site} goes on without its transaction, so the entry was inserted later"
        return Difference("ENTRY_INSERTED", asked.place, _row(expected), "-", says)
    says = f"the outcome of {asked.place} was deleted"
    if following is None or not _chained(expected, expected.site):
        says += ", or that entry was inserted: no chain tells which"
    return Difference("MISSING", f"before {told[0].place}", "-", _row(expected), says)


def _chained(outcome: Outcome, site: str) -> bool:
    return outcome.outcome == "TRANSACTION" and outcome.site == site


def _without_entry(place: str, there: Outcome, heads: Heads, where: str) -> Difference:
    if heads.follows(there):
        says = f"the chain of {there.site} holds with {_row(there)} at {place}, so its entry {there.entry_id} was deleted"
        return Difference("ENTRY_MISSING", where, "-", f"entry {there.entry_id}", says)
    return Difference("INSERTED", place, _row(there), "-", "no entry gives this outcome here")


def _edited(place: str, there: Outcome, expected: Outcome, asked: Asked, heads: Heads) -> Difference:
    field, left, right = first_difference(msgspec.to_builtins(there), msgspec.to_builtins(expected), "")
    if heads.follows(there):
        says = f"the chain holds with {_row(there)} at {place}, so what was edited is its entry: it now gives another {field}"
        return Difference("ENTRY_EDITED", asked.place, f"gives {field} {right}", f"{field} {left}", says)
    made = chain_value(there)
    broken = f"; its bytes have the chain value {made}" if there.chain and there.chain != made else ""
    return Difference("EDITED", place, f"{field} {left}", f"{field} {right}", f"{_row(there)} was edited{broken}")


def first_difference(there: Any, expected: Any, path: str) -> tuple[str, str, str]:
    """The path of the first value in which two JSON values differ, and both there."""
    if isinstance(there, dict) and isinstance(expected, dict):
        keys = sorted(there.keys() | expected.keys(), key=lambda key: (key == "chain", key))  # the chain differs with the rest
        for key in keys:
            if there.get(key) != expected.get(key):
                return first_difference(there.get(key), expected.get(key), f"{path}.{key}" if path else key)
    if isinstance(there, list) and isinstance(expected, list):
        for n in range(max(len(there), len(expected))):
            left, right = (side[n] if n < len(side) else None for side in (there, expected))
            if left != right:
                return first_difference(left, right, f"{path}[{n}]")
    return path, _short(there), _short(expected)


def _short(value: Any) -> str:
    text = "-" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def _row(outcome: Outcome) -> str:
    place = f"transaction {outcome.seq}" if outcome.outcome == "TRANSACTION" else f"outcome {outcome.outcome}"
    return f"{place} of {outcome.site} ({outcome.txn_id[:16]}, entry {outcome.entry_id[:16]})"

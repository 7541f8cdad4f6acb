"""Documents through the gate and the ledger as the pure functions that they are: what `replay` shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cli.judged import judge
from cli.output import plain
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.routing import admit
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import book_entries
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Finding, LotState, Outcome

SOURCE = "local"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an event: `file` and `index` of its document, None where the ledger made the entry."""

    file: str | None
    index: int | None
    what: Outcome | Rejection


class Replay:
    """A ledger in memory that remembers which document each entry came from."""

    def __init__(self, book: BookFile) -> None:
        """Start with empty books; `book` says who is where and how the sites' books are kept."""
        self.fold = Fold()
        self._book = book
        self._places: dict[str, tuple[str, int]] = {}

    def run(self, paths: Iterable[Path], limits: Limits) -> Iterator[Fate]:
        """The fates of all events of the documents, in the order in which they are decided; first those of the book's entries."""
        for written in book_entries(self._book, 0):
            yield from (Fate(None, None, outcome) for outcome in self.fold.submit(written))
        for name, item in judge(paths, limits):
            if isinstance(item, Rejection):
                yield Fate(name, item.index, item)
                continue
            # No broker stamps these events: they are recorded when they happened, and never before what the site has.
            entry = admit(item, self._book.register, SOURCE, item.event.event_time_us, None)
            if isinstance(entry, Rejection):
                yield Fate(name, item.index, entry)
            else:
                yield from self._submit(entry, name, item.index)

    def _submit(self, entry: Entry, name: str, index: int) -> Iterator[Fate]:
        judged = False
        for outcome in self.fold.submit(entry):
            if outcome.entry_id == entry.entry_id and not judged:
                judged = True
                if outcome.outcome != "DUPLICATE":
                    # Not for a duplicate: what a parked event becomes later is still the first copy's fate.
                    self._places[entry.entry_id] = (name, index)
                yield Fate(name, index, outcome)
            else:
                file, at = self._places.get(outcome.entry_id, (None, None))
                yield Fate(file, at, outcome)


def json_row(fate: Fate) -> dict[str, Any] | None:
    """One line of `replay --json`; None for what changed nothing in a book and came from no document."""
    place = {"file": fate.file, "index": fate.index}
    what = fate.what
    if isinstance(what, Rejection):
        return {"kind": "rejection", **place, "code": what.code, "pointer": what.pointer, "message": what.message}
    event = {"event_id": what.event_id, "event_hash": what.event_hash}
    findings = [finding_row(finding) for finding in what.findings]
    if what.outcome == "TRANSACTION":
        head = {"site": what.site, "seq": what.seq, "txn_id": what.txn_id, "prev": what.prev, "chain": what.chain}
        return {"kind": "transaction", **place, **head, **event, "postings": _postings(what), "findings": findings}
    if what.outcome == "PARKED":
        return {"kind": "parked", **place, "site": what.site, **event, "findings": findings}
    if fate.file is None:
        return None
    return {"kind": "duplicate", **place, "event_hash": what.event_hash}


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding in the fields that the contract fixes."""
    row = msgspec.to_builtins(msgspec.structs.asdict(finding))
    return {name: row[name] for name in ("id", "rule", "code", "version", "severity", "inputs", "arithmetic", "state")}


def state_row(fold: Fold) -> dict[str, Any]:
    """The last line: the balance of every account and the state of every lot."""
    accounts = [
        {"site": site, "element": element, "account": account, "balance_mg": str(mg)}
        for site, element, account, mg in fold.accounts()
    ]
    return {"kind": "state", "accounts": accounts, "lots": [_lot(lot) for lot in fold.lots()]}


def _postings(outcome: Outcome) -> list[dict[str, str]]:
    return [
        {"posting_id": p.posting_id, "element": p.element, "account": p.account, "amount_mg": str(p.amount_mg)}
        for p in outcome.postings
    ]


def _lot(lot: LotState) -> dict[str, Any]:
    """A lot without its sequence, which depends on the order in which its site's events came."""
    return {name: value for name, value in plain(lot).items() if name != "seq"}

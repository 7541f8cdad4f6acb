"""The ledger as a processor: folds each site's entries into its book, and tells it (DESIGN.md section 1).

What this file adds to `lodestream.ledger.apply` is wire: records in, records out, one view of the books for a batch.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from lodestream.ids import derive
from lodestream.ledger.apply import Effects as Applied
from lodestream.ledger.apply import apply, skip
from lodestream.ledger.records import Entry, LotState, Outcome
from lodestream.ledger.unreadable import unreadable
from lodestream.ledger.view import Books
from runtime.headers import Headers, continued
from runtime.partitioner import partition_of
from runtime.processor import Effects, Output, Record, RecordError, State
from schemas.codec import UndecodableError, decode, encode
from schemas.topics import ENTRIES, LEDGER_CHANGELOG, LOTS, TRANSACTIONS
from streams.headers import of_lot, of_made, of_outcome
from streams.tallies import of_outcomes


class Skip(msgspec.Struct):
    """The JSON value of a record in `ledger.skips.v1`, under an entry id: why an operator passes over that entry."""

    reason: str


class EntryError(RecordError):
    """A rule has a bug: it raised at this entry. The partition stops here, and the log says which entry it was."""


class LedgerProcessor:
    """From `site.entries.v1` to transactions, lots, and entries of other sites.

    `partitions` is the topics' fixed count, `skips` the values of `ledger.skips.v1` by entry id.
    """

    name = "ledger"
    inputs = (ENTRIES,)
    changelog = LEDGER_CHANGELOG

    def __init__(self, partitions: int, skips: Mapping[bytes, bytes] | None = None) -> None:
        self._partitions = partitions
        self._skips = reasons(skips or {})

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """Apply the entries of one partition in their order."""
        books = Books(state)
        outputs: list[Output] = []
        told: list[Outcome] = []
        for record in records:
            trace = continued(record, self.name)
            entry = read_entry(record, self._partitions)
            if isinstance(entry, Outcome):
                # Beside the entry, whatever its key says: else that partition's log would not be the fold of its entries.
                outputs.append(Output(TRANSACTIONS, record.key or b"", encode(entry), of_outcome(entry, trace), record.partition))
                told.append(entry)
                continue
            effects = self._apply(books, entry)
            told += effects.outcomes
            for outcome in effects.outcomes:
                outputs.append(Output(TRANSACTIONS, outcome.site.encode(), encode(outcome), of_outcome(outcome, trace)))
                outputs.extend(_lot(lot, outcome, trace) for lot in outcome.lots)
            outputs.extend(Output(ENTRIES, made.site.encode(), encode(made), of_made(made, trace)) for made in effects.entries)
        return Effects(outputs, books.take(), of_outcomes(told))

    def _apply(self, books: Books, entry: Entry) -> Applied:
        if entry.entry_id in self._skips:
            return skip(books, entry, self._skips[entry.entry_id])
        try:
            return apply(books, entry)
        except Exception as error:
            about = {"entry_id": entry.entry_id, "site": entry.site, "event_id": entry.event.event_id if entry.event else None}
            raise EntryError(f"entry {entry.entry_id} of {entry.site} cannot be applied: {error!r}", **about) from error


def reasons(skips: Mapping[bytes, bytes]) -> dict[str, str]:
    """The values of `ledger.skips.v1` by entry id, as reasons."""
    return {key.decode(): msgspec.json.decode(value, type=Skip).reason for key, value in skips.items()}


def read_entry(record: Record, partitions: int) -> Entry | Outcome:
    """The entry, or the outcome UNREADABLE: undecodable, or under a key that is not its site's or not of this partition."""
    try:
        entry = decode(record.value or b"", Entry)
    except UndecodableError as error:
        return _unreadable(record, f"cannot be decoded: {error.code}")
    if record.key != entry.site.encode():
        return _unreadable(record, "its key is not its site")
    if partition_of(record.key, partitions) != record.partition:
        return _unreadable(record, "its site does not live in this partition")
    return entry


def _lot(lot: LotState, outcome: Outcome, trace: Headers) -> Output:
    key = derive(lot.site, lot.lot)
    return Output(LOTS, key.encode(), encode(lot), of_lot(lot, key, outcome, trace))


def _unreadable(record: Record, reason: str) -> Outcome:
    return unreadable(record.key, sha256(record.value or b"").hexdigest(), record.timestamp_ms * 1000, reason)

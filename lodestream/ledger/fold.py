"""The fold of entries in memory: gate and ledger as the pure functions that they are, without a broker.

`replay` and the tests use it; the transactions of a site are `fold(apply, entries)`, wherever the entries were kept.
"""

from collections import deque
from typing import TypeVar

import msgspec
from msgspec import Struct

from lodestream.ids import derive
from lodestream.ledger.accounts import stock
from lodestream.ledger.apply import apply
from lodestream.ledger.book import BookFile
from lodestream.ledger.records import Entry, Finding, LotState, Outcome
from lodestream.ledger.state import Balance, Lot
from lodestream.ledger.stored import KINDS
from lodestream.ledger.telling import lot_state
from lodestream.ledger.view import Books

T = TypeVar("T", bound=Struct)


class Fold:
    """Books of all sites in memory. With a book file its settings stand from the beginning."""

    def __init__(self, book: BookFile | None = None) -> None:
        self._state: dict[bytes, bytes] = {}
        self._books = Books(self._state)
        for site, settings in (book.sites if book else {}).items():
            self.submit(Entry(derive("book", site, "fold"), site, "BOOK", 0, book=settings))

    def apply(self, entry: Entry) -> tuple[list[Outcome], list[Entry]]:
        """One entry: its outcomes, and the entries that it makes for other sites."""
        effects = apply(self._books, entry)
        return effects.outcomes, effects.entries

    def submit(self, entry: Entry) -> list[Outcome]:
        """An entry and all that it sets off at other sites, until it is quiet."""
        outcomes: list[Outcome] = []
        todo = deque([entry])
        while todo:
            done, made = self.apply(todo.popleft())
            outcomes.extend(done)
            todo.extend(made)
        return outcomes

    def accounts(self) -> list[tuple[str, str, str, int]]:
        """Every account that is not at zero: site, element, account, mg."""
        found = []
        for site, ref, balance in self.every(Balance):
            element, account = ref.split(" ", 1)
            found.append((site, element, account, balance.mg))
        for site, _, lot in self.every(Lot):
            found.extend((site, e, str(stock(lot.id, lot.loss_class)), mg) for e, mg in lot.contained_mg.items())
        return sorted(row for row in found if row[3])

    def lots(self) -> list[LotState]:
        """The state of every lot, by site and id."""
        return [lot_state(site, lot) for site, _, lot in self.every(Lot)]

    def open_findings(self) -> list[tuple[str, Finding]]:
        """Every open finding, with its site."""
        return [(site, finding) for site, _, finding in self.every(Finding)]

    def every(self, kind: type[T]) -> list[tuple[str, str, T]]:
        """Every value of a kind that the books hold: site, reference, value."""
        for key, value in self._books.take().items():
            if value is None:
                self._state.pop(key, None)
            else:
                self._state[key] = value
        split = ((key.decode().split("\0", 2), data) for key, data in sorted(self._state.items()))
        return [(site, ref, msgspec.msgpack.decode(data, type=kind)) for (site, name, ref), data in split if name == KINDS[kind]]

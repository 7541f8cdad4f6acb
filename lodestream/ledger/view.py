"""The books of a partition's sites while a batch is applied: typed values over a plain store of bytes.

Values are read once and encoded once, however many entries of the batch touch them: the head of a book and its balances
change with almost every entry. What an entry wrote can be rolled back, so an event that cannot be posted leaves no trace.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from lodestream.ledger.state import Balance
from lodestream.ledger.stored import KINDS, Source
from lodestream.measures.exact import INT64_MAX

T = TypeVar("T", bound=Struct)
Key = tuple[type[Struct], str]

DECODERS: dict[type[Struct], msgspec.msgpack.Decoder[Struct]] = {kind: msgspec.msgpack.Decoder(kind) for kind in KINDS}
ENCODER = msgspec.msgpack.Encoder(order="deterministic", decimal_format="string")


_UNREAD: Struct = Balance(0)  # this very one stands for a value that nobody has asked the source for


def key_of(site: str, kind: type[Struct], ref: str) -> bytes:
    """The key of a value in the store. Sites and references are URIs or words: they hold no NUL."""
    return f"{site}\0{KINDS[kind]}\0{ref}".encode()


def _fits(value: object) -> bool:
    if isinstance(value, dict):
        return all(_fits(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(_fits(one) for one in value)
    return not isinstance(value, int) or -INT64_MAX <= value <= INT64_MAX


class View:
    """One site's values: reads fall through to the source once, writes stay here until they are taken or rolled back."""

    def __init__(self, site: str, source: Source) -> None:
        self.site = site
        self._source = source
        self._values: dict[Key, Struct | None] = {}  # None: it is not there
        self._written: set[Key] = set()
        self._undo: list[tuple[Key, Struct | None, bool]] = []  # what was there before each write, and whether written

    def get(self, kind: type[T], ref: str = "") -> T | None:
        """The value as it was last written."""
        value = self._values.get((kind, ref), _UNREAD)
        if value is _UNREAD:
            data = self._source.get(key_of(self.site, kind, ref))
            value = self._values[kind, ref] = None if data is None else DECODERS[kind].decode(data)
        return value  # type: ignore[return-value]  # the key holds the type

    def put(self, value: Struct, ref: str = "") -> None:
        """Write a value."""
        self._set((type(value), ref), value)

    def drop(self, kind: type[Struct], ref: str) -> None:
        """Delete a value."""
        self._set((kind, ref), None)

    def _set(self, key: Key, value: Struct | None) -> None:
        self._undo.append((key, self._values.get(key, _UNREAD), key in self._written))
        self._values[key] = value
        self._written.add(key)

    def mark(self) -> int:
        """Where a roll back may go to."""
        return len(self._undo)

    def keep(self) -> None:
        """What was written so far stands."""
        self._undo.clear()

    def roll_back(self, mark: int = 0) -> None:
        """Take back what was written since the mark; without one, since the last `keep`."""
        while len(self._undo) > mark:
            key, value, written = self._undo.pop()
            if value is _UNREAD:
                del self._values[key]
            else:
                self._values[key] = value
            if not written:
                self._written.discard(key)

    def fits(self, mark: int) -> bool:
        """Whether all that was written since the mark can be kept and told: an amount holds 64 bits, one of them its sign."""
        return all(_fits(msgspec.to_builtins(self._values[key])) for key in {key for key, _, _ in self._undo[mark:]})

    def take(self) -> dict[bytes, bytes | None]:
        """The writes that stand since the last `take` as bytes, None for a deletion, in the order of their keys."""
        assert not self._undo, "writes are kept or rolled back before they are taken"
        taken: dict[bytes, bytes | None] = {}
        for kind, ref in self._written:
            value = self._values[kind, ref]
            taken[key_of(self.site, kind, ref)] = None if value is None else ENCODER.encode(value)
        self._written.clear()
        return dict(sorted(taken.items()))


class Books:
    """The views of all sites that a batch touches."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._views: dict[str, View] = {}

    def of(self, site: str) -> View:
        """The view of a site's book."""
        view = self._views.get(site)
        if view is None:
            view = self._views[site] = View(site, self._source)
        return view

    def take(self) -> dict[bytes, bytes | None]:
        """See `View.take`, for all sites."""
        taken: dict[bytes, bytes | None] = {}
        for view in self._views.values():
            taken |= view.take()
        return taken

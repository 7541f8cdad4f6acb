"""What the issuer remembers of a site: its lots, what it said and has still to say, which event made which transaction.

Values are MessagePack behind a version byte. Lists that grow without bound (who drew from a tank) are one key an item, so
that adding to one costs the same whatever its length.
"""

from collections.abc import Iterator
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials.encoding import digest_multibase
from lodestream.credentials.profile import Document, VouchedLot
from lodestream.ledger.records import Closure, Outcome, PeriodState
from runtime.processor import State

VERSION = b"\x02"

T = TypeVar("T", bound=Struct)


class Lot(Struct, frozen=True):
    """A lot at a site. `findings` are those that are open on it, its own and those that came with it.

    `witness` is the lot that keeps credentials back: itself or one upstream that has open findings. `items` counts the lists.
    `campaigns` are the statements of the campaigns that made it; `made`: it was made at this site, its passport is ours to give.
    """

    findings: list[str] = []
    parents: list[str] = []
    assayed: bool = True
    witness: str | None = None
    items: dict[str, int] = {}
    campaigns: list[str] = []
    made: bool = False


class Stock(Struct, frozen=True):
    """A lot as the ledger vouches for it: as it was last told while something was in it, or as what has left was told anew."""

    lot: VouchedLot


class Said(Struct, frozen=True):
    """A credential as it was issued: what a later one that replaces it must name, where its status is, why it was revoked.

    `sha256` is over its bytes (hex).
    """

    id: str
    name: str
    kind: str
    sha256: str
    status_list: str
    status_index: int
    reason: str = ""

    def document(self) -> Document:
        """As a link tells it."""
        return Document(self.id, self.name, self.kind, digest_multibase(self.sha256))


class Statement(Struct, frozen=True):
    """Something that a credential says, or will say once nothing stands in the way. `ref` is its name at the site.

    `kind` is dte, dpp, dcc or dfr. `lots` are those that hold it back while they have open findings or no assay (`unassayed`),
    `about` those that it describes. Of what it says one is there: `outcome`, `lot`, `period` or `facility` (a location).
    `campaign` is the name of the campaign's statement, of that itself too; `open` while it runs, `closures` are its balances.
    `version` counts the credentials issued for it; `said` is the last one, `changed` that it is not what would be said now.
    part: what it says is said by the statement of its campaign. untold: no credential can say it. void: it was an error.
    """

    kind: Literal["dte", "dpp", "dcc", "dfr"]
    ref: str
    status: Literal["waiting", "issued", "revoked", "void", "untold", "part"] = "waiting"
    lots: list[str] = []
    about: list[str] = []
    unassayed: list[str] = []
    outcome: Outcome | None = None
    lot: VouchedLot | None = None
    period: PeriodState | None = None
    facility: str = ""
    digest: str = ""
    campaign: str = ""
    open: bool = False
    closures: list[Closure] = []
    version: int = 0
    said: Said | None = None
    changed: bool = False


class Event(Struct, frozen=True):
    """The statement that an event made, so that its correction finds it."""

    ref: str


class Heir(Struct, frozen=True):
    """Of an event that a declaration names in place of another: the credential of that one."""

    said: Said


class Counter(Struct, frozen=True):
    """How many credentials the site has issued: the next one's number, from which its place in a status list follows."""

    next: int = 0


class Name(Struct, frozen=True):
    """An item of a list."""

    value: str


ListOf = Literal["child", "touched", "waiting", "part"]
"""The lists of a lot: lots made of it, statements that name it, statements that wait for it. Of a campaign: its parts."""

_KINDS: dict[type[Struct], str] = {
    Lot: "lot", Stock: "stock", Statement: "said", Event: "event", Heir: "heir", Counter: "count", Name: "list"
}  # fmt: skip
_DECODERS = {kind: msgspec.msgpack.Decoder(kind) for kind in _KINDS}
_Ref = tuple[type[Struct], str, str]
"""Kind, site and reference of a value."""
_ENCODER = msgspec.msgpack.Encoder(order="deterministic", decimal_format="string")


class Memory:
    """A layer over the state of a partition: typed reads, and the writes of this batch."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._values: dict[_Ref, Struct | None] = {}
        self._written: dict[_Ref, None] = {}

    def get(self, kind: type[T], site: str, ref: str) -> T | None:
        """The value as this batch has it."""
        at = kind, site, ref
        if at not in self._values:
            data = self._state.get(_key(at))
            self._values[at] = None if data is None else self._decode(kind, data)
        return self._values[at]  # type: ignore[return-value]  # the key holds the type

    def put(self, value: Struct, site: str, ref: str) -> None:
        """Write a value."""
        self._set((type(value), site, ref), value)

    def lot(self, site: str, lot: str) -> Lot:
        """The lot; one that is not known has nothing against it."""
        return self.get(Lot, site, lot) or Lot()

    def add(self, name: ListOf, site: str, lot: str, item: str) -> None:
        """Add an item to a list of a lot."""
        held = self.lot(site, lot)
        count = held.items.get(name, 0)
        self.put(Name(item), site, f"{name} {count} {lot}")
        self.put(replace(held, items={**held.items, name: count + 1}), site, lot)

    def items(self, name: ListOf, site: str, lot: str, last: int | None = None) -> Iterator[str]:
        """The items of a list of a lot, in the order in which they came; only the `last` ones where that is said."""
        count = self.lot(site, lot).items.get(name, 0)
        for n in range(0 if last is None else max(0, count - last), count):
            item = self.get(Name, site, f"{name} {n} {lot}")
            if item is None:
                raise LookupError(f"the issuer's state has lost item {n} of {name} of {lot} at {site}; rebuild it from the log")
            yield item.value

    def take(self, name: ListOf, site: str, lot: str) -> list[str]:
        """Empty a list of a lot and give its items."""
        found = list(self.items(name, site, lot))
        if found:
            for n in range(len(found)):
                self._set((Name, site, f"{name} {n} {lot}"), None)
            held = self.lot(site, lot)
            self.put(replace(held, items={**held.items, name: 0}), site, lot)
        return found

    def writes(self) -> dict[bytes, bytes | None]:
        """What this batch wrote, as bytes; None deletes."""
        return {_key(at): self._encode(self._values[at]) for at in self._written}

    def _set(self, at: _Ref, value: Struct | None) -> None:
        self._values[at] = value
        self._written[at] = None

    def _encode(self, value: Struct | None) -> bytes | None:
        return None if value is None else VERSION + _ENCODER.encode(value)

    def _decode(self, kind: type[T], data: bytes) -> T:
        if data[:1] != VERSION:
            raise ValueError(
                f"the issuer's state is of version {data[0]}, this program reads {VERSION[0]}; rebuild it from the log"
            )
        return _DECODERS[kind].decode(data[1:])  # type: ignore[return-value]  # one decoder a kind


def _key(at: _Ref) -> bytes:
    kind, site, ref = at
    return f"{site}\0{_KINDS[kind]}\0{ref}".encode()

"""A ledger's state with as many live lots as wanted, as the ledger itself would have left it, and traffic on random ones of them.

To apply a million entries takes minutes, so one is applied for each site and its writes are a form for the others: only the
names differ (the lot, its event, the ids derived from them), and all have the same length, so the encoding around them stays as
it is. `LotForm.check` gives other entries of the form to the ledger and compares: the bytes are those that it writes.
What a site has once (its head, the account of the mine) stands as after two lots; so does the sequence number of a movement.
"""

import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from benchmarks.workload import document, item
from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import Router
from lodestream.ledger.book import Register
from lodestream.ledger.records import Entry, Origin
from lodestream.ledger.state import Move
from lodestream.ledger.view import DECODERS, ENCODER
from runtime.processor import Record
from schemas.codec import encode
from schemas.topics import ENTRIES
from streams.ledger.processor import LedgerProcessor

SITES = 48
RECORD_TIME_US = 1_775_000_000_000_000  # after every event of the form, so that no finding says that its time is odd
TONNES = 100
ROUTER = Router(Register())
LEDGER = LedgerProcessor(partitions=1)


class Write(NamedTuple):
    """A record of the changelog."""

    key: bytes
    value: bytes


class LotForm:
    """What one lot of a site leaves in the state."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._entry = _entered(document([_ore(site)]))
        state: dict[bytes, bytes] = {}
        state |= _written(state, self.entry(0))
        first = dict(state)
        state |= _written(state, self.entry(1))
        self.shared = [Write(key, value) for key, value in state.items() if key in first]
        self.first = [Write(key, value) for key, value in state.items()]  # all of the first two lots
        names = [name.encode() for name in self._names(1)]
        self._forms = [(_form(key, names), _form(value, names)) for key, value in state.items() if key not in first]
        self._state = state

    def entry(self, number: int) -> Entry:
        """The entry of lot `number`, as the gate would have made it."""
        packed = msgspec.json.encode(self._entry)
        for old, new in zip(self._template_names, self._names(number), strict=True):
            packed = packed.replace(old.encode(), new.encode())
        return msgspec.json.decode(packed, type=Entry)

    def writes(self, number: int) -> Iterator[Write]:
        """What it leaves, without what all lots of the site share."""
        names = dict(zip((b"a", b"b", b"c", b"d"), (name.encode() for name in self._names(number)), strict=True))
        for key, value in self._forms:
            yield Write(key % names, value % names)

    def check(self, number: int) -> None:
        """Raises AssertionError where the ledger writes anything else for this lot."""
        shared = {write.key for write in self.shared}
        written = {key: value for key, value in _written(self._state, self.entry(number)).items() if key not in shared}
        assert _unnumbered(written) == _unnumbered(dict(self.writes(number))), f"lot {number} of {self.site}"

    @property
    def _template_names(self) -> tuple[str, str, str, str]:
        event = self._entry.event
        assert event is not None, "the form is an event"
        hashed = event.event_hash.partition(";")[2].partition("?")[0]
        return _number(0), self._entry.entry_id, hashed, event.content_digest

    def _names(self, number: int) -> tuple[str, str, str, str]:
        """What tells this lot from the others: its number, and three ids of 64 hexadecimal digits."""
        seed = f"{self.site} {number}"
        return _number(number), *(sha256(f"{kind} {seed}".encode()).hexdigest() for kind in ("entry", "hash", "digest"))


def site(number: int) -> str:
    """A mine."""
    return f"https://mine-{number:02d}.example.com/loc/pit"


def draws(run: str, lots_per_site: int, count: int) -> Iterator[Entry]:
    """Traffic on random lots: in turn one is milled in part, and a part of one is shipped to a smelter."""
    rng = random.Random(run)  # noqa: S311  # the same traffic in every run
    for number in range(count):
        at, lot = site(rng.randrange(SITES)), rng.randrange(lots_per_site)
        made = (_milled if number % 2 else _shipped)(at, _number(lot), f"{run}-{number}")
        yield _entered(document([made]))


def _written(state: dict[bytes, bytes], entry: Entry) -> dict[bytes, bytes]:
    """What the ledger writes to its state at this entry."""
    record = Record(ENTRIES, 0, 0, RECORD_TIME_US // 1000, entry.site.encode(), encode(entry))
    effects = LEDGER.process([record], state)
    written = {key: value for key, value in effects.writes.items() if value is not None}
    assert len(written) == len(effects.writes), "an opening deletes nothing"
    return written


def _unnumbered(writes: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """The writes without the place in the site's sequence that a movement of a lot keeps."""
    moves = {key: msgspec.structs.replace(DECODERS[Move].decode(v), seq=0) for key, v in writes.items() if b"\0move\0" in key}
    return writes | {key: ENCODER.encode(move) for key, move in moves.items()}


def _form(data: bytes, names: list[bytes]) -> bytes:
    """The bytes as a format of Python, with the names left open."""
    data = data.replace(b"%", b"%%")
    for letter, name in zip((b"a", b"b", b"c", b"d"), names, strict=True):
        data = data.replace(name, b"%(" + letter + b")b")
    return data


def _number(number: int) -> str:
    return f"N{number:07d}"


def _entered(payload: bytes) -> Entry:
    """The entry that the gate makes of a document with one event."""
    (accepted,) = intake(payload)
    assert isinstance(accepted, Accepted), accepted
    entry = ROUTER.admit(accepted, "bench", RECORD_TIME_US, Origin("bench", 0, 0, 0))
    assert isinstance(entry, Entry), entry
    return entry


def _lot(name: str) -> str:
    return f"https://mine.example.com/class/lot/{name}"


def _ore(at: str) -> dict[str, Any]:
    """100 t of ore at 1 % Cu."""
    ore = item("object", _lot(_number(0)), "ore", moisture="4.0", grade="1.00") | {"crm:sourceClass": "mine"}
    return _event(at, "ObjectEvent", "commissioning", _number(0), [ore], action="ADD", quantityList=[_mass(_number(0), TONNES)])


def _milled(at: str, lot: str, run: str) -> dict[str, Any]:
    """10 kg of the ore to 0.3 kg of concentrate and tailings: a lot outlives a thousand of these."""
    items = [
        item("input", _lot(lot), "ore", moisture="4.0"),
        item("output", _lot(f"C{run}"), "concentrate", moisture="9.0", grade="31.00"),
        item("output", _lot(f"T{run}"), "tailings", grade="0.12") | {"crm:massBasis": "dry", "crm:lossClass": "tailings"},
    ]
    return _event(
        at,
        "TransformationEvent",
        "commissioning",
        run,
        items,
        inputQuantityList=[_mass(lot, 0.01)],
        outputQuantityList=[_mass(f"C{run}", 0.0003), _mass(f"T{run}", 0.0093)],
    )


def _shipped(at: str, lot: str, run: str) -> dict[str, Any]:
    """10 kg of the ore, to a smelter: its book gets an offer."""
    event = _event(at, "ObjectEvent", "shipping", run, [item("object", _lot(lot), "ore", moisture="4.0")], action="OBSERVE")
    del event["bizLocation"]
    route = {
        "readPoint": {"id": at},
        "quantityList": [_mass(lot, 0.01)],
        "sourceList": [{"type": "location", "source": at}],
        "destinationList": [{"type": "location", "destination": "https://smelter.example.com/loc/gate"}],
        "crm:consignmentId": f"https://mine.example.com/bt/{run}",
    }
    return event | route


def _mass(lot: str, tonnes: float) -> dict[str, Any]:
    return {"epcClass": _lot(lot), "quantity": tonnes, "uom": "TNE"}


def _event(at: str, kind: str, step: str, name: str, items: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "eventID": f"https://mine.example.com/event/{name}",
        "eventTime": "2026-03-01T00:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": step,
        "bizLocation": {"id": at},
        "crm:materials": items,
        **fields,
    }

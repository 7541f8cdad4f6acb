"""What must hold after every fault: nothing is lost, nothing doubled, and the books are those of an undisturbed run.

Each function takes what was read and gives a sentence for each thing that is wrong; an empty list: it holds. None touches a
broker (tests/faults/reading.py does that), and ClickHouse is asked through a `Reader`, which while a sink serves goes through the
sink's own process (`open_reader(f"chdb://{folder}")`).

    log = read("127.0.0.1:9092")
    assert problems(log, skips={...}) == []
    assert table_problems(log, open_reader("chdb:///folder")) == []
"""

import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.signer import Ed25519Signer
from lodestream.ids import derive
from lodestream.ledger.chain import chain_value
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, LotState, Outcome
from runtime.processor import Output, Processor, Record
from schemas import topics
from schemas.codec import UndecodableError, decode
from sinks.clickhouse.mapping import FEEDS, map_records
from sinks.clickhouse.readonly import Reader
from sinks.clickhouse.verify import verify
from streams.gate.processor import GateProcessor
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from streams.ledger.processor import LedgerProcessor, read_entry
from tests.faults.reading import Read

FIRST = 5
"""So many of a kind of thing are named; the sentence says how many there are."""
MERGED = frozenset({"events", "materials"})
"""Tables that keep the first arrival of an event alone; `sink verify` holds them to the entries."""
ISSUER = "did:web:check.example"

Books = tuple[object, object, object]


def problems(
    log: Read,
    *,
    gate: GateProcessor | None = None,
    skips: Mapping[bytes, bytes] | None = None,
    injected: Sequence[bytes | None] = (),
    partitions: int = 4,
) -> list[str]:
    """Everything that the topics can tell, once all work is done.

    `gate` as the workers ran it; `skips` the records of `ledger.skips.v1`: with them books are compared by the fold alone;
    `injected` values that the test itself wrote into the entries: no event's fate, but an undisturbed run has had them too.
    """
    gate = gate or GateProcessor(output_bytes=topics.LEDGER_RECORD_BYTES)
    ledger = LedgerProcessor(partitions, skips)
    came = outputs_of(gate, log.inbox)
    folded, fold = refold(ledger, log.of(topics.ENTRIES))
    wrong = fates(log, came, [o for o in folded if o.topic == topics.ENTRIES], injected)
    wrong += planted(log, ledger, injected)
    wrong += outcomes(log, ledger)
    wrong += as_folded(log, folded)
    wrong += lots_as_folded(log, fold)
    wrong += credentials(log)
    if not skips:
        wrong += same_books(books(fold), books(undisturbed(_as_recorded([*_decoded(came), *_own(log, ledger, injected)]))))
    return wrong


def table_problems(log: Read, reader: Reader) -> list[str]:
    """Everything that ClickHouse can tell: each row once, and `lodestream sink verify` agrees."""
    wrong = [f"sink verify: {check.name}: {check.faults}, {check.first}" for check in verify(reader).checks if not check.ok]
    return wrong + rows(log, reader)


# --- the pure parts as they are ------------------------------------------------------------------------------------------------


class Memory(dict[bytes, bytes]):
    """A processor's state in memory."""

    def take(self, writes: Mapping[bytes, bytes | None]) -> None:
        for key, value in writes.items():
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


def outputs_of(processor: Processor, records: Iterable[Record]) -> list[Output]:
    """What a processor makes of records, from the beginning and with nothing in between."""
    return _run(processor, records)[0]


def refold(ledger: LedgerProcessor, entries: Iterable[Record]) -> tuple[list[Output], Fold]:
    """A fresh fold of the entries: all that the ledger makes of them, and the books afterwards."""
    outputs, state = _run(ledger, entries)
    fold = Fold()
    fold._state = state
    return outputs, fold


def _run(processor: Processor, records: Iterable[Record]) -> tuple[list[Output], dict[bytes, bytes]]:
    outputs, whole = [], Memory()
    for _, part in groupby(records, lambda record: (record.topic, record.partition)):
        # By partition, as in a worker; sites do not share keys, so one memory serves for all.
        for record in part:
            effects = processor.process([record], whole)
            outputs += effects.outputs
            whole.take(effects.writes)
    return outputs, whole


def undisturbed(entries: Iterable[Entry]) -> Fold:
    """The books of a run in which nothing went wrong: each entry settled, with all that comes of it, before the next."""
    fold = Fold()
    for entry in entries:
        fold.submit(entry)
    return fold


Recorded = tuple[int, Entry]
"""An entry and when the broker took what it comes of, in microseconds."""


def _as_recorded(entries: list[Recorded]) -> Iterator[Entry]:
    """In the order of time: what a site has sent before a clock's tick, a book or another own entry is before it here too."""
    return (entry for _, entry in sorted(entries, key=operator.itemgetter(0)))


def _decoded(came: Iterable[Output]) -> Iterator[Recorded]:
    """The entries that the gate made."""
    entries = (decode(output.value or b"", Entry) for output in came if output.topic == topics.ENTRIES)
    return ((entry.record_time_us, entry) for entry in entries)


def _own(log: Read, ledger: LedgerProcessor, injected: Iterable[bytes | None]) -> Iterator[Recorded]:
    """The test's own entries, those that can be read where they were put."""
    values = set(injected)
    own = [record for record in log.of(topics.ENTRIES) if record.value in values]
    read = ((record.timestamp_ms * 1000, read_entry(record, ledger._partitions)) for record in own)
    return ((time, entry) for time, entry in read if isinstance(entry, Entry))


def books(fold: Fold) -> Books:
    """Accounts, lots and open findings: what two runs of the same inbox must agree on (runtime-rules section 2)."""
    findings = sorted((site, f.id, f.severity) for site, f in fold.open_findings())
    return fold.accounts(), [replace(lot, seq=0) for lot in fold.lots()], findings


# --- what must hold ------------------------------------------------------------------------------------------------------------


def fates(log: Read, came: Sequence[Output], made: Sequence[Output], injected: Sequence[bytes | None] = ()) -> list[str]:
    """Each event of each inbox record has one fate, and each entry that the ledger makes is there once: as bytes."""
    wrong = _same("entries", Counter(o.value for o in [*came, *made] if o.topic == topics.ENTRIES), _entries(log, injected))
    refused = Counter(o.value for o in came if o.topic == topics.REJECTED)
    return wrong + _same("rejections", refused, Counter(record.value for record in log.of(topics.REJECTED)))


def _entries(log: Read, injected: Sequence[bytes | None]) -> Counter[bytes | None]:
    """The entries that an event or another entry has caused: not those of an operator's book, and not the test's own."""
    found = Counter(record.value for record in log.of(topics.ENTRIES))
    found.subtract(injected)
    return +Counter({value: n for value, n in found.items() if _caused(value or b"")})


def _caused(value: bytes) -> bool:
    try:
        entry = decode(value, Entry)
    except UndecodableError:
        return True  # nobody but a test writes such a thing
    return entry.origin is not None or entry.cause is not None


def planted(log: Read, ledger: LedgerProcessor, injected: Sequence[bytes | None]) -> list[str]:
    """What the test wrote itself is there as often as it did; of what cannot be read each is told UNREADABLE, exactly once."""
    wanted, entries = Counter(injected), log.of(topics.ENTRIES)
    wrong = _same("entries of the test's own", wanted, Counter(r.value for r in entries if r.value in wanted))
    asked = Counter(
        found.entry_id for found in (read_entry(record, ledger._partitions) for record in entries) if isinstance(found, Outcome)
    )
    told = Counter(o.entry_id for o in (decode(r.value or b"", Outcome) for r in log.of(topics.TRANSACTIONS)) if _unreadable(o))
    return wrong + _same("outcomes UNREADABLE", asked, {entry_id: told[entry_id] for entry_id in asked})


def _unreadable(outcome: Outcome) -> bool:
    return outcome.outcome == "UNREADABLE"


def outcomes(log: Read, ledger: LedgerProcessor) -> list[str]:
    """Each entry has one outcome; one that was parked has one more once it is posted (runtime-rules section 2)."""
    asked: Counter[str] = Counter()
    for record in log.of(topics.ENTRIES):
        asked[read_entry(record, ledger._partitions).entry_id] += 1
    told: dict[str, list[Outcome]] = defaultdict(list)
    for record in log.of(topics.TRANSACTIONS):
        outcome = decode(record.value or b"", Outcome)
        told[outcome.entry_id].append(outcome)
    wrong = []
    for entry_id in asked.keys() | told.keys():
        found = told[entry_id]
        decided = {o.attempt for o in found if o.outcome == "TRANSACTION"}
        posted_later = sum(o.outcome == "PARKED" and any(a > o.attempt for a in decided) for o in found)
        if len(found) != asked[entry_id] + posted_later or len(decided) > 1:
            shown = ", ".join(f"{o.outcome} {o.attempt}" for o in found) or "none"
            wrong.append(f"entry {entry_id} came {asked[entry_id]} times, its outcomes: {shown}")
    return _said("entries without exactly one outcome", wrong)


def as_folded(log: Read, folded: Sequence[Output]) -> list[str]:
    """The transactions of each site, committed, are byte for byte those of a fresh fold, in its order; each link of the chain."""
    written, fresh = _by_key(log.of(topics.TRANSACTIONS)), _by_key(o for o in folded if o.topic == topics.TRANSACTIONS)
    wrong = []
    for key in sorted(written.keys() | fresh.keys()):
        there, wanted = written.get(key, []), fresh.get(key, [])
        if there != wanted:
            at = next((n for n, pair in enumerate(zip(there, wanted, strict=False)) if pair[0] != pair[1]), None)
            wrong.append(f"{key!r}: {len(there)} outcomes, {len(wanted)} in the fold, the first difference at {at}")
        links = [o for o in (decode(value or b"", Outcome) for value in there) if o.outcome == "TRANSACTION"]
        wrong += [f"{key!r}: the chain breaks at {o.seq}" for o in links if chain_value(o) != o.chain]
    return _said("sites whose transactions are not the fold of their entries", wrong)


def lots_as_folded(log: Read, fold: Fold) -> list[str]:
    """The latest state of each lot on its topic is that of the books."""
    latest = {record.key: record.value for record in sorted(log.of(topics.LOTS), key=lambda r: (r.partition, r.offset))}
    wanted = {derive(lot.site, lot.lot).encode(): lot for lot in fold.lots()}
    there = {key: decode(value or b"", LotState) for key, value in latest.items() if key is not None}
    return _said("lots that are not as in the books", [f"{key!r}" for key in _unequal(there, wanted)])


def same_books(one: Books, other: Books) -> list[str]:
    """The books of two runs of the same inbox."""
    names = ("accounts", "lots", "open findings")
    return [f"{name} differ from those of an undisturbed run" for name, a, b in zip(names, one, other, strict=True) if a != b]


def credentials(log: Read) -> list[str]:
    """Each credential is issued once, for a transaction that exists; those are there that a fresh issuer would make."""
    issued = [decode(record.value or b"", CredentialRecord) for record in log.of(topics.CREDENTIALS)]
    told = [decode(record.value or b"", Outcome) for record in log.of(topics.TRANSACTIONS)]
    known = {o.txn_id for o in told if o.outcome == "TRANSACTION"}
    wrong = [f"{c.id} is of {c.txn_id}, which is no transaction" for c in issued if c.txn_id not in known]
    wrong += [f"{name} is issued {n} times" for name, n in Counter(c.id for c in issued).items() if n > 1]
    signer = Ed25519Signer(ISSUER, Ed25519PrivateKey.generate())
    office = Office(signer, IssuerProfile(ISSUER, "check", "https://check.example"), bytes(32))
    fresh = outputs_of(IssuerProcessor(office), log.of(topics.TRANSACTIONS))
    wanted = [decode(o.value or b"", CredentialRecord) for o in fresh if o.topic == topics.CREDENTIALS]
    missing = _unequal({_named(c.id): c.lots for c in issued}, {_named(c.id): c.lots for c in wanted})
    wrong += [f"the credential {name} is not as a fresh issuer makes it, or missing" for name in missing]
    return _said("credentials", wrong + _statuses(log, issued, wanted, fresh))


def _statuses(
    log: Read, issued: Sequence[CredentialRecord], wanted: Sequence[CredentialRecord], fresh: Sequence[Output]
) -> list[str]:
    """The latest status of each credential, by its name below the issuer's address, is that of a fresh issuer."""

    def latest(records: Sequence[CredentialRecord], values: Iterable[bytes | None]) -> dict[str, str]:
        status = {s.credential_id: s.status for s in (decode(value or b"", StatusRecord) for value in values)}
        return {_named(c.id): status.get(c.id, "none") for c in records}

    there = latest(issued, (record.value for record in log.of(topics.CREDENTIAL_STATUS)))
    fresh_ones = latest(wanted, (o.value for o in fresh if o.topic == topics.CREDENTIAL_STATUS))
    return [f"the credential {name} has another status than it should have" for name in _unequal(there, fresh_ones)]


def rows(log: Read, reader: Reader) -> list[str]:
    """Each table has the rows of each committed record, each once, and of no other record."""
    wanted: dict[str, Counter[tuple[str, int, int]]] = defaultdict(Counter)
    for topic in FEEDS:
        for table, made in map_records(log.of(topic), "").tables.items():
            wanted[table].update((row.src_topic, row.src_partition, row.src_offset) for row in made)
    wrong = []
    for table in sorted(wanted.keys() - MERGED):
        sql = f"SELECT src_topic, src_partition, src_offset, count() FROM lodestream_raw.{table} FINAL GROUP BY ALL"  # noqa: S608
        there = Counter({(str(t), int(p), int(o)): int(n) for t, p, o, n in reader.query(sql).rows})
        wrong += _same(f"rows of {table}", wanted[table], there)
    return wrong


def _named(credential_id: str) -> str:
    """Its kind, what it is about and its version: the part of its id that does not depend on the issuer's address."""
    return credential_id.partition("/credentials/")[2]


# --- words ---------------------------------------------------------------------------------------------------------------------


def _by_key(items: Iterable[Record | Output]) -> dict[bytes, list[bytes | None]]:
    found: dict[bytes, list[bytes | None]] = defaultdict(list)
    for item in items:
        found[item.key or b""].append(item.value)
    return found


def _unequal(there: Mapping[object, object], wanted: Mapping[object, object]) -> list[object]:
    return sorted((key for key in there.keys() | wanted.keys() if there.get(key) != wanted.get(key)), key=str)


def _same(what: str, wanted: Counter[object] | Mapping[object, int], there: Mapping[object, int]) -> list[str]:
    lacking, beyond = Counter(wanted) - Counter(there), Counter(there) - Counter(wanted)
    return _said(f"{what} missing", list(map(_short, lacking))) + _said(f"{what} too many", list(map(_short, beyond)))


def _short(thing: object) -> str:
    return f"{thing!r}"[:200]


def _said(what: str, each: Sequence[str]) -> list[str]:
    return [f"{len(each)} {what}: " + "; ".join(each[:FIRST])] if each else []

"""A run of gate, ledger and issuer in memory, with nothing in between: what a broker's topics would hold in the end."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.signer import Ed25519Signer
from runtime.partitioner import partition_of
from runtime.processor import Output, Record
from schemas import topics
from streams.gate.processor import GateProcessor
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from streams.ledger.processor import LedgerProcessor
from tests.faults.invariants import Memory, outputs_of
from tests.faults.reading import Read

PARTITIONS = 4
DID = "did:web:made.example"
SINCE_MS = 1_800_000_000_000
Given = tuple[list[bytes], Sequence[Record]]
"""Documents, and then records that somebody writes into the entries himself (partition, key and value)."""


def run(*given: Given) -> Read:
    """One after the other, each done before the next begins, a second apart."""
    logs: dict[str, list[Record]] = {}
    gate, ledger, state, at = GateProcessor(output_bytes=topics.LEDGER_RECORD_BYTES), LedgerProcessor(PARTITIONS), Memory(), 0
    for second, (documents, planted) in enumerate(given):
        now = SINCE_MS + 1_000 * second
        came = [_append(logs, Output(topics.INBOX, b"test", document), now) for document in documents]
        for output in outputs_of(gate, came):
            _append(logs, output, now)
        for record in planted:
            _append(logs, Output(topics.ENTRIES, record.key or b"", record.value, partition=record.partition), now + 500)
        entries = logs.setdefault(topics.ENTRIES, [])
        while at < len(entries):
            effects = ledger.process([entries[at]], state)
            state.take(effects.writes)
            for output in effects.outputs:
                _append(logs, output, now)
            at += 1
    signer = Ed25519Signer(DID, Ed25519PrivateKey.generate())
    issuer = IssuerProcessor(Office(signer, IssuerProfile(DID, "made", "https://made.example"), bytes(32)))
    for output in outputs_of(issuer, logs[topics.TRANSACTIONS]):
        _append(logs, output, SINCE_MS)
    return Read({topic: sorted(kept, key=lambda record: (record.partition, record.offset)) for topic, kept in logs.items()})


def _append(logs: dict[str, list[Record]], output: Output, now_ms: int) -> Record:
    """A record as the broker would keep it."""
    number = partition_of(output.key, PARTITIONS) if output.partition is None else output.partition
    kept = logs.setdefault(output.topic, [])
    offset = sum(record.partition == number for record in kept)
    kept.append(Record(output.topic, number, offset, now_ms, output.key, output.value))
    return kept[-1]

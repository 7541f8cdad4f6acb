"""What the records of our topics say of themselves in their headers: one envelope for each kind of record and writer."""

from msgspec import Struct

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.records import Entry, LotState, Outcome
from runtime.headers import Envelope, Headers, avro


def _avro(kind: type[Struct], writer: str) -> Envelope:
    return avro(kind.__name__, writer)


ENTRY_OF_GATE = _avro(Entry, "gate")
REJECTION = _avro(Rejection, "gate")
_ENTRY_OF_LEDGER = _avro(Entry, "ledger")
_ENTRY_OF_WATCH = _avro(Entry, "watch")
_OUTCOME = _avro(Outcome, "ledger")
_LOT = _avro(LotState, "ledger")
CREDENTIAL = _avro(CredentialRecord, "issuer")
STATUS = _avro(StatusRecord, "issuer")


def of_outcome(outcome: Outcome, trace: Headers) -> Headers:
    """The headers of an outcome: its id is the transaction's, its subject the site."""
    return _OUTCOME.headers(outcome.txn_id, outcome.record_time_us, outcome.site, trace)


def of_lot(lot: LotState, key: str, outcome: Outcome, trace: Headers) -> Headers:
    """The headers of a lot's state after an outcome: its id is the record's key and the lot's version."""
    return _LOT.headers(f"{key}/{lot.seq}", outcome.record_time_us, lot.lot, trace)


def of_made(entry: Entry, trace: Headers) -> Headers:
    """The headers of an entry that the ledger made for a site."""
    return _ENTRY_OF_LEDGER.headers(entry.entry_id, entry.record_time_us, entry.site, trace)


def of_watched(entry: Entry, trace: Headers) -> Headers:
    """The headers of a finding or a tick that the watch made for a site."""
    return _ENTRY_OF_WATCH.headers(entry.entry_id, entry.record_time_us, entry.site, trace)

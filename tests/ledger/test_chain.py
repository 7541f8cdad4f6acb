"""The canonical bytes of a transaction, to the byte: an auditor's own program must come to the same chain."""

import json
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from lodestream.ledger.chain import ENCODER, canonical_bytes, chain_value
from lodestream.ledger.records import Outcome, Posting

TRANSACTION = Outcome(
    outcome="TRANSACTION",
    entry_id="e",
    txn_id="t",
    attempt=1,
    site="urn:s",
    rule_version=1,
    record_time_us=2,
    valid_time_us=3,
    kind="create",
    seq=1,
    postings=[Posting("p", 0, "Cu", "STOCK(x)", 9_007_199_254_740_993)],
)
BYTES = (
    b'{"attempt":1,"entry_id":"e","kind":"create","outcome":"TRANSACTION","postings":[{"account":"STOCK(x)",'
    b'"amount_mg":9007199254740993,"element":"Cu","leg":0,"posting_id":"p"}],"record_time_us":2,"rule_version":1,"seq":1,'
    b'"site":"urn:s","txn_id":"t","valid_time_us":3}'
)


def test_the_bytes() -> None:
    assert canonical_bytes(TRANSACTION) == BYTES
    assert canonical_bytes(replace(TRANSACTION, chain="any")) == BYTES, "the chain value is not in what it hashes"
    assert chain_value(TRANSACTION) == sha256(b"lodestream-chain-1\0" + BYTES).hexdigest()


def test_an_auditor_recomputes_it_with_any_json_that_keeps_integers() -> None:
    parsed = json.loads(BYTES)
    again = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert again == BYTES


def test_a_later_field_changes_nothing_that_stands() -> None:
    class Later(Struct, omit_defaults=True):
        site: str
        carbon_g: int | None = None
        parts: list[str] = []

    assert ENCODER.encode(Later("urn:s")) == b'{"site":"urn:s"}'

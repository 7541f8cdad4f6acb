"""The canonical bytes of a transaction, to the byte: an auditor's own program must come to the same chain."""

import json
from hashlib import sha256
from typing import Any, get_args

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from lodestream.ids import derive
from lodestream.ledger import records
from lodestream.ledger.chain import ENCODER, canonical_bytes, chain_value
from lodestream.ledger.records import RULE_VERSION, Outcome, Posting
from lodestream.ledger.unreadable import unreadable
from schemas.codec import decode, encode
from tests.ledger.making import START, Books, add, entry, receive, ship, transform

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


def _defaults(kind: type[Struct], seen: set[type[Struct]]) -> list[tuple[str, Any]]:
    """Every default of a Struct and of those within it."""
    if kind in seen:
        return []
    seen.add(kind)
    found = [(f"{kind.__name__}.{f.name}", f.default) for f in fields(kind) if f.default is not NODEFAULT]
    inner = [t for f in fields(kind) for t in [f.type, *get_args(f.type)] if isinstance(t, type) and issubclass(t, Struct)]
    return found + [one for each in inner for one in _defaults(each, seen)]


def test_what_is_omitted_is_omitted_by_value() -> None:
    """msgspec compares a default by identity: a string that came out of a log is another object than the literal."""
    for name, default in _defaults(Outcome, set()):
        assert default is None or default in ("", 0, False), f"{name} = {default!r}: decoded, it would be written out"


def test_the_chain_is_the_same_out_of_the_log() -> None:
    books = Books()
    books(
        add("ore", "100", "urn:a", cu="1", opening=True),
        transform(
            "urn:a", [("ore", "100", {})], [("conc", "4", {"cu": "30"}), ("tails", "96", {"cu": "0.1", "loss_class": "tailings"})]
        ),
        ship("conc", "4", "urn:a", "urn:b", consignment_id="c"),
        receive("conc", "3.9", "urn:b", consignment_id="c", receipt="final", cu="30"),
    )
    assert any(o.findings for o in books.outcomes)
    for outcome in books.outcomes:
        kept = decode(encode(outcome), Outcome)
        assert canonical_bytes(kept) == canonical_bytes(outcome)
        assert chain_value(kept) == kept.chain


def test_what_is_no_entry_is_known_by_its_bytes() -> None:
    """Its ids are those of their SHA-256, its site is the key, as far as that can be read, its times are the log's."""
    digest = "ab" * 32
    entry_id = derive("unreadable", digest)
    for key, site in ((b"urn:site:a", "urn:site:a"), (b"\xff", "\N{REPLACEMENT CHARACTER}"), (None, "")):
        assert unreadable(key, digest, 7, "cannot be decoded") == Outcome(
            outcome="UNREADABLE",
            entry_id=entry_id,
            txn_id=derive("txn", entry_id, str(RULE_VERSION), "1"),
            attempt=1,
            site=site,
            rule_version=RULE_VERSION,
            record_time_us=7,
            valid_time_us=7,
            reason=f"cannot be decoded; sha256 {digest}",
        )


def test_severities_and_states_are_those_of_the_log() -> None:
    assert get_args(records.Severity) == ("hard", "hold", "warn", "info")
    assert get_args(records.FindingState) == ("open", "resolved", "superseded")


def test_the_version_of_the_rules_is_in_every_outcome_and_in_its_id() -> None:
    def named(outcome: Outcome, attempt: str) -> tuple[int, str]:
        return outcome.rule_version, derive("txn", outcome.entry_id, "1", attempt)

    made = entry(add("x", "1", "urn:site:a", cu="10"))
    fold = Books().fold
    (posted,), (again,) = fold.submit(made), fold.submit(made)
    assert [(o.rule_version, o.txn_id) for o in (posted, again)] == [named(posted, "1"), named(again, "2")]
    broken = unreadable(b"urn:site:a", "digest", START, "no Avro")
    assert (broken.rule_version, broken.txn_id) == named(broken, "1")

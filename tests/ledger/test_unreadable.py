"""What is no entry has an outcome all the same, which every fold agrees on to the byte (runtime-rules section 2)."""

from lodestream.ids import derive
from lodestream.ledger.records import RULE_VERSION, Outcome
from lodestream.ledger.unreadable import unreadable


def test_it_is_known_by_its_bytes() -> None:
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

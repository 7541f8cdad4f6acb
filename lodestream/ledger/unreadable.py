"""The outcome of what is no entry: outside sequence and chain (runtime-rules section 2)."""

from lodestream.ids import derive
from lodestream.ledger.records import RULE_VERSION, Outcome


def unreadable(key: bytes | None, digest: str, time_us: int, reason: str) -> Outcome:
    """UNREADABLE, with the SHA-256 of the bytes (hex), so that every fold agrees on it. `time_us` is when the log took it."""
    entry_id = derive("unreadable", digest)
    return Outcome(
        outcome="UNREADABLE",
        entry_id=entry_id,
        txn_id=derive("txn", entry_id, str(RULE_VERSION), "1"),
        attempt=1,
        site=(key or b"").decode(errors="replace"),
        rule_version=RULE_VERSION,
        record_time_us=time_us,
        valid_time_us=time_us,
        reason=f"{reason}; sha256 {digest}",
    )

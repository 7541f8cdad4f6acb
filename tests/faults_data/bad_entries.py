"""Entries that the gate would not write, and one whose transaction no record can hold."""

from lodestream.ledger.records import Entry
from schemas.codec import encode
from tests.ledger.making import add, entry

HUGE = "urn:lot:" + "x" * 4_000_000
"""Twice in the entry; five times in its transaction, which is more than a record of the log can hold."""

Raw = tuple[bytes | None, bytes | None, int | None]
"""Value, key, partition (None: that of the key)."""


def good(site: str, name: str, **more: str) -> Entry:
    """One new lot at a site."""
    return entry(add(f"urn:lot:{name}", "10", site, cu="10", **more))


def huge(site: str) -> Entry:
    """An entry that fits into the log, and its transaction does not."""
    return entry(add(HUGE, "10", site, cu="10", ni="1", co="1"))


def unreadable(a: str, b: str, c: str, d: str) -> list[Raw]:
    """What becomes an outcome UNREADABLE, given a site of each of four partitions, in their order."""
    return [
        (b"rubbish", a.encode(), None),
        (b"rubbish", a.encode(), None),
        (None, a.encode(), None),
        (encode(good(b, "foreign")), a.encode(), None),
        (encode(good(d, "astray")), d.encode(), 2),
        (encode(good(c, "keyless")), None, 2),
        (encode(Entry("later", a, "LATER", 1)), a.encode(), None),
        (b"\xff" * 100, b"\xff\x00", 0),
    ]

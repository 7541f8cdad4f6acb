"""Indexes of a status list that reveal no order: a keyed permutation of the list's places.

A Feistel network is a permutation whatever its round functions are (Luby and Rackoff, 1988). So the n-th credential has one
place, the same on each replay, and who does not hold the key cannot tell from two places which came first. The halves of a place
are small, so each round function is a table, drawn from SHAKE-256 of the key and the list's name: 0.02 ms a list, 1 us a place.
"""

from functools import lru_cache
from hashlib import shake_256

ENTRIES = 131_072
"""Places in a list: the least that Bitstring Status List 1.0 allows (section 3.1), and a power of two."""
ROUNDS = 10  # even, so that the halves end with the widths they began with; as many as FF1 has (NIST SP 800-38G)
_BITS = ENTRIES.bit_length() - 1
_LEFT, _RIGHT = (_BITS + 1) // 2, _BITS // 2  # 17 bits are odd: the halves have two widths, and change them in each round


def place(key: bytes, name: str, number: int) -> int:
    """The place of credential `number` (from 0, below ENTRIES) in the list `name`. Two numbers never share one.

    `key` is 32 secret bytes.
    """
    assert 0 <= number < ENTRIES, "a list has no place for it; it belongs to the next one"
    left, right = number >> _RIGHT, number & ((1 << _RIGHT) - 1)
    for table in _tables(key, name):
        left, right = right, left ^ table[right]
    return left << _RIGHT | right


@lru_cache(maxsize=256)
def _tables(key: bytes, name: str) -> tuple[tuple[int, ...], ...]:
    """The round functions of a list: what is added to one half, by the value of the other."""
    assert len(key) == 32, "the key fills its place, so that no other key and name make the same text"
    widths = [(_RIGHT, _LEFT) if turn % 2 == 0 else (_LEFT, _RIGHT) for turn in range(ROUNDS)]
    stream = shake_256(b"lodestream status list 1\0" + key + name.encode()).digest(2 * sum(1 << taken for taken, _ in widths))
    tables, at = [], 0
    for taken, given in widths:
        values = (int.from_bytes(stream[n : n + 2], "big") & ((1 << given) - 1) for n in range(at, at + 2 * (1 << taken), 2))
        tables.append(tuple(values))
        at += 2 * (1 << taken)
    return tuple(tables)

"""Indexes of a status list that reveal no order: a keyed permutation of the list's places.

A Feistel network over HMAC-SHA-256 is a permutation whatever its round function (Luby and Rackoff, 1988). So the n-th
credential has one place, the same on each replay, and who does not hold the key cannot tell from two places which came first.
"""

import hmac

ENTRIES = 131_072
"""Places in a list: the least that Bitstring Status List 1.0 allows (section 3.1), and a power of two."""
ROUNDS = 8  # even, so that the halves end with the widths they began with
_BITS = ENTRIES.bit_length() - 1
_LEFT, _RIGHT = (_BITS + 1) // 2, _BITS // 2


def place(key: bytes, name: str, number: int) -> int:
    """The place of credential `number` (from 0, below ENTRIES) in the list `name`. Two numbers never share one.

    `key` is 32 secret bytes.
    """
    assert 0 <= number < ENTRIES, "a list has no place for it; it belongs to the next one"
    left, right = number >> _RIGHT, number & ((1 << _RIGHT) - 1)
    for turn in range(ROUNDS):
        # 17 bits are odd: the halves have two widths, and change places and widths in each round
        width = _RIGHT if turn % 2 else _LEFT
        left, right = right, left ^ _round(key, name, turn, right, width)
    return left << _RIGHT | right


def _round(key: bytes, name: str, turn: int, half: int, width: int) -> int:
    digest = hmac.digest(key, f"{turn} {half} {name}".encode(), "sha256")
    return int.from_bytes(digest[:4], "big") & ((1 << width) - 1)

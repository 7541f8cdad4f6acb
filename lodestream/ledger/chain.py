"""The hash chain of a site's transactions, over canonical bytes (rulebook R96).

Canonical bytes, version 1: the transaction as JSON in UTF-8 without white space, keys sorted by code point, integers
as digits, without fields at their default and without `chain` itself (`prev` is in it). `chain` is the hex SHA-256 of
"lodestream-chain-1", a NUL and these bytes. The first transaction's `prev` is the empty string.
"""

from hashlib import sha256

import msgspec

from lodestream.ledger.records import Outcome

ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
VERSION = 1
PREFIX = f"lodestream-chain-{VERSION}\0".encode()


def canonical_bytes(outcome: Outcome) -> bytes:
    """The bytes that identify an outcome, whatever carried it."""
    return ENCODER.encode(msgspec.structs.replace(outcome, chain="") if outcome.chain else outcome)


def chain_value(outcome: Outcome) -> str:
    """The chain value of a transaction whose `prev` and `seq` are set."""
    return chain_of(canonical_bytes(outcome))


def chain_of(canonical: bytes) -> str:
    """The chain value of the canonical bytes of a transaction."""
    return sha256(PREFIX + canonical).hexdigest()

"""Changes of an input: of its bytes, and of the JSON that it is, a JWS in it taken apart and put together again."""

import base64
import json
import random
from typing import Any

LARGEST = 64 * 1024
HUGE = 2 * 1024 * 1024
"""One change in many makes an input of this size, to see that nothing grows faster than it should."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 10**19, 10**60, "", " ", "\u0000", "\ud800", "\u202e", "did:web:", "did:key:z",
    "https://", "urn:x", "2025-03-05T06:00:00Z", "9999-12-31T23:59:59+14:00", "0000-01-01T00:00:00Z", "KGM", "P1", "u", "z", [],
    {}, [[]], [None], {"": ""}, "VerifiableCredential", "BitstringStatusListEntry", "https://www.w3.org/ns/credentials/v2",
)  # fmt: skip
NAMES = (
    "@context", "id", "type", "issuer", "validFrom", "validUntil", "proof", "credentialStatus", "credentialSubject", "alg", "kid",
    "crit", "b64", "jwk", "typ", "iss", "vc", "verificationMethod", "assertionMethod", "publicKeyJwk", "controller",
    "cryptosuite", "quantity", "value", "unit", "inputProduct", "outputProduct", "product", "characteristics", "batchNumber",
    "encodedList",
    "upperTolerance", "massFraction", "expires", "created", "domain", "challenge", "previousProof", "linkset", "anchor", "href",
)  # fmt: skip


def mutated(data: bytes, rng: random.Random, largest: int = LARGEST) -> bytes:
    """The data with one to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        data = (_of_json if rng.random() < 0.6 else _of_bytes)(data, rng, largest)
    return data[:largest] if rng.random() < 0.98 else data[:HUGE]


def _of_bytes(data: bytes, rng: random.Random, largest: int) -> bytes:
    raw = bytearray(data)
    place = rng.randrange(len(raw) + 1)
    kind = rng.randrange(7)
    if kind == 0 and raw:
        raw[place - 1] ^= 1 << rng.randrange(8)
    elif kind == 1:
        raw[place:place] = rng.randbytes(rng.choice((1, 2, 8)))
    elif kind == 2:
        del raw[place : place + rng.choice((1, 2, 16, 256))]
    elif kind == 3:
        part = raw[place : place + rng.choice((1, 16, 256))]
        raw[place:place] = part * rng.choice((1, 2, 50))
    elif kind == 4:
        raw[place:place] = rng.choice(
            (b"[", b"{", b'"', b"\\u0000", b".", b"=", b"-", b"%00", b"\xff", b"1e999", b"NaN", b"\xef\xbb\xbf")
        )
    elif kind == 5:
        raw[place:place] = rng.choice((b"[", b'{"a":')) * rng.choice((63, 64, 65, 5_000))
    else:
        del raw[place:]
    return bytes(raw[:largest])


def _of_json(data: bytes, rng: random.Random, largest: int) -> bytes:
    text = data.strip()
    parts = text.split(b".")
    if len(parts) == 3 and not text.startswith(b"{"):
        which = rng.randrange(3)
        parts[which] = _b64(
            _of_json(_unb64(parts[which]), rng, largest) if which < 2 else _of_bytes(_unb64(parts[2]), rng, largest)
        )
        return b".".join(parts)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _of_bytes(data, rng, largest)
    if isinstance(value, dict) and str(value.get("id", "")).startswith("data:application/vc+jwt,") and rng.random() < 0.6:
        inner = str(value["id"]).partition(",")[2].encode("utf-8", "replace")
        value["id"] = "data:application/vc+jwt," + _of_json(inner, rng, largest).decode("utf-8", "replace")
        return json.dumps(value).encode()
    return json.dumps(_changed(value, rng, largest)).encode()


def _changed(value: Any, rng: random.Random, largest: int) -> Any:
    """The value with one change somewhere: most often deep inside."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        return _of_object(dict(value), name, rng, largest)
    if isinstance(value, list) and value and rng.random() < 0.85:
        items = list(value)
        place = rng.randrange(len(items))
        kind = rng.randrange(8)
        if kind == 0:
            items.append(items[place])
        elif kind == 1:
            size = len(json.dumps(items[place])) + 1
            items += [items[place]] * min(5_000, max(1, (HUGE if rng.random() < 0.1 else largest) // size))
        elif kind == 2:
            del items[place]
        else:
            items[place] = _changed(items[place], rng, largest)
        return items
    return _replacement(value, rng)


def _of_object(value: dict[str, Any], name: str, rng: random.Random, largest: int) -> dict[str, Any]:
    kind = rng.randrange(10)
    if kind == 0:
        del value[name]
    elif kind == 1:
        value[rng.choice(NAMES)] = rng.choice(ODD)
    elif kind == 2:
        value[rng.choice(NAMES)] = value[name]
    elif kind == 3:
        value |= {f"{name}{number}": value[name] for number in range(rng.choice((2, 50)))} if len(str(value)) < 5_000 else {}
    else:
        value[name] = _changed(value[name], rng, largest)
    return value


def _replacement(value: Any, rng: random.Random) -> Any:
    kind = rng.randrange(5)
    if kind == 0 and isinstance(value, str):
        return value[: rng.randrange(len(value) + 1)] + rng.choice(("", "\u0000", "/", "#", "%", "é", "x" * 300))
    if kind == 1 and isinstance(value, int | float) and not isinstance(value, bool):
        return rng.choice((value + 1, -value, value * 10**9 if isinstance(value, int) else value / 3, 0))
    if kind == 2:
        nested: Any = value
        for _ in range(rng.choice((1, 3, 70))):
            nested = [nested] if rng.random() < 0.5 else {"id": nested}
        return nested
    return rng.choice(ODD)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unb64(data: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except ValueError:
        return data

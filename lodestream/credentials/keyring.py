"""The history of an issuer's keys: which key signs what is of which time, and which are published to verifiers.

A key signs from `since` until the next one does. Afterwards it stays published, so that what it signed verifies, until it is
retired: then only what is of an earlier time counts (`revoked`, CID 1.0 section 2.2). A key that fell into wrong hands is
withdrawn: whoever has it can date as they like, so nothing that it signed counts any more.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials.did import Published, document_of
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.signer import key_id, public_key, thumbprint
from lodestream.credentials.untp import time_us

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Key(Struct, frozen=True, rename="camel"):
    """A key of the history: its public JWK, since when it signs, where its private part is (never the part itself).

    `since`, `retired` and `withdrawn` are date-times (RFC 3339); the latter two are empty where the key is neither. `place` is a
    PEM file in the keyring's folder, or the label of a key in the HSM; empty for one that the settings bring.
    """

    public_key_jwk: dict[str, str]
    since: str
    place: str = ""
    retired: str = ""
    withdrawn: str = ""

    @property
    def name(self) -> str:
        """The key's own name: its thumbprint (RFC 7638)."""
        return thumbprint(self.public_key_jwk)

    @property
    def since_us(self) -> int:
        """When it begins to sign (µs since 1970)."""
        return time_us(self.since)

    @property
    def never_signed(self) -> bool:
        """It was ended before it began."""
        return any(end and time_us(end) <= self.since_us for end in (self.retired, self.withdrawn))


class History(Struct, frozen=True):
    """The keys of one issuer in the order in which they sign. Changing it gives a new history."""

    keys: tuple[Key, ...] = ()

    def signing(self, moment_us: int) -> Key:
        """The key for what is of that time (µs since 1970). The first also signs for what is older.

        Instead of a key that is retired or withdrawn, the next that is neither signs. Raises CredentialError (KEYRING) where
        there is no key.
        """
        keys = [key for key in self.keys if not key.never_signed]
        begun = [n for n, key in enumerate(keys) if key.since_us <= moment_us]
        later = keys[begun[-1] if begun else 0 :]
        found = next((key for key in later if not key.retired and not key.withdrawn), None)
        if found is None:
            raise CredentialError("KEYRING", "the issuer has no key that signs; `lodestream keys` makes one")
        return found

    def begun(self, jwk: dict[str, str], since_us: int, place: str = "") -> "History":
        """With a further key that signs from then on. Raises CredentialError (KEYRING): it is known, or not the latest."""
        key = Key(jwk, told(since_us), place)
        if any(key.name == known.name for known in self.keys):
            raise CredentialError("KEYRING", f"the key {key.name} is in the history already: a key begins to sign only once")
        if self.keys and self.keys[-1].since_us >= key.since_us:
            latest = self.keys[-1]
            raise CredentialError("KEYRING", f"the key {latest.name} signs from {latest.since} on; the next can only begin later")
        return History((*self.keys, key))

    def retired(self, name: str, now_us: int) -> "History":
        """With a key whose signatures count from now on only for what is of an earlier time. Raises CredentialError (KEYRING)."""
        return self._ended(name, now_us, retired=told(now_us))

    def withdrawn(self, name: str, now_us: int) -> "History":
        """Without a key for verifiers: nothing that it signed counts. Raises CredentialError (KEYRING)."""
        return self._ended(name, now_us, withdrawn=told(now_us))

    def _ended(self, name: str, now_us: int, **change: Any) -> "History":
        """With that key changed; another must be there to sign, now and after it."""
        found = next((key for key in self.keys if key.name == name), None)
        if found is None:
            known = ", ".join(key.name for key in self.keys)
            raise CredentialError("KEYRING", f"there is no key {name[:100]!r} in the history; there is {known}")
        if found.withdrawn or ("retired" in change and found.retired):
            raise CredentialError("KEYRING", f"the key {name} is ended already: {found.withdrawn or found.retired}")
        history = History(tuple(replace(key, **change) if key is found else key for key in self.keys))
        try:
            history.signing(now_us)
        except CredentialError:
            raise CredentialError("KEYRING", f"without the key {name} none would sign; `lodestream keys rotate` before") from None
        return history

    def document(self, did: str, resolver: str = "") -> bytes:
        """The bytes of did.json: the latest key first, earlier ones after it, those that are withdrawn not at all."""
        keys = [
            Published(key_id(did, key.public_key_jwk), key.public_key_jwk, key.retired)
            for key in reversed(self.keys)
            if not key.withdrawn
        ]
        return write(document_of(did, keys, resolver)) + b"\n"

    def to_bytes(self) -> bytes:
        """The history as the JSON of its file."""
        return msgspec.json.format(msgspec.json.encode({"version": VERSION, "keys": self.keys}), indent=2) + b"\n"


def parse_history(data: bytes) -> History:
    """A history from its file. Raises CredentialError (KEYRING, and those of the JSON reader)."""
    raw = parse_object(data, "the history of the keys")
    try:
        if raw.get("version") != VERSION:
            raise ValueError(f"version {raw.get('version')!r} is not {VERSION}")
        history = msgspec.convert(raw, History)
        moments = [key.since_us for key in history.keys]
        if moments != sorted(set(moments)):
            raise ValueError("its keys are not in the order in which they begin to sign")
        for key in history.keys:
            public_key(key.public_key_jwk)
            for end in (key.retired, key.withdrawn):
                if end:
                    time_us(end)
    except (ValueError, KeyError, CredentialError) as error:
        raise CredentialError("KEYRING", f"the history of the keys cannot be used: {error}") from None
    return history


def told(moment_us: int) -> str:
    """A time (µs since 1970) as a date-time of UTC, exact to the microsecond."""
    return (_EPOCH + timedelta(microseconds=moment_us)).isoformat().replace("+00:00", "Z")

"""What `lodestream verify` is given: where to start, whom to trust, where to ask, keys."""

import tomllib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cli.exits import Unusable
from connectors.web.allowed import Allowed, allowed
from connectors.web.fetch import Web
from connectors.web.folder import Folder
from lodestream.credentials.access import KEY_BYTES, parse_qr
from lodestream.credentials.did import web_url
from lodestream.credentials.encoding import digest_multibase, from_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.walk import Absent, Sources, Trust, trust_of
from lodestream.credentials.walk.ports import Answer
from streams.issuer.keys import read_did_document

LARGEST_BYTES = 16 * 1024 * 1024
LARGEST_TRUST_BYTES = 4 * 1024 * 1024
LONGEST_KEY_FILE = 1_000


class Start(NamedTuple):
    """A file's bytes, or a URL; with the keys and the digest (digestMultibase, in the clear) that came with it in a link."""

    data: bytes | None
    url: str
    keys: list[bytes]
    digest: str = ""


def start_of(what: str) -> Start:
    """A file where there is one of that name, else a link: with a key in it (a QR code's text) or without. Raises Unusable."""
    if what.startswith(("https://", "http://")):
        try:
            access = parse_qr(what)
        except CredentialError:
            return Start(None, what, [])
        stated = digest_multibase(access.sha256) if access.sha256 else ""
        return Start(None, access.uri, [access.key], stated)
    path = Path(what)
    try:
        with path.open("rb") as opened:
            return Start(opened.read(LARGEST_BYTES), "", [])  # the verifier refuses what is longer than far less than this
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no file has such a name"
        raise Unusable(f"{what[:200]} is neither a link (https://...) nor a file that can be read: {reason}") from error


def trust_file(path: Path | None) -> Trust:
    """The trust file (TOML), or nobody. Raises Unusable."""
    if path is None:
        return Trust()
    try:
        with path.open("rb") as opened:
            text = opened.read(LARGEST_TRUST_BYTES).decode("utf-8")
        return trust_of(tomllib.loads(text, parse_float=Decimal))
    except (OSError, ValueError, CredentialError) as error:
        raise Unusable(f"{path}: {error}") from error


def sources_of(start: Start, trust: Trust, allow: Sequence[str], offline: Path | None) -> Sources:
    """The folder, or the web as far as it is allowed: the start's host, those of the trust file, and the named ones."""
    try:
        if offline is not None:
            return Folder(offline)
        return Web([*map(allowed, allow), *_implied(start, trust)])
    except CredentialError as error:
        raise Unusable(str(error)) from error


def keys_of(texts: Sequence[str]) -> list[bytes]:
    """Keys of lots: 32 bytes in hex or base64url, or in a file. Raises Unusable; no message repeats a key."""
    return [_key(text) for text in texts]


class Given:
    """Sources in which a DID document that was given as a file stands where its DID says."""

    def __init__(self, sources: Sources | None, path: Path | None) -> None:
        """Raises Unusable: the document cannot be read, or is of no did:web."""
        self._sources = sources
        self._url, self._data = "", b""
        if path is None:
            return
        try:
            self._data = path.read_bytes()
            self._url = web_url(read_did_document(path).id)
        except (CredentialError, OSError) as error:
            raise Unusable(f"the DID document {path} cannot be used: {error}") from error

    def get(self, url: str) -> Answer:
        """The given document at its address, all else from the sources."""
        if url == self._url:
            return self._data
        return self._sources.get(url) if self._sources is not None else Absent("missing", "nothing may be asked")


def _implied(start: Start, trust: Trust) -> Iterable[Allowed]:
    """Whoever names an address or an anchor wants it asked."""
    dids = [*trust.parties, *(register.did for register in (*trust.registers, *trust.accreditors))]
    for url in (start.url, *trust.resolvers, *(web_url(did) for did in dids if did.startswith("did:web:"))):
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            yield allowed(parts.netloc.rpartition("@")[2])


def _key(text: str) -> bytes:
    if text.startswith("@"):
        try:
            with Path(text[1:]).open(encoding="ascii") as opened:
                text = opened.read(LONGEST_KEY_FILE).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f"the key file {text[1:]} cannot be read: {error}") from error
    try:
        key = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else from_base64url(text)
    except (ValueError, CredentialError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Unusable(f"a key is {KEY_BYTES} bytes in hex or base64url, or @FILE that holds them")
    return key

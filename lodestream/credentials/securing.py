"""Securing a credential: exactly the bytes to publish, as `vc+jwt` in its envelope, or with a Data Integrity proof in it."""

from functools import lru_cache
from typing import Any

from lodestream.credentials import integrity
from lodestream.credentials.encoding import base64url
from lodestream.credentials.envelope import PREFIX, TYPE
from lodestream.credentials.jose import CONTENT_TYPE, MEDIA_TYPE
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.profile import Securing
from lodestream.credentials.signer import Signer
from lodestream.credentials.untp import CONTEXTS


def secure(credential: dict[str, Any], signer: Signer, securing: Securing, created_us: int) -> bytes:
    """The bytes to publish: envelope JSON (`vc+jwt`), or the credential's own JSON with `proof` (`eddsa-jcs-2022`).

    `created_us` (µs since 1970) is the time of what is told, no clock's: it chooses the key where keys were rotated, and is
    `created` of a proof. The same arguments give the same bytes. Raises CredentialError (KEY, JCS_NUMBER, ...).
    """
    if securing == integrity.EDDSA:
        return write(integrity.sign(credential, signer.at(created_us), created_us))
    return secure_text(write(credential), credential["@context"], signer, securing, created_us)


def secure_text(text: bytes, contexts: list[str], signer: Signer, securing: Securing, created_us: int) -> bytes:
    """As `secure`, of a credential that is there as JSON: `vc+jwt` signs these very bytes. `contexts` are its @context."""
    if securing == integrity.EDDSA:
        return secure(parse_object(text, "the credential"), signer, securing, created_us)
    return seal(compact(text, signer.at(created_us)), contexts)


def compact(payload: bytes, signer: Signer) -> bytes:
    """The compact JWS over a credential's JSON (RFC 7515). The same JSON and key give the same bytes."""
    signing_input = b".".join((_header(signer.alg, signer.kid), base64url(payload)))
    return b".".join((signing_input, base64url(signer.sign(signing_input))))


@lru_cache(maxsize=100)
def _header(alg: str, kid: str) -> bytes:
    return base64url(write({"alg": alg, "kid": kid, "typ": MEDIA_TYPE, "cty": CONTENT_TYPE}))


def seal(jws: bytes, contexts: Any = CONTEXTS) -> bytes:
    """The envelope of a compact JWS (VCDM 2.0, section 4.12). `contexts` are those of the credential in it.

    The JWS is base64url and dots, of which JSON escapes nothing, so it is set in as it is.
    """
    return b"".join((_HEAD if contexts == CONTEXTS else _head(contexts), jws, _TAIL))


def _head(contexts: Any) -> bytes:
    return write({"@context": contexts, "id": PREFIX})[:-2]


_HEAD = _head(CONTEXTS)  # of nearly all that is issued
_TAIL = b'","type":' + write(TYPE) + b"}"

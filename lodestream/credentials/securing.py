"""Securing a credential: exactly the bytes to publish, as `vc+jwt` in its envelope, or with a Data Integrity proof in it."""

from typing import Any

from lodestream.credentials import envelope, integrity, jose
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.profile import Securing
from lodestream.credentials.signer import Signer


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
    return envelope.seal(jose.sign(text, signer.at(created_us)), contexts)

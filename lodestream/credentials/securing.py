"""Securing a credential: exactly the bytes to publish, as `vc+jwt` in its envelope, or with a Data Integrity proof in it."""

from typing import Any

from lodestream.credentials import envelope, integrity, jose
from lodestream.credentials.jsontext import write
from lodestream.credentials.profile import Securing
from lodestream.credentials.signer import Signer


def secure(credential: dict[str, Any], signer: Signer, securing: Securing, created_us: int) -> bytes:
    """The bytes to publish: envelope JSON (`vc+jwt`), or the credential's own JSON with `proof` (`eddsa-jcs-2022`).

    `created_us` (µs since 1970) is the time of what is told, no clock's: it chooses the key where keys were rotated, and is
    `created` of a proof. The same arguments give the same bytes. Raises CredentialError (KEY, JCS_NUMBER, ...).
    """
    key = signer.at(created_us)
    if securing == integrity.EDDSA:
        return write(integrity.sign(credential, key, created_us))
    return envelope.seal(jose.sign(credential, key), credential["@context"])

"""The envelope that carries a signed credential: EnvelopedVerifiableCredential (VCDM 2.0, section 4.12).

It adds nothing that is signed, so it is exact: on reading, every value in it is either prescribed or the credential's
own. Else a changed envelope would travel under a good signature.
"""

from typing import Any, NamedTuple

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.untp import CONTEXTS, VC_CONTEXT

TYPE = "EnvelopedVerifiableCredential"
PREFIX = "data:application/vc+jwt,"
WRAPPER = "verifiableCredential"
"""Downloads of the UNTP playground hold the envelope under this one name."""


class Presented(NamedTuple):
    """What a file holds: the compact JWS, and the contexts of its envelope (None where the bare JWS was given)."""

    compact: str
    contexts: Any


def seal(compact: str) -> bytes:
    """The envelope of a compact JWS: exactly the bytes to publish."""
    return write({"@context": CONTEXTS, "id": PREFIX + compact, "type": TYPE})


def open_envelope(data: bytes) -> Presented:
    """The JWS in an envelope, in a playground download, or bare; white space around it is no part of it.

    Raises CredentialError (ENVELOPE, JWS, and those of the JSON reader).
    """
    text = data.strip(b" \t\r\n")
    if not text.startswith(b"{"):
        try:
            return Presented(text.decode("ascii"), None)
        except UnicodeDecodeError:
            raise CredentialError("JWS", "this is neither an envelope (JSON) nor a compact JWS (ASCII)") from None
    envelope = parse_object(text, "the envelope")
    if envelope.keys() == {WRAPPER} and isinstance(envelope[WRAPPER], dict):
        envelope = envelope[WRAPPER]
    return Presented(_compact(envelope), envelope["@context"])


def check_contexts(contexts: Any, credential: dict[str, Any]) -> None:
    """Nothing where an envelope's contexts are that of VCDM alone or the credential's own. Raises CredentialError (ENVELOPE)."""
    if contexts not in (VC_CONTEXT, [VC_CONTEXT], credential.get("@context")):
        raise CredentialError("ENVELOPE", "the envelope's @context is neither that of VCDM 2.0 alone nor the credential's own")


def _compact(envelope: dict[str, Any]) -> str:
    if envelope.keys() != {"@context", "id", "type"}:
        found = ", ".join(sorted(envelope)[:10])
        raise CredentialError("ENVELOPE", f"an envelope has exactly @context, id and type; this one has {found or 'nothing'}")
    if envelope["type"] not in (TYPE, [TYPE]):
        raise CredentialError("ENVELOPE", f"the envelope's type must be {TYPE}")
    if not isinstance(envelope["id"], str) or not envelope["id"].startswith(PREFIX):
        raise CredentialError("ENVELOPE", f"the envelope's id must begin with {PREFIX}")
    return envelope["id"].removeprefix(PREFIX)

"""The envelope that carries a signed credential: EnvelopedVerifiableCredential (VCDM 2.0, section 4.12).

It adds nothing that is signed, so it is exact: on reading, every value in it is either prescribed or the credential's
own. Else a changed envelope would travel under a good signature.
"""

from typing import Any, NamedTuple

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.untp import VC_CONTEXT

TYPE = "EnvelopedVerifiableCredential"
PREFIX = "data:application/vc+jwt,"
WRAPPER = "verifiableCredential"
"""Downloads of the UNTP playground hold the envelope under this one name."""
_OTHER_FORMS = {"vc+cose": "COSE", "vc+sd-jwt": "SD-JWT", "dc+sd-jwt": "SD-JWT"}
_SUPPORTED = "Ask its issuer for vc+jwt, or for a Data Integrity proof of eddsa-jcs-2022 or ecdsa-jcs-2019"
_COSE_TAG = b"\xd2"
_COSE_BEGINNINGS = (b"0oR", b"d284")
"""How a tagged COSE_Sign1 begins (RFC 9052 section 4.2: tag 18, an array of four): in bytes, base64url, hexadecimal."""


class Opened(NamedTuple):
    """What a file holds: the compact JWS, and the contexts of its envelope (None where the bare JWS was given)."""

    compact: str
    contexts: Any


def open_any(data: bytes) -> Opened | dict[str, Any]:
    """The JWS in an envelope, in a playground download, or bare; or the JSON of a credential that has its proof in it.

    White space around a JWS is no part of it. Raises CredentialError (FORM, ENVELOPE, JWS, and those of the JSON reader).
    """
    text = data.strip(b" \t\r\n")
    if not text.startswith(b"{"):
        return Opened(_bare(text), None)
    given = parse_object(text, "the envelope")
    if given.keys() == {WRAPPER} and isinstance(given[WRAPPER], dict):
        given = given[WRAPPER]
    if "proof" in given and given.get("type") != TYPE and given.get("type") != [TYPE]:
        return given
    return Opened(_compact(given), given["@context"])


def _bare(text: bytes) -> str:
    """The text of what should be a compact JWS. SD-JWT and COSE, which other issuers use, are named as what they are."""
    if text[:3] in _COSE_BEGINNINGS or text[:4] in _COSE_BEGINNINGS or text[:1] == _COSE_TAG:
        raise CredentialError("FORM", f"it is secured with COSE; this form is not supported. {_SUPPORTED}")
    try:
        compact = text.decode("ascii")
    except UnicodeDecodeError:
        raise CredentialError("JWS", "this is neither JSON (an envelope, a credential) nor a compact JWS (ASCII)") from None
    if "~" in compact:
        raise CredentialError("FORM", f"it is an SD-JWT; this form is not supported. {_SUPPORTED}")
    return compact


def check_contexts(contexts: Any, credential: dict[str, Any]) -> None:
    """Nothing where an envelope's contexts are that of VCDM alone or the credential's own. Raises CredentialError (ENVELOPE)."""
    if contexts not in (VC_CONTEXT, [VC_CONTEXT], credential.get("@context")):
        raise CredentialError("ENVELOPE", "the envelope's @context is neither that of VCDM 2.0 alone nor the credential's own")


def _compact(envelope: dict[str, Any]) -> str:
    if envelope.keys() != {"@context", "id", "type"}:
        found = ", ".join(sorted(envelope)[:10])
        raise CredentialError(
            "ENVELOPE",
            f"an envelope has exactly @context, id and type, and a credential has a proof; this has {found or 'nothing'}",
        )
    if envelope["type"] not in (TYPE, [TYPE]):
        raise CredentialError("ENVELOPE", f"the envelope's type must be {TYPE}")
    media_type = str(envelope["id"])[:60].removeprefix("data:application/").replace(";", ",").partition(",")[0]
    if media_type in _OTHER_FORMS:
        raise CredentialError("FORM", f"it is secured with {_OTHER_FORMS[media_type]}; this form is not supported. {_SUPPORTED}")
    if not isinstance(envelope["id"], str) or not envelope["id"].startswith(PREFIX):
        raise CredentialError("ENVELOPE", f"the envelope's id must begin with {PREFIX}")
    return envelope["id"].removeprefix(PREFIX)

"""A credential as a compact JWS, `vc+jwt` (Securing VCs using JOSE and COSE, section 3.1.1; RFC 7515).

The payload is the whole credential. Reading is strict: one text has one reading, so a changed byte is never accepted.
"""

from typing import Any, NamedTuple

from lodestream.credentials.did import DidDocument, Method
from lodestream.credentials.encoding import from_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.signer import ALGORITHMS, check_signature, public_key

MEDIA_TYPE = "vc+jwt"
CONTENT_TYPE = "vc"
_TYPES = {"typ": (MEDIA_TYPE, f"application/{MEDIA_TYPE}"), "cty": (CONTENT_TYPE, f"application/{CONTENT_TYPE}")}


class Jws(NamedTuple):
    """A compact JWS taken apart, nothing of it believed yet."""

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def take_apart(compact: str) -> Jws:
    """The three parts of a compact JWS. Raises CredentialError (JWS, BASE64URL, NOT_JSON, ...)."""
    parts = compact.split(".", 3)
    if len(parts) != 3:
        raise CredentialError("JWS", "a compact JWS has three parts with a dot between them")
    header, payload, signature = (_part(name, part) for name, part in zip(("header", "payload", "signature"), parts, strict=True))
    return Jws(parse_object(header, "the JWS header"), payload, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def _part(name: str, text: str) -> bytes:
    try:
        return from_base64url(text)
    except CredentialError as error:
        raise CredentialError(error.code, f"the {name} of the JWS {error}") from None


def check_header(header: dict[str, Any]) -> tuple[str, str]:
    """The algorithm and key name of an acceptable header. Raises CredentialError (HEADER).

    `none` and unknown algorithms, critical extensions and other media types are refused; what else a header says (a key, an
    address) is not followed.
    """
    alg, kid = header.get("alg"), header.get("kid")
    if alg not in ALGORITHMS:
        raise CredentialError("HEADER", f"alg {alg!r} is not accepted; accepted are {', '.join(ALGORITHMS)}")
    if "crit" in header or "b64" in header:
        raise CredentialError("HEADER", "the header has extensions (crit, b64) that are not understood")
    for name, accepted in _TYPES.items():
        if name in header and header[name] not in accepted:
            raise CredentialError("HEADER", f"{name} {header[name]!r} is not {accepted[0]}")
    if not isinstance(kid, str) or not kid:
        raise CredentialError("HEADER", "the header names no key (kid)")
    return str(alg), kid


def check_proof(jws: Jws, alg: str, kid: str, document: DidDocument) -> Method:
    """The method of the document's `assertionMethod` whose key signed. Raises CredentialError (KEY, SIGNATURE)."""
    method = document.key(kid)
    if method.controller != document.id:
        raise CredentialError("KEY", f"the key is controlled by {method.controller}, not by {document.id}")
    check_signature(alg, public_key(method.jwk), jws.signing_input, jws.signature)
    return method


def check_claims(credential: dict[str, Any]) -> None:
    """Nothing where the payload keeps to the rules for JWT claims beside it. Raises CredentialError (CLAIMS)."""
    for name in ("vc", "vp"):
        if name in credential:
            raise CredentialError("CLAIMS", f"the claim {name} must not be there: the payload is the credential itself")
    issuer = issuer_of(credential)
    for name, stated, meant in (("iss", credential.get("iss"), issuer), ("jti", credential.get("jti"), credential.get("id"))):
        if stated is not None and stated != meant:
            raise CredentialError("CLAIMS", f"the claim {name} is {stated!r}, the credential says {meant!r}")


def issuer_of(credential: dict[str, Any]) -> str | None:
    """The issuer's identifier, from a string or an object with an id."""
    issuer = credential.get("issuer")
    identity = issuer.get("id") if isinstance(issuer, dict) else issuer
    return identity if isinstance(identity, str) else None

"""Data Integrity proofs over the canonical JSON: `eddsa-jcs-2022` (VC Data Integrity EdDSA 1.0 section 3.3) and `ecdsa-jcs-2019`
on P-256 (VC Data Integrity ECDSA 1.0 section 3.3). We sign with the first and verify both.

A proof is JSON beside the claims. What is signed is SHA-256 of the canonical proof without its value, then SHA-256 of the
canonical document without its proof: white space and the order of names are free, every value is not.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from lodestream.credentials.did import DidDocument, Method, multikey_id
from lodestream.credentials.encoding import from_base58btc, to_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jcs import canonical
from lodestream.credentials.signer import Signer, check_signature, public_key
from lodestream.credentials.untp import time_us

EDDSA = "eddsa-jcs-2022"
ALGORITHM_OF = {EDDSA: "EdDSA", "ecdsa-jcs-2019": "ES256"}
"""The suites that are verified, and the algorithm of each."""
TYPE = "DataIntegrityProof"
PURPOSE = "assertionMethod"
MANY_PROOFS = 20
"""A proof set with more is refused."""
SECOND_US = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Proof(NamedTuple):
    """A proof of a suite that is known, nothing of it believed yet: its options (all but the value) and its value."""

    options: dict[str, Any]
    value: str
    suite: str
    method: str


class Proofs(NamedTuple):
    """The proofs of a document: those of known suites, and the suites or types of the others, which are not looked at."""

    known: list[Proof]
    others: list[str]


def sign(credential: dict[str, Any], signer: Signer, created_us: int) -> dict[str, Any]:
    """The credential with its proof. The same credential, key and time (µs since 1970, told in seconds) give the same proof.

    Raises CredentialError: KEY where the signer is none for EdDSA, JCS_NUMBER where a number would change its meaning.
    """
    if signer.alg != ALGORITHM_OF[EDDSA]:
        raise CredentialError("KEY", f"{EDDSA} wants an Ed25519 key; {signer.kid} signs with {signer.alg}: secure with vc+jwt")
    if "proof" in credential:
        raise CredentialError("PROOF", "the credential has a proof already")
    created = (_EPOCH + timedelta(seconds=created_us // SECOND_US)).strftime("%Y-%m-%dT%H:%M:%SZ")
    options = {
        "type": TYPE,
        "cryptosuite": EDDSA,
        "created": created,
        "verificationMethod": multikey_id(signer.did, signer.public_jwk()),
        "proofPurpose": PURPOSE,
        "@context": credential["@context"],
    }
    value = "z" + to_base58btc(signer.sign(signing_input(canonical(credential), options)))
    return credential | {"proof": options | {"proofValue": value}}


def signing_input(document: bytes, options: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed: SHA-256 of the canonical options, then of the document (canonical, without its proof)."""
    return sha256(canonical(options)).digest() + sha256(document).digest()


def take_apart(document: dict[str, Any]) -> tuple[dict[str, Any], Proofs]:
    """A document without its proof, and its proofs. Raises CredentialError: PROOF (none, or no object), SUITE (none is known)."""
    bare = {name: item for name, item in document.items() if name != "proof"}
    given = document.get("proof")
    entries: list[Any] = given if isinstance(given, list) else [given]
    if not entries or len(entries) > MANY_PROOFS or not all(isinstance(entry, dict) for entry in entries):
        raise CredentialError("PROOF", f"proof must be an object, or a list of 1 to {MANY_PROOFS} of them")
    known, others = [], []
    for entry in entries:
        suite = entry.get("cryptosuite")
        if entry.get("type") == TYPE and isinstance(suite, str) and suite in ALGORITHM_OF and "previousProof" not in entry:
            known.append(_proof(entry, suite))
        else:
            others.append(str(suite or entry.get("type"))[:50])
    if not known:
        accepted = ", ".join(ALGORITHM_OF)
        raise CredentialError(
            "SUITE", f"no proof in it is of a suite that is understood ({accepted}); there is {', '.join(others)}"
        )
    return bare, Proofs(known, others)


def _proof(entry: dict[str, Any], suite: str) -> Proof:
    value, method, purpose = entry.get("proofValue"), entry.get("verificationMethod"), entry.get("proofPurpose")
    if not isinstance(value, str) or not value.startswith("z"):
        raise CredentialError("PROOF", f"proofValue of the {suite} proof is no base58btc text that begins with z")
    if not isinstance(method, str) or not method:
        raise CredentialError("PROOF", f"the {suite} proof names no key (verificationMethod)")
    if purpose != PURPOSE:
        raise CredentialError(
            "PROOF", f"the {suite} proof is for {str(purpose)[:50]!r}, not for {PURPOSE}: it vouches for no claim"
        )
    for name in ("created", "expires"):
        _moment(entry, name)
    return Proof({name: item for name, item in entry.items() if name != "proofValue"}, value, suite, method)


def check(document: dict[str, Any], bytes_of_it: bytes, proof: Proof, keys: DidDocument) -> Method:
    """The method by which the proof holds for the document (without its proof), given with its canonical bytes.

    Raises CredentialError: KEY (not among the issuer's keys for assertions), PROOF (its @context is not the document's),
    SIGNATURE, BASE58, JCS_NUMBER.
    """
    method = keys.key(proof.method)
    if method.controller != keys.id:
        raise CredentialError("KEY", f"the key is controlled by {method.controller}, not by {keys.id}")
    contexts = proof.options.get("@context", document.get("@context"))
    if contexts != document.get("@context"):
        raise CredentialError("PROOF", "the proof was made for another @context than the credential has now")
    try:
        signature = from_base58btc(proof.value[1:])
    except CredentialError as error:
        raise CredentialError(error.code, f"proofValue {error}") from None
    check_signature(ALGORITHM_OF[proof.suite], public_key(method.jwk), signing_input(bytes_of_it, proof.options), signature)
    return method


def created_us(proof: Proof) -> int | None:
    """When the proof says that it was made (µs since 1970), or None."""
    return _moment(proof.options, "created")


def expires_us(proof: Proof) -> int | None:
    """When the proof says that it ends to hold (µs since 1970), or None."""
    return _moment(proof.options, "expires")


def _moment(options: dict[str, Any], name: str) -> int | None:
    if name not in options:
        return None
    try:
        return time_us(options[name])
    except (TypeError, ValueError):
        raise CredentialError("PROOF", f"{name} of the proof is no date-time with a zone") from None

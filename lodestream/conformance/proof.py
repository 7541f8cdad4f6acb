"""Tier 2: is it secured, and does the proof hold against the issuer's DID document of the set?"""

from collections.abc import Iterator

from lodestream.conformance.documents import NOT_SECURED, Document, Folder
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, quoted
from lodestream.conformance.kinds import CREDENTIALS
from lodestream.credentials.did import DidDocument, did_key_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.report import Check
from lodestream.credentials.verify import verify

_CLAUSES = {
    "header": "VC JOSE COSE section 3.1.1 (alg, typ, cty, kid); RFC 8725 section 3.1",
    "proof": "VC Data Integrity 1.0 section 2.1",
    "issuer": "VC JOSE COSE section 3.3.2: the key is one of the issuer's assertionMethod",
    "envelope": "VCDM 2.0 section 4.12.1",
}


def _secured(document: Document, _folder: Folder) -> Iterator[Fault]:
    if document.securing == NOT_SECURED:
        yield Fault("", "not secured: there is neither an enveloping JWS nor a proof, so anyone can have written it")


def _holds(document: Document, folder: Folder) -> Iterator[Fault]:
    if document.securing == NOT_SECURED:
        raise NotApplicableError
    for check in failures(document, folder):
        yield Fault("/proof" if "proof" in document.credential else "", check.sentence, _CLAUSES.get(check.name, ""))


def failures(document: Document, folder: Folder) -> list[Check]:
    """The steps of a secured credential's proof that fail. Raises NotCheckedError: the set has no key of the issuer."""
    report = verify(document.data, _keys(document, folder), folder.now_us, ())
    return [check for check in report.checks if check.result == "failed"]


def _keys(document: Document, folder: Folder) -> DidDocument:
    """The issuer's DID document: that of the set; that of a did:key is in its name."""
    found = folder.dids.get(document.issuer)
    if found is None and document.issuer.startswith("did:key:"):
        try:
            found = did_key_document(document.issuer)
        except CredentialError as error:
            raise NotCheckedError(str(error)) from None
    if found is None:
        raise NotCheckedError(f"no file of the set is the DID document of {quoted(document.issuer) or 'its issuer'}")
    return found


RULES = (
    Rule(
        "PROOF-SECURED", 2, "failed", CREDENTIALS, "VCDM 2.0 section 4.12; UNTP VC profile: VC JOSE COSE section 3.1.1",
        "The credential is secured.", "Sign it as vc+jwt (or with a Data Integrity proof) and publish the signed form.", _secured,
    ),
    Rule(
        "PROOF-HOLDS", 2, "failed", CREDENTIALS, "RFC 7515 section 5.2; VC Data Integrity 1.0 section 4",
        "The proof holds, by a key that the issuer publishes for assertions.",
        "Sign the final text with a key in the issuer's assertionMethod; after that, change nothing.", _holds,
    ),
)  # fmt: skip

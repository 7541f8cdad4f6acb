"""DID resolution over any sources: did:key needs none, did:web is a file at the host that it names."""

from lodestream.credentials.did import DidDocument, did_key_document, parse_document, web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.walk.ports import Absent, Sources


def resolve(did: str, sources: Sources) -> DidDocument:
    """The document of a did:key or did:web. Raises CredentialError (DID, DID_DOCUMENT, ...)."""
    if did.startswith("did:key:"):
        return did_key_document(did)
    url = web_url(did)
    answer = sources.get(url)
    if isinstance(answer, Absent):
        raise CredentialError("DID_DOCUMENT", f"the DID document of {did} cannot be had from {url}: {answer}")
    document = parse_document(answer)
    if document.id != did:
        raise CredentialError("DID_DOCUMENT", f"the document at {url} is of {document.id}, not of {did}")
    return document

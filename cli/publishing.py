"""Who publishes here, as it follows from the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cli.context import Context
from cli.issuing import access_secret, did_document, profile, signer
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.securing import secure
from runtime.errors import FatalError
from sinks.publication.publisher import Publishing


def publishing(context: Context) -> Publishing:
    """The issuer, its keys and its secret for what is published. Raises Unusable."""
    settings = context.settings
    own, keys = profile(settings, context.book()), signer(settings)

    def secured(credential: dict[str, Any], created_us: int) -> bytes:
        with _fatal("a status list cannot be signed"):
            return secure(credential, keys, "vc+jwt", created_us)

    def document() -> bytes:
        with _fatal("did.json cannot be written"):
            return did_document(settings, keys)

    return Publishing(own.did, own.name, own.base_url, secured, document, access_secret(settings))


@contextmanager
def _fatal(what: str) -> Iterator[None]:
    try:
        yield
    except (CredentialError, OSError) as reason:
        raise FatalError(f"{what}: {reason}") from reason

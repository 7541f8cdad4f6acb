"""Who signs here: the issuer's profile, key and files as they follow from the settings."""

from pathlib import Path
from urllib.parse import quote, urlsplit

from cli.exits import Unusable
from lodestream.credentials.did import web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.credentials.signer import Ed25519Signer
from lodestream.ledger.book import BookFile
from runtime.settings import Settings
from streams.issuer.keys import load_or_create, load_or_create_secret, write_did_document
from streams.issuer.office import Office

LOCAL_URL = "https://localhost"
LOCAL_NAME = "Lodestream on this machine"


def key_path(settings: Settings) -> Path:
    """The key that signs: what `issuer.key_file` names, else one of our own in the data folder."""
    return settings.issuer.key_file or settings.data_dir / "issuer" / "key.pem"


def did_path(settings: Settings) -> Path:
    """The DID document that `lodestream keys` writes and `lodestream verify` reads."""
    return settings.data_dir / "issuer" / "did.json"


def bundle_path(settings: Settings) -> Path:
    """Where `lodestream bundle install` puts the official files."""
    return settings.data_dir / "bundle"


def issuer_did(settings: Settings) -> str:
    """The DID that is set, else the did:web of the base URL; on a machine where neither is set, one of `localhost`.

    `https://example.org:8443/a` gives `did:web:example.org%3A8443:a` (did:web method, section 3.1).
    """
    if settings.issuer.did:
        return settings.issuer.did
    parts = urlsplit(settings.issuer.base_url or LOCAL_URL)
    steps = [quote(step, safe="") for step in parts.path.split("/") if step]
    return ":".join(["did:web", quote(parts.netloc.rpartition("@")[2], safe=""), *steps])


def profile(settings: Settings, book: BookFile) -> IssuerProfile:
    """The issuer as credentials name it, with the names of the book's sites. Raises Unusable."""
    did = issuer_did(settings)
    names = {place: book.sites[site].name for place, site in book.register.locations.items() if site in book.sites}
    try:
        base_url = settings.issuer.base_url or web_url(did).removesuffix("/did.json").removesuffix("/.well-known")
        name = settings.issuer.name or LOCAL_NAME
        return IssuerProfile(did, name, base_url, {place: FacilityProfile(name) for place, name in names.items() if name})
    except CredentialError as error:
        raise Unusable(f"the settings of [issuer] cannot be used: {error}") from error


def signer(settings: Settings) -> Ed25519Signer:
    """The signer over the key, made at first use, with its DID document written beside. Raises Unusable."""
    path = key_path(settings)
    try:
        made = load_or_create(path, issuer_did(settings))
        write_did_document(did_path(settings), made)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the issuer's key {path} cannot be used: {error}") from error
    return made


def office(settings: Settings, book: BookFile) -> Office:
    """Who issues here. Raises Unusable."""
    return Office(signer(settings), profile(settings, book), status_key(settings))


def status_key(settings: Settings) -> bytes:
    """The secret of the places in status lists, made at first use. Raises Unusable."""
    path = settings.data_dir / "issuer" / "status.key"
    try:
        return load_or_create_secret(path)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the secret {path} cannot be used: {error}") from error

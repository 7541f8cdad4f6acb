"""Who signs here: the issuer's profile, key and files as they follow from the settings."""

from pathlib import Path
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from cli.exits import Unusable
from lodestream.credentials.did import web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.integrity import ALGORITHM_OF, EDDSA
from lodestream.credentials.profile import FacilityProfile, IssuerProfile
from lodestream.credentials.profile_file import ProfileFile, parse_profile
from lodestream.credentials.signer import signer_of_pem
from lodestream.ledger.book import BookFile
from runtime.files import write_whole
from runtime.settings import Settings
from streams.issuer.hsm import Device
from streams.issuer.keyring import Brought, Hsm, Keyring, OwnFiles, Source
from streams.issuer.keys import load_or_create
from streams.issuer.office import Office
from streams.issuer.secret import load_or_create_secret

LOCAL_URL = "https://localhost"
LOCAL_NAME = "Lodestream on this machine"


def keyring_path(settings: Settings) -> Path:
    """The folder of the keys that we make, and of the history of all."""
    return settings.issuer.keyring or settings.data_dir / "issuer"


def did_path(settings: Settings) -> Path:
    """The DID document that `lodestream keys` writes and `lodestream verify` reads."""
    return settings.data_dir / "issuer" / "did.json"


def access_secret(settings: Settings) -> bytes:
    """What the keys of all lots are derived from (lodestream/credentials/access.py), made at first use. Raises Unusable."""
    return _secret(settings, "access.key")


def status_key(settings: Settings) -> bytes:
    """What decides the places in status lists (lodestream/credentials/permutation.py), made at first use. Raises Unusable."""
    return _secret(settings, "status.key")


def _secret(settings: Settings, name: str) -> bytes:
    path = settings.data_dir / "issuer" / name
    try:
        return load_or_create_secret(path)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the secret {path} cannot be used: {error}") from error


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


def base_url(settings: Settings) -> str:
    """Where what is issued is found: `issuer.base_url`, else the place of the DID document. Raises Unusable."""
    try:
        return settings.issuer.base_url or _url_of(issuer_did(settings))
    except CredentialError as error:
        raise Unusable(f"set issuer.base_url: {error}") from error


def profile(settings: Settings, book: BookFile) -> IssuerProfile:
    """The issuer as credentials name it: what the profile file says, with the names of the book's sites. Raises Unusable."""
    did, read = issuer_did(settings), _profile_file(settings)
    try:
        return IssuerProfile(
            did,
            settings.issuer.name or LOCAL_NAME,
            settings.issuer.base_url or _url_of(did),
            _facilities(read, book, settings.suppliers.source),
            read.products,
            read.organisation.registered_id,
            read.organisation.register,
            settings.issuer.untp,
            settings.issuer.securing,
        )
    except CredentialError as error:
        raise Unusable(f"the settings of [issuer] cannot be used: {error}") from error


def _profile_file(settings: Settings) -> ProfileFile:
    path = settings.issuer.profile
    try:
        return parse_profile(path.read_text("utf-8")) if path is not None else ProfileFile()
    except (CredentialError, OSError, UnicodeDecodeError) as error:
        raise Unusable(f"the profile {path} cannot be used: {error}") from error


def _facilities(read: ProfileFile, book: BookFile, supplied: str) -> dict[str, FacilityProfile]:
    """By site and location: a location without a profile of its own has its site's, one without a name the book's.

    A site that suppliers' credentials alone write to is not ours to speak for: what happened there they have told themselves.
    """
    sites = {place: site for place, site in book.register.locations.items() if site in book.sites} | {s: s for s in book.sites}
    found = {}
    for place in {**sites, **read.facilities}:
        site = sites.get(place, place)
        known = read.facilities.get(place) or read.facilities.get(site) or FacilityProfile()
        name = known.name or (book.sites[site].name if site in book.sites else "")
        if site in book.sites and book.sites[site].sources == [supplied]:
            found[place] = replace(known, name=name, passports="none", events="none", conformity="none", record="none")
        elif place in read.facilities or site in read.facilities or name:
            found[place] = replace(known, name=name)
    return found


def office(settings: Settings, book: BookFile) -> Office:
    """Who issues here. Raises Unusable."""
    return Office(signer(settings), profile(settings, book), status_key(settings))


def _url_of(did: str) -> str:
    return web_url(did).removesuffix("/did.json").removesuffix("/.well-known")


def signer(settings: Settings) -> Keyring:
    """The signer over the keyring, whose first key is made at first use, with its DID document written. Raises Unusable."""
    keys = keyring(settings)
    try:
        keys.check()
        if settings.issuer.securing == EDDSA and keys.alg != ALGORITHM_OF[EDDSA]:
            raise CredentialError("KEY", f"issuer.securing {EDDSA} needs an Ed25519 key, and {keys.kid} signs with {keys.alg}")
        publish(settings, keys)
    except (CredentialError, OSError) as error:
        raise Unusable(f"the issuer's key cannot be used: {error}") from error
    return keys


def keyring(settings: Settings) -> Keyring:
    """The keyring that the settings name. Raises Unusable."""
    folder, did = keyring_path(settings), issuer_did(settings)
    try:
        return Keyring(folder, did, _source(settings, folder, did))
    except (CredentialError, OSError) as error:
        raise Unusable(f"the issuer's key cannot be used: {error}") from error


def publish(settings: Settings, keys: Keyring) -> None:
    """Write did.json anew. Raises CredentialError, OSError."""
    write_whole(did_path(settings), did_document(settings, keys), 0o644)


def did_document(settings: Settings, keys: Keyring) -> bytes:
    """The bytes of did.json: every key that is published now, and where identifiers are resolved.

    Raises CredentialError, OSError.
    """
    try:
        resolver = settings.issuer.base_url or _url_of(keys.did)
    except CredentialError:
        resolver = ""  # another DID method and no base_url: there is no place to name
    return keys.history.document(keys.did, resolver)


def _source(settings: Settings, folder: Path, did: str) -> Source:
    issuer = settings.issuer
    if issuer.pkcs11.module:
        device = Device(Path(issuer.pkcs11.module), issuer.pkcs11.token, issuer.pkcs11.pin.get_secret_value())
        return Hsm(folder, did, device, issuer.pkcs11.label)
    if pem := issuer.key_pem.get_secret_value():
        return Brought(folder, did, signer_of_pem(did, pem.replace("\\n", "\n").encode()))
    if issuer.key_file:
        return Brought(folder, did, load_or_create(issuer.key_file, did, issuer.algorithm))
    return OwnFiles(folder, did, issuer.algorithm)

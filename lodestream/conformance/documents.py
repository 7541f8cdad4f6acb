"""What the files of a set are: credentials in any form, DID documents, or something else; read within bounds."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

from lodestream.conformance.kinds import ANY, CREDENTIALS, DCC, DFR, DIA, DPP, DTE, STATUS_LIST
from lodestream.credentials import envelope, jose
from lodestream.credentials.bundle import Bundle
from lodestream.credentials.did import DidDocument, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse, parse_object

DID_DOCUMENT = "DID document"
OTHER = "no credential"
UNREADABLE = "unreadable"
NOT_SECURED = "not secured"

T = TypeVar("T")

_KINDS = (DPP, DTE, DCC, DFR, DIA, STATUS_LIST)
_VERSION = re.compile(r"https?://[a-z.]*uncefact\.org/(?:vocabulary/)?untp/(?:[a-z]+/)?(\d+\.\d+\.\d+[A-Za-z0-9.-]*)/")


class Document(NamedTuple):
    """A file of the set. `credential` is its content, secured or not, and nothing of it is believed yet."""

    name: str
    data: bytes
    kind: str
    credential: dict[str, Any]
    securing: str = ""
    fault: str = ""
    """Why it could not be read, where `kind` is `unreadable`."""

    @property
    def version(self) -> str:
        """The UNTP version that its contexts name, such as 0.7.0; empty where none does."""
        found = (_VERSION.match(each) for each in items(self.credential.get("@context")) if isinstance(each, str))
        return next((match[1] for match in found if match), "")

    @property
    def id(self) -> str:
        """Its id, empty where it has none."""
        return text(self.credential.get("id"))

    @property
    def issuer(self) -> str:
        """The issuer's identifier, empty where it has none."""
        return jose.issuer_of(self.credential) or ""

    @property
    def subjects(self) -> list[Any]:
        """The credentialSubject as a list."""
        return items(self.credential.get("credentialSubject"))


class Folder:
    """The set: credentials refer to each other, and the keys for their proofs are in the DID documents among the files."""

    def __init__(self, files: Mapping[str, bytes], bundle: Bundle | None, now_us: int) -> None:
        """`files` maps names to contents. Raises nothing, whatever they hold."""
        self.bundle = bundle
        self.now_us = now_us
        self.documents = [read(name, files[name]) for name in sorted(files)]
        self.credentials = [document for document in self.documents if document.kind in CREDENTIALS]
        self._made: dict[Callable[[Folder], Any], Any] = {}

    @cached_property
    def dids(self) -> dict[str, DidDocument]:
        """The DID documents by DID; of two with one DID the first by name. One that cannot be used is not among them."""
        found: dict[str, DidDocument] = {}
        for document in self.documents:
            if document.kind == DID_DOCUMENT:
                try:
                    parsed = parse_document(document.data)
                except CredentialError:
                    continue
                found.setdefault(parsed.id, parsed)
        return found

    @cached_property
    def by_id(self) -> dict[str, Document]:
        """The credentials by their id; of two with one id the first by name."""
        return {document.id: document for document in reversed(self.credentials) if document.id}

    def once(self, make: "Callable[[Folder], T]") -> T:
        """What `make` makes of the set, made once: rules that ask for it of every file do not make it as often."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def of(self, *kinds: str) -> Iterator[Document]:
        """The credentials of some kinds."""
        return (document for document in self.credentials if document.kind in kinds)


def read(name: str, data: bytes) -> Document:
    """What a file holds. Raises nothing: what cannot be read says why in `fault`."""
    try:
        return _read(name, data)
    except CredentialError as error:
        return Document(name, data, UNREADABLE, {}, fault=f"{error.code}: {error}")


def _read(name: str, data: bytes) -> Document:
    stripped = data.strip(b" \t\r\n")
    if not stripped.startswith((b"{", b"[")):
        return _secured(name, data)
    value = parse(stripped, "the file")
    if not isinstance(value, dict):
        return Document(name, data, OTHER, {})
    types = set(filter(_is_text, items(value.get("type"))))
    if envelope.TYPE in types or value.keys() == {envelope.WRAPPER}:
        return _secured(name, data)
    if text(value.get("id")).startswith("did:") and "credentialSubject" not in value and "issuer" not in value:
        return Document(name, data, DID_DOCUMENT, {})
    if "credentialSubject" not in value and not types & {*_KINDS, ANY}:
        return Document(name, data, OTHER, {})
    return Document(name, data, _kind(value), value, _suite(value))


def _secured(name: str, data: bytes) -> Document:
    opened = envelope.open_any(data)
    if isinstance(opened, dict):  # a playground download of a credential with its proof in it
        return Document(name, data, _kind(opened), opened, _suite(opened))
    credential = parse_object(jose.take_apart(opened.compact).payload, "the credential")
    return Document(name, data, _kind(credential), credential, jose.MEDIA_TYPE)


def _kind(credential: dict[str, Any]) -> str:
    types = list(filter(_is_text, items(credential.get("type"))))
    return next((kind for kind in _KINDS if kind in types), ANY)


def _suite(credential: dict[str, Any]) -> str:
    if "proof" not in credential:
        return NOT_SECURED
    names = [text(proof.get("cryptosuite") or proof.get("type")) for _, proof in objects(credential["proof"])]
    return ", ".join(filter(None, names)) or "proof"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def text(value: Any) -> str:
    """A stranger's text, empty where it is none."""
    return value if isinstance(value, str) else ""


def items(value: Any) -> list[Any]:
    """A stranger's list; one value alone is a list of one, nothing is none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def at(value: Any, *steps: str) -> Any:
    """What stands there, None where the way is broken."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def objects(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a stranger's list with their places."""
    return ((place, item) for place, item in enumerate(items(value)) if isinstance(item, dict))

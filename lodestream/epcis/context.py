"""JSON-LD contexts as far as we need them: the prefixes that a document declares. Nothing is ever fetched."""

from decimal import Decimal
from typing import Any

from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.identifiers import LONGEST
from lodestream.epcis.values import is_uri

NAMESPACE = "https://w3id.org/lodestream/crm/v1/"
CONTEXT_URL = "https://w3id.org/lodestream/crm/v1/context.jsonld"

# What the event hash (CBV 2.0, variant B) knows without a declaration, and where it wants `gs1` to be.
HASHED_PREFIXES = {"cbv": "https://ref.gs1.org/cbv/", "gs1": "https://ref.gs1.org/voc/"}
# The other prefixes of the EPCIS 2.0 context. In the hash their keys stay as they are written.
STANDARD_PREFIXES = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
PREFIXES = 100  # a document of thousands of events merges them for each, and each key may look through all of them
DEFINITIONS = 100  # entries of an @context that is a list
KNOWN_CONTEXTS = {CONTEXT_URL: {"crm": NAMESPACE}}
_SCHEMES = frozenset({"http", "https", "urn", "ni", "did", "tag", "info", "mailto", "ftp", "geo", "data", "uuid"})


class Expanded:
    """A count that the contexts of one document share."""

    __slots__ = ("chars",)

    def __init__(self) -> None:
        self.chars = 0


class Context:
    """The prefixes in force for a document or one of its events.

    `expanded` counts the characters that writing prefixes in full has added so far, over all events of the document.
    """

    __slots__ = ("_keys", "_names", "_namespaces", "_ours", "expanded", "prefixes")

    def __init__(self, prefixes: dict[str, str], expanded: "Expanded | None" = None) -> None:
        self.prefixes = prefixes
        self.expanded = expanded or Expanded()
        self._namespaces = sorted(set(prefixes.values()), key=len, reverse=True)
        self._keys: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._ours: dict[str, str | None] = {}

    def with_definitions(self, definitions: Any) -> "Context":
        """This context with what a checked `@context` adds to it; later definitions win."""
        added = declared_prefixes(definitions)
        return Context({**self.prefixes, **added}, self.expanded) if added else self

    def expand(self, value: str) -> str:
        """A CURIE of a declared prefix as its full URI; everything else as it is."""
        prefix, colon, rest = value.partition(":")
        if colon and prefix in self.prefixes and not rest.startswith("//"):
            return self.prefixes[prefix] + rest
        return value

    def growth(self, value: str) -> int:
        """By how many characters `expand` makes a value longer."""
        full = self.expand(value.strip())
        return max(len(full) - len(value), 0)

    def key(self, key: str) -> str:
        """The full URI of an extension key."""
        full = self._keys.get(key)
        if full is None:
            full = self.expand(key)
            if full is key:
                prefix, _, rest = key.partition(":")
                full = STANDARD_PREFIXES[prefix] + rest if prefix in STANDARD_PREFIXES else key
            self._keys[key] = full
        return full

    def ours(self, key: str) -> str | None:
        """The local name of a key in our namespace, None for any other."""
        try:
            return self._ours[key]
        except KeyError:
            full = self.key(key)
            self._ours[key] = full[len(NAMESPACE) :] if full.startswith(NAMESPACE) else None
            return self._ours[key]

    def declares(self, key: str) -> bool:
        """Whether a key with a colon means something: its prefix is declared or it is an absolute URI."""
        prefix, _, rest = key.partition(":")
        known = prefix in self.prefixes or prefix in STANDARD_PREFIXES
        return known or rest.startswith("//") or prefix.lower() in _SCHEMES

    def hash_name(self, full: str) -> str:
        """How the event hash names an extension: `{namespace}local` (CBV 2.0), by the longest declared namespace."""
        name = self._names.get(full)
        if name is None:
            name = self._names[full] = self._hash_name(full)
        return name

    def _hash_name(self, full: str) -> str:
        for namespace in self._namespaces:
            if full.startswith(namespace):
                return f"{{{namespace}}}{full[len(namespace) :]}"
        for prefix, namespace in STANDARD_PREFIXES.items():
            if full.startswith(namespace):
                return f"{prefix}:{full[len(namespace) :]}"
        return full


def standard() -> Context:
    """The context of a document that declares nothing. Each document has its own: it remembers keys, and they may be anyone's."""
    return Context(HASHED_PREFIXES)


def check_context(value: Any) -> None:
    """Raise Fault unless `value` is an `@context` by the EPCIS schema: a URI, an object or a list of different ones."""
    if type(value) is not list:
        _check_definition(value)
        return
    if len(value) > DEFINITIONS:
        raise Fault("TOO_LONG", f"The @context has {len(value)} entries; the limit is {DEFINITIONS}.")
    seen: set[Any] = set()
    for index, each in enumerate(value):
        try:
            _check_definition(each)
        except Fault as fault:
            raise fault.under(index) from None
        same = _freeze(each)
        if same in seen:
            raise Fault("BAD_CONTEXT", "The @context holds the same entry twice. Leave one out.", index)
        seen.add(same)


def _check_definition(value: Any) -> None:
    if not isinstance(value, dict) and not (type(value) is str and is_uri(value)):
        message = f"{shown(value)} is not a context. Use the address of the EPCIS context, and an object for each own prefix."
        raise Fault("BAD_CONTEXT", message)


def declared_prefixes(definitions: Any) -> dict[str, str]:
    """The prefixes that a checked `@context` declares: its inline ones, and those of contexts that we know by address.

    Raises Fault where they are more than `PREFIXES`, or one stands for more than an identifier can hold.
    """
    found: dict[str, str] = {}
    for each in definitions if isinstance(definitions, list) else [definitions]:
        if isinstance(each, str):
            found.update(KNOWN_CONTEXTS.get(each, {}))
            continue
        for term, definition in each.items():
            iri = definition.get("@id") if isinstance(definition, dict) else definition
            if isinstance(iri, str) and not term.startswith("@") and ":" not in term:
                found[term] = iri
    if len(found) > PREFIXES:
        raise Fault("TOO_LONG", f"The @context declares {len(found)} prefixes; the limit is {PREFIXES}.", "@context")
    longest = max(found, key=lambda term: len(found[term]), default="")
    if longest and len(found[longest]) > LONGEST:
        message = f"The prefix {shown(longest)} stands for {len(found[longest])} characters; the limit is {LONGEST}."
        raise Fault("TOO_LONG", message, "@context")
    resolved = {term: _resolve(iri, found) for term, iri in found.items()}
    return {term: iri for term, iri in resolved.items() if is_uri(iri)}


def _resolve(iri: str, found: dict[str, str]) -> str:
    """A namespace that is written with another prefix (`"b": "a:more/"`) in full; one level, as nobody writes more."""
    prefix, colon, rest = iri.partition(":")
    if colon and prefix in found and not rest.startswith("//") and found[prefix] != iri:
        return found[prefix] + rest
    return iri


def _freeze(value: Any) -> Any:
    """A hashable value that is equal where JSON Schema calls two values the same (1 and 1.0 are, 1 and true are not)."""
    if isinstance(value, dict):
        return frozenset((key, _freeze(each)) for key, each in value.items())
    if isinstance(value, list):
        return tuple(_freeze(each) for each in value)
    return (value, True) if isinstance(value, Decimal) else (value, type(value))

"""JSON-LD contexts as far as we need them: the prefixes that a document declares. Nothing is ever fetched."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from lodestream.epcis.faults import Fault, shown
from lodestream.epcis.identifiers import LONGEST
from lodestream.epcis.parse import Repeated
from lodestream.epcis.remember import remembered
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


class Spent:
    """What one document has used up so far: counts that its contexts share, over all its events.

    `chars` is what writing prefixes in full has added, `items` are the elements of lists and the keys of extensions.
    """

    __slots__ = ("chars", "items")

    def __init__(self) -> None:
        self.chars = self.items = 0


class Names(NamedTuple):
    """How one set of prefixes spells the names of extensions.

    `key` gives the full URI of a key, `ours` that of a key in our namespace (None for any other), `hash_name` what
    the event hash calls an extension: `{namespace}local` (CBV 2.0), by the longest declared namespace.
    """

    key: Callable[[str], str]
    ours: Callable[[str], str | None]
    hash_name: Callable[[str], str]


@lru_cache(maxsize=16)
def names(*prefixes: tuple[str, str]) -> Names:
    """The names of a set of prefixes, which the documents of a source share: to learn them anew took 13 us a document.

    Strangers' keys are in them, so they are bounded: some 30 MB if all are as long as can be.
    """
    known = dict(prefixes)
    namespaces = sorted(set(known.values()), key=len, reverse=True)
    key = remembered(256)(partial(_key, known))
    return Names(
        key=key,
        ours=remembered(256)(lambda text: _ours(key(text))),
        hash_name=remembered(256)(partial(_hash_name, namespaces)),
    )


class Context:
    """The prefixes in force for a document or one of its events, and the names that they spell."""

    __slots__ = ("hash_name", "key", "ours", "prefixes", "spent")

    def __init__(self, prefixes: dict[str, str], spent: Spent | None = None) -> None:
        self.prefixes = prefixes
        self.spent = spent or Spent()
        self.key, self.ours, self.hash_name = names(*prefixes.items())

    def with_definitions(self, definitions: Any) -> "Context":
        """This context with what a checked `@context` adds to it; later definitions win."""
        added = declared_prefixes(definitions)
        return Context({**self.prefixes, **added}, self.spent) if added else self

    def expand(self, value: str) -> str:
        """A CURIE of a declared prefix as its full URI; everything else as it is."""
        return _expand(self.prefixes, value)

    def growth(self, value: str) -> int:
        """By how many characters `expand` makes a value longer."""
        full = self.expand(value.strip())
        return max(len(full) - len(value), 0)

    def declares(self, key: str) -> bool:
        """Whether a key with a colon means something: its prefix is declared or it is an absolute URI."""
        prefix, _, rest = key.partition(":")
        known = prefix in self.prefixes or prefix in STANDARD_PREFIXES
        return known or rest.startswith("//") or prefix.lower() in _SCHEMES


def _expand(prefixes: dict[str, str], value: str) -> str:
    prefix, colon, rest = value.partition(":")
    if colon and prefix in prefixes and not rest.startswith("//"):
        return prefixes[prefix] + rest
    return value


def _key(prefixes: dict[str, str], key: str) -> str:
    full = _expand(prefixes, key)
    if full is not key:
        return full
    prefix, _, rest = key.partition(":")
    return STANDARD_PREFIXES[prefix] + rest if prefix in STANDARD_PREFIXES else key


def _ours(full: str) -> str | None:
    return full if full.startswith(NAMESPACE) else None


def _hash_name(namespaces: list[str], full: str) -> str:
    for namespace in namespaces:
        if full.startswith(namespace):
            return f"{{{namespace}}}{full[len(namespace) :]}"
    for prefix, namespace in STANDARD_PREFIXES.items():
        if full.startswith(namespace):
            return f"{prefix}:{full[len(namespace) :]}"
    return full


def standard() -> Context:
    """The context of a document that declares nothing. Each document has its own, as it counts what that document adds."""
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
    for each in (value, *value.values()) if isinstance(value, dict) else ():
        if isinstance(each, Repeated):  # the last would win, and one document have two readings
            raise each.fault()
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
    return (value, type(value) is bool) if isinstance(value, int | Decimal) else (value, type(value))

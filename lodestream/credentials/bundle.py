"""Official schemas and contexts as policies: JSON Schema (2020-12) and strict JSON-LD expansion, from a bundle in memory.

Nothing is fetched: a context that the bundle does not hold is an error, whatever a credential says. The two libraries are
the extra `bundle` of the package; streams/issuer/bundle.py reads the files.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from typing import Any

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.pins import (
    CONTEXT_PINS,
    OLD_PINS,
    REQUIRED,
    SCHEMA_PINS,
    UNTP_CONTEXT_PIN,
    UNTP_SCHEMA_PINS,
    VC_SCHEMA_PIN,
)
from lodestream.credentials.policy import ERRORS_SHOWN, Policy, Signed
from lodestream.credentials.report import Check, failed, not_checked, passed
from lodestream.credentials.shape import Shapes

MANY_VALUES = 100_000
"""A credential with more values than this is not expanded: JSON-LD is slow."""
MANY_SHAPES = 4_096
"""So many shapes of documents that passed strict JSON-LD are remembered, 32 bytes each."""
BASE = "https://relative.invalid/"
"""What a relative name is resolved against, to be told from one that has a meaning."""


class Remembered:
    """The last so many of a set of digests."""

    def __init__(self, many: int) -> None:
        self._many = many
        self._digests: dict[bytes, None] = {}

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, digest: bytes) -> None:
        """The oldest gives way where there are too many."""
        while len(self._digests) >= self._many:
            self._digests.pop(next(iter(self._digests)), None)
        self._digests[digest] = None


class Bundle:
    """The pinned files, by the URL that names them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files` maps pinned paths to bytes. Raises CredentialError (BUNDLE): a digest differs, or a needed file is missing."""
        pins = {pin.path: pin for pin in (*CONTEXT_PINS, *SCHEMA_PINS)}
        for path, data in files.items():
            if path not in pins or sha256(data).hexdigest() != pins[path].sha256:
                raise CredentialError("BUNDLE", f"{path} is not the file that Lodestream knows (its SHA-256 differs)")
        missing = [pin.path for pin in REQUIRED if pin.path not in files]
        if missing:
            raise CredentialError("BUNDLE", f"the bundle lacks {', '.join(missing)}")
        self._documents = {pins[path].url: json.loads(data) for path, data in files.items()}

    def context(self, url: str) -> Any:
        """The context document of that URL, or None."""
        return self._documents.get(url) if any(pin.url == url for pin in CONTEXT_PINS) else None

    def contexts(self) -> list[Any]:
        """All context documents that are there."""
        return [self._documents[pin.url] for pin in CONTEXT_PINS if pin.url in self._documents]

    def schema(self, url: str) -> Any:
        """The schema of that URL, or None."""
        return self._documents.get(url)


def schema_urls(credential: dict[str, Any]) -> list[str]:
    """The schemas that a credential must satisfy, by its types and contexts: W3C's, and UNTP's where it says it is one."""
    types, contexts = credential.get("type"), credential.get("@context")
    names = set(map(str, types)) if isinstance(types, list) else set()
    said = set(map(str, contexts)) if isinstance(contexts, list) else set()
    urls = [VC_SCHEMA_PIN.url]
    if UNTP_CONTEXT_PIN.url in said:
        urls += [pin.url for name, pin in UNTP_SCHEMA_PINS.items() if name in names]
    return urls + [schema.url for context, schema in OLD_PINS.values() if context.url in said]


@dataclass(frozen=True)
class JsonSchema:
    """The official JSON Schemas of W3C and UNTP, formats asserted."""

    bundle: Bundle = field(repr=False)
    name: str = "JSON Schema"

    def check(self, signed: Signed) -> Check:
        """All schemas that apply; passes only where UNTP's own is among them."""
        urls = schema_urls(signed.credential)
        unknown = [url for url in urls if self.bundle.schema(url) is None]
        faults = [fault for url in urls if url not in unknown for fault in self._faults(url, signed.credential)]
        if faults:
            more = f"; and {len(faults) - ERRORS_SHOWN} more" if len(faults) > ERRORS_SHOWN else ""
            return failed(self.name, f"{'; '.join(faults[:ERRORS_SHOWN])}{more}.", "JSON_SCHEMA")
        if len(urls) == 1 or unknown:
            why = f"the bundle lacks {unknown[0]}" if unknown else "it is of no UNTP type and version that is known here"
            return not_checked(self.name, f"It satisfies W3C's schema; UNTP's was not applied: {why}.")
        return passed(self.name, f"It satisfies {' and '.join(urls)}.")

    @cached_property
    def _validators(self) -> dict[str, Any]:
        return {}

    def _faults(self, url: str, credential: dict[str, Any]) -> list[str]:
        if url not in self._validators:
            library = _library("jsonschema_rs")
            self._validators[url] = library.Draft202012Validator(self.bundle.schema(url), validate_formats=True)
        errors = self._validators[url].iter_errors(credential)
        return [f"{'/' + '/'.join(map(str, error.instance_path))}: {error.message[:200]}" for error in errors]


@dataclass(frozen=True)
class JsonLd:
    """Strict JSON-LD 1.1 expansion: every name and type that is used has a meaning in the credential's contexts."""

    bundle: Bundle = field(repr=False)
    name: str = "JSON-LD"

    def check(self, signed: Signed) -> Check:
        """Expands with the bundle's contexts alone, and refuses what expansion would silently drop."""
        if signed.payload.count(b",") + signed.payload.count(b":") > MANY_VALUES:
            return not_checked(self.name, f"It has more than {MANY_VALUES} values; that many are not expanded.")
        shape = self._shapes.of(signed.credential)
        if shape is None or shape not in self._accepted:
            try:
                self.expand(signed.credential)
            except CredentialError as error:
                return failed(self.name, f"{error}.", "JSON_LD")
            if shape is not None:
                self._accepted.add(shape)
        return passed(self.name, "Every name and type in it has a meaning in its contexts.")

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(self.bundle.contexts(), BASE)

    @cached_property
    def _accepted(self) -> "Remembered":
        """Shapes of documents that passed. One that failed is expanded again: what it is told names its own words."""
        return Remembered(MANY_SHAPES)

    def expand(self, credential: dict[str, Any]) -> list[Any]:
        """The expanded form. Raises CredentialError (STRUCTURE): a context is not in the bundle, or a term has no meaning."""
        jsonld = _library("pyld.jsonld")
        dropped: list[str] = []
        options = {"base": BASE, "documentLoader": self._load}
        try:
            expanded: list[Any] = jsonld.expand(
                _names_only(credential), options, on_property_dropped=lambda name: dropped.append(str(name))
            )
        except (jsonld.JsonLdError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CredentialError("STRUCTURE", f"It cannot be expanded: {_root_cause(error)}") from None
        dropped += _relative(expanded)
        if dropped:
            names = ", ".join(sorted(set(dropped))[:ERRORS_SHOWN])
            raise CredentialError("STRUCTURE", f"These have no meaning in its contexts: {names}")
        return expanded

    def _load(self, url: str, _options: Any = None) -> dict[str, Any]:
        document = self.bundle.context(url)
        if document is None:
            raise CredentialError("BUNDLE", f"the context {url} is not in the bundle")
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


def bundle_policies(bundle: Bundle) -> tuple[Policy, ...]:
    """The policies that an installed bundle makes possible. Raises CredentialError (BUNDLE) where the libraries are missing."""
    _library("jsonschema_rs")
    _library("pyld.jsonld")
    return JsonSchema(bundle), JsonLd(bundle)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise CredentialError("BUNDLE", f"{name} is not installed; `pip install lodestream[bundle]` brings it") from None


def _names_only(value: Any) -> Any:
    """The value as the library takes it. Only names and types are looked at, so a number may become a float here."""
    if isinstance(value, dict):
        return {name: _names_only(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_names_only(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _relative(value: Any) -> list[str]:
    """Types and identifiers that expansion left relative: nobody but this document knows what they mean."""
    if isinstance(value, list):
        return [name for item in value for name in _relative(item)]
    if not isinstance(value, dict):
        return []
    types = value.get("@type", [])
    names = [*(types if isinstance(types, list) else [types]), value.get("@id", "_:")]
    found = [name.removeprefix(BASE) for name in names if isinstance(name, str) and (name.startswith(BASE) or ":" not in name)]
    return found + [name for key, item in value.items() if key not in ("@type", "@id") for name in _relative(item)]


def _root_cause(error: BaseException) -> str:
    """The innermost message: the library wraps what the loader says several times over."""
    while (inner := getattr(error, "cause", None) or error.__cause__) is not None:
        error = inner
    return str(error)[:300] or type(error).__name__

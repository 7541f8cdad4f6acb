"""Tiers 3 and 4: the official JSON Schemas of W3C and UNTP, and strict JSON-LD expansion, from the installed bundle."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from lodestream.conformance.documents import Document, Folder, items
from lodestream.conformance.findings import Fault, NotCheckedError, Rule, pointer, quoted
from lodestream.conformance.kinds import CREDENTIALS
from lodestream.credentials.bundle import Bundle, JsonLd, schema_urls
from lodestream.credentials.jsontext import write
from lodestream.credentials.pins import VC_SCHEMA_PIN
from lodestream.credentials.policy import Signed

NO_BUNDLE = "no bundle of official files is installed; `lodestream bundle install FOLDER` does it"


def _bundle(folder: Folder) -> Bundle:
    if folder.bundle is None:
        raise NotCheckedError(NO_BUNDLE)
    return folder.bundle


def _w3c_schema(document: Document, folder: Folder) -> Iterator[Fault]:
    return _by_schema(VC_SCHEMA_PIN.url, document, folder)


def _untp_schema(document: Document, folder: Folder) -> Iterator[Fault]:
    _bundle(folder)
    urls = [url for url in schema_urls(document.credential) if url != VC_SCHEMA_PIN.url]
    if not urls:
        version = f"UNTP {document.version}" if document.version else "no UNTP version"
        raise NotCheckedError(f"it is {document.kind} of {version}, for which there is no schema here")
    for url in urls:
        yield from _by_schema(url, document, folder)


def _by_schema(url: str, document: Document, folder: Folder) -> Iterator[Fault]:
    schema, validators = _bundle(folder).schema(url), folder.once(_validators)
    if schema is None:
        raise NotCheckedError(f"the bundle lacks {url}")
    if url not in validators:
        validators[url] = import_module("jsonschema_rs").Draft202012Validator(schema, validate_formats=True)
    for error in validators[url].iter_errors(document.credential):
        for inner in _innermost(error):
            yield Fault(pointer(*inner.instance_path), quoted(inner.message), f"JSON Schema {url}")


def _innermost(error: Any) -> list[Any]:
    """Of a choice of schemas (oneOf, anyOf) the faults by the one that is nearest, such as that of the event's own kind."""
    branches = [branch for branch in getattr(error.kind, "context", None) or [] if branch]
    nearest = min(branches, key=len, default=None)
    return [error] if nearest is None else [inner for each in nearest for inner in _innermost(each)]


def _validators(_folder: Folder) -> dict[str, Any]:
    """By the URL of the schema, each made for the first credential that needs it."""
    return {}


def _strict_json_ld(document: Document, folder: Folder) -> Iterator[Fault]:
    bundle = _bundle(folder)
    unknown = [url for url in items(document.credential.get("@context")) if isinstance(url, str) and bundle.context(url) is None]
    if unknown:
        raise NotCheckedError(f"the context {quoted(unknown[0])} is not in the bundle, and nothing is fetched")
    check = folder.once(_json_ld).check(Signed(document.credential, write(document.credential), folder.now_us))
    if check.result == "not checked":
        raise NotCheckedError(check.sentence)
    if check.result == "failed":
        yield Fault("", check.sentence)


def _json_ld(folder: Folder) -> JsonLd:
    """One for the set: it remembers the shapes of what it has seen."""
    return JsonLd(_bundle(folder))


RULES = (
    Rule(
        "SCHEMA-VCDM", 3, "failed", CREDENTIALS, "VCDM 2.0, its JSON Schema",
        "The credential satisfies W3C's JSON Schema.", "Correct the value that the pointer names.", _w3c_schema,
    ),
    Rule(
        "SCHEMA-UNTP", 3, "failed", CREDENTIALS, "UNTP JSON Schema of the type and version",
        "The credential satisfies UNTP's JSON Schema.", "Correct the value that the pointer names.", _untp_schema,
    ),
    Rule(
        "LD-STRICT", 4, "failed", CREDENTIALS, "JSON-LD 1.1 API section 5.1; VCDM 2.0 section 4.3",
        "Every name and type has a meaning in the credential's contexts.",
        "Remove what has no meaning, or add a context of your own that defines it.", _strict_json_ld,
    ),
)  # fmt: skip

"""Names that nobody has defined: typos in open classes, unknown types, and objects without the type that gives them a meaning.

The final context of UNTP 0.7.0 has a catch-all vocabulary by type, so neither the schema nor strict JSON-LD sees a
misspelled property there. What is known is read off our models; of what a further context defines nothing is known here.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from lodestream.credentials.content.lint.faults import Fault, Node, Scope, escaped
from lodestream.credentials.untp import CONTEXTS, model_for
from lodestream.credentials.untp.conformity import AssessedProduct
from lodestream.credentials.untp.credentials import CredentialIssuer, UntpCredential
from lodestream.credentials.untp.events import EventSubject
from lodestream.credentials.untp.parts import Facility, Named
from lodestream.credentials.untp.subjects import FacilitySubject, NamedFacility, ProductSubject

VOCAB = "UNTP 0.7.0, Verifiable Credentials: extensions need a context that defines them; no @vocab catch-all"
TYPES = "UNTP 0.7.0 schema: type; JSON-LD 1.1: terms scoped to a type"
OURS = "docs/content.md, characteristics"
OF_W3C = frozenset((
    "@context", "type", "id", "issuer", "validFrom", "validUntil", "name", "description", "credentialStatus",
    "credentialSubject", "credentialSchema", "evidence", "proof", "refreshService", "renderMethod", "relatedResource",
    "termsOfUse", "confidenceMethod", "iss", "jti", "nbf", "exp", "iat", "sub",
))  # fmt: skip
WIDER: dict[type[BaseModel], type[BaseModel]] = {
    EventSubject: ProductSubject,
    AssessedProduct: ProductSubject,
    NamedFacility: FacilitySubject,
    Facility: FacilitySubject,
}
"""What is only named in one place may say as much there as where it is the subject."""
ELEMENT_TERM = re.compile(r"[a-z]{1,2}(?:MassFraction|ContainedMass)")
OUR_TERMS = frozenset((
    "statedQuantity", "dryMass", "massFractionBasis", "quantityBasis", "sourceClass", "carbonFootprintCoverage",
    "provisional",
))  # fmt: skip


def names(credential: dict[str, Any], scope: Scope) -> Iterator[Fault]:
    """Faults of names in a credential of UNTP 0.7.0; of another nothing is known."""
    model = model_for(credential)
    if model is None or credential.get("@context") != CONTEXTS:
        return
    yield from _of(Node("", "", credential), model, scope)


def _of(node: Node, model: type[BaseModel], scope: Scope) -> Iterator[Fault]:
    known, required = _known(model)
    if required and "type" not in node.value:
        said = f"has no type, so none of its names has a meaning: {model.__name__} needs one"
        yield Fault("TYPE_MISSING", node.pointer, said, TYPES)
    for name in node.value:
        if known and name not in known:
            yield Fault("UNKNOWN_TERM", node.at(name), f"{name[:60]!r} is no property of {model.__name__}", VOCAB)
    if scope == "ours":
        yield from _characteristics(node)
    for name, inner in known.items():
        if inner:
            for child in node.objects(name):
                chosen = _chosen(child, inner)
                if chosen is not None:
                    yield from _of(child, chosen, scope)
                else:
                    yield Fault("TYPE_MISSING", child.pointer, "has no type that says which kind of event it is", TYPES)


def _characteristics(node: Node) -> Iterator[Fault]:
    found = node.value.get("characteristics")
    for name in found if isinstance(found, dict) else ():
        if name not in OUR_TERMS and not ELEMENT_TERM.fullmatch(name):
            pointer = node.at("characteristics") + f"/{escaped(name)}"
            yield Fault("UNKNOWN_TERM", pointer, f"{name[:60]!r} is none of our characteristics", OURS, "ours")


def _chosen(node: Node, models: tuple[type[BaseModel], ...]) -> type[BaseModel] | None:
    """The model of an object: of several kinds of event the one that its type names."""
    if len(models) == 1:
        return models[0]
    types = node.value.get("type")
    return next((model for model in models if isinstance(types, list) and model.__name__ in types), None)


@cache
def _known(model: type[BaseModel]) -> tuple[dict[str, tuple[type[BaseModel], ...]], bool]:
    """The names that a class has, with the classes of their values; and whether it needs a type. No names: not judged."""
    if issubclass(model, Named):
        return {}, False
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    required = "type" in fields and fields["type"].is_required()
    found = {name: _classes(field.annotation) for name, field in fields.items()}
    if model in WIDER:
        found = _known(WIDER[model])[0] | found
    if issubclass(model, UntpCredential):
        found = dict.fromkeys(OF_W3C, ()) | found
    if issubclass(model, (CredentialIssuer, NamedFacility)):
        found = dict.fromkeys(("idScheme",), ()) | found
    return found | ({} if "type" in found else {"type": ()}), required


def _classes(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models within an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(one for argument in get_args(annotation) for one in _classes(argument))

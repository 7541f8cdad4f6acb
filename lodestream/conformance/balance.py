"""Tier 6, what went in and what came out: Make events, the keys of batches, recycled claims held against the inputs."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from lodestream.conformance.documents import Document, Folder, at, items, objects, text
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, pointer, quoted
from lodestream.conformance.kinds import DPP, DTE
from lodestream.credentials.walk.balance import TOTAL, Balance, Key, key_of, make_balances, passport_for
from lodestream.credentials.walk.grades import as_list, as_object, kilograms, mass_of, percentage

TOLERANCE = Fraction(2, 100)
"""UNTP's sample criterion of mass-balance controls: 2 P1."""
DEEPEST = 32
"""So many Make events, one after the other, are asked for recycled inputs."""
SIDES = ("inputProduct", "outputProduct", "movedProduct", "modifiedProduct")

_SECONDARY = re.compile(r"scrap|recycl|secondary|reclaimed|black mass|end[- ]of[- ]life", re.IGNORECASE)
_OLD_SIDES = {"inputQuantityList": "inputProduct", "outputQuantityList": "outputProduct"}


def passports(folder: Folder) -> dict[Key, dict[str, Any]]:
    """The subjects of the passports of the set by the key of their product; of two with one key the first by name."""
    found: dict[Key, dict[str, Any]] = {}
    for document in folder.of(DPP):
        subject = document.credential.get("credentialSubject")
        inner = at(subject, "product")
        whole = {**as_object(subject), **inner} if isinstance(inner, dict) else as_object(subject)
        for key in (key_of(whole), Key(key_of(whole).product, key_of(whole).batch), Key(key_of(whole).product)):
            found.setdefault(key, whole)
    return found


def make_events(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """The Make events of a traceability credential with their pointers; a TransformationEvent of 0.6 in the shape of 0.7."""
    subject = document.credential.get("credentialSubject")
    for place, event in objects(subject):
        where = pointer("credentialSubject", place) if isinstance(subject, list) else "/credentialSubject"
        types = items(event.get("type"))
        if "MakeEvent" in types:
            yield where, event
        elif "TransformationEvent" in types:
            yield where, _as_make(event)


def _as_make(event: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": event.get("id")}
    for old, new in _OLD_SIDES.items():
        measured = [
            {
                "product": {"id": entry.get("productId"), "name": entry.get("productName")},
                "quantity": {"value": entry.get("quantity"), "unit": entry.get("uom")},
            }
            for _, entry in objects(event.get(old))
        ]
        serialised = [{"product": entry} for _, entry in objects(event.get(old.replace("Quantity", "EPC")))]
        made[new] = measured + serialised
    return made


def _balanced(document: Document, folder: Folder, *, total: bool) -> Iterator[Fault]:
    events = list(make_events(document))
    if not events:
        raise NotApplicableError
    judged: list[Balance] = []
    for where, event in events:
        for balance in make_balances(event, folder.once(passports)):
            if (balance.of == TOTAL) == total:
                judged.append(balance)
                if balance.verdict == "inconsistent":
                    yield Fault(where, f"{'incomplete bill of materials: ' if total else ''}{balance.sentence}")
    if not judged:
        why = "it is primary production, which has no inputs" if total else "no product states what it holds of any element"
        raise NotCheckedError(why)
    if all(balance.verdict == "not computable" for balance in judged):
        raise NotCheckedError(judged[0].sentence)


def _elements(document: Document, folder: Folder) -> Iterator[Fault]:
    return _balanced(document, folder, total=False)


def _total(document: Document, folder: Folder) -> Iterator[Fault]:
    return _balanced(document, folder, total=True)


def _quantities(document: Document, _folder: Folder) -> Iterator[Fault]:
    for where, entry in _entries(document):
        if entry.get("quantity") is None and at(entry, "product", "idGranularity") != "item":
            yield Fault(where, f"no quantity of {quoted(text(at(entry, 'product', 'name')))}, which is no serialised item")


def _entries(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """The products of all events of UNTP 0.7 with their pointers."""
    if document.kind != DTE:
        return
    for place, event in objects(document.credential.get("credentialSubject")):
        for side in SIDES:
            for number, entry in objects(event.get(side)):
                yield pointer("credentialSubject", place, side, number), entry


def _recycled(document: Document, folder: Folder) -> Iterator[Fault]:
    """What a passport says is recycled went in: no more than the recycled mass of the inputs over the mass of the product."""
    subject = as_object(document.credential.get("credentialSubject"))
    claims = list(_recycled_claims(subject))
    if not claims:
        raise NotApplicableError
    key, inputs = key_of(subject), folder.once(Inputs)
    events = folder.once(_making).get(key.product, [])
    runs = [found for found in (_run(event, key, inputs) for event in events) if found is not None]
    if not runs:
        raise NotCheckedError("the set holds no Make event of this product with quantities")
    recycled, made = (sum(part, Fraction(0)) for part in zip(*runs, strict=True))
    most = min(recycled / made, Fraction(1))
    for where, share, by_mass in claims:
        if share > most * (1 + TOLERANCE) and (by_mass or most == 0):
            yield Fault(
                where,
                f"unsupported recycled content: {percentage(share, 2)} is claimed; by the Make events {kilograms(recycled)} of "
                f"recycled inputs went into {kilograms(made)} of it, at most {percentage(most, 2)}",
            )


def _making(folder: Folder) -> dict[str, list[dict[str, Any]]]:
    """The Make events of the set by the product that each makes."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in (event for document in folder.of(DTE) for _, event in make_events(document)):
        for product in {text(at(entry, "product", "id")) for _, entry in objects(event.get("outputProduct"))}:
            found.setdefault(product, []).append(event)
    return found


def _recycled_claims(subject: dict[str, Any]) -> Iterator[tuple[str, Fraction, bool]]:
    """Pointer, share from 0 to 1, and whether it is of the mass: of what a claimed percentage is, UNTP does not say."""
    share, stated = _provenance(subject)
    if stated and share > 0:
        yield "/credentialSubject/materialProvenance", share, True
    for place, claim in objects(subject.get("performanceClaim")):
        for number, performance in objects(claim.get("claimedPerformance")):
            metric = text(at(performance, "metric", "id")).rsplit("/", 1)[-1]
            value, unit = at(performance, "measure", "value"), at(performance, "measure", "unit")
            if metric == "recycled-content-percentage" and unit == "P1" and (number_of := _fraction(value)) > 0:
                where = pointer("credentialSubject", "performanceClaim", place, "claimedPerformance", number, "measure")
                yield where, number_of / 100, False


def _provenance(subject: dict[str, Any]) -> tuple[Fraction, bool]:
    """The recycled share of the mass by `materialProvenance`, and whether it says anything of it."""
    materials = [as_object(each) for each in as_list(subject.get("materialProvenance"))]
    shares = (_fraction(each.get("massFraction")) * _fraction(each.get("recycledMassFraction")) for each in materials)
    return sum(shares, Fraction(0)), any("recycledMassFraction" in each for each in materials)


def _fraction(value: Any) -> Fraction:
    return Fraction(0) if isinstance(value, bool) or not hasattr(value, "as_integer_ratio") else Fraction(value)


def _run(event: dict[str, Any], key: Key, inputs: "Inputs") -> tuple[Fraction, Fraction] | None:
    """Of one Make event: the recycled mass that went in at most, and the mass made of that product; None where it made none."""
    made = [mass_of(entry, None) for _, entry in objects(event.get("outputProduct")) if _same(key, entry)]
    stated = [amount.mg for amount in made if amount is not None and amount.mg]
    return (inputs.recycled_into(event, 0), sum(stated, Fraction(0))) if stated else None


def _same(key: Key, entry: dict[str, Any]) -> bool:
    other = key_of(as_object(entry.get("product")))
    return key.product == other.product and (not key.batch or not other.batch or key.batch == other.batch)


class Inputs:
    """How much of what went into the Make events of the set may have been recycled at most, in mg, through several of them."""

    def __init__(self, folder: Folder) -> None:
        self._passports = folder.once(passports)
        self._making = folder.once(_making)
        self._found: dict[Key, Fraction] = {}

    def recycled_into(self, event: dict[str, Any], depth: int) -> Fraction:
        """Of all inputs of an event; `depth` is that of the question, which ends at DEEPEST."""
        masses = ((entry, mass_of(entry, None)) for _, entry in objects(event.get("inputProduct")))
        found = (self._of(as_object(entry.get("product")), amount.mg, depth) for entry, amount in masses if amount and amount.mg)
        return sum(found, Fraction(0))

    def _of(self, product: dict[str, Any], mg: Fraction, depth: int) -> Fraction:
        """By its passport; else all of it where its name says that it is secondary; else what went into it."""
        share, stated = _provenance(passport_for(key_of(product), self._passports) or {})
        if stated:
            return mg * share
        if _SECONDARY.search(text(product.get("name"))[:1000]):
            return mg
        return min(mg, self._went_into(key_of(product), depth))

    def _went_into(self, key: Key, depth: int) -> Fraction:
        if key not in self._found and depth < DEEPEST:
            self._found[key] = Fraction(0)  # what is made of itself adds nothing
            events = [event for event in self._making.get(key.product, []) if _makes(event, key)]
            self._found[key] = sum((self.recycled_into(event, depth + 1) for event in events), Fraction(0))
        return self._found.get(key, Fraction(0))


def _makes(event: dict[str, Any], key: Key) -> bool:
    return any(_same(key, entry) for _, entry in objects(event.get("outputProduct")))


RULES = (
    Rule(
        "MB-ELEMENT", 6, "failed", frozenset({DTE}), "UNTP TI.07 and TEV-13; trust graph, step 6; MassBalance page",
        "No more of an element comes out of a Make event than went in.",
        "Correct masses and grades, or name the input that is missing (scrap, for one).", _elements,
    ),
    Rule(
        "MB-TOTAL", 6, "failed", frozenset({DTE}), "UNTP TEV-13; MassBalance page: outputs exceeding possible inputs",
        "No more mass comes out of a Make event than went in.",
        "Name every input with its quantity in inputProduct.", _total,
    ),
    Rule(
        "MB-QUANTITY", 6, "warning", frozenset({DTE}), "UNTP TEV-05; EventProduct.quantity: not needed for items only",
        "What is no serialised item has a quantity.", "State value and unit (UN/CEFACT Rec 20).", _quantities,
    ),
    Rule(
        "MB-RECYCLED", 6, "failed", frozenset({DPP}), "UNTP TI.07; ChainOfCustody: outputs not above qualifying inputs",
        "What is claimed as recycled went in.",
        "Name the scrap in the Make event's inputProduct with its mass, or lower the claim.", _recycled,
    ),
)  # fmt: skip

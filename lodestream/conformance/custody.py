"""Tier 6 and 7, from hand to hand: receipts for what was shipped, and stock that is neither counted nor negative."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from lodestream.conformance.balance import TOLERANCE
from lodestream.conformance.documents import Document, Folder, at, items, objects, text
from lodestream.conformance.findings import Fault, NotApplicableError, NotCheckedError, Rule, pointer, quoted
from lodestream.conformance.kinds import DTE
from lodestream.credentials.walk.balance import Key, key_of
from lodestream.credentials.walk.grades import as_object, kilograms, mass_of

Place = tuple[str, Key]
"""A batch at a facility."""


class Flow(NamedTuple):
    """What the events say of a batch at a facility: masses in mg that came and went, whether it was counted, the last of it."""

    came: Fraction = Fraction(0)
    went: Fraction = Fraction(0)
    counted: bool = False
    last: tuple[str, str, str] = ("", "", "")
    """Date, file and pointer of the last event that took from it."""


def _kind(event: dict[str, Any], kind: str) -> bool:
    return kind in items(event.get("type"))


def _step(event: dict[str, Any]) -> str:
    """The business step: `shipping` of `shipping`, `BizStep-shipping`, `.../BizStep/shipping`."""
    return text(at(event, "activityType", "code")).rsplit("/", 1)[-1].removeprefix("BizStep-")


def _events(folder: Folder) -> Iterator[tuple[Document, str, dict[str, Any]]]:
    return ((document, where, event) for document in folder.of(DTE) for where, event in _events_of(document))


def _events_of(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, event in objects(document.credential.get("credentialSubject")):
        yield pointer("credentialSubject", place), event


def _receipts(folder: Folder) -> dict[str, str]:
    """Who tells of the receipt of a consignment, by its id."""
    return {text(event.get("consignmentId")): owner.issuer for owner, _, event in _events(folder) if _step(event) == "receiving"}


def _received(document: Document, folder: Folder) -> Iterator[Fault]:
    """A shipment is told by two: who sends and who receives."""
    shipped = [(where, event) for where, event in _events_of(document) if _step(event) == "shipping"]
    if not shipped:
        raise NotApplicableError
    receipts = folder.once(_receipts)
    for where, event in shipped:
        consignment = text(event.get("consignmentId"))
        named = quoted(consignment) or "without a consignmentId"
        if not consignment or consignment not in receipts:
            receiver = quoted(text(at(event, "toFacility", "name"))) or "the receiver"
            yield Fault(where, f"no receiving event of {receiver} for the consignment {named}: only the sender tells of it")
        elif receipts[consignment] == document.issuer:
            yield Fault(where, f"the receipt of the consignment {named} is told by the sender, not by who received it")


def _flows(folder: Folder) -> dict[Place, Flow]:
    """Masses by facility and batch. A shipment and its receipt bring the goods once."""
    flows: dict[Place, Flow] = {}
    brought: dict[tuple[Place, str], Fraction] = {}
    for document, where, event in _events(folder):
        last = (text(event.get("eventDate")), document.name, where)
        for place, moved, goes in _movements(event):
            mass, flow = moved, flows.get(place, Flow())
            consignment = text(event.get("consignmentId"))
            if not goes and consignment:
                before = brought.get((place, consignment), Fraction(0))
                brought[place, consignment] = max(before, mass)
                mass = max(mass - before, Fraction(0))
            if goes:
                flow = flow._replace(went=flow.went + mass, last=max(flow.last, last))
            else:
                flow = flow._replace(came=flow.came + mass)
            flows[place] = flow
        if _kind(event, "ModifyEvent") and _step(event) == "stock_taking":
            for _, entry in objects(event.get("modifiedProduct")):
                counted = _place(event, "modifiedAtFacility", entry)
                flows[counted] = flows.get(counted, Flow())._replace(counted=True)
    return flows


def _movements(event: dict[str, Any]) -> Iterator[tuple[Place, Fraction, bool]]:
    """Where, how much in mg, and whether it goes from there; what has no mass, and what is disposed of, is no stock."""
    sides = [("inputProduct", "madeAtFacility", True), ("outputProduct", "madeAtFacility", False)]
    if _kind(event, "MoveEvent"):
        receipt = _step(event) == "receiving"
        sides = [("movedProduct", "toFacility", False)] + ([] if receipt else [("movedProduct", "fromFacility", True)])
    for side, facility, goes in sides:
        for _, entry in objects(event.get(side)):
            amount = mass_of(entry, None)
            if amount is not None and amount.mg and entry.get("disposition") != "disposed":
                yield _place(event, facility, entry), amount.mg, goes


def _place(event: dict[str, Any], facility: str, entry: dict[str, Any]) -> Place:
    return text(at(event, facility, "id")), key_of(as_object(entry.get("product")))


def _ending(document: Document, folder: Folder) -> list[tuple[Place, Flow]]:
    """The batches of known origin from which an event of this file took last."""
    mine = folder.once(_endings).get(document.name)
    if not mine:
        raise NotApplicableError
    known = [(place, flow) for place, flow in mine if flow.came > 0]
    if not known:
        raise NotCheckedError("no event of the set says how what it takes came to the facility")
    return known


def _endings(folder: Folder) -> dict[str, list[tuple[Place, Flow]]]:
    """Batches and their flows by the file that took last."""
    found: dict[str, list[tuple[Place, Flow]]] = {}
    for place, flow in _flows(folder).items():
        if flow.last[1]:
            found.setdefault(flow.last[1], []).append((place, flow))
    return found


def _overdrawn(document: Document, folder: Folder) -> Iterator[Fault]:
    for (facility, key), flow in _ending(document, folder):
        if flow.went > flow.came * (1 + TOLERANCE):
            yield Fault(
                flow.last[2],
                f"negative stock at {quoted(facility)}: {kilograms(flow.came)} of {quoted(str(key))} came, "
                f"{kilograms(flow.went)} went",
            )


def _counted(document: Document, folder: Folder) -> Iterator[Fault]:
    for (facility, key), flow in _ending(document, folder):
        if flow.came > flow.went and not flow.counted:
            yield Fault(
                flow.last[2],
                f"no stock-take at {quoted(facility)}: {kilograms(flow.came - flow.went)} of {quoted(str(key))} should be left, "
                "which nobody counted",
            )


RULES = (
    Rule(
        "MB-OVERDRAWN", 6, "failed", frozenset({DTE}), "UNTP TEV-13; MassBalance page: impossible negative balances",
        "No more of a batch leaves a facility than came to it.",
        "Correct the quantities, or publish the events that brought the rest.", _overdrawn,
    ),
    Rule(
        "MB-STOCK", 6, "warning", frozenset({DTE}), "UNTP MassBalance page: opening + in - out = closing stock; TEV-13",
        "What is left of a batch is counted.",
        "Publish a ModifyEvent with activityType stock_taking and the counted quantity.", _counted,
    ),
    Rule(
        "MOVE-RECEIVED", 7, "warning", frozenset({DTE}), "UNTP MassBalance page: multi-party reconciliation",
        "A shipment has a receiving event of who received it.",
        "Let the receiver publish a MoveEvent (activityType receiving) with the same consignmentId.", _received,
    ),
)  # fmt: skip

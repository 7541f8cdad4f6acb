"""Make events: transformations and splits, parts of a campaign, and what enters the books by mining or by collecting scrap.

In UNTP a Make event without inputs is primary production, so nothing else may look like one: an opening balance, what came from
an external party or from nobody knows where is not told, and of a part of a campaign that is half of a transformation the
other half is told too: the work in process, under the campaign's transformationID.
"""

from typing import Any

from lodestream.credentials.content.products import Products, grades
from lodestream.credentials.content.saying import facility, kg, last_part, uri
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.records import Line, Outcome
from lodestream.ledger.run_around import RECYCLED

DEFAULT_STEP = "commissioning"
"""What the mapping calls a TransformationEvent that names no business step."""
COLLECTING = "collecting"
MINED = "mine"


def made(outcome: Outcome, profile: IssuerProfile) -> tuple[str, dict[str, Any], str]:
    """A transformation, a split or a part of a campaign."""
    products = Products(outcome, profile)
    came = [products.of_line(line, "consumed") for line in outcome.lines if line.role == "input"]
    went = [products.of_line(line, disposition(line)) for line in outcome.lines if line.role != "input"]
    if outcome.kind == "campaign":
        drawn, left = in_process(outcome)
        came += drawn
        went += left
    if not came:
        raise CredentialError("OUTCOME", f"transaction {outcome.txn_id} makes something of nothing, which would read as mining")
    return DEFAULT_STEP, *_event(outcome, profile, came, went)


def collected(outcome: Outcome, profile: IssuerProfile) -> tuple[str, dict[str, Any], str]:
    """Primary production, or the collection of scrap: a Make event without inputs. Raises CredentialError (OUTCOME): another."""
    classes = source_classes(outcome)
    unknown = [line.lot for line in outcome.lines if not line.contained_mg]
    if not classes or unknown or not classes <= {MINED, *RECYCLED}:
        is_now = f"{unknown[0]} has no assay yet" if unknown else ", ".join(sorted(classes)) or "no source that is known"
        said = f"transaction {outcome.txn_id} is of {is_now}: only what is mined or collected as scrap is made of nothing"
        raise CredentialError("OUTCOME", said)
    known = {"sourceClass": next(iter(classes))} if len(classes) == 1 else {}
    products = Products(outcome, profile)
    went = [products.of_line(line, disposition(line), known) for line in outcome.lines]
    return DEFAULT_STEP if MINED in classes else COLLECTING, *_event(outcome, profile, [], went)


def disposition(line: Line) -> str:
    """What is made is new; what is lost is disposed of."""
    return "disposed" if line.loss_class else "new"


def source_classes(outcome: Outcome) -> set[str]:
    """Out of which SOURCE accounts the transaction took: mine, scrap, opening, external:<party> (ledger/accounts.py)."""
    accounts = (posting.account for posting in outcome.postings)
    return {name.removeprefix("SOURCE(").removesuffix(")") for name in accounts if name.startswith("SOURCE(")}


def in_process(outcome: Outcome) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a part of a campaign took out of its work in process, and what it left there, each as a product of the event.

    By the postings to WIP; where only one side of the event is there, its masses stand for the other side too. Otherwise nobody
    has weighed it: then the quantity is that of the contained elements, and says so.
    """
    sides = [[line for line in outcome.lines if (line.role == "input") is came] for came in (True, False)]
    net: dict[str, int] = {}
    for posting in outcome.postings:
        if posting.account.startswith("WIP("):
            net[posting.element] = net.get(posting.element, 0) + posting.amount_mg
    found: list[list[dict[str, Any]]] = []
    for sign, here, other in ((-1, sides[0], sides[1]), (1, sides[1], sides[0])):
        content = {element: sign * mg for element, mg in net.items() if sign * mg > 0}
        lines = other if other and not here else []
        if lines or content:
            found.append([_work(outcome, lines, content, "consumed" if sign < 0 else "active")])
        else:
            found.append([])
    return found[0], found[1]


def _work(outcome: Outcome, lines: list[Line], content: dict[str, int], state: str) -> dict[str, Any]:
    """The work in process of a campaign as a product. `lines` are the whole other side of the event, where it has only one."""
    name = outcome.transformation_id or ""
    if not content:
        for line in lines:
            for element, mg in line.contained_mg.items():
                content[element] = content.get(element, 0) + mg
    mass = sum(line.wet_mg or line.dry_mg for line in lines)
    dry = sum(line.dry_mg for line in lines)
    if not lines:
        mass = dry = sum(content.values())
    found = grades(dry, content) | ({} if lines else {"quantityBasis": "contained"})
    said = {
        "type": ["Product"],
        "id": uri(name, "the transformationID"),
        "name": "Work in process",
        "idGranularity": "batch",
        "batchNumber": last_part(name),
        **({"characteristics": found} if found else {}),
    }
    return {"product": said, "quantity": kg(mass), "disposition": state}


def _event(
    outcome: Outcome, profile: IssuerProfile, came: list[dict[str, Any]], went: list[dict[str, Any]]
) -> tuple[dict[str, Any], str]:
    place = outcome.location or outcome.site
    at = facility(place, profile.facility(place, outcome.site))
    return {"type": "MakeEvent", "inputProduct": came, "outputProduct": went, "madeAtFacility": at}, at["name"]

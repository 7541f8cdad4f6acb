"""Make events: transformations and splits, parts of a campaign, and what enters the books by mining or by collecting scrap.

In UNTP a Make event without inputs is primary production, so nothing else may look like one: an opening balance, what came from
an external party or from nobody knows where is not told, and of a part of a campaign that is half of a transformation the
other half is told too: the work in process, under the campaign's transformationID.
"""

from lodestream.credentials.content.products import BY_CONTENT, Products, grades, product
from lodestream.credentials.content.saying import facility_text, uri
from lodestream.credentials.content.text import Json, quoted
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.accounts import SOURCE_UNTRACKED
from lodestream.ledger.records import Line, Outcome
from lodestream.ledger.run_around import RECYCLED

DEFAULT_STEP = "commissioning"
"""What the mapping calls a TransformationEvent that names no business step."""
COLLECTING = "collecting"
MINED = "mine"
UNTRACKED = str(SOURCE_UNTRACKED)
FIRST = frozenset({MINED, *RECYCLED})
"""Sources of what nothing was before: what is mined, and what is collected as scrap."""


def made(outcome: Outcome, profile: IssuerProfile) -> tuple[str, str, Json, str]:
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


def collected(outcome: Outcome, profile: IssuerProfile) -> tuple[str, str, Json, str]:
    """Primary production, or the collection of scrap: a Make event without inputs. Raises CredentialError (OUTCOME): another."""
    classes = source_classes(outcome)
    unknown = [line.lot for line in outcome.lines if not line.contained_mg]
    if not classes or unknown or not classes <= FIRST:
        is_now = f"{unknown[0]} has no assay yet" if unknown else ", ".join(sorted(classes)) or "no source that is known"
        said = f"transaction {outcome.txn_id} is of {is_now}: only what is mined or collected as scrap is made of nothing"
        raise CredentialError("OUTCOME", said)
    known = Json(f'"sourceClass":{quoted(", ".join(sorted(classes)))}')
    products = Products(outcome, profile)
    went = [products.of_line(line, disposition(line), known) for line in outcome.lines]
    return DEFAULT_STEP if MINED in classes else COLLECTING, *_event(outcome, profile, [], went)


def disposition(line: Line) -> str:
    """What is made is new; what is lost is disposed of."""
    return "disposed" if line.loss_class else "new"


def source_classes(outcome: Outcome) -> set[str]:
    """Out of which SOURCE accounts the transaction took: mine, scrap, opening, external:<party> (ledger/accounts.py)."""
    accounts = [posting.account for posting in outcome.postings]
    return {name.removeprefix("SOURCE(").removesuffix(")") for name in accounts if name.startswith("SOURCE(")}


def in_process(outcome: Outcome) -> tuple[list[Json], list[Json]]:
    """What a part of a campaign took out of its work in process, and what it left there, as inputs and outputs of the event.

    By the postings to WIP; without them, of an event that has one side only, by that side. Work in process that the campaign
    opens with is an input too, under the name of the campaign before where that is where it comes from.
    """
    came = [line for line in outcome.lines if line.role == "input"]
    went = [line for line in outcome.lines if line.role != "input"]
    name = outcome.transformation_id or ""
    net: dict[str, int] = {}
    opened: dict[str, dict[str, int]] = {}
    own = f"WIP({name})"
    for posting in outcome.postings:
        account = posting.account
        if account == own:
            _add(net, posting.element, posting.amount_mg)
        elif account.startswith("WIP("):
            _add(opened.setdefault(account[4:-1], {}), posting.element, -posting.amount_mg)
        elif account.startswith("SOURCE(") and account != UNTRACKED:
            _add(opened.setdefault(f"{name}#opening", {}), posting.element, -posting.amount_mg)
    drawn = _side(net, -1) or (_content(went) if not came and not net else {})
    left = _side(net, 1) or (_content(came) if not went and not net else {})
    inputs = [_work(ref, [], content, "consumed") for ref, content in sorted(opened.items()) if any(content.values())]
    if drawn or not came:
        inputs.append(_work(name, [] if came else went, drawn, "consumed"))
    return inputs, [_work(name, [] if went else came, left, "active")] if left or not went else []


def _add(sums: dict[str, int], element: str, mg: int) -> None:
    sums[element] = sums.get(element, 0) + mg


def _side(net: dict[str, int], sign: int) -> dict[str, int]:
    return {element: sign * mg for element, mg in net.items() if sign * mg > 0}


def _content(lines: list[Line]) -> dict[str, int]:
    content: dict[str, int] = {}
    for line in lines:
        for element, mg in line.contained_mg.items():
            _add(content, element, mg)
    return content


def _work(name: str, lines: list[Line], content: dict[str, int], state: str) -> Json:
    """Work in process as a product. `lines` are the whole other side of the event, where it has only one; else nobody has weighed
    it: then its quantity is that of the contained elements, and says so.
    """
    mass = sum([line.wet_mg or line.dry_mg for line in lines])
    contained = sum(content.values())
    found = grades(max(sum([line.dry_mg for line in lines]), contained) if lines else 0, content)
    if not mass:
        mass = contained
        found.append(BY_CONTENT)
    return product(uri(name, "the transformationID"), "Work in process", found, mass, state)


def _event(outcome: Outcome, profile: IssuerProfile, came: list[Json], went: list[Json]) -> tuple[str, Json, str]:
    place = outcome.location or outcome.site
    name = profile.facility(place, outcome.site).name or place
    inputs, outputs = ",".join(came), ",".join(went)
    at = facility_text(place, name)
    return "MakeEvent", Json(f'"inputProduct":[{inputs}],"outputProduct":[{outputs}],"madeAtFacility":{at}'), name

"""Object events ADD and DELETE: metal enters the book from SOURCE, or leaves it to LOSS (ledger-rules section 5).

Rulebook R6, R13, R14, R22.
"""

from lodestream.ledger import attribution, run_around
from lodestream.ledger.accounts import STOCK_ADJ, loss, source, stock
from lodestream.ledger.draft import Draft
from lodestream.ledger.draw import draw, post_drawn
from lodestream.ledger.lots import ensure, enter, refuse_unusable, told, tracked, wait_for_assay, wet_and_dry
from lodestream.ledger.moves import named
from lodestream.ledger.values import Account
from lodestream.measures import Line, Measured, kg, lines, measure

FIRST_USE = "commissioning"
OPENING = "opening"


def add(draft: Draft) -> None:
    """ADD: SOURCE(mine, scrap, external party, opening) -> STOCK(lot). Instances without a mass are kept and move nothing."""
    event = draft.event
    moved = with_mass(lines(event))
    measured = refuse_unusable(draft, moved, [measure(line, draft.book.mass_basis) for line in moved])
    if not moved:
        return
    draft.kind = "create"
    for line, one in zip(moved, measured, strict=True):
        _warn_if_used(draft, line)
        put(draft, line, one, source(origin(draft, line)))
    opened = [line.id for line in moved if origin(draft, line) == OPENING]
    if opened and not event.opening_evidence:
        said = "an opening balance without evidence (a stock-take's certificate or document)"
        draft.find("OPENING_UNPROVEN", (event.identity,), said, opened)


def put(draft: Draft, line: Line, measured: Measured, account: Account) -> None:
    """One parcel from an account into its lot; without an assay its mass alone."""
    line = run_around.kept(draft, line)
    wet, dry = wet_and_dry(measured)
    lot = ensure(draft, line, draft.event.event_time_us)
    contained = tracked(draft, measured.contained_mg) if measured.assayed else {}
    index = len(draft.changes)
    shares = attribution.of_item(line.material, contained, dry, draft.site)
    enter(draft, line, measured, contained, measured.u_mg, named(account), shares)
    for element, mg in contained.items():
        draft.move(element, account, stock(lot.id, lot.loss_class), mg)
    if not measured.assayed:
        wait_for_assay(draft, line, "event", draft.event.identity, index)
    draft.lines.append(told(line, wet, dry, contained))


def delete(draft: Draft) -> None:
    """DELETE: STOCK -> LOSS(class, default other); a decommissioned balance goes to STOCK_ADJ with a finding. An instance that
    has a balance here goes whole.
    """
    event = draft.event
    moved = [line for line in lines(event) if line.material is not None or not line.instance or draft.lot(line.id)]
    if not moved:
        return
    draft.kind = "destroy"
    for line in moved:
        loss_class = (line.material.loss_class if line.material else None) or "other"
        retired = event.biz_step == "decommissioning"
        target = STOCK_ADJ if retired else loss(loss_class, line.id)
        drawn = draw(draft, line, target)
        for element in drawn.contained_mg:
            post_drawn(draft, drawn, element, target)
        if retired and any(drawn.contained_mg.values()):
            parts = ", ".join(f"{kg(mg)} {e}" for e, mg in drawn.contained_mg.items())
            said = f"{line.id} was decommissioned with {kg(drawn.dry_mg)} dry, {parts} in it"
            draft.find("LOSS_UNEXPLAINED", (line.id, event.identity), said, [line.id])
        draft.lines.append(told(line, drawn.wet_mg, drawn.dry_mg, drawn.contained_mg))


def with_mass(found: list[Line]) -> list[Line]:
    """The lines that can move metal: an instance (serial, SSCC) has a mass only by our extension."""
    return [line for line in found if not line.instance or line.material is not None]


def origin(draft: Draft, line: Line) -> str:
    """Where a created lot comes from: an opening balance, an external party, or the class that the item states."""
    event = draft.event
    if event.opening:
        return OPENING
    for party in event.sources:
        if party.id in draft.entry.external:
            return f"external:{party.id}"
    item = run_around.kept(draft, line).material
    stated = item.source_class if item else None
    if stated is None and event.biz_step == "collecting":
        stated = "scrap"
    if stated is None or stated.startswith("external:"):  # that a party is external the register says, not the event
        return "undeclared"
    return stated


def _warn_if_used(draft: Draft, line: Line) -> None:
    lot = draft.lot(line.id)
    if draft.event.biz_step == FIRST_USE and lot is not None and (lot.dry_mg > 0 or lot.unassayed):
        said = f"{line.id} is commissioned, but {kg(lot.dry_mg)} dry of it is there already: the parcels mix"
        draft.find("ID_REUSED", (line.id, draft.event.identity), said, [line.id])

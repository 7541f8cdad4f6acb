"""What an outcome gives the issuer to say: statements, made of values and not yet issued (docs/credentials.md)."""

from collections.abc import Iterable
from functools import lru_cache

from msgspec.structs import replace

from lodestream.credentials.content.make import FIRST, source_classes
from lodestream.credentials.profile import VouchedLot
from lodestream.ids import derive
from lodestream.ledger.records import Closure, Line, LotState, Outcome, Posting, Retold
from streams.issuer.memory import Statement

MAKES = ("transform", "split", "campaign")
MOVES = ("ship", "receive")
MODIFIES = ("count", "assay")
KEPT = {"create": ("SOURCE(",), "split": ("STOCK(", "LOSS(")}
"""Postings that a credential needs: what was made of nothing, and what a split gave to its parts, which no line says."""
DRAWS = ("ship",)
"""Kinds whose lines of role `object` are drawn, not made."""


def is_told(outcome: Outcome) -> bool:
    """Whether a transaction is worth a traceability event. Opening balances, purchases of no known origin and losses are not."""
    if outcome.kind == "create":
        return is_first(outcome) or not source_classes(outcome)  # without an assay nothing says yet where it is from
    return outcome.kind in (*MAKES, *MOVES, *MODIFIES) and bool(outcome.lines) and not outcome.reason


def is_first(outcome: Outcome) -> bool:
    """Whether a creation made what nothing was before: mined it, or collected it as scrap."""
    classes = source_classes(outcome)
    return bool(classes) and classes <= FIRST


def sourced(statement: Statement, assay: Outcome) -> Statement:
    """The statement of a creation of which the assay says where its metal is from."""
    told = statement.outcome
    if told is None or told.kind != "create" or told.postings:
        return statement
    sources = [posting for posting in assay.postings if posting.account.startswith("SOURCE(")]
    return replace(statement, outcome=replace(told, postings=sources), changed=True) if sources else statement


def event_of(outcome: Outcome, assayed: Iterable[str]) -> Statement:
    """The statement of a traceability event. `assayed` are the lots whose content is known, whatever the event said of it."""
    known = {*assayed}
    made = [line for line in outcome.lines if line.role != "input"]
    bare = [line.lot for line in made if not line.contained_mg and line.lot not in known]
    return Statement(
        "dte",
        outcome.txn_id,
        lots=_unique(line.lot for line in outcome.lines),
        about=_unique(line.lot for line in made if not line.loss_class),
        unassayed=[] if outcome.kind in MODIFIES else _unique(bare),
        outcome=kept(outcome),
        facility=outcome.location or outcome.site,
        status="part" if outcome.kind == "campaign" else "waiting",
        campaign=campaign_ref(outcome.site, outcome.transformation_id or "") if outcome.kind == "campaign" else "",
    )


def campaign_ref(site: str, run: str) -> str:
    """The name of a campaign's statement."""
    return derive("campaign", site, run)


@lru_cache(maxsize=10_000)
def passport_ref(site: str, lot: str) -> str:
    """The name of a lot's passport."""
    return derive("passport", site, lot)


def period_ref(site: str, period: str) -> str:
    """The name of the conformity statement of a period."""
    return derive("period", site, period)


@lru_cache(maxsize=10_000)
def facility_ref(site: str, location: str) -> str:
    """The name of a facility's record."""
    return derive("facility", site, location)


def joined(campaign: Statement, parts: Iterable[Statement]) -> Statement:
    """The statement of a campaign: all that its events drew and made, as one event at the time of the last.

    What stays in process of an element more than was there at its start follows from the balance as it is judged now.
    """
    lines: dict[tuple[str, str, str | None], Line] = {}
    given = [part for part in parts if part.status == "part"]
    outcomes = [part.outcome for part in given if part.outcome is not None]
    for outcome in outcomes:
        for line in outcome.lines:
            key = line.role, line.lot, line.loss_class
            lines[key] = _added(lines[key], line) if key in lines else replace(line, quantity=None, uom=None)
    merged = [*lines.values()]
    states = {one.lot: one for outcome in outcomes for one in outcome.lots}
    last = max(outcomes, key=lambda one: (one.valid_time_us, one.seq), default=None)
    told = last and replace(
        last, event_id=last.transformation_id, event_hash=None, lines=merged, lots=[*states.values()],
        postings=_in_process(campaign.closures, merged),
    )  # fmt: skip
    return replace(
        campaign,
        lots=_unique(line.lot for line in merged),
        about=_unique(line.lot for line in merged if line.role != "input" and not line.loss_class),
        unassayed=_unique(lot for part in given for lot in part.unassayed),
        outcome=told,
        facility=next((part.facility for part in given), ""),
    )


def _in_process(closures: list[Closure], lines: list[Line]) -> list[Posting]:
    """What the balances say beyond the lines, as postings to the work in process: more left there, or less."""
    made = []
    for n, one in enumerate(closures):
        went_in = sum(line.contained_mg.get(one.element, 0) for line in lines if line.role == "input")
        came_out = sum(line.contained_mg.get(one.element, 0) for line in lines if line.role != "input")
        more = (one.outputs_mg - came_out) - (one.inputs_mg - went_in)
        if more:
            made.append(Posting("", n, one.element, f"WIP({one.run})", more))
    return made


def _added(one: Line, other: Line) -> Line:
    content = {e: one.contained_mg.get(e, 0) + other.contained_mg.get(e, 0) for e in {*one.contained_mg, *other.contained_mg}}
    return replace(
        one, wet_mg=one.wet_mg + other.wet_mg, dry_mg=one.dry_mg + other.dry_mg, contained_mg=dict(sorted(content.items()))
    )


def kept(outcome: Outcome) -> Outcome:
    """What of an outcome a credential is made of: of lots what they hold, of postings what no line says."""
    lots = [
        LotState(x.site, x.lot, x.seq, x.wet_mg, x.dry_mg, x.assayed, x.contained_mg, {}, 0, x.loss_class, x.product_class)
        for x in outcome.lots
    ]
    wanted = KEPT.get(outcome.kind, ())
    postings = [posting for posting in outcome.postings if posting.account.startswith(wanted)] if wanted else []
    return replace(outcome, postings=postings, findings=[], edges=[], retold=[], lots=lots, closures=[], periods=[])


def is_shipment(statement: Statement, consignment: str | None) -> bool:
    """Whether it tells a shipment of that consignment."""
    told = statement.outcome
    return told is not None and told.kind == "ship" and told.consignment == consignment


def offered(statement: Statement, offer: Outcome) -> Statement:
    """The statement of a receipt that did not know where its metal came from, with what the offer says."""
    told = statement.outcome
    if told is None or told.kind != "receive" or told.from_location is not None:
        return statement
    named = replace(told, from_location=offer.from_location, consignment=told.consignment or offer.consignment)
    return replace(statement, outcome=named, changed=True)


def amended(statement: Statement, told: Iterable[Retold]) -> Statement:
    """The statement of an event with its movements as they are told anew. A line is found by its lot, direction and mass."""
    outcome = statement.outcome
    if outcome is None:
        return statement
    lines = list(outcome.lines)
    for one in told:
        at = _place(lines, one, draws=outcome.kind in DRAWS)
        if at is not None:
            masses = {"wet_mg": one.wet_mg or lines[at].wet_mg, "dry_mg": one.dry_mg}
            lines[at] = replace(lines[at], contained_mg=one.contained_mg, **masses)
    if lines == outcome.lines:
        return statement
    return replace(statement, outcome=replace(outcome, lines=lines), changed=True)


def _place(lines: list[Line], one: Retold, *, draws: bool) -> int | None:
    found = [
        n for n, line in enumerate(lines) if line.lot == one.lot and one.drawn == (line.role == "input" or draws)
    ]  # fmt: skip
    return next((n for n in found if lines[n].dry_mg == one.dry_mg), next(iter(found), None))


# -- lots as their passports tell them ---------------------------------------------------------------------------------

PART = 1_000_000
"""A passport is said anew when a share moved by more than one part in so many of the lot's mass, its carbon by a thousandth."""


def vouched(state: LotState, location: str | None, provisional: bool) -> VouchedLot:
    """A lot as the ledger tells it."""
    return VouchedLot(
        state.site, state.lot, state.wet_mg, state.dry_mg, state.contained_mg, state.shares, state.created_us,
        state.product_class, location, state.embodied_g_co2e, state.uncovered_mg, provisional,
    )  # fmt: skip


def left(before: VouchedLot, told: Retold) -> VouchedLot:
    """The lot as what has left of it is told anew."""
    return replace(
        before, wet_mg=told.wet_mg, dry_mg=told.dry_mg, contained_mg=told.contained_mg, shares=told.shares,
        embodied_g_co2e=told.embodied_g_co2e, uncovered_mg=told.uncovered_mg,
    )  # fmt: skip


def alike(one: VouchedLot, other: VouchedLot) -> bool:
    """Whether two states of a lot make one passport: a part of a lot has its shares, to the rounding of milligrams."""
    said = (one.product_class, one.location, one.provisional), (other.product_class, other.location, other.provisional)
    if said[0] != said[1] or not (one.dry_mg and other.dry_mg):
        return said[0] == said[1] and one == other
    keys = {(element, origin) for lot in (one, other) for element, vector in lot.shares.items() for origin in vector}
    apart = (
        abs(_share(one, key) * other.dry_mg - _share(other, key) * one.dry_mg) * PART > one.dry_mg * other.dry_mg for key in keys
    )
    covered = abs(one.uncovered_mg * other.dry_mg - other.uncovered_mg * one.dry_mg) * 1_000 <= one.dry_mg * other.dry_mg
    carbon = abs(one.embodied_g_co2e * other.dry_mg - other.embodied_g_co2e * one.dry_mg) * 1_000
    bound = max(one.embodied_g_co2e * other.dry_mg, one.dry_mg * other.dry_mg // 10**6)  # or a gram a tonne
    return covered and carbon <= bound and not any(apart)


def _share(lot: VouchedLot, key: tuple[str, str]) -> int:
    return lot.shares.get(key[0], {}).get(key[1], 0)


def _unique(lots: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lots))

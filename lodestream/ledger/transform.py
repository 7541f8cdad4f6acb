"""Transformations: STOCK(inputs) -> WIP -> STOCK(outputs), LOSS, the rest UNACCOUNTED (ledger-rules section 5).

An event with inputs and outputs is a run of its own. Events that share a transformationID and are halves, or open or close
work in process, are one campaign: its rest stays in process until one of them closes it. Outputs without assays of one input,
or of several that are repackaged, are a split: the inputs are one parcel, and the outputs draws from it, in listed order. What
follows from the parts of a run: runs.py.

Rulebook R18, R19, R21, R24.
"""

from msgspec.structs import replace

from lodestream.epcis.event import Material
from lodestream.ledger import cycle, process
from lodestream.ledger.accounts import stock, wip
from lodestream.ledger.draft import Draft, Refused, Unready
from lodestream.ledger.draw import draw, post_drawn
from lodestream.ledger.lots import BY_BOOK, ensure, enter, moisture, refuse_unusable, told, tracked, wait_for_assay, wet_and_dry
from lodestream.ledger.moves import named
from lodestream.ledger.place import take
from lodestream.ledger.running import Part, Run
from lodestream.ledger.runs import totals
from lodestream.ledger.values import Drawn, Said
from lodestream.measures import Line, Measured, lines, measure, share
from lodestream.measures.exact import Ratio

REPACKAGED = "repackaging"  # merged or put into other bags: nothing is changed in it
MAX_EDGES = 20_000  # inputs x outputs: beyond it the transaction would not fit into a record
MAX_PARTS = 10_000  # lines of all events of a campaign


def transform(draft: Draft) -> None:
    """A transformation, or a part of a campaign."""
    event = draft.event
    found = lines(event)
    inputs, outputs = [x for x in found if x.role == "input"], [x for x in found if x.role == "output"]
    in_process = [m for m in event.materials if m.role.startswith("wip")]
    name = event.transformation_id or event.identity
    run = draft.view.get(Run, name) if event.transformation_id else None
    campaign = run is not None or (
        event.transformation_id is not None and bool(in_process or event.campaign_close or not inputs or not outputs)
    )
    if not campaign and not (inputs and outputs):
        draft.reason = "half of a transformation that names no campaign (transformationID): kept, moves nothing"
        return
    run = run or Run(name, campaign=campaign)
    _check_size(draft, run, inputs, outputs)
    alike = len(inputs) == 1 or event.biz_step == REPACKAGED
    run = replace(run, split=not campaign and alike and not any(_states_content(line) for line in outputs))
    # a run that is one event is known by it: its transformationID may be that of a campaign
    draft.run = name if campaign else event.identity
    draft.kind = "split" if run.split else "campaign" if campaign else "transform"
    try:
        _take_part(draft, run, inputs, outputs, in_process)
    except Unready as unready:
        if not campaign:
            raise
        raise Unready([*unready.waits, f"campaign:{name}"], unready.said) from None  # its balance waits for this event


def _check_size(draft: Draft, run: Run, inputs: list[Line], outputs: list[Line]) -> None:
    came = {p.lot for p in run.parts if p.role == "input"} | {x.id for x in inputs}
    went = {p.lot for p in run.parts if p.role == "output"} | {x.id for x in outputs}
    if len(came) * len(went) > MAX_EDGES or len(run.parts) > MAX_PARTS:
        said = f"{len(came)} inputs x {len(went)} outputs > {MAX_EDGES} edges, or more than {MAX_PARTS} lines: split the event"
        raise Refused(Said("TOO_LARGE", (draft.event.identity,), said))


def _take_part(draft: Draft, run: Run, inputs: list[Line], outputs: list[Line], in_process: list[Material]) -> None:
    event = draft.event
    lot_moisture = _moisture(draft, inputs) if run.split else None
    measured = refuse_unusable(draft, outputs, [measure(x, draft.book.mass_basis, lot_moisture) for x in outputs])
    weighed = process.measured(draft, in_process)
    drawn = [draw(draft, line, wip(run.run)) for line in inputs]
    if run.split and len(inputs) > 1:  # the bags have the moisture of what was put into them
        pooled = moisture(sum(one.wet_mg for one in drawn), sum(one.dry_mg for one in drawn))
        measured = refuse_unusable(draft, outputs, [measure(x, draft.book.mass_basis, pooled) for x in outputs])
    _check_times(draft, drawn)
    cycle.note(draft, [line.id for line in inputs], [line.id for line in outputs])
    for one in drawn:
        for element in one.contained_mg:
            post_drawn(draft, one, element, wip(run.run))
        draft.lines.append(told(one.line, one.wet_mg, one.dry_mg, one.contained_mg))
    parts = [_input(draft, one) for one in drawn] + process.opened(draft, run, weighed)
    parts += [_output(draft, run, line, one) for line, one in zip(outputs, measured, strict=True)]
    parts += process.closed(draft, weighed)
    closing = event.campaign_close or any(p.role == "wip_close" for p in parts)
    stands = take(draft, draft.run)
    at = stands.slot if stands is not None else len(run.parts)
    run = replace(
        run,
        parts=[*run.parts[:at], *parts, *run.parts[at:]],
        closed_by=[*run.closed_by, event.identity] if closing else run.closed_by,
        emissions={**run.emissions, event.identity: g} if (g := event.process_emissions_g_co2e) else run.emissions,
    )
    draft.view.put(run, draft.run)
    draft.runs[draft.run] = None
    draft.lineage.append(draft.run)


def _states_content(line: Line) -> bool:
    return line.material is not None and bool(line.material.assays or line.material.contained)


def _moisture(draft: Draft, inputs: list[Line]) -> Ratio | None:
    lots = [lot for line in inputs if (lot := draft.lot(line.id)) is not None]
    return moisture(sum(lot.wet_mg for lot in lots), sum(lot.dry_mg for lot in lots))


def _input(draft: Draft, one: Drawn) -> Part:
    identity, known = draft.event.identity, draft.changes[one.index].status != BY_BOOK
    content, u = one.contained_mg, one.u_mg
    return Part(
        identity, "input", one.line.id, one.index, one.dry_mg, content, u, known, shares=one.shares, process=_process(one.line)
    )


def _output(draft: Draft, run: Run, line: Line, measured: Measured) -> Part:
    """One output enters its lot; of a split its content is known when the run is settled."""
    assayed = run.split or measured.assayed
    contained = tracked(draft, measured.contained_mg) if measured.assayed and not run.split else {}
    u = {e: mg for e, mg in measured.u_mg.items() if e in contained}
    lot = ensure(draft, line, draft.event.event_time_us)
    index = len(draft.changes)
    enter(draft, line, measured, contained, u, named(wip(run.run)))
    account = stock(lot.id, lot.loss_class)
    for element, mg in contained.items():
        draft.move(element, wip(run.run), account, mg)
    if not assayed:
        wait_for_assay(draft, line, "event", draft.event.identity, index)
    wet, dry = wet_and_dry(measured)
    draft.lines.append(told(line, wet, dry, contained))
    loss = lot.loss_class is not None
    identity = draft.event.identity
    return Part(identity, "output", line.id, index, dry, contained, u, assayed, loss, process=_process(line))


def _process(line: Line) -> str:
    """The process that the item names: it is held against what that can do."""
    return (line.material.process if line.material is not None else None) or ""


def _check_times(draft: Draft, drawn: list[Drawn]) -> None:
    """F8: a transformation before one of its inputs was there."""
    at, skew = draft.event.event_time_us, draft.book.clock_skew_minutes
    for one in drawn:
        if at < one.created_us - skew * 60_000_000:
            said = (
                f"transformation at {at} us is before {one.line.id} came at {one.created_us} us (microseconds since 1970, UTC); "
                f"clocks may differ by {skew} min"
            )
            draft.find("TIME_ORDER", (draft.event.identity, one.line.id), said, [one.line.id])


def lineage(draft: Draft) -> None:
    """Edges of the runs that this event is part of: each output descends from every input.

    Contents follow what the inputs hold, masses what the outputs weigh. In a campaign an edge is told once both are there.
    """
    identity = draft.event.identity if draft.entry.event is not None else ""
    for name in draft.lineage:
        run = draft.view.get(Run, name)
        if run is None:
            continue
        inputs = [p for p in run.parts if p.role == "input"]
        outputs = [p for p in run.parts if p.role == "output"]
        content, bulk = totals(inputs), sum(p.dry_mg for p in outputs)
        for output in outputs:
            _descend(draft, output, inputs, content, bulk, identity)


def _descend(draft: Draft, output: Part, inputs: list[Part], content: dict[str, int], bulk: int, identity: str) -> None:
    lot = draft.lot(output.lot)
    assert lot is not None
    known = {*lot.parents}
    wanted = [p for p in inputs if identity in {p.identity, output.identity} or p.lot not in known]
    if not wanted:
        return
    parents = {p.lot for p in wanted} - {lot.id}
    if not parents <= known:
        draft.put_lot(replace(lot, parents=sorted(known | parents)))
    for one in wanted:
        amounts = {
            e: share(mg, one.contained_mg.get(e, 0), content[e]) for e, mg in output.contained_mg.items() if content.get(e, 0) > 0
        }
        draft.edge(one.lot, output.lot, share(one.dry_mg, output.dry_mg, bulk) if bulk else 0, amounts)

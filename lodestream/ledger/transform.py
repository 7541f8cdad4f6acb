"""Transformations that balance by themselves: STOCK(inputs) -> WIP -> STOCK(outputs), LOSS, the rest UNACCOUNTED.

One input and outputs without assays are a split: the outputs are draws from the input, in listed order
(ledger-rules section 5). Half-events of campaigns are kept and move nothing yet.
"""

from functools import reduce

from msgspec.structs import replace

from lodestream.ledger.accounts import SINK_UNTRACKED, SOURCE_UNTRACKED, UNACCOUNTED, stock, wip
from lodestream.ledger.balance import judge
from lodestream.ledger.draft import Draft, Refused
from lodestream.ledger.draw import draw, post_drawn
from lodestream.ledger.lots import ensure, enter, moisture, refuse_unusable, told, tracked, wait_for_assay, wet_and_dry
from lodestream.ledger.state import Run, Unassayed, plus_squares, squared
from lodestream.ledger.values import Drawn, Made, Said
from lodestream.measures import Line, Measured, lines, measure, quadrature, share
from lodestream.measures.exact import Ratio

MAX_EDGES = 20_000  # inputs x outputs: beyond it the transaction would not fit into a record


def transform(draft: Draft) -> None:
    """A transformation with inputs and outputs of its own."""
    found = lines(draft.event)
    inputs, outputs = [x for x in found if x.role == "input"], [x for x in found if x.role == "output"]
    if not inputs or not outputs:
        draft.reason = "half of a campaign: kept, and balanced once campaigns are"
        return
    if len(inputs) * len(outputs) > MAX_EDGES:
        said = f"{len(inputs)} inputs x {len(outputs)} outputs > {MAX_EDGES} edges: split the event"
        raise Refused(Said("TOO_LARGE", (draft.event.identity,), said))
    split = len(inputs) == 1 and not any(_states_content(line) for line in outputs)
    measured = refuse_unusable(
        draft, outputs, [measure(x, draft.book.mass_basis, _moisture(draft, inputs[0]) if split else None) for x in outputs]
    )
    drawn = [draw(draft, line) for line in inputs]
    draft.kind = "split" if split else "transform"
    _check_times(draft, drawn)
    made = _parts(drawn[0], outputs, measured) if split else [_made(draft, x, m) for x, m in zip(outputs, measured, strict=True)]
    _post(draft, drawn, made)


def _states_content(line: Line) -> bool:
    return line.material is not None and bool(line.material.assays or line.material.contained)


def _moisture(draft: Draft, line: Line) -> Ratio | None:
    lot = draft.lot(line.id)
    return moisture(lot.wet_mg, lot.dry_mg) if lot is not None else None


def _made(draft: Draft, line: Line, measured: Measured) -> Made:
    contained = tracked(draft, measured.contained_mg) if measured.assayed else {}
    return Made(line, measured, measured.assayed, contained, {e: u for e, u in measured.u_mg.items() if e in contained})


def _parts(parcel: Drawn, outputs: list[Line], measured: list[Measured]) -> list[Made]:
    """The outputs of a split: draws from the parcel, in listed order; who takes all that is left takes the rest."""
    left_dry, left = parcel.dry_mg, dict(parcel.contained_mg)
    made = []
    for line, one in zip(outputs, measured, strict=True):
        _, dry = wet_and_dry(one)
        if dry == left_dry:
            part = dict(left)
        else:
            part = {e: share(mg, dry, parcel.dry_mg) if parcel.dry_mg else 0 for e, mg in parcel.contained_mg.items()}
        left_dry -= dry
        left = {e: mg - part[e] for e, mg in left.items()}
        u = {e: share(mg, dry, parcel.dry_mg) if parcel.dry_mg else 0 for e, mg in parcel.u_mg.items()}
        made.append(Made(line, one, True, part, u))
    return made


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


def _post(draft: Draft, drawn: list[Drawn], made: list[Made]) -> None:
    """The legs: inputs to WIP, WIP to outputs, the rest UNACCOUNTED; what only one side states is not balanced."""
    run = draft.event.transformation_id or draft.event.identity
    process = wip(run)
    balanced = _balanced(draft, drawn, made)
    for one in drawn:
        for element in one.contained_mg:
            post_drawn(draft, one, element, process if element in balanced else SINK_UNTRACKED)
        draft.lines.append(told(one.line, one.wet_mg, one.dry_mg, one.contained_mg))
    for output in made:
        _put(draft, output, balanced)
    sums = _sums(run, drawn, made)
    draft.fit(run, *sums.u_inputs_mg.values(), *sums.u_outputs_mg.values())
    for element in sorted(balanced):
        draft.move(element, process, UNACCOUNTED, sums.inputs_mg.get(element, 0) - sums.outputs_mg.get(element, 0))
    _lineage(draft, drawn, made, sums.inputs_mg)
    if sums.waits:
        draft.view.put(sums, draft.event.identity)
    else:
        judge(draft, draft.event.identity, sums, sorted(balanced))


def _balanced(draft: Draft, drawn: list[Drawn], made: list[Made]) -> set[str]:
    """What is balanced: the book's elements, else what both sides state (all of the inputs', while an output has no assay)."""
    going_in = {e for one in drawn for e in one.contained_mg}
    coming_out = {e for one in made for e in one.contained_mg}
    if draft.book.elements:
        return set(draft.book.elements) & (going_in | coming_out)
    return going_in & coming_out if all(one.assayed for one in made) else going_in


def _put(draft: Draft, output: Made, balanced: set[str]) -> None:
    lot = ensure(draft, output.line, draft.event.event_time_us)
    enter(draft, output.line, output.measured, output.contained_mg, output.u_mg)
    account = stock(lot.id, lot.loss_class)
    origin = wip(draft.event.transformation_id or draft.event.identity)
    for element, mg in output.contained_mg.items():
        draft.move(element, origin if element in balanced else SOURCE_UNTRACKED, account, mg)
    if not output.assayed:
        wait_for_assay(draft, output.line, Unassayed("run", draft.event.identity, "", output.line))
    wet, dry = wet_and_dry(output.measured)
    draft.lines.append(told(output.line, wet, dry, output.contained_mg))


def _sums(run: str, drawn: list[Drawn], made: list[Made]) -> Run:
    def total(parts: list[dict[str, int]]) -> dict[str, int]:
        return {e: sum(p.get(e, 0) for p in parts) for e in sorted({e for p in parts for e in p})}

    def combined(parts: list[dict[str, int]]) -> dict[str, int]:
        return {e: quadrature(*(p.get(e, 0) for p in parts)) for e in sorted({e for p in parts for e in p})}

    def sums_of_squares(parts: list[dict[str, int]]) -> dict[str, str]:
        return reduce(plus_squares, (squared(p) for p in parts), {})

    return Run(
        run,
        total([one.contained_mg for one in drawn]),
        total([one.contained_mg for one in made]),
        combined([one.u_mg for one in drawn]),
        sums_of_squares([one.u_mg for one in made]),
        [one.line.id for one in made],
        [one.line.id for one in made if not one.assayed],
    )


def _lineage(draft: Draft, drawn: list[Drawn], made: list[Made], inputs: dict[str, int]) -> None:
    """Each output descends from every input; contents follow what the inputs hold, masses what the outputs weigh."""
    bulk = sum(wet_and_dry(one.measured)[1] for one in made)
    sources = sorted({one.line.id for one in drawn})
    for output in made:
        lot = draft.lot(output.line.id)
        assert lot is not None
        draft.put_lot(replace(lot, parents=sorted({*lot.parents, *sources} - {lot.id})))
        dry = wet_and_dry(output.measured)[1]
        for one in drawn:
            amounts = {
                e: share(mg, one.contained_mg.get(e, 0), inputs[e])
                for e, mg in output.contained_mg.items()
                if inputs.get(e, 0) > 0
            }
            draft.edge(one.line.id, output.line.id, share(one.dry_mg, dry, bulk) if bulk else 0, amounts)

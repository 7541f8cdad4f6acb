"""The balance of a site over a period: F1 and F28 over all its runs and adjustments together (ledger-rules section 9).

U = opening + in - out - losses - closing, of stock and work in process, is what the book has put into UNACCOUNTED and STOCK_ADJ:
draws above the book and what counts found count in it, so the closing is by count where it was counted. Runs that are not judged
yet (an output waits for its assay) are not in it.

u has two parts. The random one is the root of the sum of squares of the streams of the period, run by run, with what was
adjusted. It averages out; what an instrument does wrong every time does not: so for each mass method, half of its relative u
times all that was measured by it in the period, by the content; and for the laboratory, of what was received and of what was
made, a quarter of the plain sum of their u. The half and the quarter are site defaults. U < -3u is IMPOSSIBLE (hold, hard
beyond -4u), U > 3u LOSS_UNEXPLAINED. Rulebook R82.
"""

from lodestream.ledger import balance
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import PeriodState
from lodestream.ledger.timed import Period
from lodestream.ledger.values import Said
from lodestream.measures import kg, quadrature
from lodestream.measures.exact import root
from lodestream.measures.uncertainty import MASS_METHOD, PLAIN_MASS, SCALE

SYSTEMATIC = (1, 2)  # of a mass method's relative u; a site default
LABORATORY = 4  # a laboratory keeps a quarter of u, a sixteenth of the variance, as a bias; a site default
WITHIN = ("STOCK", "WIP")


def judge(draft: Draft, period: Period, state: PeriodState) -> None:
    """Say, for a period that is closed or restated, what its balance comes to; what an earlier version said is superseded."""
    for element in sorted({line.element for line in state.lines}):
        said = _said(period, state, element)
        for code in ("IMPOSSIBLE", "LOSS_UNEXPLAINED"):
            found = said if said is not None and said.code == code else None
            draft.say_whether(found or Said(code, _inputs(state.period, element), ""), stands=found is not None)


def _inputs(month: str, element: str) -> tuple[str, str, str]:
    return "period", month, element


def _said(period: Period, state: PeriodState, element: str) -> Said | None:
    rest = {line.account_class: line.in_mg - line.out_mg for line in state.lines if line.element == element}
    gap = period.gap_mg.get(element, 0) + rest.get("STOCK_ADJ", 0)
    random, systematic, methods = _doubt(period, element)
    u = quadrature(random, systematic)
    beyond = balance.verdict(gap, u)
    if beyond is None:
        return None
    arithmetic = (
        f"{_sums(state, element, gap)}; u {kg(u)} of random {kg(random)} and systematic {kg(systematic)} "
        f"({methods or 'nothing measured'}), |U| > 3u {kg(3 * u)}"
    )
    code, severity = beyond
    return Said(code, _inputs(state.period, element), arithmetic, (), severity)


def _doubt(period: Period, element: str) -> tuple[int, int, str]:
    """The random and the systematic part of u in mg, and what the latter is made of."""
    parts, said = [], []
    for name, mg in sorted(period.over_mg.items()):
        of, _, method = name.partition(" ")
        if of == element and mg:
            n, d = SYSTEMATIC
            part = abs(mg) * MASS_METHOD.get(method, PLAIN_MASS) * n // (SCALE * d)
            parts.append(part)
            said.append(f"{method or 'method not stated'}: {kg(part)} on {kg(mg)}")
    for stream in ("received", "made"):
        part = abs(period.assayed_u_mg.get(f"{element} {stream}", 0)) // LABORATORY
        if part:
            parts.append(part)
            said.append(f"assays of what was {stream}: {kg(part)}")
    return root(max(0, int(period.u2.get(element, "0")))), quadrature(*parts), ", ".join(said)


def _sums(state: PeriodState, element: str, gap: int) -> str:
    """U by account classes, as a reader redoes it from the lines of the period."""
    lines = {line.account_class: line for line in state.lines if line.element == element}
    moved = {name: line.in_mg - line.out_mg for name, line in lines.items()}
    opening = sum(lines[name].opening_mg + lines[name].late_mg for name in WITHIN if name in lines)
    closing = sum(lines[name].closing_mg for name in WITHIN if name in lines)
    supplied = -moved.get("SOURCE", 0)
    sent = sum(moved.get(name, 0) for name in ("TRANSIT", "CUSTODY", "TRANSIT_VAR", "SINK"))
    losses = moved.get("LOSS", 0)
    waits = opening + supplied - sent - losses - closing - gap
    counted = "counted" if state.counted else "not counted"
    said = (
        f"{element} in {state.period}: stock and work in process {kg(opening)} + supplied {kg(supplied)} "
        f"- sent less received {kg(sent)} - losses {kg(losses)} - closing {kg(closing)} ({counted})"
    )
    return f"{said} - not judged yet {kg(waits)} = U {kg(gap)}" if waits else f"{said} = U {kg(gap)}"

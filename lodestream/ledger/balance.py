"""The balance of a transformation: created metal is IMPOSSIBLE (F1), missing metal LOSS_UNEXPLAINED (F28), and its yield.

U = in - out, all losses and the work in process counted; u_U is the root of the sum of squares of the streams (mass-balance
section 2.2). F1: U < -3u_U, hold up to 4u_U and hard beyond; F28: U > 3u_U (ledger-rules section 9).
F2 and F36: yields.py.

Rulebook R82.
"""

from lodestream.ledger import yields
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Closure, Severity
from lodestream.ledger.values import Balanced, Said
from lodestream.measures import percent, tonnes


def judge(run: Balanced, book: SiteBook) -> list[Said]:
    """F1 or F28, and F2 or F36, for each element of a run whose balance is complete."""
    return [said for element in run.elements for said in [*_balance(run, element), *yields.said(book, run, element)]]


def _balance(run: Balanced, element: str) -> list[Said]:
    inputs, outputs, u = run.inputs_mg.get(element, 0), run.outputs_mg.get(element, 0), run.u_mg[element]
    gap = inputs - outputs
    beyond = verdict(gap, u)
    if beyond is None:
        return []
    ratio = f"out {percent(outputs, inputs, 2)} of in" if inputs else "nothing in"
    arithmetic = (
        f"{element}: in {tonnes(inputs)} - out {tonnes(outputs)} = U {tonnes(gap)} ({ratio}); "
        f"u_U {tonnes(u)}, |U| > 3u_U {tonnes(3 * u)}"
    )
    code, severity = beyond
    return [Said(code, (run.identity, element), arithmetic, run.lots, severity)]


def verdict(gap_mg: int, u_mg: int) -> tuple[str, Severity | None] | None:
    """F28 or F1 with its severity (None is the usual one) for a balance that comes to `gap_mg`; None within 3u."""
    if abs(gap_mg) <= 3 * u_mg:
        return None
    if gap_mg > 0:
        return "LOSS_UNEXPLAINED", None
    return "IMPOSSIBLE", "hard" if -gap_mg > 4 * u_mg else "hold"


def told(name: str, before: dict[str, Closure], run: Balanced | None) -> dict[str, Closure]:
    """The balance of each element as it is judged, for whoever follows them (F21, F22, the period of the site).

    What was told `before` and is judged no more, since the run is void or waits, is told as zero.
    """
    gone = {element: Closure(name, element, 0, 0, 0) for element in before}
    if run is None:
        return gone
    return gone | {
        element: Closure(name, element, run.inputs_mg.get(element, 0), run.outputs_mg.get(element, 0), run.u_mg[element])
        for element in run.elements
    }

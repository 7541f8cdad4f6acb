"""The balance of a transformation: created metal is IMPOSSIBLE (F1), missing metal LOSS_UNEXPLAINED (F28).

U = in - out, all losses counted; u_U is the root of the sum of squares of the streams (mass-balance section 2.2).
F1: U < -3u_U, hold up to 4u_U and hard beyond; F28: U > 3u_U (ledger-rules section 9).
"""

from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Severity
from lodestream.ledger.state import Run
from lodestream.measures import percent, quadrature, tonnes


def judge(draft: Draft, identity: str, run: Run, elements: list[str]) -> list[str]:
    """Open F1 or F28 for each element of a run whose balance is complete. Gives the ids of the findings."""
    assert not run.waits, "a balance is judged when every part has its assay"
    opened = []
    for element in elements:
        inputs, outputs = run.inputs_mg.get(element, 0), run.outputs_mg.get(element, 0)
        u = quadrature(run.u_inputs_mg.get(element, 0), run.u_outputs_mg.get(element, 0))
        gap = inputs - outputs
        if abs(gap) <= 3 * u:
            continue
        ratio = f"out {percent(outputs, inputs, 2)} of in" if inputs else "nothing in"
        said = (
            f"{element}: in {tonnes(inputs)} - out {tonnes(outputs)} = U {tonnes(gap)} ({ratio}); "
            f"u_U {tonnes(u)}, |U| > 3u_U {tonnes(3 * u)}"
        )
        if gap > 0:
            opened.append(draft.find("LOSS_UNEXPLAINED", (identity, element), said, run.outputs))
        else:
            severity: Severity = "hard" if -gap > 4 * u else "hold"
            opened.append(draft.find("IMPOSSIBLE", (identity, element), said, run.outputs, severity))
    return opened

"""CYCLE (F17, info): a lot that goes into its own making (rulebook R88).

Lineage joins lot versions, so it has no cycles, and a tank or a recycle stream is no error (ledger-rules section 2): this
tells a reader that an id is its own ancestor. Only the lots of the site are walked, and few of them; a return
from another site is a question to lineage as a whole (`lodestream trace`).
"""

from collections.abc import Iterable

from lodestream.ledger.draft import Draft

MAX_WALK = 200  # lots upstream that are looked at


def note(draft: Draft, inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """F17 for each output of a run that is among its inputs, or among what those were made of. Before the outputs are made."""
    sources = sorted(set(inputs))
    for output in sorted(set(outputs)):
        if output in sources:
            said = f"{output} is an input and an output of the same run"
        elif draft.lot(output) is not None and output in upstream(draft, sources):
            said = f"{output} was there before, and an input of this run was made of it"
        else:
            continue
        draft.find("CYCLE", (draft.event.identity, output), said, [output])


def upstream(draft: Draft, lots: list[str]) -> set[str]:
    """The lots of this site that these were made of, as far as `MAX_WALK` goes."""
    seen: set[str] = set()
    todo = list(lots)
    while todo and len(seen) < MAX_WALK:
        lot = draft.lot(todo.pop())
        for parent in lot.parents if lot is not None else []:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen

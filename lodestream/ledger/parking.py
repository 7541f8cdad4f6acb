"""Parked entries in the state: each under its own id, and under everything that it waits for (ledger-rules section 6).

Rulebook R40.
"""

from msgspec.structs import replace

from lodestream.ledger.state import Head, Parked, Waiting
from lodestream.ledger.view import View


def waiting(view: View, key: str) -> list[str]:
    """The ids of the entries that wait for `lot:<id>`, `event:<identity>` or `content:<parent>`."""
    found = view.get(Waiting, key)
    return found.entry_ids if found else []


def nothing_waits(view: View) -> bool:
    """Whether nothing is parked here, as nearly always: then five look-ups an entry (of about twelve) need not be made."""
    head = view.get(Head)
    return head is None or head.parked == 0


def _count(view: View, more: int) -> None:
    head = view.get(Head)
    if head is not None and head.parked is not None:
        view.put(replace(head, parked=head.parked + more))


def park(view: View, parked: Parked) -> None:
    """Keep an entry until one of what it waits for comes."""
    _count(view, 1)
    view.put(parked, parked.entry.entry_id)
    for key in parked.waits:
        view.put(Waiting([*waiting(view, key), parked.entry.entry_id]), key)


def unpark(view: View, parked: Parked) -> None:
    """It waits no longer: it was posted, or it is void."""
    _count(view, -1)
    view.drop(Parked, parked.entry.entry_id)
    for key in parked.waits:
        left = [i for i in waiting(view, key) if i != parked.entry.entry_id]
        if left:
            view.put(Waiting(left), key)
        else:
            view.drop(Waiting, key)

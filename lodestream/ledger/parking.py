"""Parked entries in the state: each under its own id, and under everything that it waits for (ledger-rules section 6)."""

from lodestream.ledger.state import Parked, Waiting
from lodestream.ledger.view import View


def waiting(view: View, key: str) -> list[str]:
    """The ids of the entries that wait for `lot:<id>`, `event:<identity>` or `content:<parent>`."""
    found = view.get(Waiting, key)
    return found.entry_ids if found else []


def park(view: View, parked: Parked) -> None:
    """Keep an entry until one of what it waits for comes."""
    view.put(parked, parked.entry.entry_id)
    for key in parked.waits:
        view.put(Waiting([*waiting(view, key), parked.entry.entry_id]), key)


def unpark(view: View, parked: Parked) -> None:
    """It waits no longer: it was posted, or it is void."""
    view.drop(Parked, parked.entry.entry_id)
    for key in parked.waits:
        left = [i for i in waiting(view, key) if i != parked.entry.entry_id]
        if left:
            view.put(Waiting(left), key)
        else:
            view.drop(Waiting, key)

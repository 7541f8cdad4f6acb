"""What waits for time: slips in lanes, in order of the record time from which they wait, and when the next one is due.

A lane is a queue in pages, so that no record grows and taking from the front costs the same however long it is. All slips
of a lane wait equally long, by the book as it stands. A slip whose matter has ended meanwhile stays until it is due, and
brings nothing then. When the next thing is due is kept in the head: an entry that makes nothing due reads no lane.

Rulebook R70.
"""

from msgspec.structs import replace

from lodestream.ledger import months
from lodestream.ledger.state import Head
from lodestream.ledger.timed import Lane, Page, Slip
from lodestream.ledger.view import View

PARKED = "parked"  # ref: the entry
TRANSIT = "transit"  # ref: the shipping event
VOYAGE = "voyage"  # the same, of what goes by sea
UNMATCHED = "unmatched"  # ref: the finding
CORRECTIVE = "corrective"  # ref: the corrective's eventID, note: the event that was declared void
SEEN = "seen"  # ref: the event
EXTERNAL = "external "  # and a month; ref: the shipping event, note: the party. It waits for the close of the month

PAGE = 16
BUDGET = 64  # what one entry does of all that is due; the rest goes on in a CONTINUE entry
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def add(view: View, lane: str, slip: Slip) -> None:
    """Put a slip at the end of a lane. Its time is that of the record, which never runs backwards."""
    head = view.get(Head) or Head(parked=0)
    known = head.lanes.get(lane)
    if known is None:
        view.put(Page([slip]), f"{lane} 0")
        view.put(_timed(replace(head, lanes={**head.lanes, lane: Lane(0, 0, slip.since_us)})))
        return
    page = view.get(Page, f"{lane} {known.last}")
    assert page is not None, "a lane has its last page"
    if len(page.slips) < PAGE:
        view.put(Page([*page.slips, slip]), f"{lane} {known.last}")
        return
    view.put(Page([slip]), f"{lane} {known.last + 1}")
    view.put(replace(head, lanes={**head.lanes, lane: replace(known, last=known.last + 1)}))


def take(view: View, lane: str, since_us: int | None, limit: int) -> list[Slip]:
    """Take at most `limit` slips from the front that wait since `since_us` or longer (None: however long)."""
    taken: list[Slip] = []
    head = view.get(Head)
    known = head.lanes.get(lane) if head is not None else None
    while known is not None and len(taken) < limit and (since_us is None or known.since_us <= since_us):
        ref = f"{lane} {known.first}"
        page = view.get(Page, ref)
        assert page is not None, "a lane has every page from its first to its last"
        ripe = [slip for slip in page.slips if since_us is None or slip.since_us <= since_us][: limit - len(taken)]
        taken += ripe
        known = _without(view, lane, known, page.slips[len(ripe) :])
    if head is not None and taken:
        lanes = {name: one for name, one in head.lanes.items() if name != lane}
        view.put(_timed(replace(head, lanes=lanes if known is None else {**lanes, lane: known})))
    return taken


def _without(view: View, lane: str, known: Lane, left: list[Slip]) -> Lane | None:
    """The lane whose first page holds only `left` now; None where it is empty."""
    ref = f"{lane} {known.first}"
    if left:
        view.put(Page(left), ref)
        return replace(known, since_us=left[0].since_us)
    view.drop(Page, ref)
    if known.first == known.last:
        return None
    following = view.get(Page, f"{lane} {known.first + 1}")
    assert following is not None, "a lane has every page from its first to its last"
    return replace(known, first=known.first + 1, since_us=following.slips[0].since_us)


def wait_us(lane: str, head: Head) -> int:
    """How long the slips of a lane wait by the book: the horizon of what was seen, a voyage, else the grace."""
    if lane == SEEN:
        return head.book.horizon_days * DAY_US
    return (head.book.voyage_hours if lane == VOYAGE else head.book.grace_hours) * HOUR_US


def lane_of(transport_mode: str | None) -> str:
    """Where a shipment waits to be settled, by its mode of transport."""
    return VOYAGE if transport_mode == "ship" else TRANSIT


def closes_us(month: str, head: Head) -> int:
    """When a month closes by itself: at its end and the grace after it."""
    return months.bounds(head.book.time_zone, month)[1] + head.book.grace_hours * HOUR_US


def reckon(view: View) -> None:
    """Reckon anew when something is next due: what the head names, or its book, has changed."""
    head = view.get(Head)
    if head is not None:
        view.put(_timed(head))


def _timed(head: Head) -> Head:
    times = [one.since_us + wait_us(lane, head) for lane, one in head.lanes.items() if not lane.startswith(EXTERNAL)]
    if head.periods:
        times.append(closes_us(head.periods[0], head))
    if head.next_book_us:
        times.append(head.next_book_us)
    if head.closing:
        times.append(head.record_time_us)
    return replace(head, due_us=max(1, min(times)) if times else 0)


def told(age_us: int) -> str:
    """An age for an arithmetic text: days and full hours."""
    days, rest = divmod(age_us, DAY_US)
    return f"{days} days {rest // HOUR_US} h"

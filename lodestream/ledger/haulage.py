"""What was lost on the way over a lane and a month: TRANSIT_LOSS on the mean (F35; ledger-rules section 9).

A lane is a sender and this site. What each consignment hides within its own 0.5 % + 3u is seen over all of a month, since
what is random in u averages out: its root of the sum of squares. What an instrument does wrong every time does not, so a quarter
of the plain sum of u stays (a site default, as in site_balance.py). A consignment counts once it is final and has one sender, in
the month of the entry that made it so, with what changed of it later; like all sums of a period they are judged at its close.

Rulebook R99.
"""

from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound
from lodestream.ledger.site_balance import LABORATORY
from lodestream.ledger.timed import Haul, Period
from lodestream.ledger.values import Said, Weighed
from lodestream.measures import kg, percent, percent_of, quadrature
from lodestream.measures.exact import root

CODE = "TRANSIT_LOSS"
FEWEST = 2  # consignments: one alone is judged by itself


def note(draft: Draft, before: Inbound | None, pair: Inbound) -> None:
    """Count a pair as it is settled now in place of what it was."""
    if before is not None and before.u_mg:
        _count(draft, before, -1)
    if pair.u_mg:
        _count(draft, pair, 1)


def counted(pair: Inbound, weighed: dict[str, Weighed]) -> dict[str, int]:
    """The u by element with which a pair counts in its lane; nothing where several senders share it."""
    return {e: one.u_mg for e, one in weighed.items()} if len(_senders(pair)) == 1 else {}


def _senders(pair: Inbound) -> list[str]:
    return [offered.from_site for offered in pair.offers if offered.parcel.dry_mg > 0]


def _count(draft: Draft, pair: Inbound, sign: int) -> None:
    (sender,) = _senders(pair)
    for element, u in pair.u_mg.items():
        sent, lost = -pair.posted.get(f"{element} CUSTODY", 0), pair.posted.get(f"{element} VAR", 0)
        draft.doubt.hauled(f"{element} {sender}", Haul(sign, sign * sent, sign * lost, str(sign * u * u), sign * u))


def judge(draft: Draft, month: str, period: Period) -> None:
    """Say, for a period that is closed or restated, what each lane lost; what an earlier version said is superseded."""
    for name, haul in sorted(period.hauls.items()):
        element, _, sender = name.partition(" ")
        said = _said(draft, month, element, sender, haul)
        draft.say_whether(said, stands=haul.count >= FEWEST and haul.lost_mg > _allowed(draft, haul))


def _allowed(draft: Draft, haul: Haul) -> int:
    return percent_of(draft.book.transit_tolerance_percent, max(0, haul.sent_mg)) + 3 * quadrature(*_doubt(haul))


def _doubt(haul: Haul) -> tuple[int, int]:
    """The random and the systematic part of u, in mg."""
    return root(max(0, int(haul.u2))), abs(haul.u_mg) // LABORATORY


def _said(draft: Draft, month: str, element: str, sender: str, haul: Haul) -> Said:
    random, systematic = _doubt(haul)
    arithmetic = (
        f"{element} from {sender} in {month}, {haul.count} consignments: sent {kg(haul.sent_mg)}, lost {kg(haul.lost_mg)} "
        f"({percent(haul.lost_mg, haul.sent_mg)}) > {draft.book.transit_tolerance_percent} % + 3u = {kg(_allowed(draft, haul))}; "
        f"u {kg(quadrature(random, systematic))} of random {kg(random)} and systematic {kg(systematic)}"
    )
    return Said(CODE, ("lane", sender, month, element), arithmetic)

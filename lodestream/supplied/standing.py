"""Findings on what suppliers' credentials opened: VC_REVOKED (F51) for as long as one of them does not stand.

What is wanted is a function of how the credentials stand and what rests on them; what was told is compared with it, and the
difference goes to the books of the suppliers' sites. So a status that comes back, or a credential issued anew, frees the lots.

Rulebook R104.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from lodestream.ids import derive
from lodestream.ledger.records import Entry, Finding, FindingState
from lodestream.supplied.cabinet import Cabinet
from lodestream.supplied.values import Accepted
from lodestream.watch.reading import finding

CODE = "VC_REVOKED"


class Raised(Struct, frozen=True):
    """A finding as it was told last. `turn` counts what was told of it; `entries` wait until the broker has them."""

    finding: Finding
    turn: int
    entries: list[Entry] = []


def wanted(cabinet: Cabinet) -> dict[str, Finding]:
    """The findings that stand now, by id: one for each site and credential that does not stand, on all lots that rest on it."""
    lots: dict[tuple[str, str], set[str]] = {}
    for opened in cabinet.opened.values():
        for digest in opened.evidence if opened.event else []:
            credential = cabinet.accepted.get(digest)
            if credential is not None and credential.standing != "good":
                lots.setdefault((opened.site, digest), set()).update(opened.lots)
    found = [_finding(site, cabinet.accepted[digest], on) for (site, digest), on in sorted(lots.items())]
    return {one.id: one for one in found}


def transitions(cabinet: Cabinet, raised: Mapping[str, Raised], now_us: int) -> list[Raised]:
    """What is to be told now, with the entries for the sites' books; `now_us` is the time of telling, µs since 1970."""
    found = wanted(cabinet)
    told = []
    for identity in sorted({*found, *raised}):
        now, known = found.get(identity), raised.get(identity)
        stands = known is not None and known.finding.state == "open"
        if now is not None and not stands:
            told.append(_told(now, "open", known, now_us))
        elif known is not None and stands and now is None:
            told.append(_told(known.finding, "resolved", known, now_us))
        elif known is not None and now is not None and now.lots != known.finding.lots:
            told.append(_told(now, "open", _told(known.finding, "superseded", known, now_us), now_us))
    return told


def _finding(site: str, credential: Accepted, lots: set[str]) -> Finding:
    said = f"{credential.id} of {credential.issuer} is {credential.standing}: {credential.reason}; lots: {len(lots)}"
    return finding(CODE, (site, f"sha256:{credential.digest}", credential.standing), said, lots)


def _told(one: Finding, state: FindingState, known: Raised | None, now_us: int) -> Raised:
    turn = known.turn + 1 if known is not None else 1
    one = replace(one, state=state)
    entry = Entry(
        entry_id=derive("supplied", one.id, state, str(turn)),
        site=one.inputs[0],
        kind="FINDING",
        record_time_us=now_us,
        finding=one,
    )
    return Raised(one, turn, [*(known.entries if known is not None else []), entry])

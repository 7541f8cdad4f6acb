"""CONTACT_EXCLUDED (F7): a lot holds or has touched what the site's book excludes. A contact has no threshold (rulebook R58).

An exclusion names a country, or the URI of a site or party, and holds from a time until another (mass-balance section 3).
An origin key reads "<country> <site> <source class> <schemes>"; what was pruned is "<country> OTHER - -", so a
country is still found in it, a site is not.
"""

from collections.abc import Iterable, Mapping, Sequence

from lodestream.ledger.book import Exclusion
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Lot
from lodestream.ledger.values import Said
from lodestream.measures import kg, percent


def valid(exclusion: Exclusion, at_us: int) -> bool:
    """Whether an exclusion holds at a time (microseconds since 1970): from its first moment, to before its last."""
    return exclusion.from_us <= at_us and (exclusion.until_us == 0 or at_us < exclusion.until_us)


def names(exclusion: Exclusion, key: str) -> bool:
    """Whether an origin key is of the excluded country, site or party."""
    return exclusion.id in key.split(" ")[:2]


def said(
    lot: str,
    shares: Mapping[str, Mapping[str, int]],
    contacts: Iterable[str],
    exclusions: Sequence[Exclusion],
    at_us: int,
) -> list[Said]:
    """One F7 for each exclusion valid at `at_us` that the lot's shares (element: {key: mg}) or contacts fall under.

    The finding is the lot's and the exclusion's, whatever the event: its inputs are the two ids and the time from which it holds.
    """
    found = []
    touched = sorted(contacts)
    for one in exclusions:
        if not valid(one, at_us):
            continue
        parts = [part for element, keys in sorted(shares.items()) if (part := _held(one, element, keys))]
        parts += [f"touched {key}, 0 mg of which is left" for key in touched if names(one, key)]
        if parts:
            until = f"until {one.until_us} us" if one.until_us else "without end"
            arithmetic = (
                f"{lot}: {'; '.join(parts)}; {one.id} is excluded from {one.from_us} us {until} (microseconds since 1970, UTC), "
                f"valid at {at_us} us; no threshold"
            )
            found.append(Said("CONTACT_EXCLUDED", (lot, one.id, str(one.from_us)), arithmetic, [lot]))
    return found


def _held(exclusion: Exclusion, element: str, keys: Mapping[str, int]) -> str:
    held = sum(mg for key, mg in keys.items() if names(exclusion, key))
    if not held:
        return ""
    whole = sum(keys.values())
    return f"{kg(held)} of {kg(whole)} {element} ({percent(held, whole, 6)})"


# -- in a transaction -----------------------------------------------------------------------------------------------


def judge(draft: Draft) -> None:
    """F7 for every lot that a transaction touched, once its shares are settled."""
    if draft.book.exclusions:
        for name in draft.touched:
            lot = draft.lot(name)
            if lot is not None:
                look(draft, lot)


def look(draft: Draft, lot: Lot) -> None:
    """Open F7 on a lot as it is now, and end it where a correction left nothing of what it stood on.

    Before a draw a lot is looked at too: what an exclusion meets that came after the lot. A lot that was emptied keeps its
    finding, for what was made of it; one that nothing ever entered, because all of it is void, has none.
    """
    held = any(lot.shares.vectors.values()) or any(times > 0 for times in lot.shares.contacts.values())
    if not held and lot.entered_dry_mg:
        return
    contacts = [key for key, times in lot.shares.contacts.items() if times > 0]
    at_us = draft.entry.event.event_time_us if draft.entry.event is not None else draft.record_time_us
    for one in draft.book.exclusions:
        found = said(lot.id, lot.shares.vectors, contacts, [one], at_us)
        if found:
            draft.managed.add(draft.open(found[0]))
        elif not said(lot.id, lot.shares.vectors, contacts, [one], one.from_us):  # whenever it holds, nothing is of it
            identity = draft.finding_id(Said("CONTACT_EXCLUDED", (lot.id, one.id, str(one.from_us)), ""))
            draft.close_finding(identity, superseded=True)

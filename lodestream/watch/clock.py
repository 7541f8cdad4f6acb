"""The clock, but for the clock: which sites get a tick for a time T (runtime-rules section 2).

T is a time below which the gate has routed every inbox partition. It is cut to whole intervals (a minute), so a site gets at
most one tick in each, and two watches that run at once make the same ticks: an entry's id is H("tick", site, T).
"""

from lodestream.ids import derive
from lodestream.ledger.records import Entry, Outcome


class Clock:
    """Knows of each site when something is next due there, as its last outcome says. `interval_us`: at most one tick in it."""

    def __init__(self, interval_us: int) -> None:
        self._interval_us = interval_us
        self._due_us: dict[str, int] = {}
        self._sent_us: dict[str, int] = {}

    def see(self, outcome: Outcome) -> None:
        """Take over what an outcome says is due. A duplicate changes nothing, and what is unreadable says nothing of a site."""
        if outcome.outcome in {"DUPLICATE", "UNREADABLE"}:
            return
        if outcome.due_us > 0:
            self._due_us[outcome.site] = outcome.due_us
        else:
            self._due_us.pop(outcome.site, None)

    def is_due(self, now_us: int) -> bool:
        """Whether a site would get a tick if all that came before now were routed."""
        return any(self._gets(site, self._cut(now_us)) for site in self._due_us)

    def ticks(self, routed_us: int) -> list[Entry]:
        """The ticks for the sites with 0 < due_us <= T, T being `routed_us` cut to whole intervals; each is given once."""
        until = self._cut(routed_us)
        sites = [site for site in sorted(self._due_us) if self._gets(site, until)]
        self._sent_us.update(dict.fromkeys(sites, until))
        return [_tick(site, until) for site in sites]

    def _cut(self, time_us: int) -> int:
        return time_us - time_us % self._interval_us

    def _gets(self, site: str, until_us: int) -> bool:
        return self._due_us[site] <= until_us and self._sent_us.get(site, 0) < until_us


def _tick(site: str, until_us: int) -> Entry:
    entry_id = derive("tick", site, str(until_us))
    return Entry(entry_id=entry_id, site=site, kind="TICK", record_time_us=until_us, tick_us=until_us)

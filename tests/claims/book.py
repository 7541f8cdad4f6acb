"""One site's book with its claims: an entry is posted by the ledger's own rules, then counted and judged."""

from msgspec.structs import replace

from lodestream.claims.months import month_named
from lodestream.epcis.event import Event
from lodestream.ledger import claiming, restate, transform
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.kinds import handle_event
from lodestream.ledger.records import Entry, Finding
from lodestream.ledger.remember import remember
from lodestream.ledger.state import Head
from lodestream.ledger.view import Books, View
from tests.ledger.making import entry


class Nothing:
    """A store with nothing in it."""

    def get(self, key: bytes) -> bytes | None:
        return None


class Book:
    """The book of one site by the profiles named, and the findings that are open in it."""

    def __init__(self, site: str, *profiles: str, **settings: object) -> None:
        self.site = site
        self.view: View = Books(Nothing()).of(site)
        self.view.put(Head(book=SiteBook(profiles=list(profiles), booked=True, **settings), parked=0))
        self.view.keep()
        self.open: dict[str, Finding] = {}

    def post(self, event: Event, month: str = "2026-03", source: str = "local") -> Draft:
        """Post an event that counts in a month."""
        draft = Draft(self.view, entry(event, source))
        handle_event(draft)
        restate.finish(draft)
        transform.lineage(draft)
        claiming.finish(draft, month_named(month))
        draft.check_shares()
        remember(draft)
        return self._keep(draft)

    def close(self, element: str, month: str, book_mg: int = 0, event: Event | None = None) -> Draft:
        """Close a month, by a tick or by an event."""
        tick = Entry(f"close {month}", self.site, "TICK", 0)
        draft = Draft(self.view, tick if event is None else entry(event))
        claiming.close(draft, element, month_named(month), book_mg)
        return self._keep(draft)

    def _keep(self, draft: Draft) -> Draft:
        for finding in draft.findings:
            if finding.state == "open":
                self.open[finding.id] = finding
            else:
                self.open.pop(finding.id, None)
        head = self.view.get(Head)
        assert head is not None
        self.view.put(replace(head, seq=head.seq + 1))
        self.view.keep()
        return draft

    def said(self, code: str) -> list[str]:
        """The arithmetic of the open findings of a code."""
        return [finding.arithmetic for finding in self.open.values() if finding.code == code]

"""FINDING: what the watch found over windows and across sites comes back as an entry, and stands like any other finding.

Rulebook R63.
"""

from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Finding


def take(draft: Draft) -> bool:
    """Open, resolve or supersede a finding of the watch, under the id that it gave. False where that is so already."""
    finding = draft.entry.finding
    assert finding is not None
    known = draft.view.get(Finding, finding.id)
    draft.kind = "finding"
    if finding.state == "open":
        if known is None:
            draft.admit(finding)
        return known is None
    draft.close_finding(finding.id, superseded=finding.state == "superseded")
    return known is not None

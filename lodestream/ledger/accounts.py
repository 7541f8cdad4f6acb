"""Accounts of a site's book: `(kind, ref)`, written as one string, the kind first (rulebook R12).

Kinds (DESIGN section 3): SOURCE, STOCK(lot), WIP(run), TRANSIT(consignment lot), CUSTODY(consignment lot),
LOSS(class lot), UNACCOUNTED, TRANSIT_VAR, STOCK_ADJ, SINK. Canonical ids are URIs and hold no space, so a space
parts them without ambiguity. The site is not in the string: both books name a consignment's accounts alike.
"""

from lodestream.ledger.values import Account

NEVER_NEGATIVE = frozenset({"STOCK", "TRANSIT", "LOSS"})


UNACCOUNTED = Account("UNACCOUNTED")
TRANSIT_VAR = Account("TRANSIT_VAR")
STOCK_ADJ = Account("STOCK_ADJ")
STOCK_ADJ_ASSAY = Account("STOCK_ADJ", "assay")
SOURCE_UNTRACKED = Account("SOURCE", "untracked")
SINK_UNTRACKED = Account("SINK", "untracked")


def stock(lot: str, loss_class: str | None = None) -> Account:
    """Where the content of a lot stands: STOCK(lot), or LOSS(class, lot) for tailings, slag, residues and the like."""
    return Account("LOSS", f"{loss_class} {lot}", lot) if loss_class else Account("STOCK", lot, lot)


def loss(loss_class: str, lot: str) -> Account:
    """What was destroyed of a lot: a loss that no lot holds, so it cannot be drawn again."""
    return Account("LOSS", f"{loss_class} {lot} destroyed")


def source(origin: str) -> Account:
    """Where metal enters a book: mine, scrap, opening, external:<party> and so on."""
    return Account("SOURCE", origin)


def sink(destination: str) -> Account:
    """Where metal leaves the books for good: external:<party> and so on."""
    return Account("SINK", destination)


def wip(run: str) -> Account:
    """Metal in process, by transformationID or, without one, by event."""
    return Account("WIP", run)


def transit(consignment: str, lot: str) -> Account:
    """What the sender's book has on its way, until the receiver's answer."""
    return Account("TRANSIT", f"{consignment} {lot}")


def custody(consignment: str, lot: str) -> Account:
    """The hand-over between two books; over both it ends at zero."""
    return Account("CUSTODY", f"{consignment} {lot}")

"""What must hold of every recorded transaction, whatever the rules are (DESIGN.md section 3, mass-balance section 7.9)."""

from lodestream.audit.values import Difference
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Outcome

SHORT = 300


class Heads:
    """The last sequence number and chain value of each site, as its recorded transactions say them."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[int, str]] = {}

    def take(self, place: str, outcome: Outcome) -> Difference | None:
        """Check one outcome and move on. Without a TRANSACTION there is nothing to check."""
        if outcome.outcome != "TRANSACTION":
            return None
        seq, chain = self._heads.get(outcome.site, (0, ""))
        if outcome.seq != seq + 1:
            says = f"the transactions of {outcome.site} are numbered without gap"
            return Difference("SEQUENCE", place, f"seq {outcome.seq}", f"seq {seq + 1}", says)
        if outcome.prev != chain:
            says = f"transaction {outcome.seq} of {outcome.site} names the chain value of the one before it"
            return Difference("CHAIN", place, f"prev {outcome.prev or '-'}", f"prev {chain or '-'}", says)
        self._heads[outcome.site] = (outcome.seq, outcome.chain)
        return not_zero(place, outcome) or wrong_shares(place, outcome)

    def follows(self, outcome: Outcome) -> bool:
        """Whether a transaction is the next of its site and its chain value that of its bytes: then nobody edited it alone."""
        seq, chain = self._heads.get(outcome.site, (0, ""))
        linked = (outcome.seq, outcome.prev) == (seq + 1, chain)
        return outcome.outcome == "TRANSACTION" and linked and chain_value(outcome) == outcome.chain


def not_zero(place: str, outcome: Outcome) -> Difference | None:
    """The postings of a transaction sum to zero for each element."""
    sums: dict[str, int] = {}
    for posting in outcome.postings:
        sums[posting.element] = sums.get(posting.element, 0) + posting.amount_mg
    for element, mg in sums.items():
        if mg:
            says = f"the postings of transaction {outcome.seq} of {outcome.site} sum to zero"
            return Difference("NOT_ZERO", place, f"{element} {mg} mg", f"{element} 0 mg", says)
    return None


def wrong_shares(place: str, outcome: Outcome) -> Difference | None:
    """The shares of a lot, where there are any, sum to what it contains, to the milligram (P2)."""
    for lot in outcome.lots:
        for element, shares in lot.shares.items():
            held, shared = lot.contained_mg.get(element, 0), sum(shares.values())
            if held != shared:
                says = f"the shares of {element} in lot {lot.lot} of {lot.site} sum to what it contains"
                return Difference("SHARES", place, f"{shared} mg", f"{held} mg", says)
    return None

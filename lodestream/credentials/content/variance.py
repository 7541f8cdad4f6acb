"""What a closed period comes to by element: its inventory difference against its throughput (ledger-rules sections 8 and 9).

The difference is what the book has put into UNACCOUNTED and STOCK_ADJ, as lodestream/ledger/site_balance.py judges it: positive
is missing, negative is more than there can have been. TRANSIT_VAR lies between two sites and is told beside it.

The throughput is the largest of what came (SOURCE, and CUSTODY of receipts), what left (TRANSIT and CUSTODY of shipments, SINK
and LOSS), and what went into or out of process (WIP). Stock that only lies there is not in it: it would hide a loss. Of a
period in which nothing moved it is what was there at its beginning. It is of turnover: a correction within the period counts
on both sides, and so does a split.
"""

from fractions import Fraction

from msgspec import Struct

from lodestream.ledger.records import PeriodLine, PeriodState

DIFFERENCE = ("UNACCOUNTED", "STOCK_ADJ")
WITHIN = ("STOCK", "WIP")


class Variance(Struct, frozen=True):
    """One element of one period, masses contained in mg: what opened, came, left (losses apart), was lost, went through
    process (the larger of in and out) and closed.

    `difference_mg` is the inventory difference, `transit_mg` the transit variance: opening + came = left + losses + closing +
    difference + transit, always, since the legs of a transaction sum to zero.
    """

    element: str
    opening_mg: int
    came_mg: int
    left_mg: int
    losses_mg: int
    processed_mg: int
    closing_mg: int
    difference_mg: int
    transit_mg: int

    @property
    def throughput_mg(self) -> int:
        """What the difference is held against."""
        return max(self.came_mg, self.left_mg + self.losses_mg, self.processed_mg) or self.opening_mg

    def share(self, part_mg: int) -> Fraction:
        """A part of the throughput; all of it where there is a part of nothing."""
        if self.throughput_mg > 0:
            return Fraction(part_mg, self.throughput_mg)
        return Fraction((part_mg > 0) - (part_mg < 0))


def variances(period: PeriodState) -> list[Variance]:
    """Every element of a period."""
    return [_of(element, period) for element in sorted({line.element for line in period.lines})]


def _of(element: str, period: PeriodState) -> Variance:
    lines = {line.account_class: line for line in period.lines if line.element == element}
    net = {name: line.in_mg - line.out_mg for name, line in lines.items()}
    nothing = PeriodLine(element, "", 0, 0, 0, 0)
    custody, process, source = lines.get("CUSTODY", nothing), lines.get("WIP", nothing), net.get("SOURCE", 0)
    within = [lines[name] for name in WITHIN if name in lines]
    return Variance(
        element=element,
        opening_mg=sum(line.opening_mg + line.late_mg for line in within),
        came_mg=custody.out_mg - source,
        left_mg=net.get("TRANSIT", 0) + custody.in_mg + net.get("SINK", 0),
        losses_mg=net.get("LOSS", 0),
        processed_mg=max(process.in_mg, process.out_mg),
        closing_mg=sum(line.closing_mg for line in within),
        difference_mg=sum(net.get(name, 0) for name in DIFFERENCE),
        transit_mg=net.get("TRANSIT_VAR", 0),
    )

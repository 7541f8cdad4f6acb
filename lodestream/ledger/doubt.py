"""What a transaction adds to the balance of its site's period, and to the doubt in that balance (site_balance.py).

All of it is signed and follows movements and runs as they are made and undone, so that a void event, a late assay or a
restatement leaves nothing behind (rulebook R82). A movement costs one addition for each element that it brought in.
"""

from lodestream.ledger.records import Closure
from lodestream.ledger.state import LotChange
from lodestream.ledger.timed import Haul
from lodestream.measures.exact import root

UNTOLD = frozenset({"", "scrap"})  # product classes that say nothing of what came round (came_round.py)
ENTERED = {f"SOURCE {name}": name for name in ("end_of_life", "manufacturing_waste", "scrap")}


class Doubt:
    """By element: in - out of the runs that were judged, variance (mg^2), and by "<element> <mass method>" what was measured.

    `assayed_u_mg` is the plain sum of the u of what was assayed, by "<element> received" or "<element> made"; `hauls` are what
    came over a lane, by "<element> <sender>". `by_class_mg` is what runs made and what entered as recycled,
    by "<element> <way> <product class>".
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.gap_mg: dict[str, int] = {}
        self.u2: dict[str, int] = {}
        self.over_mg: dict[str, int] = {}
        self.assayed_u_mg: dict[str, int] = {}
        self.hauls: dict[str, Haul] = {}
        self.by_class_mg: dict[str, int] = {}

    def moved(self, change: LotChange, sign: int) -> None:
        """A movement that is made (1) or undone (-1): what was measured as it came in, and what was adjusted.

        A draw above the book and a count within tolerance have their own amount as u: one alone is within what its lot
        allows, many that go the same way are not.
        """
        for element, mg in change.entered_mg.items():
            name = f"{element} {change.method}"
            self.over_mg[name] = self.over_mg.get(name, 0) + sign * mg
        stream = "made" if change.account.startswith("WIP ") else "received"
        for element, square in change.entered_u2.items():
            name = f"{element} {stream}"
            self.assayed_u_mg[name] = self.assayed_u_mg.get(name, 0) + sign * root(int(square))
        if change.product_class not in UNTOLD:
            way = "made" if stream == "made" else ENTERED.get(change.account, "")
            for element, mg in change.entered_mg.items() if way else ():
                name = f"{element} {way} {change.product_class}"
                self.by_class_mg[name] = self.by_class_mg.get(name, 0) + sign * mg
        if change.excess_dry_mg:
            is_count = change.dry_mg == change.excess_dry_mg
            for element, mg in (change.contained_mg if is_count else change.above_mg).items():
                self.u2[element] = self.u2.get(element, 0) + sign * mg * mg

    def hauled(self, lane: str, more: Haul) -> None:
        """A consignment that is final (haulage.py), or is so no more."""
        known = self.hauls.get(lane)
        self.hauls[lane] = more if known is None else known.plus(more)

    def judged(self, before: Closure | None, now: Closure) -> None:
        """The balance of a run and element, as it was told before and as it is told now."""
        element = now.element
        gap, u2 = now.inputs_mg - now.outputs_mg, now.u_mg**2
        if before is not None:
            gap, u2 = gap - before.inputs_mg + before.outputs_mg, u2 - before.u_mg**2
        self.gap_mg[element] = self.gap_mg.get(element, 0) + gap
        self.u2[element] = self.u2.get(element, 0) + u2

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        sums = (self.gap_mg, self.u2, self.over_mg, self.assayed_u_mg, self.by_class_mg)
        return any(any(one.values()) for one in sums) or any(one != Haul() for one in self.hauls.values())

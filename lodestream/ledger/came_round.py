"""RUN_AROUND over a month (F18, info): what enters as recycled is of a class that the site's own runs make (rulebook R100).

Own scrap that comes back under a new lot id has no lineage: nothing in its event tells it from the scrap of others. What can be
known is how much of a product class entered out of nothing as recycled, and how much of that class the site itself made in the
month: as far as the second goes, the first may be the same metal. Scrap is a class that honest sorters both collect and make, and
is left out.
"""

from lodestream.ledger.draft import Draft
from lodestream.ledger.timed import Period
from lodestream.ledger.values import Said
from lodestream.measures import kg

CODE = "RUN_AROUND"
MADE = "made"


def judge(draft: Draft, month: str, period: Period) -> None:
    """Say it for a period that is closed or restated; what an earlier version said is superseded."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for name, mg in period.by_class_mg.items():
        element, way, product_class = name.split(" ", 2)
        sums.setdefault((element, product_class), {})[way] = mg
    for (element, product_class), ways in sorted(sums.items()):
        made, entered = ways.get(MADE, 0), {way: mg for way, mg in sorted(ways.items()) if way != MADE and mg > 0}
        parts = ", ".join(f"{kg(mg)} as {way}" for way, mg in entered.items())
        arithmetic = (
            f"{element} of class {product_class} in {month}: entered {parts}, from nobody who is known; runs of {draft.site} "
            f"made {kg(made)} of that class: {kg(min(made, sum(entered.values())))} may have come round"
        )
        said = Said(CODE, ("period", month, element, product_class), arithmetic)
        draft.say_whether(said, stands=made > 0 and bool(entered))

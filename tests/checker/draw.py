"""Draws: what share of a lot leaves it (ledger-rules 5 and 6)."""

from fractions import Fraction

from tests.checker.shares import declared, plus, portion
from tests.checker.stated import Stated
from tests.checker.world import Contents, Lot, Parcel, Step, Vectors, WaitsError, World, stock

TOLERANCE = Fraction(5, 1000)


def drawn_masses(lot: Lot, asked: Stated) -> tuple[Fraction, Fraction]:
    """Wet and dry mass of a draw, not rounded; without a stated moisture the lot's counts."""
    return masses_of_part(Fraction(lot.wet), Fraction(lot.dry), asked)


def masses_of_part(wet: Fraction, dry: Fraction, asked: Stated) -> tuple[Fraction, Fraction]:
    """Wet and dry mass of what is drawn from something as moist as these two."""
    if asked.dry is not None:
        return asked.wet if asked.wet is not None else asked.dry * wet / dry if dry > 0 else asked.dry, asked.dry
    assert asked.wet is not None
    return asked.wet, (asked.wet * dry / wet if wet > 0 else asked.wet)


def draw(world: World, step: Step, asked: Stated) -> Parcel:
    """Take a draw out of its lot, with the postings on the lot's side; raises WaitsError where it cannot be posted yet."""
    lot = world.lots.get((step.site, asked.lot))
    if lot is None:
        if not step.posted:
            raise WaitsError(asked.lot)
        lot = world.lot(step.site, asked.lot)
        lot.loss_class = step.loss_class.get(asked.lot)
    step.loss_class[asked.lot] = lot.loss_class
    by_book(world, step.site, lot, asked.lot)
    exact = step.drawn.setdefault(asked.lot, drawn_masses(lot, asked))
    wet, dry = round(exact[0]), round(exact[1])
    if not step.posted:
        judge(step, lot, asked.lot, dry)
    parcel = leave(world, step, lot, asked.lot, wet, dry)
    if asked.assayed:
        own_assay(world, step.site, asked, parcel, exact)
    return parcel


def by_book(world: World, site: str, lot: Lot, name: str) -> None:
    """What waits for an assay counts by the book's provisional grade from now on, where there is one for its class."""
    for parcel in list(lot.waiting):
        grades = world.grades.get(site, {}).get((parcel.item.product_class if parcel.item else None) or "")
        if grades:
            contained = world.tracked(site, {e: round(parcel.dry * percent / 100) for e, percent in grades.items()})
            for e, mg in contained.items():
                world.post(site, e, parcel.account, -mg)
                world.post(site, e, stock(name, lot), mg)
            lot.fill(contained, declared(parcel.item, contained))
            lot.waiting.remove(parcel)
            lot.assumed.append(parcel)


def judge(step: Step, lot: Lot, name: str, dry: int) -> None:
    """Whether a new draw can be posted, and whether it is the last shovel."""
    if lot.waiting:
        raise WaitsError(name)
    excess = dry - lot.dry
    if excess > 0:
        allowed = TOLERANCE * lot.entered_dry - lot.tolerated_dry
        if lot.dry < 0 or excess > allowed:
            raise WaitsError(name)


def share_of(step: Step, lot: Lot, name: str, dry: int) -> tuple[Contents, Contents]:
    """What a draw takes from the lot, and what of it is above the book.

    round(contained x drawn / lot), all takes the rest. What is above the book has the grade of all that ever entered: an empty
    lot has no other. A draw from a lot that a correction emptied, or whose assay it took back, keeps what it was.
    """
    over = above(step, lot, name, dry)
    if kept(step, lot) or (dry - over != lot.dry and lot.dry <= 0):
        taken, more = step.taken.get(name, {}), step.excess.get(name, {})
        return {e: mg - more.get(e, 0) for e, mg in taken.items()}, more
    held = {e: max(mg, 0) for e, mg in lot.contained.items()}
    if dry - over != lot.dry:
        held = {e: round(Fraction(mg * (dry - over), lot.dry)) for e, mg in held.items()}
    if not over:
        return held, {}
    return held, {e: round(Fraction(mg * over, lot.entered_dry)) for e, mg in lot.entered_contained.items()}


def kept(step: Step, lot: Lot) -> bool:
    """Whether a correction took all that a draw was made of, or its assay: then it keeps what it was."""
    return step.posted and not any(lot.entered_contained.values())


def leave(world: World, step: Step, lot: Lot, name: str, wet: int, dry: int) -> Parcel:
    """The postings of a draw; what is above the book within tolerance comes from STOCK_ADJ."""
    over = above(step, lot, name, dry)
    from_stock, more = share_of(step, lot, name, dry)
    contained = {e: from_stock.get(e, 0) + more.get(e, 0) for e in from_stock.keys() | more.keys()}
    all_of_it = dry - over == lot.dry
    carbon = lot.carbon if dry >= lot.dry else round(Fraction(lot.carbon * dry, lot.dry))
    vectors: Vectors = {}
    given: Vectors = {}
    for e, mg in contained.items():
        given[e] = portion(mg - more.get(e, 0), lot.vectors.get(e, {}), lot.entered.get(e, {}))
        vectors[e] = plus(given[e], portion(more.get(e, 0), {}, lot.entered.get(e, {})))
        world.post(step.site, e, stock(name, lot), more.get(e, 0) - mg)
        world.post(step.site, e, "STOCK_ADJ", -more.get(e, 0))
        lot.contained[e] = lot.contained.get(e, 0) - mg + more.get(e, 0)
        lot.vectors[e] = {} if lot.contained[e] == 0 else plus(lot.vectors.get(e, {}), given[e], -1)
    step.taken[name], step.excess[name] = contained, more
    touched = set(lot.touched)
    lot.tolerated_dry += over
    if all_of_it:
        lot.wet, lot.dry, lot.carbon, lot.touched = 0, 0, 0, set()
    else:
        in_book = wet if not over else round(Fraction(wet * (dry - over), dry))
        lot.wet, lot.dry, lot.carbon = lot.wet - in_book, lot.dry - (dry - over), lot.carbon - carbon
    return Parcel(wet, dry, dict(contained), vectors, carbon, touched, given)


def above(step: Step, lot: Lot, name: str, dry: int) -> int:
    """What of a draw's dry mass was above the book when it was posted."""
    if not step.posted:
        step.over[name] = max(dry - lot.dry, 0)
    over = step.over.get(name, 0)
    return over if kept(step, lot) else min(over, max(dry - lot.dry, 0))


def own_assay(world: World, site: str, asked: Stated, parcel: Parcel, exact: tuple[Fraction, Fraction]) -> None:
    """An assay stated on a draw is one of the drawn parcel: the difference goes to STOCK_ADJ(assay).

    Its vector is in the proportions of what the lot gave.
    """
    for e, mg in world.tracked(site, asked.contents(*exact)).items():
        world.post(site, e, "STOCK_ADJ(assay)", parcel.contained.get(e, 0) - mg)
        parcel.vectors[e] = portion(mg, {}, parcel.given.get(e, {}))
        parcel.contained[e] = mg


def part(whole: Parcel, moist: tuple[Fraction, Fraction], lot: Lot, asked: Stated) -> Parcel:
    """An output of a split: its share of the whole parcel that went in, of which `lot` is left; as moist as `moist`."""
    exact = masses_of_part(*moist, asked)
    wet, dry = round(exact[0]), round(exact[1])
    contained = {
        e: lot.contained[e] if dry == lot.dry else round(Fraction(mg * dry, whole.dry)) for e, mg in whole.contained.items()
    }
    vectors = {e: portion(mg, lot.vectors.get(e, {}), lot.entered.get(e, {})) for e, mg in contained.items()}
    carbon = lot.carbon if dry >= lot.dry else round(Fraction(lot.carbon * dry, lot.dry))
    for e, mg in contained.items():
        lot.contained[e] -= mg
        lot.vectors[e] = plus(lot.vectors[e], vectors[e], -1)
    lot.wet, lot.dry, lot.carbon = lot.wet - wet, lot.dry - dry, lot.carbon - carbon
    return Parcel(wet, dry, contained, vectors, carbon, set(lot.touched))

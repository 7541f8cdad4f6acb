"""A run: one transformation, or a campaign of several events. What it posts is a function of its parts (ledger-rules section 5).

Inputs and opening work in process make the pool; outputs, losses and closing work in process come out of it; when the run is
closed the rest is UNACCOUNTED, and balance.py judges it. `settle` posts the difference to what the run posted before, so a
late assay, a void half of a campaign or a restated input needs no rule of its own.

Shares: while a campaign is open, outputs inherit the running pool when they appear, provisionally; at its close they are told
anew from the pool of all that went in. Carbon goes to products and closing work in process by the contained mass of the main
element, emissions of the process to products (by another key where the book declares one: allocation.py); losses carry none.

Rulebook R18, R20, R26, R27, R52, R53, R55, R56.
"""

from msgspec.structs import replace

from lodestream.ledger import allocation, attribution, balance
from lodestream.ledger.accounts import SINK_UNTRACKED, SOURCE_UNTRACKED, UNACCOUNTED, wip
from lodestream.ledger.attribution import Vector
from lodestream.ledger.draft import Draft
from lodestream.ledger.moves import amend, change_of
from lodestream.ledger.parking import nothing_waits, waiting
from lodestream.ledger.running import Part, Run
from lodestream.ledger.state import Move, Shares
from lodestream.ledger.values import Account, Balanced
from lodestream.ledger.variance import squared
from lodestream.measures import quadrature, share

ACCOUNTS: dict[str, Account] = {"UNACCOUNTED": UNACCOUNTED, "SINK": SINK_UNTRACKED, "SOURCE": SOURCE_UNTRACKED}
ENTERING = frozenset({"input", "wip_open"})


def settle(draft: Draft, name: str) -> None:
    """Bring everything that follows from a run's parts in step with them: legs, shares, findings."""
    run = draft.view.get(Run, name)
    if run is None:
        return
    if run.split:
        run = _divided(draft, run)
    sums = Sums(draft, run)
    run = _legs(draft, run, sums)
    run = _shared(draft, run, sums)
    run = _judged(draft, run, name, sums)
    if run.parts or run.closed_by or run.emissions:
        draft.view.put(run, name)
    else:
        draft.view.drop(Run, name)


def is_closed(run: Run) -> bool:
    """Whether the balance of a run is due: it is one event, or its campaign was closed."""
    return not run.campaign or bool(run.closed_by)


# -- contents -------------------------------------------------------------------------------------------------------


def _divided(draft: Draft, run: Run) -> Run:
    """The outputs of a split: draws from the parcel, in listed order; who takes all that is left takes the rest."""
    inputs = [p for p in run.parts if p.role == "input"]
    whole, parcel = sum(p.dry_mg for p in inputs), totals(inputs)
    sure = {e: quadrature(*(p.u_mg.get(e, 0) for p in inputs)) for e in parcel}
    left_dry, left = whole, dict(parcel)
    parts = []
    for one in run.parts:
        if one.role == "output":
            if one.dry_mg == left_dry:
                content = dict(left)
            else:
                content = {e: share(mg, one.dry_mg, whole) if whole else 0 for e, mg in parcel.items()}
            left_dry -= one.dry_mg
            left = {e: mg - content[e] for e, mg in left.items()}
            u = {e: share(mg, one.dry_mg, whole) if whole else 0 for e, mg in sure.items()}
            if content != one.contained_mg or u != one.u_mg:
                one = replace(one, contained_mg=content, u_mg=u)  # noqa: PLW2901  # the part as it is now
                _refill(draft, one)
        parts.append(one)
    return replace(run, parts=parts)


def _refill(draft: Draft, part: Part) -> None:
    """The change of an output's lot with another content; its shares follow in the same settlement."""
    move = Move(0, part.identity, part.index)
    change = change_of(draft, part.lot, move)
    content = {e: mg for e, mg in part.contained_mg.items() if mg}
    shares = Shares({e: attribution.scaled(change.shares.vectors.get(e, {}), mg) for e, mg in content.items()},
                    change.shares.carbon_g, change.shares.uncovered_mg, change.shares.contacts)  # fmt: skip
    u2 = squared(part.u_mg)
    amend(
        draft, part.lot, move, replace(change, contained_mg=content, entered_mg=part.contained_mg, entered_u2=u2, shares=shares)
    )


def totals(parts: list[Part]) -> dict[str, int]:
    """The contents of some parts together, by element."""
    return attribution.total(part.contained_mg for part in parts)


class Sums:
    """What went in and came out of a run by element, in mg, what of it is balanced, and by which element carbon goes."""

    def __init__(self, draft: Draft, run: Run) -> None:
        """Add up the parts.

        Balanced are the book's elements, else what both sides state (all of the inputs', while an output has no assay). Carbon
        goes by the book's main element, else that of which most went in.
        """
        entering = [p for p in run.parts if p.role in ENTERING]
        leaving = [p for p in run.parts if p.role not in ENTERING]
        self.going_in = totals(entering)
        self.coming_out = totals(leaving)
        assayed = all(p.assayed for p in leaving)
        elements = draft.book.elements
        if elements:
            self.balanced = sorted(set(elements) & {*self.going_in, *self.coming_out})
        else:
            self.balanced = sorted({*self.going_in} & {*self.coming_out} if assayed else self.going_in)
        largest = min(self.balanced, key=lambda e: (-self.going_in.get(e, 0), e), default="")
        self.main = draft.book.main_element or largest


def _legs(draft: Draft, run: Run, sums: Sums) -> Run:
    """The rest of each balanced element to UNACCOUNTED; what only one side states is not balanced."""
    targets: dict[str, int] = {}
    if is_closed(run):
        for element in sorted({*sums.going_in, *sums.coming_out}):
            came, went = sums.going_in.get(element, 0), sums.coming_out.get(element, 0)
            if element in sums.balanced:
                targets[f"{element} UNACCOUNTED"] = came - went
            else:
                targets[f"{element} SINK"] = came
                targets[f"{element} SOURCE"] = -went
    process, first = wip(run.run), len(draft.legs)
    for name in sorted({*targets, *run.posted}):
        element, _, account = name.partition(" ")
        draft.move(element, process, ACCOUNTS[account], targets.get(name, 0) - run.posted.get(name, 0))
    draft.disown(first)
    return replace(run, posted={name: mg for name, mg in targets.items() if mg})


# -- shares ---------------------------------------------------------------------------------------------------------


class Pool:
    """What is in process while the parts of a run are told in order: what is left by element, and all that went in."""

    def __init__(self, main: str) -> None:
        """Nothing went in yet. `main` is the element by which carbon goes."""
        self.main = main
        self.left: dict[str, Vector] = {}
        self.parts: list[Part] = []
        self.carbon_g = 0
        self.given_g = 0
        self.main_mg = 0  # of the main element
        self.gone_mg = 0  # of that
        self.uncovered_mg = 0  # of that
        self.touched: set[str] = set()

    def enter(self, part: Part) -> None:
        """An input, or opening work in process."""
        self.parts.append(part)
        for element, vector in part.shares.vectors.items():
            self.left[element] = attribution.added(self.left.get(element), vector)
            self.touched.update(vector)
        self.touched.update(part.shares.contacts)
        self.carbon_g += part.shares.carbon_g
        weight = part.contained_mg.get(self.main, 0)
        self.main_mg += weight
        if part.shares.uncovered_mg and part.dry_mg:
            self.uncovered_mg += share(weight, part.shares.uncovered_mg, part.dry_mg)

    def take(self, part: Part) -> dict[str, Vector]:
        """The vectors of what comes out, of the remaining pool; where that cannot give it, of all that went in."""
        vectors: dict[str, Vector] = {}
        for element, mg in part.contained_mg.items():
            if not mg:
                continue
            left = self.left.get(element, {})
            enough = sum(left.values()) >= mg and min(left.values(), default=0) >= 0
            vector = attribution.scaled(left if enough else self._entered(element), mg)
            vectors[element] = vector
            self.left[element] = attribution.added(left, vector, -1)
        return vectors

    def _entered(self, element: str) -> Vector:
        """All that went in, of an element."""
        return attribution.total(part.shares.vectors.get(element, {}) for part in self.parts)

    def give(self, part: Part) -> int:
        """The carbon that an output takes of what is there when it appears, by the main element; a loss takes none."""
        content, there = part.contained_mg.get(self.main, 0), self.main_mg - self.gone_mg
        self.gone_mg += content
        if part.loss or there <= 0:
            return 0
        given = share(self.carbon_g - self.given_g, max(0, min(content, there)), there)
        self.given_g += given
        return given


def _shared(draft: Draft, run: Run, sums: Sums) -> Run:
    """Tell the shares of outputs and of what stays in process."""
    running = run.campaign and (not run.closed_by or draft.book.running_attribution)
    pool = Pool(sums.main)
    told: list[tuple[Part, Shares]] = []
    for part in run.parts if running else _in_order(run.parts):
        if part.role in ENTERING:
            pool.enter(part)
        else:
            told.append((part, _complete(part, pool.take(part), pool.give(part) if running else 0, pool)))
    carbon = _carbon(run, told, pool, allocation.weights(draft, run, [part for part, _ in told]), running=running)
    closing = attribution.NOTHING
    for (part, taken), g in zip(told, carbon, strict=True):
        shares = attribution.pruned(replace(taken, carbon_g=g))
        if part.role == "wip_close":
            closing = attribution.plus(closing, shares)
        else:
            move = Move(0, part.identity, part.index)
            amend(draft, part.lot, move, replace(change_of(draft, part.lot, move), shares=shares))
    open_rest = Shares({e: v for e, v in pool.left.items() if v}, pool.carbon_g - sum(carbon))
    return replace(run, left=closing if is_closed(run) else open_rest)


def _in_order(parts: list[Part]) -> list[Part]:
    """What went in, then products as listed, losses, closing work in process."""
    rank = {"input": 0, "wip_open": 0, "output": 1, "wip_close": 3}
    return sorted(parts, key=lambda p: 2 if p.loss else rank[p.role])


def _carbon(run: Run, told: list[tuple[Part, Shares]], pool: Pool, declared: list[int], *, running: bool) -> list[int]:
    """The g CO2e of each part that comes out: upstream by the main element, and at the close emissions to products.

    Among products it goes by the weights that the book declares, if it does. While a campaign runs, its outputs have what
    they took when they appeared.
    """
    parts = [part for part, _ in told]
    bearers = [0 if p.loss else max(0, p.contained_mg.get(pool.main, 0)) for p in parts]
    if not any(bearers):  # nothing of the main element came out: by mass, so that no carbon is lost
        bearers = [0 if p.loss or p.role == "wip_close" else p.dry_mg for p in parts]
    products = [0 if p.role == "wip_close" else weight for p, weight in zip(parts, bearers, strict=True)]
    upstream = [taken.carbon_g for _, taken in told] if running else _by_weight(pool.carbon_g, bearers)
    if declared and not running:
        kept = [g if p.role == "wip_close" else 0 for p, g in zip(parts, upstream, strict=True)]
        upstream = [one + other for one, other in zip(kept, _by_weight(sum(upstream) - sum(kept), declared), strict=True)]
    emitted = _by_weight(sum(run.emissions.values()) if is_closed(run) else 0, declared or products)
    return [one + other for one, other in zip(upstream, emitted, strict=True)]


def _by_weight(amount: int, weights: list[int]) -> list[int]:
    """An amount shared out by weights, by the largest remainder, ties in order; nothing where nothing weighs."""
    if not any(weights):
        return [0] * len(weights)
    parts = attribution.apportion({f"{n:06}": weight for n, weight in enumerate(weights)}, amount)
    return [parts.get(f"{n:06}", 0) for n in range(len(weights))]


def _complete(part: Part, vectors: dict[str, Vector], carbon_g: int, pool: Pool) -> Shares:
    """Vectors with the carbon, how much of it is not known, and who was touched without a share."""
    uncovered = share(part.dry_mg, pool.uncovered_mg, pool.main_mg) if pool.uncovered_mg and not part.loss else 0
    own = {k for vector in vectors.values() for k in vector}
    return Shares(vectors, carbon_g, uncovered, dict.fromkeys(sorted(pool.touched - own), 1))


# -- findings -------------------------------------------------------------------------------------------------------


def _judged(draft: Draft, run: Run, name: str, sums: Sums) -> Run:
    """The findings that the run stands for now; those that it no longer stands for are superseded."""
    waits = not all(p.assayed for p in run.parts) or (
        run.campaign
        and not nothing_waits(draft.view)
        and any(parked != draft.entry.entry_id for parked in waiting(draft.view, f"campaign:{run.run}"))  # not what posts now
    )
    judged = None if waits or not is_closed(run) else balanced(run, name, sums)
    counted = balance.told(name, run.judged, None if run.split else judged)  # a split measures nothing
    draft.close_run(run.judged, counted)
    if run.split and judged is not None:
        draft.closures |= {(name, element): one for element, one in balance.told(name, {}, judged).items()}
    said = balance.judge(judged, draft.book) if judged is not None else []
    ids = [draft.restate_finding(one) for one in said]
    draft.managed.update(ids)
    for finding in run.findings:
        if finding not in ids:
            draft.close_finding(finding, superseded=True)
    known = {e: one for e, one in counted.items() if judged is not None and e in judged.elements and not run.split}
    return replace(run, findings=ids, judged=known)


def balanced(run: Run, name: str, sums: Sums) -> Balanced:
    """The sums of a run that its balance is judged by."""
    outputs = [p for p in run.parts if p.role == "output"]
    products = [p for p in outputs if not p.loss]
    feeding = [p for p in run.parts if p.role != "output"]
    closing = totals([p for p in feeding if p.role == "wip_close"])
    return Balanced(
        identity=name,
        elements=sums.balanced,
        inputs_mg=sums.going_in,
        outputs_mg=sums.coming_out,
        products_mg=totals(products),
        feed_mg={e: sums.going_in.get(e, 0) - closing.get(e, 0) for e in sums.balanced},
        u_mg=_together(run.parts, sums.balanced),
        u_products_mg=_together(products, sums.balanced),
        u_feed_mg=_together(feeding, sums.balanced),
        lots=[p.lot for p in outputs],
        processes=sorted({p.process for p in run.parts if p.process}) if not run.split else [],
    )


def _together(parts: list[Part], elements: list[str]) -> dict[str, int]:
    """The combined standard uncertainty of some parts by element."""
    return {e: quadrature(*(p.u_mg.get(e, 0) for p in parts)) for e in elements}

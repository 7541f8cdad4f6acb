"""What is measured: false alarms on honest histories, recall of each kind, and what a threshold cannot see."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.detection.histories import BAD, History, run_all
from connectors.economy.frauds import FRAUDS
from connectors.economy.simulate import Plan
from connectors.economy.sites import settle

HONEST_SITES, HONEST_DAYS = 24, 45  # with campaigns: every second smelter has them
SITES, FRAUD_DAYS, CURVE_DAYS = 12, 36, 20
HONEST_SEEDS = (1, 2, 3, 4, 5, 6)
FRAUD_SEED = 11
CURVE_SEED = 21
SIZES = (1000, 2000, 3000, 4000, 5000, 6000)
SLOW_SIZES = (0, 250, 500, 750, 1000, 1500, 2000)
QUALITIES = (800, 1000)
CURVES = {"F1": "copper-smelter-1", "F2": "lithium-refinery-1", "F20": "black-mass-refinery-1", "F21": "copper-smelter-1"} | {
    "F28": "nickel-cobalt-refinery-1"
}
"""Kinds with a size in multiples of u, and the site whose throughput is used to say what can be hidden below it."""
RATIOS, RATIO_BANDS = ("F14", "F15"), (0, 5000, 10_000, 20_000, 50_000)
"""Kinds whose size is what moistures and units make it, and where the bands begin in which it is shown (thousandths of u)."""
STATISTICAL = frozenset({"F2", "F14", "F15", "F21", "F22"})
"""What is told from the noise of honest weighing, or within it: shown, and not promised."""
OTHER_EVIDENCE = frozenset({"F18 new lot"})
"""What no rule sees in events: a lot without history has no run behind it."""
ALLOWED = frozenset({"F17"})
"""What is no fault: lineage joins versions of lots, so that a return or a tank is none (ledger-rules section 2)."""
BY_SITE = frozenset({"F7", "F21", "F22", "F23"})
PER_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Recall:
    """One kind: planted and found; `state`: promised, statistical, not seen or allowed. `seen_as`: other findings on them."""

    name: str
    planted: int
    found: int
    state: str
    seen_as: dict[str, int]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: frauds of a size (thousandths of u), how many were found, and kg a year that one site could hide so."""

    kind: str
    element: str
    size: int
    planted: int
    found: int
    kg_a_year: int


@dataclass(frozen=True, slots=True)
class Band:
    """Frauds of a size from `least` to below `most` (thousandths of u): found by their own rule, and stopped by any hold."""

    kind: str
    least: int
    most: int | None
    planted: int
    found: int
    stopped: int


def honest(seeds: Iterable[int] = HONEST_SEEDS, quality: int | None = None) -> list[History]:
    """Histories without frauds."""
    return run_all(Plan(seed, HONEST_SITES, HONEST_DAYS, quality=quality) for seed in seeds)


def recalls(kinds: Iterable[str] = tuple(FRAUDS)) -> list[Recall]:
    """Each kind planted alone."""
    found = []
    for history in run_all(Plan(FRAUD_SEED, SITES, FRAUD_DAYS, [kind]) for kind in kinds):
        variants = sorted({label.variant for label in history.labels}) or [""]
        found += [_recall(history.plan.frauds[0], variant, history) for variant in variants]
    return found


def _recall(kind: str, variant: str, history: History) -> Recall:
    labels = [label for label in history.labels if label.variant == variant]
    hits = sum(history.found(label, kind in BY_SITE) for label in labels)
    others: Counter[str] = Counter()
    for label in labels:
        said = [f for f in history.said_of(label) if f.id not in history.closed]
        others.update({f.code for f in said if f.rule != kind and f.severity != "info"})
    name = f"{kind} {variant}".strip()
    return Recall(name, len(labels), hits, _state(kind, name), dict(sorted(others.items())))


def _state(kind: str, name: str) -> str:
    if name in ALLOWED:
        return "allowed"
    if name in OTHER_EVIDENCE:
        return "not seen"
    return "statistical" if kind in STATISTICAL else "promised"


def curves() -> list[Point]:
    """Frauds of each size wherever one fits; of F21 a size is that of each batch, and one site's batches are one fraud."""
    sized = [(kind, size) for kind in CURVES for size in (SLOW_SIZES if kind == "F21" else SIZES)]
    points = []
    for history in run_all(Plan(CURVE_SEED, SITES, CURVE_DAYS, [kind], size, every=0) for kind, size in sized):
        kind, size = history.plan.frauds[0], history.plan.size
        named = _site(history, CURVES[kind])
        there = [label for label in history.labels if label.site == named]
        element = there[0].element if there else ""
        hidden = sum((Decimal(label.magnitude_kg) for label in there if label.element == element), Decimal())
        hits = sum(history.found(label, kind in BY_SITE) for label in history.labels)
        points.append(Point(kind, element, size, len(history.labels), hits, int(hidden) * 365 // CURVE_DAYS))
    return points


def ratios() -> list[Band]:
    """F14 and F15 wherever one fits, by what their size happens to be."""
    bands = []
    for history in run_all(Plan(CURVE_SEED, SITES, FRAUD_DAYS, [kind], every=0) for kind in RATIOS):
        for least, most in zip(RATIO_BANDS, (*RATIO_BANDS[1:], None), strict=True):
            labels = [one for one in history.labels if one.size >= least and (most is None or one.size < most)]
            found = sum(history.found(label, by_site=False) for label in labels)
            stopped = sum(any(f.severity in BAD for f in history.said_of(label)) for label in labels)
            if labels:
                bands.append(Band(history.plan.frauds[0], least, most, len(labels), found, stopped))
    return bands


def _site(history: History, name: str) -> str:
    return next(site.id for site in settle(history.plan.seed, history.plan.sites, None) if site.name == name)


def per_events(number: int, histories: list[History]) -> Decimal:
    """So many in 10,000 events, with two decimals."""
    return (Decimal(number) * PER_EVENTS / sum(h.events for h in histories)).quantize(Decimal("0.01"))

"""What is measured: false alarms on honest histories, recall of each kind, and what a threshold cannot see."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.detection.histories import History, run_all
from connectors.economy.frauds import FRAUDS
from connectors.economy.simulate import Plan
from connectors.economy.sites import settle
from lodestream.ledger.catalogue import CATALOGUE

HONEST_SITES, HONEST_DAYS = 24, 45  # with campaigns: every second smelter has them
SITES, FRAUD_DAYS, CURVE_DAYS = 12, 36, 20
HONEST_SEEDS = (1, 2, 3, 4, 5, 6)
FRAUD_SEED = 11
CURVE_SEED = 21
SIZES = (1000, 2000, 3000, 4000, 5000, 6000)
QUALITIES = (800, 1000)
CURVES = {"F1": "copper-smelter-1", "F2": "lithium-refinery-1", "F20": "black-mass-refinery-1", "F21": "copper-smelter-1"} | {
    "F28": "nickel-cobalt-refinery-1"
}
"""Kinds with a threshold in multiples of u, and the site whose throughput is used to say what can be hidden below it."""
WATCH = frozenset({"F6", "F9", "F11 ticket", "F16", "F21", "F22", "F23", "F26"})
"""What needs windows or several sites: opened by the watch, which the fold of one book is not."""
ALLOWED = frozenset({"F17"})
"""What is no fault: lineage joins versions of lots, so that a return or a tank is none (ledger-rules section 2)."""
BY_SITE = frozenset({"F7", "F21", "F22", "F23"})
PER_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Recall:
    """One kind: planted and found; `state`: measured, not yet, watch or allowed. `seen_as`: other findings on them."""

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
    if name in WATCH:
        return "watch"
    if name in ALLOWED:
        return "allowed"
    return "measured" if kind == "F10" or kind in {rule.number for rule in CATALOGUE.values()} else "not yet"


def curves() -> list[Point]:
    """Frauds of each size wherever one fits. A kind that no rule knows yet has no curve."""
    kinds = [kind for kind in CURVES if _state(kind, kind) == "measured"]
    points = []
    for history in run_all(Plan(CURVE_SEED, SITES, CURVE_DAYS, [kind], size, every=0) for kind in kinds for size in SIZES):
        kind, size = history.plan.frauds[0], history.plan.size
        named = _site(history, CURVES[kind])
        there = [label for label in history.labels if label.site == named]
        element = there[0].element if there else ""
        hidden = sum((Decimal(label.magnitude_kg) for label in there if label.element == element), Decimal())
        hits = sum(history.found(label, kind in BY_SITE) for label in history.labels)
        points.append(Point(kind, element, size, len(history.labels), hits, int(hidden) * 365 // CURVE_DAYS))
    return points


def _site(history: History, name: str) -> str:
    return next(site.id for site in settle(history.plan.seed, history.plan.sites, None) if site.name == name)


def per_events(number: int, histories: list[History]) -> Decimal:
    """So many in 10,000 events, with two decimals."""
    return (Decimal(number) * PER_EVENTS / sum(h.events for h in histories)).quantize(Decimal("0.01"))

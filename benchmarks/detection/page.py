"""docs/detection.md: the tables, and which promises are kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.detection import measures as m
from benchmarks.detection.histories import History
from benchmarks.detection.measures import Band, Point, Recall

HEAD = f"""# What the findings detect

Made by `make detection`; do not edit. The [synthetic economy](simulate.md) is written to files, and the pure gate and ledger
keep the books over them: what a document says is recorded when its day ends, then a tick brings what is due by that time. The
watch reads every outcome, and its findings go back into the books. Nothing here depends on the machine: the same seeds give the
same page.

Promised: every kind that follows from logic or arithmetic is found each time, and honest histories have at most one hard or hold
finding in {m.PER_EVENTS:,} events. Not promised is what must be told from the noise of honest weighing: F2, F14, F15, F21 and F22
are shown by their size.

Honest histories: seeds {", ".join(map(str, m.HONEST_SEEDS))}, {m.HONEST_SITES} sites, {m.HONEST_DAYS} days.
Frauds: each kind alone, {m.SITES} sites, seed {m.FRAUD_SEED}, {m.FRAUD_DAYS} days.
Curves: seed {m.CURVE_SEED}, {m.CURVE_DAYS} days, a fraud wherever one fits.

The books are those of the documented defaults but for what is a site's own (processes, licences, losses) and `grace_hours`,
which is 840 and not 336: voyages here take up to 26 days, and at the default each of more than 14 opens a hold, TRANSIT_OPEN.
With it no month is closed within these histories: of F12 LATE is measured, BACKDATED is not.
"""

RECALL_TEXT = """
## Planted frauds

Frauds that have a size are planted at 8u (F2: as much as the residue holds; F21: 1.2u in each batch). F10 is the outcome
DUPLICATE. In the last column stand other findings on them.

- `promised`: logic or arithmetic; each is found.
- `statistical`: the noise of honest weighing hides some, see below. F21 and F22 are streaks of batches, one for each site.
- `not seen`: events alone do not show it. F18 `new lot` is declared recycled under an id that has no history, which only the sums
  of a closed month can tell; with `same lot` the book knows the run that made it. (F9 `received`: the receipt itself came too
  fast; `seen`: its carrier's observations say so.)
- `allowed`: no fault, since lineage joins versions of lots and a lot may come back to its ancestor.

"""

CURVE_TEXT = """
## What a threshold cannot see

A balance is judged at 3u, so a smaller fraud passes. `u` is that of the batch or transfer, of which a fraud adds or takes
so many on paper. The last column is what the named site could hide in a year by doing it at every opportunity: where recall is
near zero it goes unseen batch by batch, and only sums over time can tell (site periods, F21). F21 is of that size in every
batch of a site for all the days of the history, and found when its site's CUSUM says so once: at 0 u these are false alarms.
The size of F2 is the part above the yield envelope, as far as the residue holds so much.
"""

RATIO_TEXT = f"""
## Bases and units

F14 and F15 compare the ratio of received to shipped dry mass with that of a mistake, within 0.2 % and 0.5 %. Two honest weighings
differ by about as much or more, so the rule names the mistake only where the two happen to agree; a mistake of this size is
mostly a transit gain (F20) all the same. `stopped`: any hard or hold finding on it. The size is what the moisture or the unit
makes of it, in u of the transfer. Seed {m.CURVE_SEED}, {m.FRAUD_DAYS} days.
"""

QUALITY_TEXT = """
## How good the instruments are

The documented uncertainties are the upper ends of ranges (mass-balance 2.4). In the histories above each plant's instruments
are at 60 to 100 % of them. Here all plants' are at one level, over seeds {seeds}. At 100 % every balance that is right has its
one chance in 741 to be beyond 3u, less what true losses take off: then no threshold at 3u can keep a promise of one in 10,000.
"""


@dataclass
class Results:
    """All that was measured."""

    honest: list[History]
    recalls: list[Recall]
    curves: list[Point] = field(default_factory=list)
    ratios: list[Band] = field(default_factory=list)
    qualities: list[tuple[int, list[History]]] = field(default_factory=list)


def alarms(histories: Sequence[History]) -> Counter[tuple[str, str]]:
    """Rule and code of the hard and hold findings that stand at the ends of histories."""
    return sum((h.alarms() for h in histories), Counter())


def missed(results: Results) -> list[str]:
    """The promises that are not kept, in words; empty: all are."""
    found = []
    events, total = sum(h.events for h in results.honest), sum(alarms(results.honest).values())
    if events < m.PER_EVENTS:
        found.append(f"only {events:,} honest events, the promise is about {m.PER_EVENTS:,}")
    if total * m.PER_EVENTS > events:
        found.append(f"{total} hard or hold findings in {events:,} honest events, more than one in {m.PER_EVENTS:,}")
    for recall in results.recalls:
        if not recall.planted:
            found.append(f"{recall.name}: none could be planted")
        elif recall.state == "promised" and recall.found < recall.planted:
            found.append(f"{recall.name}: {recall.found} of {recall.planted} found")
    return found


def page(results: Results) -> str:
    """The whole page."""
    kept = missed(results)
    verdict = "All promises are kept." if not kept else "Not kept:\n\n" + "\n".join(f"- {one}" for one in kept)
    parts = [HEAD, f"\n{verdict}\n", _honest(results), _recalls(results.recalls)]
    if results.curves:
        parts += [CURVE_TEXT, _curves(results.curves)]
    if results.ratios:
        parts += [RATIO_TEXT, _ratios(results.ratios)]
    if results.qualities:
        seeds = ", ".join(str(h.plan.seed) for h in results.qualities[0][1])
        parts += [QUALITY_TEXT.format(seeds=seeds), _qualities(results.qualities)]
    return "".join(parts)


def _honest(results: Results) -> str:
    events = sum(h.events for h in results.honest)
    stand, passed = alarms(results.honest), sum((h.passed() for h in results.honest), Counter())
    rows = [
        (rule, code, stand[rule, code], m.per_events(stand[rule, code], results.honest), passed[rule, code])
        for rule, code in sorted({*stand, *passed}, key=lambda key: (int(key[0][1:]), key[1]))
    ]
    text = f"\n## Honest histories\n\n{events:,} events; {sum(stand.values())} hard or hold findings stand at the end.\n"
    text += "Those in the last column opened and closed again: an event came late and what hangs on it waited, or a typing\n"
    text += "error was corrected.\n\n"
    slow = Counter(f.code for h in results.honest for f in h.standing() if f.rule in {"F21", "F22"})
    text += f"The statistical rules of the watch, warnings and informations, stand too: DRIFT {slow['DRIFT']}, "
    text += f"TOO_PERFECT {slow['TOO_PERFECT']}.\n\n"
    text += _table(("rule", "code", "stand", "in 10,000 events", "opened and closed"), rows)
    return text


def _recalls(recalls: Sequence[Recall]) -> str:
    rows = [(r.name, r.state, r.planted, r.found, ", ".join(f"{code} {n}" for code, n in r.seen_as.items())) for r in recalls]
    return RECALL_TEXT + _table(("kind", "", "planted", "found", "other findings"), rows)


def _ratios(bands: Sequence[Band]) -> str:
    rows = [
        (
            b.kind,
            f"{b.least / 1000:g} u" + (" and more" if b.most is None else f" to {b.most / 1000:g} u"),
            b.planted,
            b.found,
            b.stopped,
        )
        for b in bands
    ]
    return "\n" + _table(("kind", "size", "planted", "found", "stopped"), rows)


def _curves(points: Sequence[Point]) -> str:
    rows = [
        (
            p.kind,
            f"{p.size / 1000:g} u",
            p.planted,
            p.found,
            f"{p.found * 100 // max(1, p.planted)} %",
            f"{p.kg_a_year:,} {p.element}",
        )
        for p in points
    ]
    return "\n" + _table(("kind", "size", "planted", "found", "recall", "kg a year at " + _where(points)), rows)


def _where(points: Sequence[Point]) -> str:
    kinds = dict.fromkeys(p.kind for p in points)
    return ", ".join(f"{m.CURVES[kind]} ({kind})" for kind in kinds)


def _qualities(levels: Sequence[tuple[int, list[History]]]) -> str:
    rows = []
    for quality, histories in levels:
        counts = alarms(histories)
        codes = ", ".join(f"{code} {n}" for (_, code), n in sorted(counts.items()))
        total = sum(counts.values())
        rows.append((f"{quality // 10} %", sum(h.events for h in histories), total, m.per_events(total, histories), codes))
    return "\n" + _table(("errors at", "events", "hard or hold", "in 10,000 events", "codes"), rows)


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)]) + "\n"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

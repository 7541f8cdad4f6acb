"""The results as JSON for programs and as a page for people. The page is made from the JSON and the texts here, every time."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.plan import ROUNDS, Number
from benchmarks.texts import PAGE, TEXTS
from benchmarks.world import PARTITIONS

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "latest.json"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
LIBRARIES = ("confluent-kafka", "fastavro", "msgspec", "rocksdict", "clickhouse-connect", "chdb", "faust-streaming")


def write(numbers: Sequence[Number], *, fresh: bool) -> None:
    """Write benchmarks/latest.json and docs/benchmarks.md; unless `fresh`, rows of other names stay as they were."""
    old = [] if fresh else json.loads(RESULTS.read_text())
    rows = {row["name"]: row for row in old} | {number.name: _row(number) for number in numbers}
    results = [rows[name] for name in TEXTS if name in rows]
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    DOCUMENT.write_text(page(results))


def page(results: Sequence[dict[str, float | str]]) -> str:
    """The page of these results."""
    return PAGE.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        partitions=PARTITIONS,
        rounds=ROUNDS,
        rows="\n".join(_line(row) for row in results),
        limits="\n".join(f"- **{row['name']}**: {TEXTS[str(row['name'])].limit}" for row in results),
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    )


def _row(number: Number) -> dict[str, float | str]:
    return {
        "name": number.name,
        "value": round(number.value, 2),
        "unit": number.unit,
        "baseline": round(number.baseline, 2),
        "ratio": round(number.ratio, 4),
    }


def _line(row: dict[str, float | str]) -> str:
    text = TEXTS[str(row["name"])]
    held = {None: "", True: " (held)", False: " (missed)"}[text.holds(float(row["value"]), float(row["ratio"]))]
    value, baseline = (f"{row[key]:,.4g}" if float(row[key]) < 100 else f"{row[key]:,.0f}" for key in ("value", "baseline"))
    return f"| {row['name']} | {value} {row['unit']} | {text.baseline}: {baseline} | {row['ratio']:.3g} | {text.goal}{held} |"

"""The results as JSON for programs and as a page for people."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = """\
# Benchmarks

Written by `make bench`, not by hand. One run on one machine: {cores} cores, {machine}, Python {python}, a single node
of Apache Kafka on the same cores, {partitions} partitions, {events:,} events; every worker is one process.

Absolute numbers are this machine's. What can be compared is the ratio: the same broker in the same run, asked to do
nothing but consume and produce the same bytes in transactions of the same size.

| what | value | baseline | ratio |
|---|---:|---:|---:|
{rows}

- **gate**: EPCIS JSON-LD documents in; parsed, validated, hashed, routed; Avro entries out. Baseline: a copy of the
  documents.
- **ledger**: entries in; transactions, lots and entries for other sites out, with the state and its changelog. An event
  that moves metal between sites makes two more entries (offer and answer): entries a second are more than events a second.
- **sink**: entries, transactions, rejections and credentials into chDB. Baseline: a copy of the transactions.
- **whole way**: gate, ledger, issuer and sink at once, from the first document sent to the last row in ClickHouse, on the
  same cores as the broker. Baseline: a copy of the documents.

The events are those of a chain: ore with an assay, concentrate and tailings, a shipment, a receipt at another site.
Libraries: {libraries}.
"""
LIBRARIES = ("confluent-kafka", "fastavro", "msgspec", "rocksdict", "clickhouse-connect", "chdb")


class Number(NamedTuple):
    """One result: so much of a unit, and what the baseline did in the same unit."""

    name: str
    value: float
    unit: str
    baseline: float

    @property
    def ratio(self) -> float:
        """Of the baseline."""
        return self.value / self.baseline


def write(numbers: Sequence[Number], events: int, partitions: int) -> None:
    """Write benchmarks/latest.json and docs/benchmarks.md, and print the table."""
    results = [
        {"name": n.name, "value": round(n.value, 1), "unit": n.unit, "baseline": round(n.baseline, 1), "ratio": round(n.ratio, 4)}
        for n in numbers
    ]
    (ROOT / "benchmarks" / "latest.json").write_text(json.dumps(results, indent=2) + "\n")
    rows = "\n".join(f"| {n.name} | {n.value:,.0f} {n.unit} | {n.baseline:,.0f} {n.unit} | {n.ratio:.3f} |" for n in numbers)
    page = PAGE.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        partitions=partitions,
        events=events,
        rows=rows,
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    )
    (ROOT / "docs" / "benchmarks.md").write_text(page)
    print(rows)

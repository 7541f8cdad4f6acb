"""Measure every part on real Kafka, each beside a rival or a limit, in one run; see docs/benchmarks.md.

    make bench                              all of it (a quarter of an hour)
    make bench ONLY=gate,ledger_vs_faust    some; their rows alone are replaced in benchmarks/latest.json and docs/benchmarks.md
    make bench SCALE=0.02                   a small run, to see that it works; nothing is written

Everything runs once, on one broker, in worker processes as in production, on topics of its own that are deleted again.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import hashes, issuing, latency, million, pipeline, proof, race, recovery, verifying
from benchmarks.page import write
from benchmarks.plan import Plan
from deploy.kafka import Broker, KafkaUnavailableError
from schemas.topics import ENTRIES, INBOX

WARM_UP_CHAINS = 1_500
WARM_UP_COPIES = 3
HEAP_MB = 1_024

RACES = ("ledger_vs_faust", "ledger_vs_quix", "ledger_vs_limit", "ledger_two_workers")
PHASES: tuple[tuple[tuple[str, ...], Callable[[Plan, Sequence[str]], None]], ...] = (
    (("hash_vs_reference",), lambda plan, _: hashes.measure(plan)),
    (("issuing", "issuer"), lambda plan, _: issuing.measure(plan)),
    (("verify_credentials_per_s", "walk_500_s"), lambda plan, _: verifying.measure(plan)),
    (("gate", "ledger", "sink"), lambda plan, _: pipeline.measure(plan)),
    (RACES, race.measure),
    (("ledger_million_lots", "restore_million_lots_s"), lambda plan, _: million.measure(plan)),
    (("restart_s",), lambda plan, _: recovery.measure(plan)),
    (("ledger_p99_ms",), lambda plan, _: latency.ledger(plan)),
    (("whole_way", "whole_way_p99_ms"), lambda plan, _: latency.whole_way(plan)),
    (("audit_million_s",), lambda plan, _: proof.audit(plan)),
    (("trace_million_s",), lambda plan, _: proof.trace(plan)),
)
NAMES = tuple(name for names, _ in PHASES for name in names)


def run(plan: Plan, only: Sequence[str] = NAMES) -> list[str]:
    """Measure what is asked for into the plan. What failed, by the names of its phase: the others are measured all the same."""
    failed = []
    _warm_up(plan)
    for names, phase in PHASES:
        asked = [name for name in names if name in only]
        if not asked:
            continue
        began = time.monotonic()
        try:
            phase(plan, asked)
        except Exception:  # noqa: BLE001  # told, and the run is marked as failed
            traceback.print_exc()
            failed += asked
        print(f"-- {', '.join(asked)}: {time.monotonic() - began:.0f} s", flush=True)
    return failed


def _warm_up(plan: Plan) -> None:
    """A broker just started does a third of what it does later: its code is not compiled yet."""
    with plan.world("warm") as world:
        pipeline.books(world, plan.size(WARM_UP_CHAINS, 20))
        for _ in range(plan.size(WARM_UP_COPIES, 1)):
            for topic in (INBOX, ENTRIES):
                pipeline.copy(world, topic)


@contextmanager
def kafka() -> Iterator[str]:
    """The broker of KAFKA_BOOTSTRAP_SERVERS, else a node of our own."""
    if address := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield address
        return
    with Broker(heap_mb=HEAP_MB) as broker:
        yield broker.bootstrap_servers


def main() -> int:
    """Run and write the results. The exit code: 0, 1 where a phase failed, or 3 where there is no real Kafka."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--scale", type=float, default=1.0, help="1: what the published numbers are made with")
    arguments = parser.parse_args()
    only = tuple(filter(None, arguments.only.split(","))) or NAMES
    if unknown := set(only) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in [name for name in os.environ if name.startswith("LODESTREAM_")]:
        del os.environ[name]  # the settings of a run are the run's own
    try:
        with kafka() as address, tempfile.TemporaryDirectory(prefix="lodestream-bench-") as folder:
            plan = Plan(address, Path(folder), arguments.scale)
            failed = run(plan, only)
    except KafkaUnavailableError as reason:
        print(f"no real Kafka to measure on: {reason}", file=sys.stderr)
        return 3
    if arguments.scale == 1.0:
        write(plan.numbers, fresh=only == NAMES)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Proof: an audit of a million transactions, and traces among a million lots, as the commands that an auditor runs."""

import subprocess
import sys
import time

import msgspec

from benchmarks.pipeline import long_books
from benchmarks.plan import Plan
from benchmarks.stage import need
from benchmarks.tracing import JOINED, Ways
from cli.audited import Question, audit_kafka
from cli.kafka_books import Books
from schemas.topics import ENTRIES, TRANSACTIONS

CHAINS = 167_000  # six transactions each
LOTS = 1_000_000
TRACES = 5
GOAL_AUDIT_S = 120.0
GOAL_TRACE_S = 1.0


def audit(plan: Plan) -> None:
    """audit_million_s: seconds for a million outcomes, from Kafka, in a process for each core. One round: it is long."""
    with plan.world("audit") as world:
        long_books(world, plan.size(CHAINS, 40))
        where = Books(world.topic(ENTRIES), world.topic(TRANSACTIONS), world.group("ledger"))
        began = time.monotonic()
        verdict = audit_kafka(world.settings, Question(), where)
        took = time.monotonic() - began
        need(verdict.difference is None and verdict.waiting == 0, f"the books differ: {verdict.difference}")
    plan.say("audit_million_s", [took * 1e6 / verdict.outcomes], "s", [GOAL_AUDIT_S])


def trace(plan: Plan) -> None:
    """trace_million_s, trace_million_asked_s, trace_million_large_s: the command, its questions alone, and a large lineage."""
    folder = plan.folder / "traced"
    command = [sys.executable, "-m", "benchmarks.tracing", str(folder), str(plan.size(LOTS, 1_000)), str(plan.rounds * TRACES)]
    made = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    ways = msgspec.json.decode(made.stdout, type=Ways)
    address = f"clickhouse.url=chdb://{folder}"
    plan.say("trace_million_s", [_traced(address, lot) for lot in ways.lots], "s", [GOAL_TRACE_S])
    plan.say("trace_million_asked_s", ways.asked_s, "s", [GOAL_TRACE_S])
    large = [_traced(address, ways.large, JOINED - 1) for _ in range(plan.rounds)]
    plan.say("trace_million_large_s", large, "s", [GOAL_TRACE_S])


def _traced(address: str, lot: str, links: int = 1) -> float:
    """Seconds of `lodestream trace`, from its start to its end; it must tell of so many links."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "-s", address, "trace", lot], stdout=subprocess.PIPE, check=True, text=True
    )
    took = time.monotonic() - began
    need(done.stdout.count(" kg, ") >= links, f"the trace of {lot} tells of fewer links than {links}")
    return took

"""Proof: an audit of a whole log beside what a million transactions in two minutes need, and a trace among a million lots."""

import json
import subprocess
import sys
import time

from benchmarks.pipeline import books
from benchmarks.plan import Plan
from benchmarks.stage import need
from cli.audited import Question, audit_kafka
from cli.kafka_books import Books
from schemas.topics import ENTRIES, TRANSACTIONS

CHAINS = 17_000  # six transactions each
LOTS = 1_000_000
GOAL_PER_SECOND = 1_000_000 / 120
GOAL_TRACE_S = 1.0


def audit(plan: Plan) -> None:
    """audit: outcomes a second, from Kafka, in as many processes as there are cores."""
    with plan.world("audit") as world:
        books(world, plan.size(CHAINS, 40))
        where = Books(world.topic(ENTRIES), world.topic(TRANSACTIONS), world.group("ledger"))
        found = []
        for _ in range(plan.rounds):
            began = time.monotonic()
            verdict = audit_kafka(world.settings, Question(), where)
            found.append(verdict.outcomes / (time.monotonic() - began))
            need(verdict.difference is None and verdict.waiting == 0, f"the books differ: {verdict.difference}")
    plan.say("audit", found, "outcomes/s", [GOAL_PER_SECOND])


def trace(plan: Plan) -> None:
    """trace_million_lots_s: the way of a lot, both directions, in a process of its own: chDB opens one folder in each."""
    folder = plan.folder / "traced"
    command = [sys.executable, "-m", "benchmarks.tracing", str(folder), str(plan.size(LOTS, 1_000)), str(plan.rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    plan.say("trace_million_lots_s", json.loads(done.stdout), "s", [GOAL_TRACE_S])

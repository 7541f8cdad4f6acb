"""The event hash beside the reference implementation, in the environment where both are."""

import json
import subprocess

from benchmarks.plan import Plan
from benchmarks.rivals import rival_python

EVENTS = 400


def measure(plan: Plan) -> None:
    """hash_vs_reference (one event at a time) and hash_vs_reference_batch (all in one document)."""
    command = [rival_python(), "-m", "benchmarks.hashing", str(plan.size(EVENTS, 8)), str(plan.rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    plan.say("hash_vs_reference", found["single_ours"], "events/s", found["single_reference"])
    plan.say("hash_vs_reference_batch", found["batch_ours"], "events/s", found["batch_reference"])

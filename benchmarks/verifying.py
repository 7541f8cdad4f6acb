"""Verification on one core: credentials per second with all that is checked of each, and a walk over five hundred of them.

    python -m benchmarks.verifying ../shared/data/untp

CPU time of this process, so that what else runs on the machine does not count; nothing is fetched. The folder holds the
official schemas and contexts, laid out as for `lodestream bundle install`.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.plan import Plan
from lodestream.credentials.bundle import Bundle, bundle_policies
from lodestream.credentials.did import document_bytes, parse_document
from lodestream.credentials.pins import CONTEXT_PINS, SCHEMA_PINS
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy
from lodestream.credentials.verify import verify
from lodestream.credentials.walk import walk
from tests.walk.chain import NOW_US, PARTIES, TRUST, signer
from tests.walk.many import many

FOLDER = Path(__file__).resolve().parents[1].parent / "shared/data/untp"
RUNS = 250  # each has a passport and an event
TIMES = 1_000
GOAL_PER_S, GOAL_WALK_S = 1_000.0, 2.0


def measure(plan: Plan, folder: Path = FOLDER) -> None:
    """verify_credentials_per_s (proof, models, dates, JSON Schema, strict JSON-LD) and walk_500_s."""
    policies = (*DEFAULT_POLICIES, *bundle_policies(_bundle(folder)))
    runs = plan.size(RUNS, 5)
    world, start = many(runs)
    paces = [_pace(world.places, plan.size(TIMES, 20), policies) for _ in range(plan.rounds)]
    plan.say("verify_credentials_per_s", paces, "1/s", [GOAL_PER_S])

    def walked() -> None:
        report = walk(start, world, TRUST, None, NOW_US, policies=policies)
        assert report.verified
        assert len(report.visited) >= 2 * runs

    plan.say("walk_500_s", [_seconds(walked) for _ in range(plan.rounds)], "s", [GOAL_WALK_S])


def _pace(places: Mapping[str, object], times: int, policies: tuple[Policy, ...]) -> float:
    """Different credentials in turn, a passport and an event of each run, each parsed from its bytes."""
    kinds = sorted(url for url in places if "/dpp-" in url or "/dte-" in url)
    documents = {name: parse_document(document_bytes(signer(did))) for name, did in PARTIES.items()}
    given = [(places[url], documents[url.removeprefix("https://").partition(".")[0]]) for url in kinds]

    def all_of_them() -> None:
        for number in range(times):
            data, document = given[number % len(given)]
            assert isinstance(data, bytes)
            assert verify(data, document, NOW_US, policies).verified

    return times / _seconds(all_of_them)


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _bundle(folder: Path) -> Bundle:
    paths = [pin.path for pin in (*CONTEXT_PINS, *SCHEMA_PINS)]
    return Bundle({path: (folder / path).read_bytes() for path in paths if (folder / path).exists()})


if __name__ == "__main__":
    measure(Plan("", Path()), Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

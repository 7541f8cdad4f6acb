"""`make faults`: the whole campaign on a real Kafka of its own, with a table of what was seen; exit code 1 where anything failed.

python -m tests.faults [SEED]
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from deploy.kafka import KafkaUnavailableError
from tests.faults.campaign import Campaign, Row, at_random, broker_restart, forced, membership, twin, zombie
from tests.faults.for_good import dies_for_good
from tests.faults.load import Load
from tests.faults.stage import Stage, leave, stage

EVENTS = 20_000
MINES = 8
KILLS = 20
RATE = 40.0
PLAN = (
    (forced(), 0),
    (at_random(KILLS), 6_000),
    (broker_restart(1.0), 1_000),
    (broker_restart(15.0), 1_000),
    (zombie, 0),
    (twin, 0),
    (membership, 3_000),
    (dies_for_good, 0),
)
"""Each fault, and how many events come at once with it."""
BATCH = {"LODESTREAM_WORKER__BATCH_RECORDS": "100"}


def main(arguments: list[str]) -> int:
    """0: everything holds; 1: something does not; 3: there is no real Kafka here."""
    seed = int(arguments[0]) if arguments else 1
    folder = Path(tempfile.mkdtemp(prefix="lodestream-faults-"))
    try:
        made = stage(folder, **BATCH)
    except KafkaUnavailableError as reason:
        say(f"no real Kafka of our own to kill: {reason}")
        return 3
    try:
        return run(made, seed)
    finally:
        leave(made)
        say(f"the workers' logs are in {folder}")


def run(made: Stage, seed: int) -> int:
    """All faults, one after the other."""
    began = time.monotonic()
    campaign = Campaign(made, Load(made.bootstrap, MINES), random.Random(seed), RATE, said=show)  # noqa: S311  # repeatable
    say(f"seed {seed}; the broker is {made.bootstrap}, the folder {made.folder}")
    campaign.begin(1_000)
    for fault, at_once in PLAN:
        campaign.fault(fault, at_once)
    campaign.fault(the_rest, max(0, EVENTS - campaign.load.events))
    bad = [row for row in campaign.rows if row.wrong]
    say(f"{campaign.load.events:,} events, {sum(row.times for row in campaign.rows)} faults, {time.monotonic() - began:.0f} s: ")
    say(f"{len(bad)} of {len(campaign.rows)} FAILED" if bad else "everything holds")
    return 1 if bad else 0


def the_rest(campaign: Campaign) -> Row:
    """No fault: what is still to be sent."""
    campaign.load.stop()
    return Row("none: the rest of the events", 0)


def show(row: Row) -> None:
    """A line of the table, and what was seen below it."""
    verdict = "FAILED" if row.wrong else "holds"
    say(f"{row.fault:<46} x{row.times:<3} {row.events:>6} events {row.seconds:>5.0f} s  {verdict}")
    for line in [*row.seen, *(f"WRONG: {each}" for each in row.wrong)]:
        say(f"    {line}")


def say(line: str) -> None:
    """To whoever watches, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make faults`: the whole campaign on a real Kafka of its own, with a table of what was seen; exit code 1 where anything failed.

python -m tests.faults [SEED]
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka import KafkaUnavailableError
from tests.faults.campaign import Campaign, Row, at_random, broker_restart, forced, membership, twin, zombie
from tests.faults.clickhouse import away, misbehaving, too_late
from tests.faults.data import bug, state_damaged, state_deleted, too_large, unreadable_entries
from tests.faults.for_good import dies_for_good
from tests.faults.load import Load
from tests.faults.months import months_close
from tests.faults.stage import LostMarkersError, leave, stage

EVENTS = 20_000
MINES = 8
KILLS = 20
RATE = 40.0
AWAY_S = 60.0
PLAN = (
    (unreadable_entries, 0),
    (too_large, 0),
    (bug, 0),
    (state_damaged, 0),
    (state_deleted, 0),
    (away(AWAY_S), 0),
    *((misbehaving(kind), 0) for kind in ("refuse", "refuse_after", "cut")),
    *((too_late(kind), 0) for kind in ("later", "late")),
    (zombie, 0),
    (twin, 0),
    (dies_for_good, 0),
    (forced(), 0),
    (membership, 3_000),
    (at_random(KILLS), 6_000),
    (months_close, 0),
)
"""Each fault, and how many events come at once with it: the most at the end, for each check is of everything so far."""
BROKER_AWAY_S = (1.0, 15.0)
ATTEMPTS = 5
"""The broker is killed so often, until it comes back with its own transactions whole (LostMarkersError)."""
BATCH = {"LODESTREAM_WORKER__BATCH_RECORDS": "100"}


def main(arguments: list[str]) -> int:
    """0: everything holds; 1: something does not; 3: there is no real Kafka here."""
    seed = int(arguments[0]) if arguments else 1
    folder = Path(tempfile.mkdtemp(prefix="lodestream-faults-"))
    rows: list[Row] = []
    began = time.monotonic()
    try:
        say(f"seed {seed}; the workers' logs are in {folder}")
        rows += workers_die(folder / "workers", seed)
        for n, away_s in enumerate(BROKER_AWAY_S):
            rows += broker_dies(folder / f"broker-{n}", seed, away_s)
    except KafkaUnavailableError as reason:
        say(f"no real Kafka of our own to kill: {reason}")
        return 3
    bad = [row for row in rows if row.wrong]
    events, faults = sum(row.events for row in rows), sum(row.times for row in rows)
    say(f"{events:,} events, {faults} faults, {time.monotonic() - began:.0f} s")
    say(f"{len(bad)} of {len(rows)} FAILED" if bad else "everything holds")
    return 1 if bad else 0


def workers_die(folder: Path, seed: int) -> list[Row]:
    """All faults of workers, of what they are given and of ClickHouse, one after the other, on one broker."""
    with campaign(folder, seed, serve=True) as running:
        for fault, at_once in PLAN:
            running.fault(fault, at_once)
        if running.load.events < EVENTS:
            running.fault(the_rest, EVENTS - running.load.events)
        return running.rows


def broker_dies(folder: Path, seed: int, away_s: float) -> list[Row]:
    """The broker killed, on one of its own: where it breaks its transactions itself, what it holds proves nothing."""
    for attempt in range(ATTEMPTS):
        with campaign(folder / str(attempt), seed + attempt) as running:
            try:
                running.fault(broker_restart(away_s), 1_000)
            except LostMarkersError as reason:
                say(f"void: {reason}")
                continue
            return running.rows
    return [Row(f"broker killed, away {away_s:.0f} s", ATTEMPTS, wrong=["no attempt in which the broker kept its transactions"])]


@contextmanager
def campaign(folder: Path, seed: int, *, serve: bool = False) -> Iterator[Campaign]:
    """A broker with all workers at work on it."""
    folder.mkdir(parents=True)
    made = stage(folder, serve=serve, **BATCH)
    try:
        running = Campaign(made, Load(made.bootstrap, MINES), random.Random(seed), RATE, said=show)  # noqa: S311  # repeatable
        running.begin(1_000)
        yield running
    finally:
        leave(made)


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

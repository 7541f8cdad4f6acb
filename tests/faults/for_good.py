"""A ledger worker that dies in the middle of a transaction and does not come back: how long the others suffer from it."""

import time
from collections import deque

from schemas.topics import ENTRIES
from tests.faults.campaign import LEDGER, TWO, Campaign, Row, owners, unfinished
from tests.faults.probe import Probe, p99
from tests.faults.stage import Death

RECOVERED_S = 25.0
"""runtime-rules, section 3."""
WATCHED_S = 35.0
LEAST_BATCHES = 20
LATE_S = 1.0
DEFAULTS = {"LODESTREAM_KAFKA__SESSION_TIMEOUT_MS": "15000", "LODESTREAM_KAFKA__TRANSACTION_TIMEOUT_MS": "10000"}


def dies_for_good(campaign: Campaign) -> Row:
    """At the default time-outs, under a paced load, with an entry for the others in what it leaves open.

    Late is what takes longer than a second and thrice the p99 before.
    """
    stage, usual = campaign.stage, dict(campaign.stage.settings)
    stage.end(LEDGER)
    stage.settings |= DEFAULTS
    stage.plans[TWO] = deque([Death("KILL", "crossing", LEAST_BATCHES)])
    stage.run(LEDGER, TWO)
    victim = stage.forsake(TWO)
    stage.until(lambda: set(owners(stage)) == {LEDGER, TWO}, "two ledger workers to share the partitions")
    others = set(owners(stage)[LEDGER])
    probe = Probe(stage)
    stage.until(lambda: victim.poll() is not None, "the worker to die in its transaction")
    died, left = time.time(), unfinished(stage)
    stage.pause(WATCHED_S)
    campaign.load.stop()
    stage.settle()
    passages = probe.stop()

    row = Row("ledger worker dies for good in a transaction", 1)
    hidden = {batch.partition for topic, batch in left if topic == ENTRIES} & others
    row.seen.append(f"it left a transaction open on entries of partitions {sorted(hidden)}, which the others read")
    row.need(bool(hidden), "what it left open is in nobody else's way")
    theirs = [passage for passage in passages if passage.partition in others]
    before = p99([passage for passage in theirs if passage.seen < died])
    late = max(LATE_S, 3 * before)
    for whose, of in (("others'", theirs), ("all", passages)):
        last = max((passage.seen - died for passage in of if passage.seen > died and passage.took > late), default=0.0)
        after = [passage for passage in of if passage.written > died + RECOVERED_S]
        row.seen.append(f"{whose} p99 recovered after {last:.1f} s, from then {p99(after):.2f} s (before {before:.2f} s)")
        if whose != "all":
            row.need(last <= RECOVERED_S, f"the others' p99 had not recovered after {RECOVERED_S} s")
            row.need(p99(after) <= late, f"the others' p99 is {p99(after):.2f} s for good")
    stage.end(LEDGER)
    stage.settings = usual
    stage.run(LEDGER)
    return row

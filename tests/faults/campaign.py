"""The faults, one function each: it brings them about under load, waits until all is done, and tells what was seen.

What is broken once stays broken: the logs only grow, and the check after each fault is of everything since the beginning.
"""

import random
import signal
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from lodestream.ledger.records import Entry
from schemas import topics
from schemas.codec import encode
from tests.faults import reading, segments
from tests.faults.load import Load, books
from tests.faults.stage import Death, LostMarkersError, Stage, Worker
from tests.faults.steps import LEAVES_A_BATCH, STEPS
from tests.faults_data.place import write

GATE, LEDGER, ISSUER, SINK = (Worker(name) for name in STEPS)
WORKERS = (GATE, LEDGER, ISSUER, SINK)
TWO, THREE = Worker("ledger", "two"), Worker("ledger", "three")
WROTE = {
    GATE: (topics.REJECTED,),
    LEDGER: (topics.LEDGER_CHANGELOG, topics.TRANSACTIONS, topics.ENTRIES),
    ISSUER: (topics.ISSUER_CHANGELOG, topics.CREDENTIALS),
}
WATCHED = (topics.ENTRIES, topics.REJECTED, topics.TRANSACTIONS, topics.CREDENTIALS)
"""Topics in which a reader of uncommitted records is asked for what a reader of committed ones does not see."""
PATIENT = {"LODESTREAM_KAFKA__SESSION_TIMEOUT_MS": "90000", "LODESTREAM_KAFKA__TRANSACTION_TIMEOUT_MS": "80000"}
"""While a broker is away: what times out before its node is back is broken by the node itself (LostMarkersError)."""
FENCED = 4
ENDED = "ended as fenced"
SESSION_S = 6.0
"""As tests/way/cluster.py sets it."""
Left = tuple[str, segments.Batch]
"""A batch in a transaction that nobody has ended, and its topic."""


@dataclass
class Row:
    """One line of the table."""

    fault: str
    times: int
    seen: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    events: int = 0

    def need(self, holds: bool, what: str) -> None:
        """Something that must have been seen, else the fault was none."""
        if not holds:
            self.wrong.append(what)


@dataclass
class Campaign:
    """One run of faults on one stage. `rate` is the load in events a second."""

    stage: Stage
    load: Load
    rng: random.Random
    rate: float
    rows: list[Row] = field(default_factory=list)
    said: Callable[[Row], None] = lambda row: None

    def begin(self, events: int) -> None:
        """All workers at work on so many events."""
        self.write(books(self.load.mines))
        self.load.send(events)
        self.load.stop()
        self.stage.run(*WORKERS)
        self.stage.settle()

    def write(self, entries: list[Entry]) -> None:
        """Entries that no event has caused."""
        self.stage.sent += write(self.stage.bootstrap, [(encode(one), one.site.encode(), None) for one in entries])

    def fault(self, bring_about: Callable[["Campaign"], Row], at_once: int = 0) -> Row:
        """One fault under load, of which so many events come at once, and the check after it."""
        began, before = time.monotonic(), self.load.events
        self.load.send(at_once)
        self.load.start(self.rate)
        try:
            row = bring_about(self)
        finally:
            self.load.stop()
        self.stage.settle()
        row.wrong += self.stage.check()[1]
        row.seconds, row.events = time.monotonic() - began, self.load.events - before
        self.rows.append(row)
        self.said(row)
        return row

    def aborted(self, begin: dict[str, dict[int, int]], row: Row) -> dict[str, set[segments.Producer]]:
        """Who had records of a topic taken back since `begin`; and a reader of uncommitted records sees some of them."""
        data = self.stage.node.folder
        who = {name: segments.aborted(data, [name], begin) for name in begin}
        unseen = {name: len(reading.aborted(self.stage.bootstrap, name, begin[name])) for name in WATCHED}
        row.seen.append("hidden from readers: " + ", ".join(f"{n} of {name}" for name, n in unseen.items() if n))
        for name, n in unseen.items():
            row.need(bool(n) == bool(who[name]), f"{name}: {n} records are hidden, but {len(who[name])} producers aborted some")
        return who

    def ends(self) -> dict[str, dict[int, int]]:
        """Where each topic that is written in transactions ends now."""
        return self.stage.ends(*dict.fromkeys([*WATCHED, *(name for names in WROTE.values() for name in names)]))


def forced(only: dict[Worker, tuple[str, ...]] | None = None) -> Callable[[Campaign], Row]:
    """kill -9 at each step between produce and commit and beside them: of all workers, each one step after the other."""
    steps: dict[Worker, tuple[str, ...]] = {worker: STEPS[worker.name] for worker in WORKERS} if only is None else only

    def bring_about(campaign: Campaign) -> Row:
        stage, row = campaign.stage, Row("kill -9 forced at each step", sum(map(len, steps.values())))
        begin = campaign.ends()
        stage.deaths.clear()
        stage.end(*steps)
        for worker, names in steps.items():
            stage.plans[worker] = deque(Death("KILL", step, campaign.rng.randint(1, 3)) for step in names)
        stage.run(*steps)
        kills = {worker: len(names) for worker, names in steps.items()}
        stage.until(lambda: all(stage.deaths[w, -signal.SIGKILL] >= n for w, n in kills.items()), "every forced death")
        stage.supervise()
        others = {w.name: code for (w, code), _ in stage.deaths.items() if code != -signal.SIGKILL}
        row.need(not others, f"workers ended otherwise: {others}")
        campaign.load.stop()
        stage.settle()
        who = campaign.aborted(begin, row)
        ledger_or_issuer = {p.id for w in (LEDGER, ISSUER) for name in WROTE[w][:1] for p in who[name]}
        for worker in kills.keys() & WROTE.keys():
            # The gate and the ledger write to the same entries: the gate's are those of no producer that writes a changelog.
            names = (topics.ENTRIES, topics.REJECTED) if worker == GATE else WROTE[worker]
            found = {p for name in names for p in who[name] if worker != GATE or p.id not in ledger_or_issuer}
            wanted = len(LEAVES_A_BATCH.intersection(steps[worker]))
            row.seen.append(f"{worker.name}: {len(found)} aborted for {wanted} deaths between produce and commit")
            row.need(len(found) >= wanted, f"{worker.name}: {wanted} deaths left only {len(found)} aborted transactions")
        return row

    return bring_about


def at_random(kills: int) -> Callable[[Campaign], Row]:
    """kill -9 of gate, ledger, issuer and sink in turn, at seeded moments."""

    def bring_about(campaign: Campaign) -> Row:
        stage, rng = campaign.stage, campaign.rng
        victims = [WORKERS[n % len(WORKERS)] for n in range(kills)]
        rng.shuffle(victims)
        begin = campaign.ends()
        for victim in victims:
            stage.pause(rng.uniform(0.3, 3.0))
            stage.kill(victim)
            stage.run(victim)
        campaign.load.stop()
        stage.settle()
        row = Row("kill -9 at random moments", kills, [", ".join(f"{w.name} {n}" for w, n in Counter(victims).items())])
        found = {p for who in campaign.aborted(begin, row).values() for p in who}
        row.seen.append(f"{len(found)} of them left an aborted batch")
        return row

    return bring_about


def broker_restart(away_s: float) -> Callable[[Campaign], Row]:
    """The broker killed while all work, and back on the same data and port. Raises LostMarkersError."""

    def bring_about(campaign: Campaign) -> Row:
        stage, usual = campaign.stage, dict(campaign.stage.settings)
        _with(stage, usual | PATIENT)
        stage.deaths.clear()
        stage.pause(campaign.rng.uniform(1.0, 2.0))
        began, before = time.monotonic(), dict(stage.running)
        stage.node.kill()
        stage.pause(away_s)
        stage.node.start()
        up = time.monotonic() - began
        campaign.load.stop()
        stage.until(lambda: stage.node.lost_markers() or stage.settled(), "the workers to be done")
        if stage.node.lost_markers():
            raise LostMarkersError("the broker left out markers of transactions when it came back: KAFKA-20734")
        survived = sum(stage.running[worker] is process for worker, process in before.items())
        row = Row(f"broker killed, away {away_s:.0f} s", 1)
        row.seen.append(f"broker up after {up:.1f} s, all done {time.monotonic() - began - up:.1f} s later")
        ended = ", ".join(f"{worker.name} with {code}" for worker, code in stage.deaths) or "none"
        row.seen.append(f"{survived} of {len(before)} workers survived; ended and started again: {ended}")
        _with(stage, usual)
        return row

    return bring_about


def _with(stage: Stage, settings: dict[str, str]) -> None:
    """All workers anew, with these settings."""
    workers = list(stage.running)
    stage.end(*workers)
    stage.settings = settings
    stage.run(*workers)
    stage.until(lambda: LEDGER in owners(stage), "the workers to be at work")


def zombie(campaign: Campaign) -> Row:
    """A ledger worker frozen with everything produced and nothing committed, past its session; another takes over; it wakes."""
    stage = campaign.stage
    begin = campaign.ends()
    stage.deaths.clear()
    stage.end(LEDGER)
    stage.plans[LEDGER] = deque([Death("STOP", "commit", 5)])
    stage.run(LEDGER)
    stage.until(lambda: frozen(stage.running[LEDGER].pid), "the worker to freeze in its transaction")
    asleep = time.monotonic()
    open_now = unfinished(stage)
    stage.run(TWO)
    took = stage.until(lambda: set(owners(stage)) == {TWO}, "another worker to have all partitions")
    stage.until(lambda: not unfinished(stage) & open_now, "the time-out of its transaction")
    stage.pause(max(1.0, SESSION_S + 1 - (time.monotonic() - asleep)))
    taken = campaign.ends()
    woken_log = stage.log_of(LEDGER).stat().st_size
    slept = time.monotonic() - asleep
    stage.running[LEDGER].send_signal(signal.SIGCONT)
    stage.until(lambda: told_off(stage, woken_log), "the zombie to be refused")
    campaign.load.stop()
    stage.settle()
    row = Row("zombie: frozen before its commit, woken", 1, [f"slept {slept:.1f} s, replaced after {took:.1f} s"])
    _nothing_of(campaign, row, open_now, taken)
    said = told_off(stage, woken_log)
    row.seen.append(f"it {said}")
    if said == ENDED:
        stage.until(lambda: stage.deaths[LEDGER, FENCED] > 0, "the supervisor to see that the zombie has ended")
    campaign.aborted(begin, row)
    stage.end(TWO)
    stage.until(lambda: set(owners(stage)) == {LEDGER}, "one ledger worker to have all partitions again")
    return row


def twin(campaign: Campaign) -> Row:
    """The same, but the one that takes over is the same instance, started elsewhere: the zombie must end as fenced."""
    stage = campaign.stage
    stage.end(LEDGER)
    stage.plans[LEDGER] = deque([Death("STOP", "commit", 5)])
    stage.run(LEDGER)
    stage.until(lambda: frozen(stage.running[LEDGER].pid), "the worker to freeze in its transaction")
    open_now, sleeper = unfinished(stage), stage.forsake(LEDGER)
    elsewhere = {"LODESTREAM_DATA_DIR": str(stage.folder / "elsewhere")}
    stage.settings |= elsewhere
    stage.run(LEDGER)
    del stage.settings["LODESTREAM_DATA_DIR"]
    stage.until(lambda: not unfinished(stage) & open_now, "the twin to have ended what was open")
    stage.pause(2.0)
    taken = campaign.ends()
    sleeper.send_signal(signal.SIGCONT)
    code = sleeper.wait(60)
    row = Row("zombie: its instance started elsewhere", 1, [f"it ended with {code} (fenced is {FENCED})"])
    row.need(code == FENCED, f"the zombie ended with {code} and not as fenced")
    _nothing_of(campaign, row, open_now, taken)
    campaign.load.stop()
    stage.settle()
    stage.end(LEDGER)
    stage.run(LEDGER)
    return row


def _nothing_of(campaign: Campaign, row: Row, left: set[Left], taken: dict[str, dict[int, int]]) -> None:
    """What the zombie had left open is taken back, and its producer (id and epoch as it froze) wrote nothing afterwards."""
    zombies, gone = {batch.producer for _, batch in left}, set()
    for name in WROTE[LEDGER]:
        for ended in segments.transactions(segments.batches(campaign.stage.node.folder, name)):
            theirs = [batch for batch in ended.batches if batch.producer in zombies]
            row.need(not any(b.first >= taken[name][b.partition] for b in theirs), f"{name}: the zombie wrote after the takeover")
            if not ended.marker.marker:
                gone |= {(name, batch) for batch in theirs}
    row.need(bool(left), "no transaction was open when it froze")
    row.need(left <= gone, f"{len(left - gone)} batches that the zombie had left open were committed")
    who = ", ".join(f"{producer.id} epoch {producer.epoch}" for producer in zombies)
    row.seen.append(f"all {len(left)} open batches of producer {who} were taken back, it wrote none after the takeover")


def membership(campaign: Campaign) -> Row:
    """Two and three ledger workers joining and leaving."""
    stage = campaign.stage
    moves: list[tuple[Callable[..., None], Worker]] = [
        (stage.run, TWO),
        (stage.run, THREE),
        (stage.end, LEDGER),
        (stage.end, TWO),
        (stage.run, LEDGER),
        (stage.run, TWO),
        (stage.end, THREE),
    ]
    stage.deaths.clear()
    for move, worker in moves:
        move(worker)
        here = {each for each in stage.running if each.name == "ledger"}
        stage.until(lambda here=here: set(owners(stage)) == here, f"{len(here)} ledger workers to share the partitions")
        stage.pause(campaign.rng.uniform(0.5, 2.0))
    row = Row("ledger workers joining and leaving", len(moves), ["never fewer than 1, up to 3, each owned partitions"])
    row.need(not stage.deaths, f"workers ended: {dict(stage.deaths)}")
    campaign.load.stop()
    stage.settle()
    stage.end(TWO)
    return row


# --- what is seen of processes -------------------------------------------------------------------------------------------------


def frozen(pid: int) -> bool:
    """Whether the process is stopped by a signal."""
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123  # no file of ours
        return stat.read().rpartition(")")[2].split()[0] == "T"


def owners(stage: Stage) -> dict[Worker, list[int]]:
    """The ledger workers that have partitions, by the broker's word; none while it says nothing."""
    try:
        # A client of its own: one whose question about a group had once timed out got no answer to any later one (tried).
        admin = AdminClient({"bootstrap.servers": stage.bootstrap, "log_level": 0})
        group = admin.describe_consumer_groups(["ledger"], request_timeout=5)["ledger"].result(30)
    except KafkaException:
        return {}
    found = {}
    for member in group.members:
        numbers = sorted(place.partition for place in member.assignment.topic_partitions)
        if numbers:
            found[Worker("ledger", member.group_instance_id.removeprefix("ledger-"))] = numbers
    return found


def unfinished(stage: Stage) -> set[Left]:
    """What ledger workers have written in transactions that are open: who has one writes to the changelog too."""
    found: dict[tuple[str, int, int], list[Left]] = {}
    for topic in WROTE[LEDGER]:
        for batch in segments.batches(stage.node.folder, topic):
            place = (topic, batch.partition, batch.producer.id)
            if batch.marker is None:
                found.setdefault(place, []).append((topic, batch))
            else:
                found.pop(place, None)
    ledgers = {producer for topic, _, producer in found if topic == topics.LEDGER_CHANGELOG}
    return {each for (_, _, producer), batches in found.items() if producer in ledgers for each in batches}


def told_off(stage: Stage, since: int) -> str:
    """What the ledger's log says of the refused transaction, from a place in it on; empty: nothing yet."""
    with stage.log_of(LEDGER).open("rb") as log:
        log.seek(since)
        said = log.read().decode(errors="replace")
    if '"code": "FENCED"' in said:
        return ENDED
    return "had its transaction refused, aborted it and joined anew" if '"transaction aborted"' in said else ""

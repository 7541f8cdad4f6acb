"""How long it takes: an entry to its transaction, and a document to its rows in ClickHouse; and what the whole way sustains."""

import threading
import time
from contextlib import ExitStack

from confluent_kafka import Producer

from benchmarks.filling import fill
from benchmarks.lots import SITES, draws
from benchmarks.pipeline import READ_BY_SINK, ask
from benchmarks.plan import Plan
from benchmarks.stage import Tail, need, percentile, put, send, steadily
from benchmarks.workload import EVENTS_PER_CHAIN, documents, event_ids, inbox
from benchmarks.world import World
from lodestream.ledger.records import Outcome
from runtime import clients
from schemas.codec import decode, encode
from schemas.topics import ENTRIES, INBOX, TRANSACTIONS
from sinks.clickhouse.readside import Reader, open_reader

LOTS = 10_000
LEDGER_PER_S, LEDGER_S = 1_000, 20
LEDGER_WARM_UP_S = 10  # of the same pace: the broker compiles its code and the files of a new state are sorted meanwhile
CHAINS, WARM_UP_CHAINS = 4_000, 200
HALF_S = 20
SAMPLED = 20  # one document in so many is looked for in ClickHouse
LOOK_S = 0.2  # each look is a query in the sink's own process: at 0.05 they were a part of what was measured
DEADLINE_S = 120.0
THERE = "SELECT DISTINCT event_id FROM lodestream_raw.transactions WHERE event_id IN"
GOAL_LEDGER_MS, GOAL_WAY_PER_S, GOAL_WAY_MS = 100.0, 3_000.0, 2_000.0


def ledger(plan: Plan) -> None:
    """ledger_p99_ms: from the moment at which an entry is due to that at which its transaction can be read committed."""
    per_site = plan.size(LOTS, 4 * SITES) // SITES
    with plan.world("wait") as world:
        fill(world, per_site)
        with world.worker("ledger"):
            warm_up, count = (plan.size(LEDGER_PER_S * seconds, 500) for seconds in (LEDGER_WARM_UP_S, LEDGER_S))
            waits = _waits(world, per_site, warm_up, count)
    plan.say("ledger_p50_ms", [percentile(waits, 0.5)], "ms", [GOAL_LEDGER_MS])
    plan.say("ledger_p99_ms", [percentile(waits, 0.99)], "ms", [GOAL_LEDGER_MS])


def _waits(world: World, per_site: int, warm_up: int, count: int) -> list[float]:
    """Milliseconds, of each entry behind the first `warm_up`."""
    entries = list(draws("wait", per_site, 1 + warm_up + count))
    records = [(entry.site.encode(), encode(entry)) for entry in entries]
    seen: list[tuple[float, bytes]] = []
    stop = threading.Event()
    tail = Tail(world.sight, world.topic(TRANSACTIONS))

    def collect() -> None:
        while not stop.is_set():
            seen.extend((time.monotonic(), message.value() or b"") for message in tail.poll(0.05))

    reader = threading.Thread(target=collect)
    reader.start()
    try:
        producer = clients.producer(world.settings, linger_ms=0)
        _connect(producer, world.topic(ENTRIES), records.pop(0))
        due = {}
        for number, moment in enumerate(steadily(LEDGER_PER_S, warm_up + count)):
            put(producer, world.topic(ENTRIES), *records[number])
            producer.poll(0)
            if number >= warm_up:
                due[entries[1 + number].entry_id] = moment
        producer.flush(30)
        world.sight.wait(world.group("ledger"), world.topic(ENTRIES))
    finally:
        stop.set()
        reader.join()
        tail.close()
    found = [(moment, decode(value, Outcome).entry_id) for moment, value in seen]
    waits = [(moment - due[entry_id]) * 1000 for moment, entry_id in found if entry_id in due]
    need(len(waits) == count, f"{len(waits)} outcomes of {count} entries came")
    return waits


def whole_way(plan: Plan) -> None:
    """whole_way: gate, ledger, issuer and sink at once; then whole_way_p99_ms at half of what they sustain."""
    chains = plan.size(CHAINS, 40)
    with plan.world("way") as world, ExitStack() as stack:
        for name in ("gate", "ledger", "issuer", "sink"):
            stack.enter_context(world.worker(name))
        send(world.settings, world.topic(INBOX), inbox(documents("warm", plan.size(WARM_UP_CHAINS, 10))))
        _arrive(world)
        paces = [_pace(world, f"way{number}", chains) for number in range(plan.rounds)]
        plan.say("whole_way", paces, "events/s", [GOAL_WAY_PER_S])
        half = sorted(paces)[len(paces) // 2] / 2
        waits = _to_rows(world, half, round(half * plan.size(HALF_S, 3)) // EVENTS_PER_CHAIN)
    plan.say("whole_way_p50_ms", [percentile(waits, 0.5)], "ms", [GOAL_WAY_MS])
    plan.say("whole_way_p99_ms", [percentile(waits, 0.99)], "ms", [GOAL_WAY_MS])


def _pace(world: World, run: str, chains: int) -> float:
    """Events a second from the first document sent to the last row written."""
    records = list(inbox(documents(run, chains)))
    began = time.time()
    send(world.settings, world.topic(INBOX), records)
    _arrive(world)
    # The tables' own clock, which is this machine's: waiting for quiet is not counted.
    ended = ask(world, "SELECT toFloat64(max(last_written)) FROM sink_progress")
    return chains * EVENTS_PER_CHAIN / (ended - began)


def _arrive(world: World) -> None:
    """Wait until all is through."""
    for worker, topic in (("gate", INBOX), ("ledger", ENTRIES), ("issuer", TRANSACTIONS)):
        world.sight.wait(world.group(worker), world.topic(topic))
    world.sight.wait(world.group("sink"), *(name for name in map(world.topic, READ_BY_SINK) if world.sight.ends(name)))


def _to_rows(world: World, per_second: float, chains: int) -> list[float]:
    """Milliseconds from the moment at which a document is due to that at which its last event's transaction can be queried."""
    records = list(inbox(documents("half", chains)))
    waiting: dict[str, float] = {}
    waits: list[float] = []
    sent = threading.Event()
    watcher = threading.Thread(target=_watch, args=(world, waiting, waits, sent))
    watcher.start()
    try:
        producer = clients.producer(world.settings, linger_ms=0)
        _connect(producer, world.topic(INBOX), next(iter(inbox(documents("first", 1)))))
        for number, moment in enumerate(steadily(per_second * 2 / EVENTS_PER_CHAIN, len(records))):
            put(producer, world.topic(INBOX), *records[number])
            producer.poll(0)
            if number % SAMPLED < 2:  # both documents of a chain in turn
                waiting[event_ids(records[number][1])[-1]] = moment
        producer.flush(30)
    finally:
        sent.set()
        watcher.join()
    need(not waiting, f"{len(waiting)} events never came to ClickHouse")
    return waits


def _connect(producer: Producer, topic: str, record: tuple[bytes, bytes]) -> None:
    """Send one record that is not measured: the first waits until the client has leaders and an id, half a second."""
    put(producer, topic, *record)
    producer.flush(30)


def _watch(world: World, waiting: dict[str, float], waits: list[float], sent: threading.Event) -> None:
    """Ask again and again which of the sampled events are there."""
    reader: Reader = open_reader(world.settings.clickhouse.url)
    deadline = time.monotonic() + DEADLINE_S
    try:
        while (waiting or not sent.is_set()) and time.monotonic() < deadline:
            asked = list(waiting)
            if asked:
                listed = ", ".join(f"'{event_id}'" for event_id in asked)
                found = reader.query(f"{THERE} ({listed})")
                now = time.monotonic()
                waits.extend((now - waiting.pop(event_id)) * 1000 for (event_id,) in found.rows)
            time.sleep(LOOK_S)
    finally:
        reader.close()

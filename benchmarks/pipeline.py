"""Gate, ledger and sink one by one, each on input that is there already, beside a plain transactional copy of that input."""

from contextlib import ExitStack

from benchmarks.plan import Plan
from benchmarks.stage import flow, need, send
from benchmarks.workload import EVENTS_PER_CHAIN, documents, inbox
from benchmarks.world import PARTITIONS, World
from schemas.topics import CREDENTIALS, ENTRIES, INBOX, REJECTED, TRANSACTIONS, Topic, declared
from sinks.clickhouse.readside import open_reader

CHAINS = 6_000
PART = 15_000
BATCHES = """
SELECT toUnixTimestamp64Milli(written) AS at, arraySum(mapValues(rows)) FROM lodestream_raw.sink_batches FINAL ORDER BY at
"""
READ_BY_SINK = (ENTRIES, TRANSACTIONS, REJECTED, CREDENTIALS)


def measure(plan: Plan) -> None:
    """gate, ledger, ledger_entries, sink: each round in a world of its own, part beside copy."""
    chains = plan.size(CHAINS, 40)
    found: dict[str, list[float]] = {name: [] for name in ("inbox", "gate", "entries", "ledger", "outcomes", "sink")}
    with ExitStack() as stack:
        for number in range(plan.rounds):
            world = stack.enter_context(plan.world(f"pipe{number}"))
            send(world.settings, world.topic(INBOX), inbox(documents("phase", chains)))
            found["inbox"].append(copy(world, INBOX))
            found["gate"].append(gate(world, chains))
            found["entries"].append(copy(world, ENTRIES))
            found["ledger"].append(ledger(world))
            found["outcomes"].append(copy(world, TRANSACTIONS))
            found["sink"].append(sink(world))
        entries = flow(world.settings, world.topic(TRANSACTIONS)).records
    events = chains * EVENTS_PER_CHAIN
    # A document is two events on average. An event that moves metal makes two more entries: an offer and an answer.
    plan.say("gate", found["gate"], "events/s", [rate * 2 for rate in found["inbox"]])
    plan.say("ledger", [rate * events / entries for rate in found["ledger"]], "events/s", found["entries"])
    plan.say("ledger_entries", found["ledger"], "entries/s", found["entries"])
    plan.say("sink", found["sink"], "rows/s", found["outcomes"])


def books(world: World, chains: int) -> int:
    """Fill a world: documents through gate and ledger. The number of entries, offers and answers included."""
    send(world.settings, world.topic(INBOX), inbox(documents("phase", chains)))
    gate(world, chains)
    ledger(world)
    return flow(world.settings, world.topic(TRANSACTIONS)).records


def long_books(world: World, chains: int) -> None:
    """Fill a world with more than is worked off in one wait: gate and ledger run, and documents come in parts."""
    with world.worker("gate"), world.worker("ledger"):
        for begin in range(0, chains, PART):
            part = documents(f"part{begin}", min(PART, chains - begin))
            send(world.settings, world.topic(INBOX), inbox(part))
            world.sight.wait(world.group("gate"), world.topic(INBOX))
            world.sight.wait(world.group("ledger"), world.topic(ENTRIES))


def copy(world: World, topic: str) -> float:
    """Records a second through a plain transactional copy of the topic."""
    target = f"copy.{topic}"
    world.make([like(topic, target)])
    with world.running("copy", "benchmarks.copying", world.topic(topic), world.topic(target)):
        world.sight.wait(world.group(f"copy-{world.topic(target)}", "copy"), world.topic(topic))
    return flow(world.settings, world.topic(target)).per_second


def gate(world: World, chains: int) -> float:
    """Events a second through the gate alone."""
    with world.worker("gate"):
        world.sight.wait(world.group("gate"), world.topic(INBOX))
    written = flow(world.settings, world.topic(ENTRIES))
    whole = written.records == chains * EVENTS_PER_CHAIN and not world.sight.ends(world.topic(REJECTED))
    need(whole, f"the gate made {written.records} entries of {chains * EVENTS_PER_CHAIN} events")
    return written.per_second


def ledger(world: World) -> float:
    """Entries a second through the ledger alone; offers and answers are entries that it makes itself."""
    with world.worker("ledger"):
        world.sight.wait(world.group("ledger"), world.topic(ENTRIES))
    entries, outcomes = flow(world.settings, world.topic(ENTRIES)), flow(world.settings, world.topic(TRANSACTIONS))
    need(outcomes.records == entries.records, f"{outcomes.records} outcomes of {entries.records} entries")
    return outcomes.per_second


def sink(world: World) -> float:
    """Rows a second into chDB, from all topics of the world, by the clock of the tables."""
    topics = [name for name in map(world.topic, READ_BY_SINK) if world.sight.ends(name)]
    with world.worker("sink"):
        world.sight.wait(world.group("sink"), *topics)
        reader = open_reader(world.settings.clickhouse.url)
        try:
            batches = reader.query(BATCHES).rows
        finally:
            reader.close()
    first, last = batches[0][0], batches[-1][0]
    # The first batches are begun before anything is written: what they hold is not counted.
    rows = sum(rows for at, rows in batches if at > first)
    return float(rows * 1000 / max(1, last - first))


def ask(world: World, sql: str) -> float:
    """One number from the ClickHouse of a world."""
    reader = open_reader(world.settings.clickhouse.url)
    try:
        return float(reader.query(sql).value())
    finally:
        reader.close()


def like(name: str, other: str) -> Topic:
    """A topic like one of the catalogue, under another name, stamped by the broker: some writers stamp their input's time."""
    (topic,) = (topic for topic in declared() if topic.name == name)
    return Topic(
        other, PARTITIONS, topic.key, topic.value, topic.doc, max_message_bytes=topic.max_message_bytes, log_append_time=True
    )

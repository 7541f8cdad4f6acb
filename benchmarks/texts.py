"""What the page says of each number: what it is compared with, the goal, and what limits it."""

from typing import NamedTuple

PAGE = """\
# Benchmarks

Written by `make bench`, not by hand. One machine with {cores} cores ({machine}), Python {python}; a single node of Apache Kafka
and, where there is one, ClickHouse (chDB) work on the same cores; {partitions} partitions; every worker is one process. Each
number is the median of {rounds} rounds, taken in turn with the baseline's (ours, theirs, ours, theirs), on a broker that was
warmed up. Absolute numbers are this machine's, and identical code varies by a quarter from hour to hour; ratios travel.

`make bench ONLY=name,name` replaces some rows, `make bench SCALE=0.02` is a small run that writes nothing.

| name | value | baseline | ratio | goal |
|---|---:|---:|---:|---|
{rows}

## What each is, and what limits it

{limits}

[Where time goes](performance.md): profiles, what was tried, and what the missed goals would take.

The events of `gate`, `ledger`, the races, `sink` and `whole_way` are those of a chain: ore with an assay, concentrate and
tailings, a shipment, a receipt at another site. The lots of `ledger_million_lots`, `restart_s` and `ledger_p99_ms` are ore that
was opened, and their traffic mills and ships random ones in part. The rivals of the races run the same `LedgerProcessor`, and
what they write is compared byte for byte with what our worker wrote. Libraries: {libraries}; quixstreams 3.28.1 and
epcis-event-hash-generator 1.9.3 in an environment of their own.
"""


class Text(NamedTuple):
    """Of one number. `least`: of the value, or with `of_ratio` of the ratio; `most`: of the value. None: there is no goal."""

    baseline: str
    goal: str
    limit: str
    least: float | None = None
    most: float | None = None
    of_ratio: bool = False

    def holds(self, value: float, ratio: float) -> bool | None:
        """Whether the goal is reached."""
        measured = ratio if self.of_ratio else value
        if self.least is not None:
            return measured >= self.least
        return measured <= self.most if self.most is not None else None


TEXTS = {
    "hash_vs_reference": Text(
        "epcis-event-hash-generator, same process",
        "20x",
        "One event a document, from its text to its hash, processor time. Ours validates and canonicalises on the way. "
        "The reference spends its time in JSON-LD expansion and in text for its log.",
        least=20,
        of_ratio=True,
    ),
    "hash_vs_reference_batch": Text(
        "epcis-event-hash-generator, same process",
        "20x",
        "The same with all events in one document: the reference expands the context once.",
        least=20,
        of_ratio=True,
    ),
    "gate": Text(
        "copy of the documents",
        "8,000 events/s",
        "EPCIS JSON-LD in; parsed, validated, hashed, routed; Avro out. One core: Python's time in the intake.",
        least=8_000,
    ),
    "ledger": Text(
        "copy of the entries",
        "15,000 events/s",
        "Entries in; transactions, lots and entries for other sites out, with state and changelog. An event that moves metal "
        "makes two more entries, which count below. One core: the rules in Python, then Avro.",
        least=15_000,
    ),
    "ledger_entries": Text("copy of the entries", "", "The same run, with offers and answers counted."),
    "ledger_vs_faust": Text(
        "Faust 0.15, agent with a table",
        "10x",
        "The same entries and the same rules. Faust at its best: memory store, producer_linger 20 ms, lz4, no web server, at "
        "least once (it does no transactions). Ours: RocksDB, exactly once. What both share, the rules and Avro, bounds the "
        "ratio: the faster the rules, the larger it is. Our workers keep the collector from what was imported (performance.md); "
        "the rivals run as they ship.",
        least=10,
        of_ratio=True,
    ),
    "ledger_vs_quix": Text(
        "Quix Streams 3.28, exactly once",
        "1.5x",
        "The same entries and rules, state in RocksDB, a commit every 0.9 s so that outputs are visible within a second; ours "
        "commits each batch. Quix hands one record at a time to the rules; a batch of ours reads and writes each value once.",
        least=1.5,
        of_ratio=True,
    ),
    "ledger_vs_limit": Text(
        "copy of the entries",
        "",
        "The fraction of a loop that only consumes and produces the same bytes, transactional, same batch. The rest is the "
        "rules, Avro, and the two and more records that each entry makes.",
    ),
    "ledger_two_workers": Text(
        "one worker",
        "1.5x",
        "Wall clock, with the broker on the same two cores: outputs a second from the fifth to the fourth fifth of the run, "
        "while both workers have work. The broker's share is what the next row leaves.",
        least=1.5,
        of_ratio=True,
    ),
    "ledger_two_workers_share": Text(
        "all cores", "", "Processor time of the two workers in that run; broker, reader and system have the rest."
    ),
    "ledger_million_lots": Text(
        "10,000 live lots",
        "0.8x",
        "State of 1,000,000 lots in RocksDB (five values and 1.7 kB each, encoded by the ledger), traffic on random lots. Reads "
        "that miss the cache; the Bloom filter answers for what is new.",
        least=0.8,
        of_ratio=True,
    ),
    "ledger_million_lots_rss_mb": Text(
        "the goal",
        "under 1,500 MB",
        "The worker's peak resident memory in that run. Write buffers, block cache and what is fetched ahead, each bounded.",
        most=1_500,
    ),
    "restore_million_lots_s": Text(
        "the goal",
        "under 30 s",
        "From the start of a worker without local state to the first commit in its last partition: 5,000,000 changelog "
        "records. Reading takes a third of the time, RocksDB a half.",
        most=30,
    ),
    "restart_s": Text(
        "the goal",
        "under 3 s",
        "From kill -9 to the first batch committed after it, 100,000 lots, records coming in, the state on disk. Python's start, "
        "then the group (a static member is back at once), then opening the stores.",
        most=3,
    ),
    "issuing": Text(
        "the same signatures alone",
        "0.6x",
        "Traceability events of the worked scenarios a second of processor: built, placed in a status list, as JSON, signed and "
        "put in their envelope, beside the signing of the same bytes by the same key. The rest is its text and what is "
        "checked of it.",
        least=0.6,
        of_ratio=True,
    ),
    "issuer": Text(
        "the same signatures alone",
        "",
        "All that the issuer's worker does of the same scenarios: decoding, state, findings, passports too, and Avro.",
    ),
    "verify_credentials_per_s": Text(
        "the goal",
        "1,000/s",
        "Passports and events in turn, a second of processor: parsed, proof, models, dates, JSON Schema and strict JSON-LD. "
        "JSON-LD verdicts are remembered by the shape of a document.",
        least=1_000,
    ),
    "walk_500_s": Text(
        "the goal",
        "under 2 s",
        "506 credentials from a pack to its mines, processor time, offline: each verified so, statuses, identities, shares and "
        "the balance of every Make event.",
        most=2,
    ),
    "sink": Text(
        "records/s of a copy of the transactions",
        "100,000 rows/s",
        "Entries, transactions, rejections and credentials into chDB. Making rows in Python and chDB's inserts share the cores.",
        least=100_000,
    ),
    "whole_way": Text(
        "the goal",
        "3,000 events/s",
        "Gate, ledger, issuer, sink and the broker at once, from the first document sent to the last row in ClickHouse.",
        least=3_000,
    ),
    "whole_way_p50_ms": Text("the goal for p99", "", "The median at half of that pace.", None, None),
    "whole_way_p99_ms": Text(
        "the goal",
        "under 2,000 ms",
        "At half of `whole_way`: from the moment a document is due to its last event's transaction being found by a query, "
        "asked every 200 ms. The sink gathers a batch for up to a second.",
        most=2_000,
    ),
    "ledger_p50_ms": Text("the goal for p99", "", "The median of the same."),
    "ledger_p99_ms": Text(
        "the goal",
        "under 100 ms",
        "1,000 entries a second, each from the moment it is due to its transaction being read committed, after ten seconds of "
        "the same. Two linger times, two fetches and one transaction.",
        most=100,
    ),
    "audit_million_s": Text(
        "the goal",
        "under 120 s",
        "`lodestream audit` of 1,000,000 transactions on Kafka, a process for each core, one round: entries read, every outcome "
        "made anew and compared with the recorded one, chain included. Two thirds are the rules, as in the ledger.",
        most=120,
    ),
    "trace_million_s": Text(
        "the goal",
        "under 1 s",
        "`lodestream trace`, the whole command, both ways among 1,000,000 lots and 1,900,000 links in chDB: some hundred links "
        "over ten steps each way, with events and shares. More than half is the start of Python and chDB.",
        most=1,
    ),
    "trace_million_asked_s": Text(
        "the goal of the command",
        "",
        "The questions of the same, the tables being open: one a step, some 10 ms each, most of it ClickHouse's analysis.",
    ),
    "trace_million_large_s": Text(
        "the goal of the others", "", "The same command on a lot that came of 4,094 others: making and printing the tree."
    ),
}

"""The runtime on a broker in memory that breaks between any two steps: one seed, one history, replayed exactly.

    python -m tests.simulation --seconds 600      # new seeds for ten minutes; `make soak SECONDS=600`
    python -m tests.simulation --seed 4711        # that seed again, with its fault plan and its trace

What runs is runtime/loop.py, checkpoint.py, restore.py, assignment.py and state.py as they are, in several worker processes at a
time. What is simulated stands behind runtime/port.py (`broker.py`, `group.py`, `member.py`) and behind the stores (`stores.py`):

- partitions with offsets that control markers occupy; open, committed and aborted transactions; the last stable offset;
- markers that reach each partition, and the group's offsets, later than the commit was answered;
- producer epochs by transactional id, and the time-out of a transaction whose producer is silent;
- consumer groups with generations, static membership, session time-outs and the two rounds of a cooperative rebalance; offsets of
  a transaction are refused when the member or its generation is not the group's (KIP-447);
- topic ids, compaction, tombstones that compaction removes after `delete.retention.ms`;
- stores that outlive their process, or lose their last writes, or come back torn or empty;
- one virtual clock, which moves when a call takes time, when nothing is to be done, or when a plan says so.

A plan (`faults.py`) says at which steps what goes wrong. Every call of the port and every write to a store is a step. While a
process is paused in the middle of a call the others go on (`world.py`), so that a zombie wakes up in a world that has moved on.
Once the plan is spent everything must be worked off, and `invariants.py` says what must then hold. `scenarios.py` has the
processors: a small one that counts and chains, for thousands of seeds, and the real gate and ledger with real documents.

Not simulated, on purpose: what librdkafka does inside (buffering, retries, its own fencing of fetches; runtime/kafka.py and
kafka_errors.py are tested on real Kafka), replicas and loss of acknowledged records, retention by time, a topic that is made anew
while a worker reads it, damage inside a store that its checksums would show (RocksDB's own), and records of one fetch that come
twice in it, which no Kafka consumer hands out. The sink has steps and a simulation of its own (tests/sinks/simulated.py).
"""

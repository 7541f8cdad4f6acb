"""The steps of a worker at which a test can end it (tests/faults/process.py).

begin       a transaction is open
outputs     outputs are produced
changelog   the changelog's records are
offsets     offsets are sent
commit      all lies at the broker, the commit is not asked for
crossing    like commit, in a transaction that wrote entries to a partition which another worker reads
committing  the commit is asked for, its answer has not come
committed   it has come, no local store is written
stored      one local store is written, the next is not

intent      the sink has committed what it is about to insert
insert      one insert is done
written     all are, and nobody has been told
commit      of the sink: what says so is committed
"""

GATE = ("begin", "outputs", "offsets", "commit", "committing", "committed")
STATEFUL = ("begin", "outputs", "changelog", "offsets", "commit", "committing", "committed", "stored")
SINK = ("intent", "insert", "written", "commit")
STEPS = {"gate": GATE, "ledger": STATEFUL, "issuer": STATEFUL, "sink": SINK}

LEAVES_A_BATCH = frozenset({"outputs", "changelog", "offsets", "commit"})
"""The steps between produce and commit: a process that dies there leaves records that must never be seen."""

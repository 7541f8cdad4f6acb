"""An ordinary worker that ends its own process at a chosen step: `python -m tests.faults.process NAME [SIGNAL STEP NTH]`.

SIGNAL is KILL or STOP (a zombie to be), STEP one of tests/faults/steps.py, NTH which of its occurrences. Settings come from
the environment. The worker is the real one: only its log, its store and its way to ClickHouse are told to fall dead in between.
What was produced is flushed before, so that it really lies in the broker when the process dies. Two settings more: PLANTED is the
id of an event at which the ledger's `apply` raises, INSERT_SECONDS how long the sink waits for an insert.
"""

import os
import sys
from importlib import import_module

from cli.main import main
from tests.faults_data.planted import PLANTED, plant

if __name__ == "__main__":
    import_module(f"tests.faults.{'dying_sink' if sys.argv[1] == 'sink' else 'dying_loop'}").put_in_place()
    if PLANTED in os.environ:
        plant(os.environ[PLANTED])
    main(["worker", sys.argv[1]])

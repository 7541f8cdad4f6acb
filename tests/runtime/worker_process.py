"""A real worker process of the toy processor, for tests that kill it. Arguments: bootstrap, folder, name, instance, mode.

Modes: `run`; `hang`: everything is produced and the offsets are sent, then it says so on standard output and waits to be killed
instead of committing; `give`: it kills itself as it is to give partitions away.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from broker_tools import Playground

from runtime import kafka, loop, worker
from runtime.port import Partition


class HangsBeforeCommit(kafka.KafkaLog):
    """Never gets to its first commit."""

    def commit(self) -> Mapping[Partition, int]:
        self._producer.flush(10)
        sys.stdout.write("produced, not committed\n")
        sys.stdout.flush()
        threading.Event().wait()
        raise AssertionError("unreachable")


class DiesGiving(loop.Loop):
    """Dies between the two halves of a cooperative rebalance."""

    def revoked(self, partitions: Sequence[Partition]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    bootstrap, folder, name, instance, mode = sys.argv[1:]
    playground = Playground(bootstrap, Path(folder), name=name, make=False)
    if mode == "hang":
        worker.KafkaLog = HangsBeforeCommit
    if mode == "give":
        worker.Loop = DiesGiving
    settings = playground.settings(instance, session_timeout_ms=3_000, transaction_timeout_ms=2_000)
    return worker.run_worker(playground.processor(), settings)


if __name__ == "__main__":
    sys.exit(main())

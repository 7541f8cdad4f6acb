"""A worker must not hang for ever in a call that forgets its time-out, as librdkafka's did when its broker was killed."""

import subprocess
import sys
import time

from runtime.errors import FatalError
from runtime.guard import Guard

HANGS = """
import threading
from confluent_kafka import Producer
from runtime import kafka
from runtime.port import Partition
from runtime.settings import load

class Hangs(Producer):
    def send_offsets_to_transaction(self, *_):
        threading.Event().wait()

kafka.HUNG_SECONDS = 0.5
kafka.clients.producer = lambda *_: Hangs({"bootstrap.servers": "127.0.0.1:1"})
kafka.KafkaLog(load({"kafka": {"bootstrap_servers": "127.0.0.1:1"}}), "ledger").send_offsets({Partition("in", 0): 1})
"""


def test_a_transaction_call_that_never_comes_back_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == FatalError.exit_code, done.stderr
    assert "offsets did not come back" in done.stdout + done.stderr


def test_calls_that_come_back_end_nothing_and_time_between_them_does_not_count() -> None:
    guard = Guard(0.2)
    for _ in range(3):
        with guard.over("a short call"):
            time.sleep(0.05)
        time.sleep(0.1)
    guard.close()

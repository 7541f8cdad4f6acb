"""The same loop on the embedded broker: enough to demonstrate and develop."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from broker_tools import Playground

from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError

pytestmark = pytest.mark.embedded


def test_the_loop_runs_on_the_embedded_broker(embedded_broker: str, tmp_path: Path) -> None:
    playground = Playground(embedded_broker, tmp_path)
    playground.send(*[(f"k{number % 7}", str(number)) for number in range(300)])
    loop = playground.loop()
    with playground.running(loop):
        playground.run_until(playground.done, loop)
        playground.send(("k1", "1"))
        playground.run_until(playground.done, loop)
    progress = [record for record in playground.read(playground.changelog) if record.key == b"__offset"]
    assert progress


def test_it_listens_on_this_machine_only_and_stops() -> None:
    with EmbeddedBroker() as broker:
        host, _, port = broker.bootstrap_servers.partition(":")
        assert host == "127.0.0.1"
        outside = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
        for address in outside:
            with pytest.raises(OSError), socket.create_connection((address, int(port)), timeout=1):  # noqa: PT011  # any will do
                pass
    assert not broker.running()
    with pytest.raises(OSError), socket.create_connection((host, int(port)), timeout=1):  # noqa: PT011  # any will do
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with EmbeddedBroker() as broker:
        taken = int(broker.bootstrap_servers.partition(":")[2])
        with pytest.raises(EmbeddedBrokerError, match=f"port {taken}"):
            EmbeddedBroker(taken).start()
        assert broker.running()


def test_it_does_not_outlive_who_started_it() -> None:
    script = (
        "import time; from runtime.embedded import EmbeddedBroker; broker = EmbeddedBroker(); broker.start();"
        "print(broker.bootstrap_servers, flush=True); time.sleep(120)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    host, _, port = starter.stdout.readline().strip().partition(":")
    socket.create_connection((host, int(port)), timeout=5).close()
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            break
        assert time.monotonic() < deadline, "the broker is still there"
        time.sleep(0.05)

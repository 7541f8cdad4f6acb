"""`python -m deploy.kafka start`: a broker in the foreground until Ctrl-C."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from deploy.kafka import Broker, KafkaUnavailableError, libraries


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 stopped on request, 1 the broker cannot run here or died."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("resolve", help="fetch the broker's libraries into the cache folder, and nothing else")
    start = commands.add_parser("start", help="start one node and keep it until Ctrl-C")
    start.add_argument("--port", type=int, default=9092, help="port on 127.0.0.1 (default 9092; 0 takes a free one)")
    start.add_argument("--data", type=Path, help="folder that keeps the data (default: a fresh one that goes with the broker)")
    start.add_argument("--heap", type=int, default=512, metavar="MB", help="largest Java heap (default 512)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "resolve":
            print(libraries())  # noqa: T201  # a command line
            return 0
        return _run(Broker(chosen.data, chosen.port, chosen.heap))
    except KafkaUnavailableError as reason:
        print(reason, file=sys.stderr)  # noqa: T201  # a command line
        return 1


def _run(broker: Broker) -> int:
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    with broker:
        print(f"Kafka answers at {broker.bootstrap_servers}; its log is {broker.log_file}; Ctrl-C stops it", flush=True)  # noqa: T201
        while broker.running() and not asked.wait(0.5):
            pass
        if asked.is_set():
            return 0
        print(f"Kafka died; see {broker.log_file}", file=sys.stderr)  # noqa: T201  # a command line
        return 1


if __name__ == "__main__":
    sys.exit(main())

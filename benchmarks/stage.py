"""What the measurements run on: worker processes, records in, and a look at how far topics and groups are."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from runtime import clients
from runtime.settings import Settings

DEADLINE_SECONDS = 300.0
QUIET_SECONDS = 1.0
ASK_SECONDS = 10.0
LOOK_SECONDS = 0.05
STOP_SECONDS = 60.0
MARKERS = 3  # behind the last record of a partition stand the markers of the transactions that wrote to it last

Place = tuple[str, int]
Process = subprocess.Popen[bytes]


@contextmanager
def process(name: str, command: Sequence[str], environment: Mapping[str, str], log_folder: Path) -> Iterator[Process]:
    """A process while the block runs; it ends with SIGTERM, or it was killed. A crash in it is an error here."""
    with (log_folder / f"{name}.log").open("ab") as log:
        running = subprocess.Popen(command, env=dict(environment), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield running
            need(running.poll() in {None, -signal.SIGKILL}, f"{name} ended with {running.returncode}:\n{tail(Path(log.name))}")
        finally:
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def kill(running: Process) -> None:
    """SIGKILL, and wait until it is gone."""
    running.kill()
    running.wait()


def cpu_seconds(running: Process) -> float:
    """Processor time that a process has taken so far, all its threads; 0 where the system does not tell (it is Linux's /proc)."""
    try:
        fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(running: Process) -> float:
    """The most memory that a living process has had in use (resident), in MB; Linux only."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def need(holds: bool, what: str) -> None:
    """A measurement of something that went wrong is none."""
    if not holds:
        raise RuntimeError(what)


def tail(log: Path) -> str:
    """Its last lines."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


class Progress(NamedTuple):
    """When a group was seen to move first and last (monotonic seconds), and the share of its records that it read in between."""

    first: float
    last: float
    share: float


class Sight:
    """What the broker says of topics and groups."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.admin = clients.admin(settings)
        self._onlookers: dict[str, Consumer] = {}

    def ends(self, *topics: str) -> dict[Place, int]:
        """The end of each partition that has records."""
        deadline = time.monotonic() + ASK_SECONDS
        while True:
            try:
                return {place: end for place, end in self._ends(topics) if end}
            except KafkaException:  # a topic that was just made has no leader yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS)

    def _ends(self, topics: Sequence[str]) -> list[tuple[Place, int]]:
        known = self.admin.list_topics(timeout=ASK_SECONDS).topics
        places = [TopicPartition(topic, number) for topic in topics for number in known[topic].partitions]
        answers = self.admin.list_offsets({place: OffsetSpec.latest() for place in places}, request_timeout=ASK_SECONDS)
        return [((place.topic, place.partition), int(answer.result().offset)) for place, answer in answers.items()]

    def committed(self, group: str, places: Iterable[Place]) -> dict[Place, int]:
        """How far a group has committed; empty while its coordinator does not know it."""
        if group not in self._onlookers:
            self._onlookers[group] = clients.onlooker(self.settings, group)
        wanted = [TopicPartition(*place) for place in places]
        try:
            answer = self._onlookers[group].committed(wanted, ASK_SECONDS) if wanted else []
        except KafkaException:
            return {}
        return {(at.topic, at.partition): at.offset for at in answer if at.offset > 0}

    def wait_for_members(self, group: str, partitions: Sequence[int]) -> None:
        """Wait until the members of a group have so many partitions each."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                found = self.admin.describe_consumer_groups([group], request_timeout=ASK_SECONDS)[group].result()
            except KafkaException:  # its coordinator does not know it yet
                found = None
            if found and sorted(len(one.assignment.topic_partitions) for one in found.members) == sorted(partitions):
                return
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"{group} has not shared out its partitions in {DEADLINE_SECONDS:.0f} s")

    def wait(self, group: str, *topics: str, at_most_s: float | None = None) -> Progress:
        """Wait until a group has read all of the topics and is quiet, or until it has worked for `at_most_s` seconds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        first = last = 0.0
        begin = 0
        before: dict[Place, int] = {}
        while time.monotonic() < deadline:
            ends = self.ends(*topics)
            now = self.committed(group, ends)
            if now != before:
                last = time.monotonic()
                if not first:
                    first, begin = last, sum(now.values())
                before = now
            done = all(end - now.get(place, 0) <= MARKERS for place, end in ends.items())
            done = done and bool(ends) and time.monotonic() - last > QUIET_SECONDS
            if last and (done or (at_most_s is not None and time.monotonic() - first > at_most_s)):
                return Progress(first, last, (sum(now.values()) - begin) / sum(now.values()))
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"{group} has not read all of {', '.join(topics)} in {DEADLINE_SECONDS:.0f} s")


class Flow(NamedTuple):
    """What stands in a topic: records, and how many a second were written in the middle of the run."""

    records: int
    per_second: float


def flow(settings: Settings, topic: str) -> Flow:
    """Read a topic whole. The rate is by the records' own timestamps, see `rate`."""
    times = sorted(message.timestamp()[1] for message in read(settings, topic))
    return Flow(len(times), rate(times))


def rate(times: Sequence[int], begin: float = 0.2, end: float = 1.0) -> float:
    """Records a second by their timestamps in milliseconds (sorted), of those between two shares of them.

    From a fifth of them on: start-up is not counted.
    """
    need(len(times) > 1, "nothing was written")
    first, last = times[int(len(times) * begin)], times[min(len(times) - 1, int(len(times) * end))]
    counted = sum(first < at <= last for at in times)
    return counted * 1000 / max(1, last - first)


def read(settings: Settings, topic: str) -> Iterator[Message]:
    """The committed records of a topic, up to its end."""
    consumer = clients.reader(settings)
    partitions = consumer.list_topics(topic, timeout=ASK_SECONDS).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    open_ends = set(partitions)
    while open_ends:
        for message in consumer.consume(5_000, 0.2):
            if message.error() is None:
                yield message
            else:
                open_ends.discard(message.partition() or 0)
    consumer.close()


class Tail:
    """Reads what is committed to a topic from now on."""

    def __init__(self, sight: Sight, topic: str) -> None:
        self._consumer: Consumer = clients.reader(sight.settings)
        partitions = self._consumer.list_topics(topic, timeout=ASK_SECONDS).topics[topic].partitions
        ends = sight.ends(topic)
        self._consumer.assign([TopicPartition(topic, number, ends.get((topic, number), 0)) for number in partitions])

    def poll(self, timeout_s: float) -> Iterator[Message]:
        """What has come; waits for the first record only."""
        messages = self._consumer.consume(1, timeout_s)
        yield from (message for message in messages + self._consumer.consume(1_000, 0) if message.error() is None)

    def close(self) -> None:
        """Let go."""
        self._consumer.close()


def send(settings: Settings, topic: str, records: Iterable[tuple[bytes, bytes]]) -> int:
    """Records (key, value) into a topic; how many they were."""
    producer = clients.producer(settings)
    count = 0
    for key, value in records:
        put(producer, topic, key, value)
        producer.poll(0)
        count += 1
    producer.flush(60)
    return count


def put(producer: Producer, topic: str, key: bytes, value: bytes, partition: int | None = None) -> None:
    """Produce one record, waiting for room."""
    more = {} if partition is None else {"partition": partition}
    while True:
        try:
            producer.produce(topic, value, key, **more)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def steadily(per_second: float, count: int) -> Iterator[float]:
    """The moments (monotonic seconds) at which `count` things are due, each yielded when it has come; a delay is caught up."""
    begin = time.monotonic()
    for number in range(count):
        due = begin + number / per_second
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        yield due


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    need(bool(ordered), "nothing was measured")
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

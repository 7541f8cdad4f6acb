"""What `demo` and `dev` run on: a folder that is nobody else's, a broker with its topics, and settings that lead there."""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from cli.context import Context
from cli.exits import Unreachable, Unusable
from cli.topics import wanted
from deploy.kafka import Broker, KafkaUnavailableError
from runtime import clients
from runtime.bound import bound
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from runtime.settings import ENV_PREFIX
from runtime.topics import TopicsError, apply_topics
from schemas.topics import PARTITIONS_EMBEDDED

SETTINGS_NAME = "lodestream.toml"


@dataclass(frozen=True, slots=True)
class Running:
    """A broker of our own: its address, where its log is, and whether its process lives."""

    address: str
    log: Path
    lives: Callable[[], bool]


@contextmanager
def held_folder(folder: Path) -> Iterator[Path]:
    """The folder, made if need be, and ours alone until the end. Raises Unusable where another process has it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"another `lodestream demo` or `dev` is running in {folder}") from None
        folder.mkdir(exist_ok=True)
        yield folder


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A held folder with nothing in it but an empty settings file. Raises Unusable.

    What an earlier run left is removed first: the embedded broker forgets everything, so state and tables of another run
    must not meet this one's topics.
    """
    with held_folder(folder):
        if any(folder.iterdir()) and not (folder / SETTINGS_NAME).is_file():
            raise Unusable(f"{folder} is no folder of `lodestream`; it is left as it is. Move it, or set another data_dir")
        (folder / SETTINGS_NAME).write_text("")  # first: an interrupted run must not stand in the next one's way
        for each in folder.iterdir():
            if each.name != SETTINGS_NAME:
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        yield folder


@contextmanager
def embedded(log_file: Path) -> Iterator[Running]:
    """The embedded broker. Raises Unreachable where it cannot be started."""
    broker = EmbeddedBroker(log_file=log_file)
    try:
        broker.start()
    except EmbeddedBrokerError as error:
        raise Unreachable(str(error)) from error
    try:
        yield Running(broker.bootstrap_servers, log_file, broker.running)
    finally:
        broker.stop()


@contextmanager
def kafka(folder: Path) -> Iterator[Running]:
    """An Apache Kafka node that keeps its data in the folder. Raises Unreachable where it cannot be started."""
    broker = Broker(folder, prefix=bound([]))
    try:
        broker.start()
    except KafkaUnavailableError as error:
        raise Unreachable(str(error)) from error
    try:
        yield Running(broker.bootstrap_servers, broker.log_file, broker.running)
    finally:
        broker.stop()


def settings_of_its_own(folder: Path, broker: Running, more: Mapping[str, object]) -> Context:
    """Settings for this broker and folder, as a file there, and no others: what runs on them never meets a real cluster.

    `more` are settings by their dotted names. None of them is a secret: the file is for whoever may read the folder.
    """
    path = folder / SETTINGS_NAME
    values = {
        "partitions": PARTITIONS_EMBEDDED,
        "worker.poll_ms": 50,
        **more,
        "data_dir": str(folder),
        "clickhouse.url": f"chdb://{folder / 'clickhouse'}",  # also for whoever has a data_dir in the environment
        "kafka.bootstrap_servers": broker.address,
        "log_format": "json",
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()]
    path.write_text("# Written at each start: `lodestream --config` with this file works on what runs here.\n" + "".join(lines))
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    return Context(path, ())


def make_topics(context: Context) -> None:
    """Apply the topic catalogue. Raises Unreachable."""
    try:
        apply_topics(clients.admin(context.settings), wanted(context))
    except TopicsError as error:
        raise Unreachable(f"the topics could not be made: {error}") from error


def find_examples() -> Path:
    """The folder of example documents: in the current folder, else beside this program's sources. Raises Unusable."""
    for place in (Path("examples"), Path(__file__).resolve().parent.parent.parent / "examples"):
        if place.is_dir():
            return place
    raise Unusable("there is no folder `examples` here: run this in a checkout of Lodestream")


def near(path: Path) -> str:
    """A path as short as it can be said from here."""
    whole = path.absolute()
    return os.path.relpath(whole) if whole.is_relative_to(Path.cwd()) else str(whole)


def program() -> str:
    """How this program is called from here: by its name, by its path, or as a module."""
    if which("lodestream"):
        return "lodestream"
    called = Path(sys.argv[0])
    return near(called) if called.name == "lodestream" else f"{sys.executable} -m cli.main"

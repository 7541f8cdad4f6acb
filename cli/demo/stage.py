"""What the demonstration runs on: a fresh folder, settings of its own, and the embedded broker with its topics."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.context import Context
from cli.exits import Unreachable, Unusable
from cli.topics import wanted
from runtime import clients
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from runtime.settings import ENV_PREFIX
from runtime.topics import TopicsError, apply_topics
from schemas.topics import PARTITIONS_EMBEDDED

SETTINGS_NAME = "lodestream.toml"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A folder at this place with nothing but an empty settings file, ours alone until the end. Raises Unusable.

    What an earlier run left is removed first: the embedded broker forgets everything, so state and tables of another run
    must not meet this one's topics.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"another demonstration is running in {folder}") from None
        if folder.exists():
            if any(folder.iterdir()) and not (folder / SETTINGS_NAME).is_file():
                raise Unusable(f"{folder} is not a demonstration's folder; it is left as it is. Move it, or set another data_dir")
            shutil.rmtree(folder)
        folder.mkdir()
        (folder / SETTINGS_NAME).touch()  # from the first moment: an interrupted run must not stand in the next one's way
        yield folder


@contextmanager
def broker(log_file: Path) -> Iterator[str]:
    """The embedded broker's address. Raises Unreachable where it cannot be started."""
    running = EmbeddedBroker(log_file=log_file)
    try:
        running.start()
    except EmbeddedBrokerError as error:
        raise Unreachable(str(error)) from error
    try:
        yield running.bootstrap_servers
    finally:
        running.stop()


def settings_of_its_own(folder: Path, bootstrap_servers: str) -> Context:
    """Settings for this broker and folder, as a file there, and no others: the demonstration never meets a real cluster."""
    path = folder / SETTINGS_NAME
    path.write_text(
        "# Settings of one demonstration: `lodestream --config` with this file reads the tables that it left.\n"
        f"data_dir = {json.dumps(str(folder))}\n"
        'instance = "demo"\n'
        f"partitions = {PARTITIONS_EMBEDDED}\n"
        'log_format = "json"\n'
        f"kafka.bootstrap_servers = {json.dumps(bootstrap_servers)}\n"
        "worker.poll_ms = 50\n"
    )
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    return Context(path, ())


def make_topics(context: Context) -> None:
    """Apply the topic catalogue. Raises Unreachable."""
    try:
        apply_topics(clients.admin(context.settings), wanted(context))
    except TopicsError as error:
        raise Unreachable(f"the embedded broker did not make the topics: {error}") from error


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

"""What `dev` runs on: the embedded broker, an Apache Kafka of its own, or the broker that the settings name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from cli.broker import need_topic
from cli.context import Context
from cli.exits import Unreachable
from cli.local.stage import Running, embedded, fresh_folder, held_folder, kafka, make_topics, settings_of_its_own
from deploy.kafka import KafkaUnavailableError, libraries
from deploy.kafka.artifacts import java
from runtime import clients
from schemas.topics import INBOX

BROKER = "kafka.bootstrap_servers"
NOT_OURS = ("kafka.", "clickhouse.", "schema_registry.", "data_dir", "instance", "log_format")
"""Settings about other servers and places. A broker of its own has its own of these; no secret is among the others."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where everything is. `flags` are for the workers; `own` says that other terminals need the settings file in the folder."""

    context: Context
    folder: Path
    logs: Path
    kind: str
    lasts: bool
    own: bool
    flags: tuple[str, ...] = ()
    broker_log: Path | None = None
    broker_lives: Callable[[], bool] = field(default=lambda: True)


def named_broker(context: Context) -> bool:
    """Whether the settings name a broker, by flag, environment or file."""
    return any(each.name == BROKER and each.source != "default" for each in context.explain())


def fetch_kafka() -> None:
    """Have what Apache Kafka needs on this machine, which may take a while the first time. Raises Unreachable."""
    try:
        java()
        libraries()
    except KafkaUnavailableError as reason:
        raise Unreachable(
            f"Apache Kafka cannot run here: {reason}\n"
            "`lodestream dev` without --kafka needs neither Java nor Maven (its broker forgets when it stops); "
            f"`lodestream -s {BROKER}=HOST:PORT dev` takes a Kafka that runs already."
        ) from None


@contextmanager
def on_embedded(context: Context) -> Iterator[Ground]:
    """The embedded broker and a folder that is made anew with it."""
    with fresh_folder(context.settings.data_dir.absolute() / "dev") as folder:
        (folder / "logs").mkdir()
        with embedded(folder / "logs" / "broker.log") as broker:
            yield _own(context, folder, broker, "the embedded broker", lasts=False)


@contextmanager
def on_kafka(context: Context) -> Iterator[Ground]:
    """An Apache Kafka whose data, with the workers' and ClickHouse's, stays in the folder."""
    with held_folder(context.settings.data_dir.absolute() / "dev-kafka") as folder:
        (folder / "logs").mkdir(exist_ok=True)
        with kafka(folder / "kafka") as broker:
            yield _own(context, folder, broker, "Apache Kafka", lasts=True)


@contextmanager
def on_named(context: Context) -> Iterator[Ground]:
    """The broker and the folder of the settings, which are left as they are. Raises Unreachable without the topics."""
    settings = context.settings
    need_topic(clients.producer(settings), settings.kafka.bootstrap_servers, INBOX)
    folder = settings.data_dir.absolute()
    flags = tuple(word for override in context.overrides for word in ("--set", override))
    with held_folder(folder / "logs") as logs:
        yield Ground(context, folder, logs, "the broker of the settings", lasts=True, own=False, flags=flags)


def _own(context: Context, folder: Path, broker: Running, kind: str, *, lasts: bool) -> Ground:
    own = settings_of_its_own(folder, broker, _kept(context) | {"instance": "dev"})
    make_topics(own)
    logs = folder / "logs"
    return Ground(own, folder, logs, kind, lasts=lasts, own=True, broker_log=broker.log, broker_lives=broker.lives)


def _kept(context: Context) -> dict[str, object]:
    """The settings that somebody made, but for those about other servers; paths from here are written out."""
    kept: dict[str, object] = {}
    for setting in context.explain():
        if setting.source == "default" or setting.name.startswith(NOT_OURS):
            continue
        value = _value(context.settings, setting.name)
        if isinstance(value, SecretStr):
            continue  # no secret gets into the settings file; from the environment it reaches the workers all the same
        kept[setting.name] = str(value.absolute()) if isinstance(value, Path) else value
    return kept


def _value(part: object, name: str) -> object:
    """What a dotted name leads to; the names in a table of options contain dots themselves."""
    if isinstance(part, Mapping):
        return part[name]
    head, _, rest = name.partition(".")
    value = getattr(part, head)
    return _value(value, rest) if rest else value

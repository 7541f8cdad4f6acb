"""Make a cluster's topics agree with their declarations: what differs is worked out first, shown, and then applied.

Topics are only made and configured, never deleted, and a partition count is never changed: which partition a key lives
in depends on it, and with it the order of everything that was ever written (runtime-rules section 1).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # confluent-kafka does not mark what it re-exports
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import Topic

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Actual:
    """One topic as the cluster has it. A config that the broker does not tell is not in `configs`."""

    partitions: int
    replication_factor: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Create:
    """The topic is missing."""

    topic: str
    partitions: int
    replication_factor: int
    configs: Mapping[str, str]

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in sorted(self.configs.items()))
        return f"+ {self.topic}: {self.partitions} partitions, replication factor {self.replication_factor}, {settings}"


@dataclass(frozen=True, slots=True)
class SetConfig:
    """One config has another value (`actual` None: the broker does not tell it)."""

    topic: str
    config: str
    actual: str | None
    wanted: str

    def __str__(self) -> str:
        return f"~ {self.topic}: {self.config} {self.actual or '(not set)'} -> {self.wanted}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The partition count differs: nothing is applied anywhere before a person has decided."""

    topic: str
    actual: int
    wanted: int

    def __str__(self) -> str:
        return (
            f"! {self.topic} has {self.actual} partitions, {self.wanted} are declared. The count is fixed for ever, since where "
            f"a site lives depends on it. Set partitions to {self.actual}, or make a new version of the topic and fill it "
            "by a resharding copy."
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """The replication factor differs: moving replicas is the operator's work, with Kafka's own tool."""

    topic: str
    actual: int
    wanted: int

    def __str__(self) -> str:
        return (
            f"? {self.topic} has replication factor {self.actual}, {self.wanted} is wanted: "
            "change it with kafka-reassign-partitions, it is left as it is"
        )


Change = Create | SetConfig | Refusal | Advice


class TopicsError(Exception):
    """The topics could not be made to agree; the message lists every topic concerned, with the reason and what to do."""

    code = "TOPICS"


def difference(
    declared: Iterable[Topic], actual: Mapping[str, Actual], replication_factor: int = 1, min_insync_replicas: int = 1
) -> list[Change]:
    """What would have to change, in the order of the declarations. Topics that nobody declared are left alone."""
    changes: list[Change] = []
    for topic in declared:
        wanted, found = topic.configs(min_insync_replicas), actual.get(topic.name)
        if found is None:
            changes.append(Create(topic.name, topic.partitions, replication_factor, wanted))
            continue
        if found.partitions != topic.partitions:
            changes.append(Refusal(topic.name, found.partitions, topic.partitions))
        if found.replication_factor != replication_factor:
            changes.append(Advice(topic.name, found.replication_factor, replication_factor))
        for config, value in wanted.items():
            if found.configs.get(config) != value:
                changes.append(SetConfig(topic.name, config, found.configs.get(config), value))
    return changes


def plan(
    admin: AdminClient, declared: Sequence[Topic], replication_factor: int = 1, min_insync_replicas: int = 1
) -> list[Change]:
    """The difference between the declarations and the cluster as it is now. TopicsError if the cluster does not answer."""
    return difference(declared, read(admin, {topic.name for topic in declared}), replication_factor, min_insync_replicas)


def apply(admin: AdminClient, changes: Sequence[Change]) -> None:
    """Carry the changes out. TopicsError if one is a refusal (then nothing is done) or fails (then the others are done)."""
    refusals = [str(change) for change in changes if isinstance(change, Refusal)]
    if refusals:
        raise TopicsError("\n".join(refusals))
    failures = _create(admin, [change for change in changes if isinstance(change, Create)])
    failures += _configure(admin, [change for change in changes if isinstance(change, SetConfig)])
    if failures:
        raise TopicsError("\n".join(failures))


def apply_topics(
    admin: AdminClient, declared: Sequence[Topic], replication_factor: int = 1, min_insync_replicas: int = 1
) -> list[Change]:
    """Plan and apply; the changes that were made. TopicsError as for both."""
    changes = plan(admin, declared, replication_factor, min_insync_replicas)
    apply(admin, changes)
    return changes


def read(admin: AdminClient, names: Iterable[str]) -> dict[str, Actual]:
    """Those of the named topics that the cluster has."""
    try:
        topics = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        raise TopicsError(f"the cluster does not answer: {_reason(error)}") from error
    found = {name: topics[name] for name in sorted(names) if name in topics and topics[name].error is None}
    if not found:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in found]
    configs, failures = _results(
        admin.describe_configs(resources, request_timeout=TIMEOUT_SECONDS), lambda resource: str(resource.name)
    )
    if failures:
        raise TopicsError("\n".join(failures))
    return {
        name: Actual(
            len(topic.partitions),
            min((len(partition.replicas) for partition in topic.partitions.values()), default=0),
            {key: entry.value for key, entry in configs[name].items() if entry.value is not None},
        )
        for name, topic in found.items()
    }


def _create(admin: AdminClient, changes: Sequence[Create]) -> list[str]:
    if not changes:
        return []
    topics = [
        NewTopic(
            each.topic,
            num_partitions=each.partitions,
            replication_factor=each.replication_factor,
            config=dict(each.configs),
        )
        for each in changes
    ]
    made = admin.create_topics(topics, operation_timeout=TIMEOUT_SECONDS, request_timeout=TIMEOUT_SECONDS)
    return _results(made, str)[1]


def _configure(admin: AdminClient, changes: Sequence[SetConfig]) -> list[str]:
    by_topic: dict[str, list[ConfigEntry]] = {}
    for each in changes:
        entry = ConfigEntry(each.config, each.wanted, incremental_operation=AlterConfigOpType.SET)
        by_topic.setdefault(each.topic, []).append(entry)
    if not by_topic:
        return []
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries) for name, entries in by_topic.items()]
    altered = admin.incremental_alter_configs(resources, request_timeout=TIMEOUT_SECONDS)
    return _results(altered, lambda resource: str(resource.name))[1]


def _results(futures: Mapping[Any, "Future[Any]"], name: Callable[[Any], str]) -> tuple[dict[str, Any], list[str]]:
    """What each answered, by topic, and what failed as lines for a person. Somebody else having made a topic is no failure."""
    answers, failures = {}, []
    for key, future in futures.items():
        try:
            answers[name(key)] = future.result(TIMEOUT_SECONDS * 2)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                failures.append(f"{name(key)}: {_reason(error)}")
    return answers, failures


def _reason(error: KafkaException) -> str:
    return str(error.args[0].str())

"""Asking a broker for a topic before anything is sent to it, so that what is missing is said at once and by name."""

from confluent_kafka import KafkaException, Producer

from cli.exits import Unreachable

REACH_SECONDS = 10.0


def need_topic(client: Producer, address: str, topic: str) -> None:
    """Return where the broker at `address` has the topic. Raises Unreachable, with what to do, where it does not or is away."""
    try:
        found = client.list_topics(topic, timeout=REACH_SECONDS).topics[topic]
    except KafkaException as error:
        raise Unreachable(f"no broker answers at {address}: {error.args[0].str()}") from error
    if found.error is not None:
        raise Unreachable(f"{address} has no topic {topic}: run `lodestream topics apply` first")

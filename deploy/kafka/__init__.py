"""A single Apache Kafka node (KRaft) for tests, benchmarks and development, where there is Java and no Docker."""

from deploy.kafka.artifacts import KafkaUnavailableError, libraries
from deploy.kafka.broker import Broker

__all__ = ["Broker", "KafkaUnavailableError", "libraries"]

"""What Faust's Kafka driver lacks for the watch: committed records only, one worker for all partitions, no committed offsets.

The driver reads uncommitted records unless Faust's exactly-once mode is on, which does not hold together. Rules across sites need
every partition in one place, so the group gives all of them to one member, and the others stand by. Where to begin is not what
was committed: it is what the surveillance has not taken yet.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import aiokafka
import structlog
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP

from runtime.port import Partition
from runtime.settings import Settings
from streams.watch.history import read_on
from streams.watch.surveillance import Surveillance

FAUST_LOGGER = logging.getLogger("faust.consumer")
_log = structlog.get_logger(__name__)


class AllToOne(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """Everything to the member whose id comes first."""

    name = "lodestream-all-to-one"
    version = 0

    @classmethod
    def assign(
        cls, cluster: Any, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """The partitions of each member."""
        first = min(members)
        names = sorted({topic for member in members.values() for topic in member.subscription})
        everything = [(topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in names]
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, everything if member == first else [], b"")
            for member in members
        }

    @classmethod
    def metadata(cls, topics: set[str]) -> ConsumerProtocolMemberMetadata:
        """What a member says of itself."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing to remember."""


class ConsumerThread(faust_driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with a consumer of our own making."""

    logger = FAUST_LOGGER

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=faust_driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[AllToOne],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 0) * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            **faust_driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Take what has come meanwhile, and let Faust go on behind it."""
        transport = cast("Transport", self.transport)
        await asyncio.to_thread(read_on, transport.settings, transport.surveillance)
        consumer = self._ensure_consumer()
        for tp in self.assignment():
            taken = transport.surveillance.taken.get(Partition(tp.topic, tp.partition), 0)
            await self.call_thread(_seek, consumer, tp, taken)
        if self.assignment():
            _log.info("the watch works", partitions=len(self.assignment()))
        return {}


async def _seek(consumer: aiokafka.AIOKafkaConsumer, tp: TP, offset: int) -> None:
    consumer.seek(aiokafka.TopicPartition(tp.topic, tp.partition), offset)


class Consumer(faust_driver.Consumer):
    """Faust's consumer on that thread."""

    logger = FAUST_LOGGER

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(faust_driver.Transport):
    """Faust's transport with that consumer, and what it needs to know where to begin."""

    Consumer: ClassVar[Any] = Consumer

    settings: Settings
    surveillance: Surveillance

"""A static member's place in its group, and the one way in which partitions can be left with nobody.

A cooperative rebalance has two halves: a member first gives away what another is to have, and joins again so that the other may
have it. Who is killed between the two comes back to a group at rest, and the broker gives a static member what the first half
left it (KIP-345): nobody remembers that a second half was to come, and what was given away has nobody for good. Dynamic members
do not know this, their session's end makes the rebalance. So each process, once it is in, looks at the group until every
partition has somebody; where some have nobody for as long as a session, it leaves and joins, which makes a rebalance.

It asks only once the group has answered, seldom after an error, and never again once all is well: where the broker dies under
such a question, librdkafka 2.16 may end the process (assertion in rd_kafka_enq_once_del_source_return, seen once).
"""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import structlog
from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.port import Partition

ASK_SECONDS = 1.0
CALL_SECONDS = 5.0

_log = structlog.get_logger(__name__)

OnPartitions = Callable[[Consumer, list[TopicPartition]], None]


class Membership:
    """One consumer's. `patience_s`: a rebalance under way may leave partitions without an owner for so long."""

    def __init__(self, consumer: Consumer, admin: AdminClient, group: str, patience_s: float) -> None:
        self._consumer = consumer
        self._admin = admin
        self._group = group
        self._patience_s = patience_s
        self._join: Callable[[], None] = lambda: None
        self._pattern = re.compile("")
        self._joined = False
        self._whole = False
        self._asked: Future[Any] | None = None
        self._ask_at = 0.0
        self._orphaned_since: float | None = None

    def join(self, topics: Sequence[str], given: OnPartitions, taken: OnPartitions) -> None:
        """Subscribe, with what is to be done when partitions come and go; a topic that begins with ^ is a pattern."""
        names = (topic if topic.startswith("^") else f"^{re.escape(topic)}$" for topic in topics)
        self._pattern = re.compile("|".join(names))

        def decided(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._joined = True
            given(consumer, partitions)

        self._join = lambda: self._consumer.subscribe(list(topics), on_assign=decided, on_revoke=taken, on_lost=taken)
        self._join()

    def look(self) -> None:
        """Called between transactions: asks now and then how the group is, waits for no answer, and joins anew where it must."""
        if self._whole or not self._joined:
            return
        now = time.monotonic()
        if self._asked is None and now >= self._ask_at:
            self._asked = self._admin.describe_consumer_groups([self._group], request_timeout=CALL_SECONDS)[self._group]
        elif self._asked is not None and self._asked.done():
            answer, self._asked, self._ask_at = self._asked, None, now + ASK_SECONDS
            try:
                self._judge(answer.result(), now)
            except KafkaException as reason:  # the broker is away, or does not answer such questions
                self._ask_at = now + self._patience_s
                _log.debug("the group is not known", reason=str(reason))

    def _judge(self, group: Any, now: float) -> None:
        has = {m.member_id: {Partition(p.topic, p.partition) for p in m.assignment.topic_partitions} for m in group.members}
        ours = {Partition(p.topic, p.partition) for p in self._consumer.assignment()}
        if group.state != ConsumerGroupState.STABLE or has.get(self._consumer.memberid() or "") != ours:
            self._orphaned_since = None  # a rebalance is under way
            return
        orphans = self._partitions().difference(*has.values())
        if not orphans:
            self._whole = True
        elif self._orphaned_since is None:
            self._orphaned_since = now
        elif now - self._orphaned_since >= self._patience_s:
            self._orphaned_since = None
            _log.warning("partitions have nobody: joining anew", partitions=[f"{t}/{n}" for t, n in sorted(orphans)])
            self._consumer.unsubscribe()  # of a static member too, librdkafka tells the broker that it leaves
            self._join()

    def _partitions(self) -> set[Partition]:
        """All that the subscription is about. Raises KafkaException."""
        topics = self._consumer.list_topics(timeout=CALL_SECONDS).topics
        return {Partition(name, n) for name, topic in topics.items() if self._pattern.search(name) for n in topic.partitions}

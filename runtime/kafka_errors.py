"""What librdkafka's errors mean for the loop."""

# ruff: noqa: SLF001  # librdkafka's own codes begin with an underscore; they are public

import contextlib
from collections.abc import Iterator

import structlog
from confluent_kafka import KafkaError, KafkaException, Message

from runtime.errors import AbortError, FatalError, FencedError, RefusedError, RetryError, RunError

END_OF_PARTITION = KafkaError._PARTITION_EOF

_FENCED = {KafkaError.FENCED_INSTANCE_ID, KafkaError.PRODUCER_FENCED, KafkaError._FENCED}

# Causes that lie with the broker, the network or the group, not with what was written. INVALID_PRODUCER_EPOCH is not among them:
# it says that the broker ended the transaction by time-out, and a batch that always takes too long does that every time.
_TRANSIENT = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
    KafkaError.CONCURRENT_TRANSACTIONS,
    KafkaError.TRANSACTION_COORDINATOR_FENCED,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
    KafkaError._TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._MSG_TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._WAIT_COORD,
    KafkaError._PURGE_QUEUE,  # records of a transaction that had failed already
    KafkaError._PURGE_INFLIGHT,
}

# What an aborted batch leaves behind: the broker refused a record and misses its sequence number in the next one, whoever's that
# is. The abort mends it, so the transaction is to be aborted, and no record is to be suspected.
_AFTERMATH = {KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER}

# A consumer that gets one of these waits in vain for records; from the rest it recovers by itself.
_HOPELESS = {
    KafkaError._AUTO_OFFSET_RESET,
    KafkaError._FATAL,
    KafkaError._AUTHENTICATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
}

_log = structlog.get_logger(__name__)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Around a call outside of transactions: what may be tried again is RetryError, the rest is fatal."""
    try:
        yield
    except KafkaException as fault:
        error = fault.args[0]
        if error.code() not in _FENCED and not error.fatal() and (error.retriable() or error.code() in _TRANSIENT):
            raise RetryError(str(error)) from None
        raise fatal(error, "kafka") from None


@contextlib.contextmanager
def translated_in_transaction(step: str) -> Iterator[None]:
    """Around a call inside a transaction: an error that nobody knows means abort."""
    try:
        yield
    except KafkaException as fault:
        raise in_transaction(fault.args[0], step) from None


def in_transaction(error: KafkaError, what: str) -> RunError:
    """The error of a call inside a transaction; `what` names the call for whoever reads the log."""
    if error.code() in _FENCED or error.fatal():
        return fatal(error, what)
    if error.code() in _AFTERMATH:
        return AbortError(f"{what}: {error}", transient=True)
    transient = error.code() in _TRANSIENT
    if not error.txn_requires_abort() and (error.retriable() or transient):
        return RetryError(f"{what}: {error}")
    return AbortError(f"{what}: {error}", transient=transient)


def fatal(error: KafkaError, what: str) -> FatalError:
    """The error that ends this process; `what` names the call."""
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        return RefusedError(
            f"{what}: the next offset to read is not there ({error}): records were deleted or cut off before they were read, or "
            "the topic was made anew. To go on regardless, set the group's offset of this partition to one that exists"
        )
    if error.code() not in _FENCED:
        return FatalError(f"{what}: {error}")
    return FencedError(
        f"another process has taken over this instance's place ({error}); give every worker of a kind an instance id of its own "
        "(LODESTREAM_INSTANCE)"
    )


def is_record(message: Message) -> bool:
    """Whether it is a record; raises FatalError for what no waiting mends, and logs what the client mends by itself."""
    error = message.error()
    if error is None:
        return True
    if error.fatal() or error.code() in _FENCED | _HOPELESS:
        raise fatal(error, message.topic() or "consumer")
    _log.warning("kafka", error=str(error))
    return False

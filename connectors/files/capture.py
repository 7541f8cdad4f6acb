"""Documents to the inbox: one record each, keyed by the source, in file order, and nothing counts before the broker has it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.files.documents import Document
from runtime.headers import Envelope, Headers, started

POLL_SECONDS = 0.1
DOCUMENT = Envelope("org.lodestream.v1.Document", "/lodestream/capture", "application/ld+json")


class DeliveryError(Exception):
    """The broker did not take what was sent; the message says what it said and how much had arrived."""

    code = "NOT_DELIVERED"


@dataclass(slots=True)
class Capture:
    """One run of documents from one source into one topic.

    `producer` is idempotent, so that a retry inside it neither doubles nor reorders. `timeout_seconds` is how long the
    broker may take none of what waits before the run is given up; a slow broker that takes some is waited for. `sample` is
    the part of the documents whose trace is recorded.
    """

    producer: Producer
    topic: str
    source: str
    timeout_seconds: float = 30.0
    sample: float = 0.0
    delivered: int = 0
    sent: int = 0
    refused: list[Document] = field(default_factory=list)
    _error: KafkaError | None = None
    _last_delivery: float = field(default_factory=time.monotonic)

    def send(self, document: Document) -> bool:
        """Queue a document; False where it is above the inbox limit, which the broker would refuse. Raises DeliveryError."""
        if document.payload is None:
            self.refused.append(document)
            return False
        self._last_delivery = time.monotonic() if self.sent == self.delivered else self._last_delivery
        headers: list[tuple[str, str | bytes | None]] = list(self._headers(document.payload))
        while True:
            try:
                self.producer.produce(
                    self.topic, key=self.source, value=document.payload, headers=headers, on_delivery=self._on_delivery
                )
                break
            except BufferError:  # the queue is full: the broker is slower than we read
                self._wait()
            except KafkaException as error:
                raise DeliveryError(f"{document.name} could not be sent: {error}") from error
        self.sent += 1
        self.producer.poll(0)
        self._raise_failure()
        return True

    def _headers(self, payload: bytes) -> Headers:
        """The document's digest is its id: sent again, it is the same event. When it arrived is for the broker to say."""
        digest = sha256(payload).hexdigest()
        return DOCUMENT.headers(digest, None, self.source, started(digest, self.sample).headers())

    def finish(self, progress: Callable[[int], None]) -> int:
        """Wait until the broker has all that was sent; the number of documents delivered. Raises DeliveryError."""
        while self.delivered < self.sent:
            self._wait()
            progress(self.delivered)
        return self.delivered

    def _wait(self) -> None:
        self.producer.poll(POLL_SECONDS)
        self._raise_failure()
        if time.monotonic() - self._last_delivery > self.timeout_seconds:
            counts = f"{self.delivered} documents have arrived, {self.sent - self.delivered} wait"
            raise DeliveryError(f"the broker has taken nothing for {self.timeout_seconds:.0f} s; {counts}")

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:  # noqa: ARG002  # the signature is the client's
        if error is not None:
            self._error = self._error or error
            return
        self.delivered += 1
        self._last_delivery = time.monotonic()

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise DeliveryError(
                f"the broker refused a document: {self._error}; {self.delivered} of {self.sent} had arrived in {self.topic}. "
                "Capturing the same files again is safe: what arrived already becomes a DUPLICATE."
            )

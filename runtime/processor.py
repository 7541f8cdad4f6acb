"""The seam between running and knowing: what a processor gets and what it gives back.

A processor is a pure function from the records of one partition and a view of its state to effects. It touches neither Kafka nor
disk nor clock; the loop (runtime/loop.py) does that for all of them (DESIGN.md section 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

# Records and outputs are Structs: one is made in 0.1 us, a frozen dataclass in 1.1 us, and a restore makes millions.


class Record(Struct, frozen=True, gc=False):
    """One record as it was read. `timestamp_ms` is the broker's (or producer's) time in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Output(Struct, frozen=True, gc=False):
    """One record to be written; without a partition the key decides (murmur2). A value of None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


class RecordError(Exception):
    """A processor has a bug, and knows at which record it showed. `about` names that for the log: event_id, site and the like."""

    def __init__(self, message: str, **about: str | None) -> None:
        super().__init__(message)
        self.about = {name: value for name, value in about.items() if value is not None}


class State(Protocol):
    """What the processor remembers of this partition, as it was before this batch."""

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        ...


@dataclass(frozen=True, eq=False)
class Tally:
    """Something that a processor counts for whoever runs it, such as refusals by code. `name`: small letters and _."""

    name: str
    doc: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a batch brings about. `writes` go to the changelog and, after the commit, to the local state; None deletes.

    `tallies` are counts of this batch by tally and the values of its labels. Only a batch that is committed counts.
    """

    outputs: list[Output]
    writes: dict[bytes, bytes | None]
    tallies: dict[tuple[Tally, tuple[str, ...]], int] = field(default_factory=dict)


class Processor(Protocol):
    """One step of the way of an event.

    `name` makes the consumer group, the transactional id and the state folder. `inputs` are topic names or patterns that start
    with ^. `changelog` has as many partitions as the input, of which there is then exactly one; None: no state is kept.
    """

    @property
    def name(self) -> str:
        """Letters, digits, dot, dash and underscore."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Topics to read."""
        ...

    @property
    def changelog(self) -> str | None:
        """Topic of the state, compacted; its key `__offset` belongs to the runtime."""
        ...

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """The effects of the records of one partition, in order. Pure; an exception is a bug and stops the partition."""
        ...

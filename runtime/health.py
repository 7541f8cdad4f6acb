"""How a worker is, as its own loop last said: whether it goes round, and whether each of its partitions runs.

The loop's thread replaces the picture as a whole, now and then; any other thread may read it. Nobody waits for anybody.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.assignment import Phase
from runtime.port import Partition


@dataclass(frozen=True, slots=True)
class Picture:
    """The partitions that are ours, by what is known of each.

    `since`: when (monotonic seconds) it was first seen in its phase; `lags`: how many records it is behind; `restored`: how
    many records of its changelog were read.
    """

    phases: Mapping[Partition, Phase] = field(default_factory=dict)
    since: Mapping[Partition, float] = field(default_factory=dict)
    lags: Mapping[Partition, int] = field(default_factory=dict)
    restored: Mapping[Partition, int] = field(default_factory=dict)

    def of(self, phase: Phase) -> list[Partition]:
        """The partitions in a phase."""
        return sorted(partition for partition, each in self.phases.items() if each is phase)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether all is well, and what to tell."""

    well: bool
    body: dict[str, Any]


class Health:
    """The picture of one worker. `alive_s`: after so many seconds without a round it counts as dead."""

    def __init__(self, worker: str, alive_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.worker = worker
        self.picture = Picture()
        self._alive_s = alive_s
        self._clock = clock
        self._last = clock()
        self._joined = False

    def beat(self, picture: Picture | None = None, *, joined: bool = False) -> None:
        """A round has ended; the picture stands where none is given. `joined`: the group has decided what is ours."""
        self._last = self._clock()
        if picture is not None:
            self.picture = picture
        self._joined = self._joined or joined

    def alive(self) -> Answer:
        """Whether the loop goes round. A broker that is away is retried for a minute within one round, and so is an insert."""
        silent = self._clock() - self._last
        return Answer(silent < self._alive_s, {"worker": self.worker, "last_round_seconds_ago": round(silent, 1)})

    def ready(self) -> Answer:
        """Whether every partition that is ours runs."""
        picture = self.picture
        restoring, stopped = picture.of(Phase.RESTORING), picture.of(Phase.STOPPED)
        body: dict[str, Any] = {"worker": self.worker, "running": len(picture.of(Phase.RUNNING))}
        if not self._joined:
            return Answer(False, {**body, "reason": "the group has not decided yet"})
        if stopped:
            body["reason"] = "partitions have stopped: the log says at which record and why"
            body["stopped"] = [_name(partition) for partition in stopped]
        elif restoring:
            body["reason"] = "partitions are being restored"
        if restoring:
            body["restoring"] = {_name(partition): picture.restored.get(partition, 0) for partition in restoring}
        return Answer(not stopped and not restoring, body)

    def restoring_s(self) -> float:
        """For how long the partition that has waited longest is being restored; 0 where none is."""
        picture = self.picture
        now = self._clock()
        return max((now - picture.since[partition] for partition in picture.of(Phase.RESTORING)), default=0.0)


def _name(partition: Partition) -> str:
    return f"{partition.topic}/{partition.number}"

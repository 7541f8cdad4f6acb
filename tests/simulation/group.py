"""The coordinator of one consumer group: classic protocol, cooperative-sticky, static members."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runtime.port import Partition

SESSION_TIMEOUT_MS = 15_000
NO_GENERATION = -1


class Heart(Protocol):
    """Whose heartbeats a member sends: `silent_since` is None while it does."""

    silent_since: int | None


class UnknownMemberError(Exception):
    """The group does not have this member any more."""


class FencedInstanceError(Exception):
    """Another process is the member of this instance now."""


class IllegalGenerationError(Exception):
    """The group has moved on."""


@dataclass(slots=True)
class Member:
    """A member as the coordinator sees it. `claims` are the partitions that it had when it joined last."""

    instance: str
    heart: Heart
    joined: bool = True
    claims: list[Partition] = field(default_factory=list)
    assignment: list[Partition] = field(default_factory=list)
    generation: int = NO_GENERATION


class Group:
    """One consumer group. A rebalance is complete when every member has joined or has been silent for too long."""

    def __init__(self, partitions: Sequence[Partition]) -> None:
        self._partitions = sorted(partitions)
        self.members: dict[str, Member] = {}
        self.generation = 0
        self.rebalancing = False
        self._joins = 0

    def join(self, instance: str, heart: Heart) -> str:
        """A process without a member id comes. A static member that comes back takes its old place, and nothing moves."""
        self._joins += 1
        name = f"{instance}~{self._joins}"
        old = next((known for known, member in self.members.items() if member.instance == instance), None)
        if old is None:
            self.members[name] = Member(instance, heart)
            self.rebalance()
        else:
            gone = self.members.pop(old)
            settled = not self.rebalancing  # while the group is about to decide, it waits for that like everybody else
            self.members[name] = Member(
                instance, heart, True, [], gone.assignment if settled else [], gone.generation if settled else NO_GENERATION
            )
            if settled and not set(gone.claims) <= set(gone.assignment):
                # It died before it could let go of what was to move, and with that call for the second round.
                self.rebalance()
        if self.rebalancing:
            self.members[name].joined = True
        self._complete()
        return name

    def rejoin(self, name: str, claims: Sequence[Partition]) -> None:
        """A member answers the call to a rebalance, and says what it has."""
        member = self.members[name]
        member.joined, member.claims = True, list(claims)
        self._complete()

    def rebalance(self) -> None:
        """Call all members to join again."""
        self.rebalancing = True
        for member in self.members.values():
            member.joined = False

    def check(self, name: str, instance: str, generation: int) -> None:
        """Whether offsets of this member and generation are taken. Raises what is wrong."""
        if name not in self.members:
            if any(member.instance == instance for member in self.members.values()):
                raise FencedInstanceError
            raise UnknownMemberError
        if generation != self.generation:
            raise IllegalGenerationError

    def tick(self, now_ms: int) -> None:
        """Leave out who has been silent for too long."""
        silent = [name for name, m in self.members.items() if m.heart.silent_since is not None]
        for name in silent:
            if now_ms - (self.members[name].heart.silent_since or 0) >= SESSION_TIMEOUT_MS:
                del self.members[name]
                self.rebalance()
                self._complete()

    def next_ms(self) -> int | None:
        """When a member's session ends if it stays silent."""
        times = [m.heart.silent_since for m in self.members.values() if m.heart.silent_since is not None]
        return min(times) + SESSION_TIMEOUT_MS if times else None

    def _complete(self) -> None:
        if not self.rebalancing or not self.members or not all(member.joined for member in self.members.values()):
            return
        self.rebalancing = False
        self.generation += 1
        for name, partitions in self._assign().items():
            self.members[name].assignment = partitions
            self.members[name].generation = self.generation

    def _assign(self) -> dict[str, list[Partition]]:
        """Balanced, each keeps what it has; what has to move is given to nobody before its owner has let go of it."""
        names = sorted(self.members)
        least, more = divmod(len(self._partitions), len(names))
        # Those that have most get the odd ones, so that nothing moves without need.
        ranked = sorted(names, key=lambda name: (-len(self.members[name].claims), name))
        quota = {name: least + (rank < more) for rank, name in enumerate(ranked)}
        kept = {name: sorted(self.members[name].claims)[: quota[name]] for name in names}
        owned = {partition for name in names for partition in self.members[name].claims}
        free = [partition for partition in self._partitions if partition not in owned]
        for name in names:
            while free and len(kept[name]) < quota[name]:
                kept[name].append(free.pop(0))
        return kept

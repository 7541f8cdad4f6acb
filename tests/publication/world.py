"""A publication in memory: a simulated broker, a real folder and memory, and a process that dies wherever a test says."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lodestream.credentials.did import document_bytes
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.securing import secure
from runtime.port import Partition
from runtime.processor import Record
from schemas.codec import encode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS
from sinks.publication import folder as writing
from sinks.publication.folder import Folder
from sinks.publication.memory import Memory
from sinks.publication.publisher import Publisher, Publishing
from sinks.publication.worker import Publication
from tests.credentials.telling import DID, PROFILE, signer
from tests.publication.making import ROOT, SECRET
from tests.sinks.simulated import Broker, KilledError, Member, Steps

ROUNDS = 400


class DyingMemory(Memory):
    """The real memory, in steps: what is inside `together` is lost with the process that dies in it."""

    steps: Steps

    @contextmanager
    def together(self) -> Iterator[None]:
        with super().together():
            yield
            self.steps.step()
        self.steps.step()


@dataclass
class World:
    """A place where publications work, one after the other."""

    home: Path
    records: Sequence[CredentialRecord | StatusRecord] = ()
    steps: Steps = field(default_factory=Steps)
    key: bytes = bytes(range(32))
    did: str = DID
    base_url: str = ROOT
    seen: Callable[[Path], None] = lambda folder: None

    @property
    def folder(self) -> Path:
        return self.home / "publication"

    @property
    def memory(self) -> Path:
        return self.home / "state" / "memory.sqlite"

    def run(self, chunk: int = 3) -> None:
        """Publications one after the other, each until it is killed, until all is read and written."""
        broker = Broker(partitions(self.records), self.steps)
        while True:
            try:
                self._work(broker, chunk)
            except KilledError:
                self.seen(self.folder)
                continue
            self.seen(self.folder)
            return

    def _work(self, broker: Broker, chunk: int) -> None:
        folder = Folder(self.folder)
        try:
            memory = DyingMemory.__new__(DyingMemory)
            memory.steps = self.steps
            memory.__init__(self.memory, self.folder, fresh=folder.fresh)  # type: ignore[misc]
            publisher = Publisher(self.publishing(), memory, folder)
            member = Member(broker, chunk)
            publication = Publication(member, publisher, memory, 0.0)
            member.open([], publication)
            publisher.write(derived=memory.caught_up)
            for _ in range(ROUNDS):
                publication.step()
                if all(member.positions.get(place) == len(records) for place, records in broker.records.items()):
                    publication.step()  # what came last is written
                    return
            raise AssertionError(f"not all is read after {ROUNDS} rounds")
        finally:
            folder.close()

    def publishing(self) -> Publishing:
        mine = signer(self.key)
        return Publishing(
            self.did,
            PROFILE.name,
            self.base_url,
            lambda credential, at_us: secure(credential, mine, "vc+jwt", at_us),
            lambda: document_bytes(mine),
            SECRET,
        )

    @property
    def tree(self) -> dict[str, bytes]:
        """Every file by its path."""
        return {str(each.relative_to(self.folder)): each.read_bytes() for each in self.folder.rglob("*") if each.is_file()}


def partitions(values: Iterable[CredentialRecord | StatusRecord]) -> dict[Partition, list[Record]]:
    """Two partitions a topic, in the order of the values."""
    found: dict[Partition, list[Record]] = {Partition(t, n): [] for t in (CREDENTIALS, CREDENTIAL_STATUS) for n in (0, 1)}
    for value in values:
        is_credential = isinstance(value, CredentialRecord)
        key = value.id if isinstance(value, CredentialRecord) else value.credential_id
        place = Partition(CREDENTIALS if is_credential else CREDENTIAL_STATUS, sum(key.encode()) % 2)
        found[place].append(Record(*place, len(found[place]), 0, key.encode(), encode(value)))
    return found


def killed_in_writing(monkeypatch: pytest.MonkeyPatch, steps: Steps) -> None:
    """From now on a death can part any two files, and stand in the midst of one: what was begun beside its place stays there."""
    fsync, replace = os.fsync, Path.replace

    def dying_fsync(handle: Any) -> None:
        steps.step()
        fsync(handle)

    def dying_replace(self: Path, target: Path) -> Path:
        steps.step()
        return replace(self, target)

    monkeypatch.setattr(writing.os, "fsync", dying_fsync)
    monkeypatch.setattr(Path, "replace", dying_replace)

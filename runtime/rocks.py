"""State on disk: one RocksDB per partition, in a folder that one process holds at a time.

    <data_dir>/state/<processor>/<instance>/lock
    <data_dir>/state/<processor>/<instance>/<topic>@<topic id>/<partition>/

The topic id is part of the path (KIP-516): when a topic is made anew, its offsets start again and the old state means nothing.
"""

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from rocksdict import Options, Rdict, WriteBatch

from runtime.errors import LockedError
from runtime.state import OFFSET_KEY, Position, Store

WRITE_BUFFER_BYTES = 16 * 1024 * 1024
OPEN_FILES = 256
LOG_FILE_BYTES = 1024 * 1024


class RocksStore:
    """A store in a folder of its own.

    Writes are not synced to the disk: after a power failure RocksDB comes back with a prefix of its batches, each with its
    position, and the changelog gives the rest.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._db = Rdict(str(path), _options())

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def position(self) -> Position | None:
        """None: the store is new."""
        packed = self.get(OFFSET_KEY)
        return None if packed is None else msgspec.json.decode(packed, type=Position)

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """Put (None deletes) all keys and the position, all or nothing."""
        if OFFSET_KEY in writes:
            raise ValueError(f"the key {OFFSET_KEY!r} belongs to the runtime")
        batch = WriteBatch(raw_mode=True)
        for key, value in writes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(OFFSET_KEY, msgspec.json.encode(position))
        self._db.write(batch)

    def close(self) -> None:
        """Give back files and memory; what was written stays."""
        self._db.close()


class DiskStores:
    """The stores of one processor's instance. Raises LockedError if another process has them."""

    def __init__(self, data_dir: Path, processor: str, instance: str) -> None:
        self._folder = data_dir / "state" / processor / instance
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # The kernel lets go of it when the process dies, however it dies: no lock file outlives its owner.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._lock, 32).decode(errors="replace").strip()
            os.close(self._lock)
            raise LockedError(
                f"process {holder or '?'} already runs {processor} as instance {instance} in {self._folder}; "
                "give this one another name (the setting `instance`, or LODESTREAM_INSTANCE) or another data folder"
            ) from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def open(self, topic: str, topic_id: str, partition: int) -> Store:
        """The store of the partition, new if there is none. Stores of other topics of this name are removed."""
        for other in self._folder.glob(f"{topic}@*"):
            if other != self._path(topic, topic_id):
                shutil.rmtree(other)
        path = self._path(topic, topic_id) / str(partition)
        try:
            return RocksStore(path)
        except Exception as fault:  # rocksdict raises nothing narrower
            if "Corruption" not in str(fault):
                raise
            # The store is a cache of the changelog: what cannot be read is made again.
            self.destroy(topic, topic_id, partition)
            return RocksStore(path)

    def destroy(self, topic: str, topic_id: str, partition: int) -> None:
        """Remove the store, which must be closed."""
        shutil.rmtree(self._path(topic, topic_id) / str(partition), ignore_errors=True)

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def _path(self, topic: str, topic_id: str) -> Path:
        return self._folder / f"{topic}@{topic_id}"


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)  # times partitions: 64 of them at the default would take 4 GiB
    options.set_max_open_files(OPEN_FILES)
    options.set_max_log_file_size(LOG_FILE_BYTES)
    options.set_keep_log_file_num(2)
    return options

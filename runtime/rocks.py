"""State on disk: one RocksDB per partition, in a folder that one process holds at a time.

    <data_dir>/state/<processor>/<instance>/lock
    <data_dir>/state/<processor>/<instance>/<topic>@<topic id>/<partition>/

The topic id is part of the path (KIP-516): when a topic is made anew, its offsets start again and the old state means nothing.
"""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
import structlog
from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch, WriteBufferManager, WriteOptions

from runtime.errors import LockedError, StateError
from runtime.files import take
from runtime.state import OFFSET_KEY, Position, Store, unpacked

WRITE_BUFFER_BYTES = 16 * 1024 * 1024
# All stores of a process together: 64 partitions with buffers and caches of their own could take 4 GiB.
WRITE_BUFFERS_BYTES = 256 * 1024 * 1024
CACHE_BYTES = 128 * 1024 * 1024
BLOOM_BITS = 10  # a key: most keys that the ledger asks for are new, and without it each of them is looked for in every file
OPEN_FILES = 256
LOG_FILE_BYTES = 1024 * 1024
# From so many keys on a restore is not logged and not compacted meanwhile: 1.5 us a key instead of 2.3 (600,000 keys of 340
# bytes, processor time). Below that, to switch costs more.
BULK_KEYS = 50_000
LOGGED, UNLOGGED = WriteOptions(), WriteOptions()
UNLOGGED.disable_wal = True  # type: ignore[method-assign,assignment]  # an attribute, whatever its stub says

_log = structlog.get_logger(__name__)


# What a person has to mend and what leaves the files as they are; anything else that RocksDB says means that they are damaged.
_MENDABLE = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
    "Too many open files",
    "Cannot allocate memory",
)


class RocksStore:
    """A store in a folder of its own. All that goes wrong with it is StateError; a damaged one is removed when it is closed.

    Writes are not synced to the disk: after a power failure RocksDB comes back with a prefix of its batches, each with its
    position, and the changelog gives the rest. The same is true of a long restore after any crash, since it writes no log; what
    it holds in memory is on disk before the next write that is logged, or that one would stand there alone.
    """

    def __init__(self, path: Path, options: Options) -> None:
        self._path = path
        self._damaged = False
        self._restored = 0
        try:
            path.mkdir(parents=True, exist_ok=True)
            # By its name too: else a store that is opened again has the options that RocksDB wrote down, with a cache of 8 MB
            # of its own, and a key of a store with a million lots takes 150 us instead of 7 (processor time).
            self._db = Rdict(str(path), options, column_families={"default": options})
        except Exception as fault:  # noqa: BLE001  # rocksdict raises nothing narrower
            raise _state_error(path, "opened", fault) from None

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, or None."""
        try:
            value: bytes | None = self._db.get(key)
        except Exception as fault:  # noqa: BLE001  # as above
            raise self._failed("read", fault) from None
        return value

    def position(self) -> Position | None:
        """None: the store is new."""
        packed = self.get(OFFSET_KEY)
        try:
            return unpacked(packed, empty=packed is None and next(iter(self._db.keys()), None) is None)
        except Exception as fault:  # noqa: BLE001  # as above
            raise self._failed("read", fault) from None

    def write(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """Put (None deletes) all keys and the position, all or nothing."""
        if self._bulk:
            self._end_bulk()
        self._restored = 0
        self._write(_batch(writes, position), LOGGED)

    def restore(self, writes: Mapping[bytes, bytes | None], position: Position) -> None:
        """As `write`, for what the changelog can give again: a crash may leave only the first of these batches."""
        before = self._bulk
        self._restored += len(writes)
        if self._bulk and not before:
            try:
                self._db.set_options({"disable_auto_compactions": "true"})
            except Exception as fault:  # noqa: BLE001  # as above
                raise self._failed("written", fault) from None
        self._write(_batch(writes, position), UNLOGGED if self._bulk else LOGGED)

    @property
    def _bulk(self) -> bool:
        return self._restored >= BULK_KEYS

    def _end_bulk(self) -> None:
        try:
            self._db.flush()
            self._db.set_options({"disable_auto_compactions": "false"})
        except Exception as fault:  # noqa: BLE001  # as above
            raise self._failed("written", fault) from None

    def _write(self, batch: WriteBatch, options: WriteOptions) -> None:
        try:
            self._db.write(batch, options)
        except Exception as fault:  # noqa: BLE001  # as above
            raise self._failed("written", fault) from None

    def close(self) -> None:
        """Give back files and memory; what was written stays, unless the files are damaged: then they are removed."""
        try:
            self._db.close()
        except Exception as fault:  # noqa: BLE001  # rocksdict raises nothing narrower
            # What it could not put away is in the changelog, and who closes a store is on the way out, often for this reason.
            _log.warning("local state could not be closed", reason=str(self._failed("closed", fault)))
        if self._damaged:
            _remove(self._path)

    def _failed(self, what: str, fault: Exception) -> StateError:
        error = _state_error(self._path, what, fault)
        self._damaged |= error.damaged
        return error


class DiskStores:
    """The stores of one processor's instance. Raises LockedError if another process has them."""

    def __init__(self, data_dir: Path, processor: str, instance: str) -> None:
        self._folder = data_dir / "state" / processor / instance
        self._options = _options()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise _state_error(self._folder, "opened", fault) from None
        if not take(self._lock):
            holder = (self._folder / "lock").read_text(errors="replace")[:32].strip()
            raise LockedError(
                f"process {holder or '?'} already runs {processor} as instance {instance} in {self._folder}; "
                "give this one another name (the setting `instance`, or LODESTREAM_INSTANCE) or another data folder"
            )
        with contextlib.suppress(OSError):  # a courtesy to whoever finds the folder locked; a full disk may have no room for it
            os.ftruncate(self._lock, 0)
            os.write(self._lock, str(os.getpid()).encode())

    def open(self, topic: str, topic_id: str, partition: int) -> Store:
        """The store of the partition, new if there is none. Stores of other topics of this name are removed."""
        for other in self._folder.glob(f"{topic}@*"):
            if other != self._path(topic, topic_id):
                _remove(other)
        path = self._path(topic, topic_id) / str(partition)
        try:
            return RocksStore(path, self._options)
        except StateError as reason:
            if not reason.damaged:
                raise
            # The store is a cache of the changelog: what cannot be read is made again.
            _log.warning("local state is damaged and made anew", reason=str(reason))
            _remove(path)
            return RocksStore(path, self._options)

    def destroy(self, topic: str, topic_id: str, partition: int) -> None:
        """Remove the store, which must be closed."""
        _remove(self._path(topic, topic_id) / str(partition))

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def _path(self, topic: str, topic_id: str) -> Path:
        return self._folder / f"{topic}@{topic_id}"


def _state_error(path: Path, what: str, fault: Exception) -> StateError:
    """What a fault of RocksDB or of the file system means, by its words: neither says it in any other way to both."""
    if any(reason in str(fault) for reason in _MENDABLE):
        return StateError(
            f"the state in {path} cannot be {what}: {fault}. Mend that and start again: nothing is lost, since the "
            "changelog holds it too",
            damaged=False,
        )
    return StateError(
        f"the state in {path} cannot be {what}, its files are damaged: {fault}. They are removed; the next start restores them "
        "from the changelog",
        damaged=True,
    )


def _remove(path: Path) -> None:
    """Remove a folder, or what stands in its place. Where that fails, opening says why."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _batch(writes: Mapping[bytes, bytes | None], position: Position) -> WriteBatch:
    if OFFSET_KEY in writes:
        raise ValueError(f"the key {OFFSET_KEY!r} belongs to the runtime")
    batch = WriteBatch(raw_mode=True)
    put, delete = batch.put, batch.delete
    for key, value in writes.items():
        if value is None:
            delete(key)
        else:
            put(key, value)
    put(OFFSET_KEY, msgspec.json.encode(position))
    return batch


def _options() -> Options:
    """For all stores of a process: they share cache and write buffers, so memory does not grow with partitions.

    The files' indexes and filters lie outside of the cache, about 50 MB for a million lots: in it they would throw each other
    out as soon as they do not all fit.
    """
    tables = BlockBasedOptions()
    tables.set_block_cache(Cache(CACHE_BYTES))
    tables.set_bloom_filter(BLOOM_BITS, False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(tables)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_write_buffer_manager(WriteBufferManager(WRITE_BUFFERS_BYTES, False))
    options.set_max_open_files(OPEN_FILES)
    options.set_max_log_file_size(LOG_FILE_BYTES)
    options.set_keep_log_file_num(2)
    return options

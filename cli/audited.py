"""The audit of all books at once: partitions of Kafka or ranges of sites in ClickHouse, in processes side by side."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from confluent_kafka import KafkaException

from cli import kafka_books
from cli.context import Context
from cli.exits import Unreachable
from cli.reading import reading, tables
from cli.schemas import use_catalogue
from lodestream.audit.audit import merged
from lodestream.audit.values import Verdict
from runtime.errors import FatalError
from runtime.settings import Settings
from runtime.table import read_table
from schemas.topics import SKIPS
from sinks.clickhouse import audit as clickhouse
from sinks.clickhouse.columns import differing_columns
from sinks.clickhouse.connect import SocketError, chdb_folder
from sinks.clickhouse.readsocket import ReadServer, SocketReader, socket_path
from streams.ledger.processor import reasons

GARBAGE = 200_000
"""So many more values than at its last look before the collector looks again: a batch of entries keeps some ten thousands."""


@dataclass(frozen=True)
class Question:
    """What is asked of the books: up to which record time, and about which valid time for the balances; in how many processes."""

    as_of_us: int | None = None
    about_us: int | None = None
    processes: int = os.cpu_count() or 1


def audit_kafka(settings: Settings, question: Question, books: kafka_books.Books) -> Verdict:
    """All partitions of the topics. Raises Unreachable."""
    skips = skipped(settings)
    with _reached(settings):
        sizes = kafka_books.sizes(settings, books)
    # The largest first: begun last, it would work alone. The verdicts are merged by number, as ever.
    numbers = sorted(sizes, key=lambda number: -sizes[number])
    found = _side_by_side(_partition, [(settings, books, n, skips, question) for n in numbers], question.processes)
    return merged(verdict for _, verdict in sorted(zip(numbers, found, strict=True), key=lambda one: one[0]))


def audit_clickhouse(context: Context, question: Question) -> tuple[Verdict, int]:
    """All sites of the tables, then their columns; and how many entries they say were skipped. Raises Unreachable."""
    url = context.settings.clickhouse.url
    with tables(context) as reader, serving(url) as others:
        processes = question.processes if others else 1
        skips = clickhouse.skipped(reader)
        parts = [(url, one, context.settings.partitions, skips, question) for one in clickhouse.ranges(reader, processes)]
        verdict = merged(_side_by_side(_range, parts, processes))
        verdict.difference = verdict.difference or differing_columns(reader)
    return verdict, len(skips)


def skipped(settings: Settings) -> dict[str, str]:
    """The reasons of the entries that an operator passed over. Raises Unreachable."""
    try:
        return reasons(read_table(settings, SKIPS))
    except FatalError as error:
        raise Unreachable(str(error)) from error


@contextmanager
def serving(url: str) -> Iterator[bool]:
    """Whether other processes can ask while the block runs: a chDB folder through the sink that has it, else through us."""
    folder = chdb_folder(url)
    if folder is None or not folder.is_dir():
        yield True
        return
    sink = SocketReader.to(socket_path(folder))
    if sink is not None:
        sink.close()
        yield True
        return
    try:
        server = ReadServer(url, folder)
    except SocketError:  # the folder's path is too long for a socket's
        yield False
        return
    with server:
        yield True


@contextmanager
def _reached(settings: Settings) -> Iterator[None]:
    """What the broker's client raises is told in this process already: its errors cannot be handed to another."""
    try:
        yield
    except KafkaException as error:
        said = error.args[0].str()
        raise Unreachable(f"the books at {settings.kafka.bootstrap_servers} cannot be read: {said}") from None


def _partition(settings: Settings, books: kafka_books.Books, number: int, skips: dict[str, str], question: Question) -> Verdict:
    use_catalogue(settings)
    _look_for_little()
    with _reached(settings):
        return kafka_books.audit_partition(settings, books, number, skips, question.as_of_us, question.about_us)


def _range(url: str, sites: clickhouse.Range, partitions: int, skips: dict[str, str], question: Question) -> Verdict:
    with reading(url) as reader:
        _look_for_little()
        return clickhouse.audit_range(reader, sites, partitions, skips, question.as_of_us, question.about_us)


def _look_for_little() -> None:
    """The collector took a tenth of an audit and found nothing: it looked through what was imported, and a batch's values."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _side_by_side(work: Callable[..., Verdict], parts: Sequence[tuple[Any, ...]], processes: int) -> list[Verdict]:
    """The verdicts of all parts, in their order. Spawned, since neither Kafka's client nor chDB outlives a fork.

    Raises what `work` raises, and Unreachable where a process dies: what it had to say is unknown.
    """
    if len(parts) <= 1 or processes <= 1:
        return [work(*part) for part in parts]
    try:
        with ProcessPoolExecutor(min(processes, len(parts)), mp_context=get_context("spawn")) as pool:
            return [future.result() for future in [pool.submit(work, *part) for part in parts]]
    except BrokenProcessPool:
        said = "a process of the audit was killed before it had a verdict, so there is none"
        raise Unreachable(f"{said}; where memory ran out, audit with fewer at a time: --processes 1") from None

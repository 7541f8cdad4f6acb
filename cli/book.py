"""`lodestream book`: sites, locations, sources and their settings."""

import time
from pathlib import Path

import click
from confluent_kafka import KafkaException

from cli.book_files import read_book_file
from cli.broker import need_topic
from cli.context import Context, pass_context
from cli.exits import Unreachable
from cli.output import console, counted
from cli.schemas import use_catalogue
from lodestream.ledger.bookfile import book_entries
from lodestream.ledger.records import Entry
from runtime import clients
from runtime.settings import Settings
from schemas.codec import encode
from schemas.topics import ENTRIES

WRITE_SECONDS = 15.0


@click.group(epilog="\b\nExample:\n  lodestream book apply plant.toml")
def command() -> None:
    """Sites, their locations, who may send for them, and how their books are kept."""


@command.command(name="apply", epilog="\b\nExample:\n  lodestream book apply plant.toml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_context
def apply_book(context: Context, file: Path) -> None:
    """Write the settings of each site in FILE into its book, as an entry like any other.

    The new settings hold from that entry on; what was posted before stays as it was. The gate reads the same file for
    locations and sources: name it in the setting `book` and restart the gate. Nothing is written where FILE is wrong.
    """
    entries = book_entries(read_book_file(file), time.time_ns() // 1000)
    use_catalogue(context.settings)
    try:
        _write(context.settings, entries)
    except KafkaException as error:
        address = context.settings.kafka.bootstrap_servers
        raise Unreachable(f"{address} did not take the book, and none of it is written: {error.args[0].str()}") from error
    for entry in entries:
        console().print(f"written {entry.site}", soft_wrap=True)
    console().print(f"{counted(len(entries), 'site')}; the gate takes locations and sources from the file at its next start")


def _write(settings: Settings, entries: list[Entry]) -> None:
    """All entries in one transaction: a book that is half applied would be two books. Raises KafkaException, Unreachable."""
    producer = clients.producer(settings, f"lodestream-book-{settings.instance}")
    need_topic(producer, settings.kafka.bootstrap_servers, ENTRIES)
    producer.init_transactions(WRITE_SECONDS)
    producer.begin_transaction()
    for entry in entries:
        producer.produce(ENTRIES, key=entry.site.encode(), value=encode(entry))
    producer.commit_transaction(WRITE_SECONDS)

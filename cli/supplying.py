"""The suppliers' desk as it follows from the settings: whom we believe, where credentials are kept, and how they are sent on."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.broker import need_topic
from cli.context import Context
from cli.exits import Unusable
from cli.verify import policies
from connectors.credentials.desk import Desk
from connectors.credentials.push import read_tokens
from connectors.credentials.sending import KafkaOut
from connectors.credentials.serve import serve as serve_desk
from connectors.credentials.sources import Documents
from connectors.credentials.store import Store
from connectors.web.allowed import allowed
from connectors.web.fetch import Web
from lodestream.credentials.errors import CredentialError
from lodestream.supplied.suppliers import LONGEST_FILE, Suppliers, parse_suppliers
from runtime import clients
from runtime.worker import run_process
from schemas.topics import ENTRIES, INBOX


def list_of_suppliers(context: Context) -> tuple[Suppliers, Path]:
    """Whom we believe, and the folder of the file that says so. Raises Unusable."""
    path = context.settings.suppliers.file
    if path is None:
        raise Unusable("no list of suppliers: set suppliers.file to a suppliers.toml (docs/suppliers.md)")
    try:
        with path.open("rb") as file:
            return parse_suppliers(file.read(LONGEST_FILE + 1).decode()), path.parent
    except (OSError, UnicodeDecodeError, CredentialError) as error:
        raise Unusable(f"{path}: {error}") from error


NAME = "suppliers"


@contextmanager
def desk(context: Context) -> Iterator[Desk]:
    """The desk with its store, which is let go of at the end. Raises Unusable; FatalError where another process has the store."""
    settings = context.settings
    suppliers, beside = list_of_suppliers(context)
    producer = clients.producer(settings)
    for topic in (INBOX, ENTRIES):
        need_topic(producer, settings.kafka.bootstrap_servers, topic)
    store = Store(settings.suppliers.folder or settings.data_dir / "suppliers")
    try:
        out = KafkaOut(producer, settings.suppliers.source, settings.partitions, settings.traces.sample)
        sources = web(suppliers)
        made = Desk(store, suppliers, context.book().register, Documents(suppliers, beside, sources), sources, out, now_us)
        made.policies = policies(settings)
        yield made
    finally:
        store.close()


def now_us() -> int:
    """The clock of this machine, µs since 1970."""
    return time.time_ns() // 1_000


def web(suppliers: Suppliers) -> Web:
    """The web, as far as the list of suppliers lets it be asked. Raises Unusable."""
    try:
        return Web([allowed(host) for host in suppliers.hosts()])
    except CredentialError as error:
        raise Unusable(f"the list of suppliers: {error}") from error


def serve(context: Context) -> int:
    """The worker: the desk over HTTP until it is told to stop; its exit code. Raises Unusable."""
    settings = context.settings
    if settings.suppliers.tokens is None:
        raise Unusable("no tokens: set suppliers.tokens to a file with a token for each supplier (docs/suppliers.md)")
    try:
        tokens = read_tokens(settings.suppliers.tokens)
    except CredentialError as error:
        raise Unusable(str(error)) from error

    def work() -> None:
        with desk(context) as at:
            asyncio.run(serve_desk(at, tokens, settings.suppliers))

    return run_process(NAME, settings, work)

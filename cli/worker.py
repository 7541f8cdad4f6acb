"""`lodestream worker`: the gate, the ledger, the watch, the issuer, the publication or the sink, until it is told to stop.

Each needs other rooms, and a worker process should load only its own: so each has a function that imports them.
"""

import sys
from collections.abc import Callable

import click
from confluent_kafka import KafkaException

from cli.context import Context, pass_context
from cli.exits import Exit, Unreachable, Unusable
from cli.schemas import use_catalogue
from runtime import clients
from runtime.settings import Settings

CHECK_SECONDS = 10.0

EXIT_CODES = (
    "Exit codes: 0 stopped as asked; 3 something does not answer; 4 another process runs under this instance name; "
    "5 state and offsets do not belong together; 6 the state folder is in use; "
    "7 it cannot be read or written; 70 a bug. docs/operators.md says what to do."
)


def gate(context: Context) -> int:
    """Documents of the inboxes to canonical events of their sites, or to rejections."""
    from runtime.worker import run_worker
    from schemas.topics import LEDGER_RECORD_BYTES
    from streams.gate.processor import GateProcessor

    book = context.book()
    sample = context.settings.traces.sample
    return run_worker(GateProcessor(book.register, book.sources, context.limits, LEDGER_RECORD_BYTES, sample), context.settings)


def ledger(context: Context) -> int:
    """The entries of each site to transactions, lots and entries of other sites."""
    from runtime.errors import FatalError
    from runtime.table import read_table
    from runtime.worker import run_worker
    from schemas.topics import SKIPS
    from streams.ledger.processor import LedgerProcessor

    try:
        skips = read_table(context.settings, SKIPS)
    except FatalError as error:
        raise Unreachable(str(error)) from error
    return run_worker(LedgerProcessor(context.settings.partitions, skips), context.settings)


def issuer(context: Context) -> int:
    """What the ledger vouches for to signed credentials."""
    from cli.issuing import office
    from runtime.worker import run_worker
    from streams.issuer.processor import IssuerProcessor

    return run_worker(IssuerProcessor(office(context.settings, context.book())), context.settings)


def sink(context: Context) -> int:
    """All of it to ClickHouse."""
    from sinks.clickhouse.process import run_sink

    return run_sink(context.settings)


def publication(context: Context) -> int:
    """Credentials, status lists and linksets to a folder that others may read."""
    from cli.publishing import publishing
    from sinks.publication.process import run_publication

    return run_publication(context.settings, publishing(context))


def watch(context: Context) -> int:
    """Findings that need windows or history across sites, and ticks, to the entries of their sites."""
    from streams.watch.process import run_watch

    return run_watch(context.settings, context.book())


def suppliers(context: Context) -> int:
    """Suppliers' credentials over HTTP to the inbox, and their status to the books."""
    from cli.supplying import serve

    return serve(context)


WORKERS: dict[str, Callable[[Context], int]] = {
    "gate": gate,
    "ledger": ledger,
    "watch": watch,
    "issuer": issuer,
    "publication": publication,
    "sink": sink,
}
"""Those that every installation runs, `dev` and `demo` too."""
DESKS: dict[str, Callable[[Context], int]] = {"suppliers": suppliers}
"""Workers that read no topic, and so are in no group that could be asked about them."""


EXAMPLES = (
    "\b\nExamples:\n  lodestream worker gate\n  lodestream -s instance=ledger-2 worker ledger\n  lodestream worker --check gate"
)


@click.command(epilog=f"{EXIT_CODES}\n\n{EXAMPLES}")
@click.argument("name", type=click.Choice([*WORKERS, *DESKS]))
@click.option("--check", is_flag=True, help="Only ask the broker whether this instance works in its group: a health check.")
@pass_context
def command(context: Context, name: str, check: bool) -> None:
    """Run one worker until SIGTERM or Ctrl-C; it then finishes its batch, commits and leaves.

    \b
    gate         documents of the inboxes to canonical events of their sites, or to rejections
    ledger       the entries of each site to transactions, lots and entries of other sites
    watch        findings that need windows or history across sites, and ticks, to the entries of their sites
    issuer       what the ledger vouches for to signed credentials
    publication  credentials, status lists and linksets to a folder that others may read
    sink         all of it to ClickHouse
    suppliers    their credentials over HTTP to the inbox, and their status to the books (docs/suppliers.md)

    Run as many of each as you like, each with an `instance` name and a `data_dir` of its own, but only one publication. Of
    several watches one works, and the others stand by.
    """
    if check and name in DESKS:
        raise Unusable(f"{name} is in no group; ask its address: GET /health")
    if check:
        sys.exit(_check(context.settings, name))
    use_catalogue(context.settings)
    sys.exit((WORKERS | DESKS)[name](context))


def _check(settings: Settings, name: str) -> Exit:
    """Whether this instance is a member of its group: it leaves when its process dies, or takes no records for too long."""
    admin = clients.admin(settings)  # a name of its own: the answer never comes where the client is gone
    group = admin.describe_consumer_groups([name], request_timeout=CHECK_SECONDS)[name]
    try:
        members = {member.group_instance_id for member in group.result(CHECK_SECONDS).members}
    except (KafkaException, TimeoutError) as error:
        raise Unreachable(f"{settings.kafka.bootstrap_servers} does not answer about the group {name}: {error}") from error
    if f"{name}-{settings.instance}" not in members:
        raise Unreachable(f"no {name} works under the instance name {settings.instance}")
    click.echo(f"{name} {settings.instance} works")
    return Exit.OK

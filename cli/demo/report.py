"""What the demonstration shows at the end: balances, findings, a trace, a credential, and where to go on."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cli.answers import finding_text, site_table, trace_trees
from cli.context import Context
from cli.issuing import did_path
from cli.local.stage import SETTINGS_NAME, near, program
from cli.output import counted, short
from cli.reading import tables
from cli.verify import policies, show
from lodestream.credentials.record import CredentialRecord
from lodestream.credentials.verify import verify
from sinks.clickhouse.connect import chdb_folder
from sinks.clickhouse.queries import findings, lots, site_balances
from sinks.clickhouse.readonly import Reader
from sinks.clickhouse.trace import trace
from streams.issuer.keys import read_did_document

JWS_BEGINS = "application/vc+jwt,"
QUERY = "SELECT site, element, stock_kg, losses_kg, unaccounted_kg FROM site_balances ORDER BY site, element"


def report(to: Console, context: Context, credentials: Sequence[CredentialRecord]) -> None:
    """Print what came of the examples, from the tables and the credentials that the workers wrote."""
    with tables(context) as reader:
        _heading(to, "Where the metal is", "by site and element, in kg: what entered is all somewhere")
        to.print(site_table(site_balances(reader)))
        _findings(to, reader)
        way = _trace(to, reader)
    # One about the lots of that way, where there is one: the reader has just met them.
    for record in sorted(credentials, key=lambda record: not way & set(record.lots))[:1]:
        _credential(to, context, record)


def farewell(to: Console, context: Context) -> None:
    """Where the tables are, and what to try next. Printed when everything has stopped, so that it is all true."""
    _heading(to, "Go on from here", "everything has stopped; tables and credentials stay until the next demo")
    config = near(context.settings.data_dir / SETTINGS_NAME)
    to.print(f"ClickHouse   {chdb_folder(context.settings.clickhouse.url)}", soft_wrap=True)
    to.print(f"credentials  {context.settings.publication.folder}", soft_wrap=True)
    called = program()
    commands = (
        f"{called} --config {config} sql '{QUERY}'",
        f"{called} --config {config} findings --all",
        f"{called} replay examples/01-copper        # the same ledger without a broker, on your own events too",
    )
    for command in commands:
        to.print(Text.assemble(("  $ ", "dim"), command), soft_wrap=True)


def _findings(to: Console, reader: Reader) -> None:
    rows = findings(reader)
    loud = [row for row in rows if row.severity != "info"]
    _heading(to, "What the rules found", "each with the arithmetic behind it; hard and hold stop credentials")
    for row in loud:
        to.print(finding_text(row, short), soft_wrap=True)
    to.print(f"and {counted(len(rows) - len(loud), 'note')} (info): `findings` lists them", style="dim")


def _trace(to: Console, reader: Reader) -> set[str]:
    """Of the lots that are there, the one with the longest way behind it, which shows the most. The lots on that way."""
    traces = [trace(reader, row.lot, row.site) for row in lots(reader)]
    longest = max(traces, key=lambda found: max((link.step for link in found.upstream), default=0))
    _heading(to, "Where one lot came from", "and how much of it went along each step")
    for tree in trace_trees(longest, short):
        to.print(tree)
    return {link.from_lot for link in longest.upstream}


def _credential(to: Console, context: Context, record: CredentialRecord) -> None:
    """One credential as issued, and with one byte changed; both are left as files for `lodestream verify`."""
    folder = context.settings.data_dir
    good, bad = folder / "credential.json", folder / "credential-changed.json"
    good.write_text(record.envelope)
    bad.write_text(one_byte_changed(record.envelope))
    document = read_did_document(did_path(context.settings))
    _heading(to, "What can be proven", f"a UNTP {record.kind} about {', '.join(map(short, record.lots))}")
    for path, said in ((good, "as issued"), (bad, "with one byte changed")):
        to.print(Text.assemble((f"{path.name} ", "bold"), said), soft_wrap=True)
        show(verify(path.read_bytes(), document, time.time_ns() // 1000, policies(context.settings)), to, brief=True)


def one_byte_changed(envelope: str) -> str:
    """The envelope with one character in the middle of its signed payload exchanged for another of the same alphabet."""
    begin = envelope.index(".", envelope.index(JWS_BEGINS)) + 1
    middle = (begin + envelope.index(".", begin)) // 2
    other = "A" if envelope[middle] != "A" else "B"
    return envelope[:middle] + other + envelope[middle + 1 :]


def _heading(to: Console, title: str, said: str) -> None:
    to.print()
    to.print(Text.assemble((title, "bold cyan"), (f"  {said}", "dim")), soft_wrap=True)

"""`lodestream audit`: the books are what their entries give, or the first row that is not so."""

import sys
from typing import Any

import click
from rich.text import Text

from cli.audited import Question, audit_clickhouse, audit_kafka
from cli.context import Context, pass_context
from cli.exits import Exit, Unusable
from cli.kafka_books import Books
from cli.output import console, counted, kilograms, plain, print_json, table
from cli.times import Time, said
from lodestream.audit.audit import open_custody
from lodestream.audit.values import Difference, Verdict
from lodestream.ledger.chain import VERSION
from lodestream.ledger.records import RULE_VERSION
from sinks.clickhouse.connect import without_password

DAY_US = 86_400_000_000
EXAMPLES = (
    "\b\nExamples:\n  lodestream audit\n  lodestream audit --from clickhouse --json | jq 'select(.kind == \"difference\")'\n"
    "  lodestream audit --as-of 2026-03-05T00:00Z --about 2026-03-02T12:00Z"
)


@click.command(epilog=EXAMPLES)
@click.option("--from", "held_by", type=click.Choice(["kafka", "clickhouse"]), default="kafka", help="Whose books (kafka).")
@click.option("--as-of", "as_of", type=Time(), help="Only what was recorded until then; prints the balances as known then.")
@click.option("--about", type=Time(), help="Of these balances only what had happened until then.")
@click.option("--processes", type=click.IntRange(1), default=Question().processes, help="How many work side by side (all cores).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, held_by: str, as_of: int | None, about: int | None, processes: int, as_json: bool) -> None:
    """Make every transaction anew from its entry and compare: content, order, sequence, hash chain, byte for byte.

    Names the first row that somebody edited, deleted, inserted or put elsewhere. From ClickHouse also every column and side
    table is held against the whole records. Hand-overs between sites that are not at zero are shown with their age.

    Exit code 1 where something differs.
    """
    if about is not None and as_of is None:
        raise Unusable("--about needs --as-of: what was known, and of that, about when")
    question = Question(as_of, about, processes)
    settings = context.settings
    if held_by == "kafka":
        verdict, where, skips = audit_kafka(settings, question, Books()), settings.kafka.bootstrap_servers, 0
    else:
        (verdict, skips), where = audit_clickhouse(context, question), without_password(settings.clickhouse.url)
    show = _print_json if as_json else _print
    show(verdict, f"{held_by} at {where}", skips, question)
    sys.exit(Exit.OK if verdict.difference is None else Exit.FAULTS)


def _print_json(verdict: Verdict, where: str, skips: int, question: Question) -> None:
    head = {"kind": "audit", "books": where, "chain_version": VERSION, "rule_version": RULE_VERSION, "skipped": skips}
    names = ("entries", "outcomes", "transactions", "waiting", "last_us")
    print_json(head | {name: getattr(verdict, name) for name in names} | {"ok": verdict.difference is None})
    if verdict.difference is not None:
        print_json({"kind": "difference", **plain(verdict.difference)})
        return  # a part of the books is missing from the sums
    for (account, element), one in open_custody(verdict).items():
        row = {"account": account, "element": element, "mg": str(one.mg), "since_us": one.since_us, "sites": sorted(one.sites)}
        print_json({"kind": "custody", **row, "age_us": verdict.last_us - one.since_us})
    for site, element, account, mg in _balances(verdict, question):
        print_json({"kind": "balance", "site": site, "element": element, "account": account, "balance_mg": str(mg)})


def _print(verdict: Verdict, where: str, skips: int, question: Question) -> None:
    to = console()
    to.print(f"{where}; chain version {VERSION}, rules version {RULE_VERSION}", style="dim", soft_wrap=True)
    looked = (
        f"{counted(verdict.transactions, 'transaction')} and {counted(verdict.outcomes - verdict.transactions, 'other outcome')}"
    )
    until = "" if question.as_of_us is None else f" recorded until {said(question.as_of_us)}"
    if verdict.difference is None:
        text = f"{looked}{until} are what their {counted(verdict.entries, 'entry', 'entries')} give, byte for byte and in order"
        to.print(Text.assemble(("✓ ", "green"), text), soft_wrap=True)
    else:
        to.print(_difference(verdict.difference), soft_wrap=True)
        to.print(f"  {looked}{until} were in order; what follows it there was not looked at", soft_wrap=True)
    if verdict.waiting:
        to.print(f"  {counted(verdict.waiting, 'entry', 'entries')} wait for the ledger", soft_wrap=True)
    if skips:
        to.print(
            f"  {counted(skips, 'entry', 'entries')} skipped, by these tables' own word: the audit of Kafka asks ledger.skips.v1"
        )
    _print_custody(verdict)
    if rows := _balances(verdict, question):
        about = "" if question.about_us is None else f" about {said(question.about_us)}"
        to.print(Text(f"Balances as known at {said(question.as_of_us or 0)}{about}", "bold"))
        cells = [(site, element, account, kilograms(mg)) for site, element, account, mg in rows]
        to.print(table("", ("site", "", "account", "kg"), cells, ("kg",)))


def _difference(found: Difference) -> Text:
    text = Text.assemble(("✗ ", "bold red"), (found.code, "bold"), f" {found.place}")
    return text.append(f"\n    there:     {found.there}\n    should be: {found.expected}\n    {found.says}")


def _print_custody(verdict: Verdict) -> None:
    if verdict.difference is not None:
        return  # a part of the books is missing from the sums
    still = open_custody(verdict)
    if not still:
        console().print(Text.assemble(("✓ ", "green"), "hand-overs: every consignment is at zero over the books of both sites"))
        return
    console().print(f"{counted(len(still), 'hand-over')} open:")
    cells = [
        (account, element, kilograms(one.mg), f"{(verdict.last_us - one.since_us) // DAY_US} d", ", ".join(sorted(one.sites)))
        for (account, element), one in still.items()
    ]
    console().print(table("", ("account", "", "kg", "age", "sites"), cells, ("kg", "age")))


def _balances(verdict: Verdict, question: Question) -> list[tuple[Any, ...]]:
    """The accounts as known then; none where no time was asked for, or where the books differ."""
    if question.as_of_us is None or verdict.difference is not None:
        return []
    return [(*key, mg) for key, mg in sorted(verdict.balances.items())]

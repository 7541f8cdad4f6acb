"""`lodestream sink`: prove that ClickHouse holds each row once."""

import sys

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit
from cli.output import console, plain, print_json
from cli.reading import tables
from sinks.clickhouse.verify import verify


@click.group(epilog="\b\nExample:\n  lodestream sink verify")
def command() -> None:
    """What the sink wrote into ClickHouse."""


@command.command(name="verify", epilog="\b\nExample:\n  lodestream sink verify --json | jq 'select(.faults > 0)'")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each check.")
@pass_context
def verify_sink(context: Context, as_json: bool) -> None:
    """Prove from the tables alone that each record is there once, and that they add up.

    No gap and no double in the offsets of any topic partition, postings that sum to zero, chains that hold, sums that
    are equal to the ledger's lots. Exit code 1 where a check fails.
    """
    with tables(context) as reader:
        report = verify(reader)
    if as_json:
        for check in report.checks:
            print_json(plain(check))
    else:
        for check in report.checks:
            mark = ("✓ ", "green") if check.ok else ("✗ ", "bold red")
            said = f"{check.says} ({check.checked:,} looked at)" if check.ok else f"{check.faults:,} at fault: {check.first}"
            console().print(Text.assemble(mark, (f"{check.name:<24} ", "bold"), said), soft_wrap=True)
        if report.unmerged:
            console().print(f"{report.unmerged:,} rows stand twice until ClickHouse merges them; no view shows them", style="dim")
    sys.exit(Exit.OK if report.ok else Exit.FAULTS)

"""`lodestream sql`: ask ClickHouse."""

import sys

import click

from cli.context import Context, pass_context
from cli.reading import show, tables


@click.command(
    epilog="\b\nExamples:\n  lodestream sql 'SELECT site, element, sum(amount_mg) FROM postings GROUP BY ALL'\n"
    "  lodestream sql --json 'SELECT * FROM findings' | jq .arithmetic\n  lodestream sql - < report.sql"
)
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; amounts in mg are strings of digits.")
@pass_context
def command(context: Context, query: str, as_json: bool) -> None:
    """Run a reading QUERY on the tables of Lodestream (database `lodestream`); `-` reads it from standard input.

    Nothing can be written, and limits of time and size hold. docs/analysts.md describes the tables.
    """
    text = sys.stdin.read() if query == "-" else query
    with tables(context) as reader:
        show(reader.query(text), as_json)

"""How docs/analysts.md shows a result, so that a test can hold the page against the tables."""

from datetime import datetime
from typing import Any

from sinks.clickhouse.result import Result


def table(result: Result) -> str:
    """A result as a table in Markdown."""
    lines = [result.columns, ["---"] * len(result.columns), *([shown(value) for value in row] for row in result.rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("| --- ", "|---").replace("|--- |", "|---|")


def shown(value: Any) -> str:
    """A value as the page shows it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value).replace("|", "\\|")

"""The reading commands' way to the tables, and what they print."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from cli.context import Context
from cli.exits import Unreachable, Unusable
from cli.output import cell, console, jsonable, print_json, table
from sinks.clickhouse.connect import UnreachableError
from sinks.clickhouse.readside import QueryError, Reader, open_reader
from sinks.clickhouse.result import Result

NUMBERS = ("Int", "UInt", "Decimal", "Float")


@contextmanager
def reading(url: str) -> Iterator[Reader]:
    """A reader of the tables at an address; what goes wrong is told with its exit code."""
    try:
        reader = open_reader(url)
        try:
            yield reader
        finally:
            reader.close()
    except UnreachableError as error:
        raise Unreachable(str(error)) from error
    except QueryError as error:
        raise Unusable(f"{error.code}: {error}") from error


def tables(context: Context) -> AbstractContextManager[Reader]:
    """A reader of the tables that the settings name."""
    return reading(context.settings.clickhouse.url)


def show(result: Result, as_json: bool, title: str = "") -> None:
    """A result as JSON lines, or as a table with numbers to the right."""
    if as_json:
        for row in result.dicts():
            print_json(jsonable(row))
        return
    right = [name for name, kind in zip(result.columns, result.types, strict=True) if kind.startswith(NUMBERS)]
    console().print(table(title, result.columns, (list(map(cell, row)) for row in result.rows), right))

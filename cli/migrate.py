"""`lodestream migrate`: the ClickHouse tables, brought up to date."""

import click

from cli.context import Context, pass_context
from cli.exits import Unreachable, Unusable
from cli.output import console
from sinks.clickhouse.connect import UnreachableError, connect, without_password
from sinks.clickhouse.migrate import MigrationError, migrate


@click.command(
    epilog="\b\nExamples:\n  lodestream migrate\n  lodestream -s clickhouse.url=https://me:secret@ch:8443/lodestream migrate"
)
@pass_context
def command(context: Context) -> None:
    """Apply the migrations that the database lacks, in order. Safe to run at every start.

    Each migration is recorded with its checksum; one that was edited after its release is refused.
    """
    url = context.settings.clickhouse.url
    try:
        client = connect(url)
        try:
            done = migrate(client)
        finally:
            client.close()
    except UnreachableError as error:
        raise Unreachable(str(error)) from error
    except MigrationError as error:
        raise Unusable(f"{without_password(url)}: {error}") from error
    for migration in done:
        console().print(f"applied {migration.version:04d} {migration.name}")
    if not done:
        console().print("The tables are up to date.")

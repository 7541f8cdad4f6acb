"""`lodestream config`: the settings in force and where each comes from."""

import click

from cli.context import Context, pass_context
from cli.output import console, print_json, table


@click.command(epilog="\b\nExamples:\n  lodestream config\n  LODESTREAM_PARTITIONS=16 lodestream config --json | jq -r .source")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: name, value, source.")
@pass_context
def command(context: Context, as_json: bool) -> None:
    """Show every setting in force, its value and where it comes from.

    Flags (`--set`) stand above the environment (LODESTREAM_KAFKA__BOOTSTRAP_SERVERS, ...), the environment above
    lodestream.toml, the file above the defaults. Passwords are masked.
    """
    settings = context.explain()
    if as_json:
        for setting in settings:
            print_json({"name": setting.name, "value": setting.value, "source": setting.source})
        return
    rows = [(setting.name, setting.value or "–", setting.source) for setting in settings]
    console().print(table("", ("setting", "value", "from"), rows))

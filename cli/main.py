"""The `lodestream` command: a group that loads a command's module only when the command runs, so that `--help` is quick."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cli.exits import Exit
from lodestream import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("cli.demo.command", "See an event travel the whole way on this machine."),
    "dev": ("cli.dev.command", "Run everything on this machine, until Ctrl-C."),
    "validate": ("cli.validate", "Check event documents, without a broker."),
    "replay": ("cli.replay", "Keep the books over event documents, without a broker."),
    "simulate": ("cli.simulate", "Make up an economy's event documents, honest or not."),
    "capture": ("cli.capture", "Send event documents to the inbox."),
    "book": ("cli.book", "Sites, locations, sources and their settings."),
    "topics": ("cli.topics", "The topics that Lodestream needs."),
    "schemas": ("cli.schemas", "The numbers of the schemas, and the registry that gives them."),
    "migrate": ("cli.migrate", "Bring the ClickHouse tables up to date."),
    "worker": ("cli.worker", "Run the gate, ledger, watch, issuer, publication or sink."),
    "balance": ("cli.balance", "What each account of a site holds, by element."),
    "lots": ("cli.lots", "The lots and what they hold."),
    "trace": ("cli.trace", "Where a lot came from and where it went."),
    "periods": ("cli.periods", "The closed months of a site and their balances."),
    "findings": ("cli.findings", "What the rules found, with the arithmetic."),
    "claims": ("cli.claims", "The rules of the schemes, and where each is from."),
    "article8": ("cli.article8", "Recycled content of active materials, by plant and year."),
    "audit": ("cli.audit", "Recompute every transaction and name the first row that differs."),
    "sql": ("cli.sql", "Ask ClickHouse."),
    "sink": ("cli.sink", "Prove that ClickHouse holds each row once."),
    "keys": ("cli.keys", "The issuer's key and its DID document."),
    "serve": ("cli.serve", "Serve what is published, and resolve identifiers."),
    "access": ("cli.access", "The key of a lot, for whoever may read about it."),
    "issue": ("cli.issue", "Issue a facility record, an identity anchor, a conformity credential."),
    "verify": ("cli.verify", "Check a credential."),
    "accept": ("cli.accept", "Take suppliers' credentials into our books."),
    "bundle": ("cli.bundle", "Official schemas and contexts for `verify`."),
    "conformance": ("cli.conformance", "Check anyone's credentials against UNTP and W3C, tier by tier."),
    "config": ("cli.config", "The settings in force and where they come from."),
}

EPILOG = """\b
Exit codes: 0 all well; 1 the data has faults or hard or hold findings; 2 wrong usage or settings;
3 something could not be reached (broker, ClickHouse); 130 interrupted.

\b
Examples:
  lodestream demo
  lodestream validate shipment.json
  lodestream replay --book plant.toml january/
"""


class LazyGroup(click.Group):
    """A group whose commands are named in `COMMANDS` and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The commands, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """The command's module gives it as `command`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)  # noqa: S101  # a slip in a module of ours, for its author
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="lodestream")
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file, instead of ./lodestream.toml.",
)
@click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="NAME=VALUE",
    help="One setting, above file and environment: -s kafka.bootstrap_servers=broker:9092",
)
@click.pass_context
def cli(ctx: click.Context, config_file: Path | None, overrides: tuple[str, ...]) -> None:
    """Mass-balance ledgers, credentials and tables from EPCIS events of critical raw materials."""
    from cli.context import Context

    ctx.obj = Context(config_file, overrides)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code; an interruption leaves with 130."""
    try:
        code = cli.main(args=args, prog_name="lodestream", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        # The reader of our output has left (`| head`): nothing is wrong, and nothing more is to be said.
        sys.stderr.close()
        code = Exit.OK
    sys.exit(code if isinstance(code, int) else Exit.OK)


if __name__ == "__main__":
    main()

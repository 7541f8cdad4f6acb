"""`lodestream schemas`: whose numbers the schemas have, and a registry that knows them."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Unreachable, Unusable
from cli.output import console, print_json
from runtime.settings import SchemaRegistry, Settings, without_password
from schemas.catalogue import SUBJECTS, packaged
from schemas.codec import use

# `schemas.registry` is imported where a registry is named: Confluent's client takes three quarters of a second.


def use_catalogue(settings: Settings) -> None:
    """Let this process number schemas as the registry does, where the settings name one. Raises Unusable, Unreachable.

    For every command that writes or reads records, before the first.
    """
    named = settings.schema_registry
    if not named.url:
        return
    with _told(named):
        from schemas.registry import connect, open_registry

        use(open_registry(connect(named.url, named.options), packaged(), register_missing=named.register_missing))


@click.group(epilog="\b\nExamples:\n  lodestream schemas check\n  lodestream schemas register")
def command() -> None:
    """The schemas of the records, and the registry that numbers them where one is named (`schema_registry.url`)."""


@command.command(epilog="\b\nExample:\n  lodestream schemas check --json | jq 'select(.id == null)'")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_context
def check(context: Context, as_json: bool) -> None:
    """Show each subject with the id that this version's schema has. Exit code 2 where the registry lacks one."""
    named = context.settings.schema_registry
    if not named.url:
        _show("this package", {subject: packaged().id_of(subject) for subject in SUBJECTS.values()}, as_json)
        return
    with _told(named):
        from schemas.registry import catalogue, connect, look

        subjects = look(connect(named.url, named.options), packaged())
        _show(without_password(named.url), {subject.name: subject.newest for subject in subjects}, as_json)
        catalogue(subjects)


@command.command(epilog="\b\nExample:\n  lodestream -s schema_registry.url=http://localhost:8081 schemas register")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_context
def register(context: Context, as_json: bool) -> None:
    """Write this version's schemas into the registry where they are missing. Nothing is changed there and nothing removed."""
    named = context.settings.schema_registry
    if not named.url:
        raise Unusable("no registry is named: set schema_registry.url")
    with _told(named):
        from schemas.registry import connect, open_registry

        made = open_registry(connect(named.url, named.options), packaged(), register_missing=True)
    _show(without_password(named.url), dict(made.newest), as_json)


def _show(whose: str, ids: dict[str, int | None], as_json: bool) -> None:
    if not as_json:
        console().print(f"ids by {whose}", soft_wrap=True)
    for subject, number in ids.items():
        if as_json:
            print_json({"subject": subject, "id": number, "by": whose})
        else:
            mark, style = ("–", "bold red") if number is None else (str(number), "green")
            console().print(Text.assemble((f"{mark:>8}  ", style), subject), soft_wrap=True)


@contextmanager
def _told(named: SchemaRegistry) -> Iterator[None]:
    """What is wrong with the registry, with its address and exit code."""
    from schemas.registry import RegistryError

    try:
        yield
    except RegistryError as error:
        said = f"the schema registry {without_password(named.url)}: {error}"
        raise (Unreachable if error.code == "UNREACHABLE" else Unusable)(said) from None

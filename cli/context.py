"""What every command is given: the settings in force, read once and only where a command needs them."""

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from cli.exits import Unusable
from lodestream.epcis.limits import Limits
from lodestream.ledger.book import BookFile
from runtime.settings import CONFIG_VARIABLE, ConfigurationError, Setting, Settings, explain, load

OPTIONS = ("kafka.options.", "schema_registry.options.")


class Context:
    """Flags that stand before the command, and the settings that follow from them, the environment and the file."""

    def __init__(self, config_file: Path | None, overrides: tuple[str, ...]) -> None:
        """`overrides` are NAME=VALUE with dotted names. Raises Unusable where one is not."""
        if config_file is not None:
            # The variable and not a parameter: the workers that `demo` starts must read the same file.
            os.environ[CONFIG_VARIABLE] = str(config_file.absolute())
        self.overrides = overrides
        self.flags = nested(overrides)
        # librdkafka says on its own each second that a broker is away. A command says it once, in its own words; a worker
        # sets up its own log.
        logging.getLogger("librdkafka").addHandler(logging.NullHandler())
        logging.getLogger("librdkafka").propagate = False

    @cached_property
    def settings(self) -> Settings:
        """The settings in force. Raises Unusable, which names each bad one and where it came from."""
        try:
            return load(self.flags)
        except ConfigurationError as error:
            raise Unusable(f"the settings cannot be used:\n{error}") from error

    @cached_property
    def limits(self) -> Limits:
        """The gate's limits as the settings have them."""
        return Limits(**self.settings.limits.model_dump())

    def book(self, path: Path | None = None) -> BookFile:
        """The book file at `path`, else the settings'; without either the default book, in which every location is a site."""
        path = path or self.settings.book
        if path is None:
            return BookFile()
        from cli.book_files import read_book_file  # models of pydantic, which take a tenth of a second to load

        return read_book_file(path)

    def explain(self) -> list[Setting]:
        """Every setting with its value and where it came from."""
        try:
            return explain(self.flags)
        except ConfigurationError as error:
            raise Unusable(f"the settings cannot be used:\n{error}") from error


def nested(overrides: tuple[str, ...]) -> dict[str, Any]:
    """`kafka.bootstrap_servers=x` as `{"kafka": {"bootstrap_servers": "x"}}`; names of clients' options keep their dots."""
    flags: dict[str, Any] = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        if not equals or not name:
            raise Unusable(
                f"--set {override}: write NAME=VALUE, for example --set partitions=16 (`lodestream config` lists them)"
            )
        *path, last = name.split(".", 2) if name.startswith(OPTIONS) else name.split(".")
        section = flags
        for part in path:
            section = section.setdefault(part, {})
            if not isinstance(section, dict):
                raise Unusable(f"--set {override}: {part} is already set to a value")
        section[last] = value
    return flags


pass_context = click.make_pass_decorator(Context)

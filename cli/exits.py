"""Exit codes, and the errors that carry them."""

from enum import IntEnum

import click


class Exit(IntEnum):
    """What a program learns from `$?`; the same for every command."""

    OK = 0
    FAULTS = 1  # the data has faults: rejections, hard or hold findings, a credential that does not verify
    USAGE = 2  # wrong flags, settings or files named by them
    UNREACHABLE = 3  # a broker, ClickHouse or a file beyond our control does not answer
    INTERRUPTED = 130


class Unusable(click.ClickException):
    """Something that the caller gave cannot be used: a setting, a book, a file."""

    exit_code = Exit.USAGE


class Unreachable(click.ClickException):
    """Something does not answer; the message says what, where, and what to do."""

    exit_code = Exit.UNREACHABLE

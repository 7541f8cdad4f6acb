"""`lodestream topics`: the topic catalogue, and a cluster that agrees with it."""

import sys

import click
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit, Unreachable, Unusable
from cli.output import console, counted, print_json, table
from runtime import clients
from runtime.topics import Change, Refusal, TopicsError, apply, plan
from schemas.topics import INBOX, Topic, declared, source_inbox

MARKS = {"+": "green", "~": "yellow", "!": "bold red", "?": "magenta"}


@click.group(epilog="\b\nExamples:\n  lodestream topics list\n  lodestream topics apply --yes")
def command() -> None:
    """The topics that Lodestream needs: declared once, in code, and applied to a cluster."""


@command.command(name="list", epilog="\b\nExample:\n  lodestream topics list --json | jq -r .name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_context
def list_topics(context: Context, as_json: bool) -> None:
    """Show the catalogue: every topic with its key, its value and what it is for. Needs no broker."""
    topics = wanted(context)
    if as_json:
        for topic in topics:
            print_json(
                {"name": topic.name, "partitions": topic.partitions, "key": topic.key, "value": topic.value, "doc": topic.doc}
            )
        return
    rows = [(topic.name, str(topic.partitions), topic.key, topic.value, topic.doc) for topic in topics]
    console().print(table("", ("topic", "partitions", "key", "value", "what it is"), rows, ("partitions",)))


@command.command(name="apply", epilog="\b\nExample:\n  lodestream topics apply --yes")
@click.option("--yes", is_flag=True, help="Apply without asking.")
@pass_context
def apply_topics(context: Context, yes: bool) -> None:
    """Show how the cluster differs from the catalogue, ask, and make it agree.

    Topics are made and configured, never deleted, and a partition count is never changed. The inbox of every source
    that the book names is made too.
    """
    settings = context.settings
    admin = clients.admin(settings)
    try:
        changes = plan(admin, wanted(context))
        if not changes:
            console().print("The cluster agrees with the catalogue.")
            return
        _show(changes)
        if any(isinstance(change, Refusal) for change in changes):
            raise Unusable("nothing was applied; a partition count cannot be changed (see above)")
        if not yes and not _agreed():
            console().print("Nothing was applied.")
            sys.exit(Exit.FAULTS)
        apply(admin, changes)
    except TopicsError as error:
        raise Unreachable(f"{settings.kafka.bootstrap_servers}: {error}") from error
    console().print(f"Applied: {counted(len(changes), 'change')}.")


def _agreed() -> bool:
    """Whether the person at the terminal agrees. Raises Unusable where nobody is there to be asked, as in a script."""
    try:
        return click.confirm("Apply?")
    except click.Abort:
        if sys.stdin.isatty():
            raise  # Ctrl-C, or the end of input by hand
        raise Unusable("nothing was applied: there is nobody to ask; `--yes` applies without asking") from None


def wanted(context: Context) -> tuple[Topic, ...]:
    """The catalogue with the settings' sizes, and the inboxes of the direct sources in the book."""
    direct = sorted(set(context.book().sources.values()) - {INBOX})
    sizes = context.settings.limits.inbox_record_bytes
    inboxes = (source_inbox(topic.removeprefix("epcis.inbox.").removesuffix(".v1"), sizes) for topic in direct)
    return (*declared(context.settings.partitions, sizes), *inboxes)


def _show(changes: list[Change]) -> None:
    for change in changes:
        line = Text(str(change))
        line.stylize(MARKS.get(line.plain[0], ""), 0, 1)
        console().print(line, soft_wrap=True)

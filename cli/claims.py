"""`lodestream claims`: the rules of the schemes, and where each is from."""

from decimal import Decimal

import click
from rich.table import Table

from cli.exits import Unusable
from cli.output import console, print_json
from lodestream.claims.library import profiles, settings
from lodestream.claims.profile import Profile


@click.group(epilog="\b\nExample:\n  lodestream claims profiles iscc-plus")
def command() -> None:
    """What a site may say about its metal under a chain-of-custody scheme."""


@command.command(
    name="profiles", epilog="\b\nExamples:\n  lodestream claims profiles\n  lodestream claims profiles asi-coc --json"
)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each setting.")
def show(name: str | None, as_json: bool) -> None:
    """Show the profiles, or every setting of the one NAMEd, each with its source.

    A number whose source is "site default" is ours: no text of the scheme was read for it.
    """
    known = profiles()
    if name is not None and name not in known:
        raise Unusable(f"no profile {name!r}: there are {', '.join(known)}")
    chosen = list(known.values()) if name is None else [known[name]]
    if as_json:
        for profile in chosen:
            for setting, value in settings(profile).items():
                source = profile.sources.get(setting, "")
                plain = f"{value:f}" if isinstance(value, Decimal) else value
                print_json(
                    {"profile": profile.name, "version": profile.version, "setting": setting, "value": plain, "source": source}
                )
    elif name is None:
        console().print(_overview(chosen))
    else:
        console().print(f"{chosen[0].title}, version {chosen[0].version}", soft_wrap=True)
        console().print(_table(chosen[0]))


def _overview(chosen: list[Profile]) -> Table:
    table = Table("profile", "version", "model", "period", "claims", box=None, pad_edge=False)
    for one in chosen:
        period = f"{one.period.max_months} months"
        table.add_row(one.name, one.version, one.model.replace("_", " "), period, ", ".join(one.attributes))
    return table


def _table(profile: Profile) -> Table:
    table = Table("setting", "value", "source", box=None, pad_edge=False)
    for setting, value in settings(profile).items():
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(setting, said, profile.sources.get(setting, ""))
    return table

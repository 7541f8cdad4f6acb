"""`lodestream simulate`: a synthetic economy as EPCIS documents."""

from pathlib import Path

import click

from cli.exits import Unusable
from cli.output import console
from connectors.economy.frauds import FRAUDS
from connectors.economy.simulate import Plan, simulate


@click.command(
    epilog="\b\nExamples:\n  lodestream simulate --seed 7 --sites 12 --days 60 --out economy\n"
    "  lodestream simulate --fraud F1 --fraud F3 --out bad\n  lodestream replay --book economy/book.toml economy/documents"
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--sites", type=click.IntRange(1, 9_000), default=12, show_default=True, help="Twelve are one chain of each metal.")
@click.option("--days", type=click.IntRange(1, 3_650), default=60, show_default=True, help="From 2026-01-01 on.")
@click.option(
    "--fraud",
    "frauds",
    type=click.Choice([*FRAUDS, "all"], case_sensitive=False),
    multiple=True,
    metavar="KIND",
    help="Plant frauds of this kind, F1 to F28 or all; may be given several times.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder, which is made.")
def command(seed: int, sites: int, days: int, frauds: tuple[str, ...], out: Path) -> None:
    """Simulate mines, concentrators, smelters, refineries, recyclers and battery makers, and write what they would send.

    Writes a document for each source and day into OUT/documents, the book file OUT/book.toml, OUT/manifest.json with
    counts, and OUT/labels.json with the frauds that were planted. docs/simulate.md says what is in it.
    """
    kinds = list(FRAUDS) if "all" in frauds else [kind for kind in FRAUDS if kind in frauds]
    try:
        made = simulate(Plan(seed, sites, days, kinds), out)
    except FileExistsError as error:
        raise Unusable(f"{out} holds documents already: name another folder") from error
    except OSError as error:
        raise Unusable(f"{out}: {error.strerror or error}") from error
    console().print(f"{made.events:,} events in {made.documents:,} documents in {out}/documents", soft_wrap=True)
    console().print(f"{len(made.labels):,} frauds planted" if kinds else "honest: no fraud planted")

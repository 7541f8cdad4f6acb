"""`lodestream replay`: keep the books over documents, without a broker."""

import sys
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli.context import Context, pass_context
from cli.exits import Exit
from cli.output import console, kilograms, print_json, severity, short, table
from cli.replayed import Fate, Replay, json_row, state_row
from lodestream.epcis.rejection import Rejection
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Finding, Outcome


@click.command(
    epilog="\b\nExamples:\n  lodestream replay examples/01-copper\n"
    "  lodestream replay --json --book plant.toml january/ | jq 'select(.kind == \"parked\")'"
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE_OR_FOLDER...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; the last is the state of all books.")
@click.option("--book", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Book file: sites, sources, settings.")
@pass_context
def command(context: Context, paths: tuple[Path, ...], as_json: bool, book: Path | None) -> None:
    """Run documents through the gate and the ledger, in the order given, without a broker.

    Shows what Lodestream would make of your events before you send them: transactions with their postings, what is
    parked and why, duplicates, rejections, findings, and last the balance of every account and the state of every lot.
    Transfers between sites are included. Exit code 1 where something was rejected or a hard or hold
    finding is open at the end.
    """
    replay = Replay(context.book(book))
    rejected = False
    fates: list[Fate] = []
    for fate in replay.run(paths, context.limits):
        rejected = rejected or isinstance(fate.what, Rejection)
        if not as_json:
            fates.append(fate)
        elif (row := json_row(fate)) is not None:
            print_json(row)
    if as_json:
        print_json(state_row(replay.fold))
    else:
        _show(console(), fates, replay.fold)
    stands = any(finding.severity in {"hard", "hold"} for _, finding in replay.fold.open_findings())
    sys.exit(Exit.FAULTS if rejected or stands else Exit.OK)


def _show(to: Console, fates: list[Fate], fold: Fold) -> None:
    to.print(table("What happened", ("document", "outcome", "site", "seq", "metal that moved"), map(_happened, fates), ("seq",)))
    to.print()
    _show_findings(to, fates)
    rows = [(short(site), element, short(account), kilograms(mg)) for site, element, account, mg in fold.accounts()]
    to.print(table("Balances", ("site", "element", "account", "kg"), rows, ("kg",)))
    to.print()
    counts = Counter("rejected" if isinstance(fate.what, Rejection) else fate.what.outcome.lower() for fate in fates)
    to.print(", ".join(f"{number:,} {what}" for what, number in sorted(counts.items())) or "no events")


def _happened(fate: Fate) -> tuple[str | Text, ...]:
    what = fate.what
    if isinstance(what, Rejection):
        return _place(fate), Text(f"rejected {what.code}", style="bold red"), "", "", f"{what.pointer or '/'}: {what.message}"
    said = what.kind if what.outcome == "TRANSACTION" else what.outcome.lower()
    style = {"PARKED": "yellow", "DUPLICATE": "dim", "NOTHING": "dim"}.get(what.outcome, "")
    return _place(fate), Text(said, style=style), short(what.site), str(what.seq or ""), _moved(what) or what.reason


def _place(fate: Fate) -> str:
    return "(ledger)" if fate.file is None else fate.file if fate.index is None else f"{fate.file} [{fate.index}]"


def _moved(outcome: Outcome) -> Text:
    """What went into accounts, a line each: the legs with a plus sign say it all, as every element sums to zero."""
    gains = [p for p in outcome.postings if p.amount_mg > 0]
    return Text("\n".join(f"{kilograms(p.amount_mg)} kg {p.element} → {short(p.account)}" for p in gains))


def _show_findings(to: Console, fates: list[Fate]) -> None:
    """What the rules found, with the arithmetic, so that a reader can redo it; information is counted where metal moved.

    Where none did, even mere information may be what the sender has to know: that an assay or a moisture is not there.
    """
    found = [(fate, finding) for fate in fates if isinstance(fate.what, Outcome) for finding in fate.what.findings]
    for fate, finding in found:
        if _is_shown(fate, finding) and isinstance(fate.what, Outcome):
            state = "" if finding.state == "open" else f", {finding.state}"
            head = f" ({finding.rule}{state}) at {short(fate.what.site)}, {_place(fate)}"
            to.print(Text.assemble(severity(f"{finding.severity:<5}"), (finding.code, "bold"), head), soft_wrap=True)
            to.print(f"     {short(finding.arithmetic)}", soft_wrap=True)
    infos = Counter(finding.code for fate, finding in found if not _is_shown(fate, finding) and finding.state == "open")
    if infos:
        to.print("info " + ", ".join(f"{code} {number}x" for code, number in sorted(infos.items())), style="dim")
    if found:
        to.print()


def _is_shown(fate: Fate, finding: Finding) -> bool:
    return finding.severity != "info" or (isinstance(fate.what, Outcome) and not fate.what.postings)

"""The report of a walk for a person at a terminal."""

from rich.console import Console
from rich.text import Text

from cli.output import counted, short, table
from lodestream.credentials.walk.balance import Balance
from lodestream.credentials.walk.grades import percentage
from lodestream.credentials.walk.outcomes import WalkReport
from runtime.harmless import harmless

STYLES = {"verified": "green", "withheld": "yellow", "missing upstream": "yellow", "expired": "yellow"}
VERDICTS = {"consistent": "green", "inconsistent": "bold red", "not computable": "dim"}
NOTES_SHOWN = 20


def show_walk(report: WalkReport, to: Console) -> None:
    """The verdict, what stands against it, the credentials that were seen, the balances, and notes."""
    verdict = ("VERIFIED", "bold green") if report.verified else ("NOT VERIFIED", "bold red")
    to.print(Text.assemble(verdict, f"  {', '.join(report.outcomes)}"))
    if report.findings:
        to.print()
        for finding in report.findings:
            accepted = " (accepted)" if finding.outcome in report.accepted else ""
            head = Text(f"  {finding.outcome}{accepted}", STYLES.get(finding.outcome, "bold red"))
            to.print(Text.assemble(head, f"  {short(finding.about)}"), soft_wrap=True)
            to.print(f"    {harmless(finding.sentence)}", soft_wrap=True)
    if report.visited:
        to.print()
        rows = [
            (
                Text(each.outcome, STYLES.get(each.outcome, "bold red")),
                each.kind or "–",
                short(each.id or each.url),
                harmless(each.issuer),
                harmless(each.name),
            )
            for each in report.visited
        ]
        to.print(table(counted(len(rows), "credential"), ["outcome", "kind", "credential", "issuer", "name"], rows))
    if report.balances:
        to.print()
        to.print(
            table(
                "mass balances", ["event", "of", "verdict", "out of in"], [_row(each) for each in report.balances], ["out of in"]
            )
        )
    for note in report.notes[:NOTES_SHOWN]:
        to.print(f"  – {short(note.about)}: {harmless(note.sentence)}", style="dim", soft_wrap=True)
    if report.notes[NOTES_SHOWN:]:
        to.print(f"  – {counted(len(report.notes) - NOTES_SHOWN, 'more note')}; --json has all of them", style="dim")


def _row(balance: Balance) -> tuple[str | Text, ...]:
    recovery = "–" if balance.recovery is None else percentage(balance.recovery, 2)
    return short(balance.event), balance.of, Text(balance.verdict, VERDICTS[balance.verdict]), recovery

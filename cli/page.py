"""The report of a walk as one HTML page to keep or print: no scripts, nothing fetched, strangers' text as text."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from lodestream import __version__
from lodestream.credentials.walk.balance import Balance, Part
from lodestream.credentials.walk.grades import kilograms, percentage
from lodestream.credentials.walk.outcomes import WalkReport
from runtime.harmless import harmless

KINDS = {
    "dpp": "Product passport",
    "dte": "Traceability event",
    "dcc": "Conformity credential",
    "dfr": "Facility record",
    "dia": "Identity anchor",
}
GOOD = ("verified", "consistent")
SOFT = ("withheld", "missing upstream", "expired", "not computable")

FOOTER = (
    "<footer>Made by Lodestream {version}. It says what was found at the time above and from the sources that were asked; a "
    "status may have changed since. Verify again with <code>lodestream verify</code>.</footer>"
)
STYLE = """
:root { --ink: #1c2330; --soft: #5c6675; --line: #dfe3e9; --good: #17683b; --bad: #a3231f; --open: #8a5a00; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.2rem 1.6rem 4rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.55rem; margin: 0 0 .2rem; }
h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
.lead { color: var(--soft); margin: 0 0 1.4rem; }
.verdict { border: 1px solid var(--line); border-left: .45rem solid var(--bad); border-radius: .4rem; padding: 1rem 1.2rem; }
.verdict strong { display: block; font-size: 1.35rem; letter-spacing: .02em; color: var(--bad); }
.verdict.good { border-left-color: var(--good); } .verdict.good strong { color: var(--good); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--line);
  padding: .35rem .7rem .35rem 0; }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: .5rem .7rem .5rem 0; overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th.number { text-align: right; }
.mark { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; font-size: .82rem; font-weight: 600;
  white-space: nowrap;  color: var(--bad); background: #fbecea; }
.mark.good { color: var(--good); background: #e8f4ec; } .mark.open { color: var(--open); background: #fdf3df; }
.finding { border-top: 1px solid var(--line); padding: .7rem 0; break-inside: avoid; } .finding p { margin: .3rem 0 0; }
.id { font: .84rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--soft); overflow-wrap: anywhere; }
.arithmetic { color: var(--soft); font-size: .84rem; margin-top: .2rem; }
footer { margin-top: 2.6rem; color: var(--soft); font-size: .84rem; border-top: 1px solid var(--line); padding-top: .8rem; }
@media print { body { padding: 0; max-width: none; font-size: 11px; } h2 { break-after: avoid; } tr { break-inside: avoid; }
  .mark { border: 1px solid currentColor; } @page { margin: 16mm; } }
"""


def page(report: WalkReport, now_us: int) -> str:
    """The page, self-contained. `now_us` is the time of the walk (µs since 1970)."""
    start = report.visited[0] if report.visited else None
    what = (start.name or KINDS.get(start.kind, "Credential")) if start else report.start
    moment = datetime.fromtimestamp(now_us // 1_000_000, UTC).strftime("%d %B %Y, %H:%M UTC")
    by = f"issued by {_text(start.issuer)}, " if start and start.issuer else ""
    parts = [
        f"<h1>{_text(what)}</h1>",
        f'<p class="lead">Verification report: {by}verified on {moment}</p>',
        _verdict(report),
        _findings(report),
        _balances(report.balances),
        _credentials(report),
        _notes(report),
        FOOTER.format(version=_text(__version__)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(what)}: verification report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _verdict(report: WalkReport) -> str:
    seen = len(report.visited)
    credentials = f"{seen} credential{'' if seen == 1 else 's'}"
    if report.verified:
        tolerated = f" Findings that your policy accepts: {len(report.findings)}." if report.findings else ""
        told = f"{credentials} from here to primary production hold, and nothing stands against them.{tolerated}"
    else:
        found = f"{len(report.against)} finding{'' if len(report.against) == 1 else 's'}"
        told = f"{found} in {credentials}: {', '.join(report.outcomes)}."
    name = "Verified" if report.verified else "Not verified"
    stopped = f"<p>{_text(report.stopped)}</p>" if report.stopped else ""
    return f'<div class="verdict{" good" if report.verified else ""}"><strong>{name}</strong>{_text(told)}{stopped}</div>'


def _findings(report: WalkReport) -> str:
    if not report.findings:
        return ""
    told = [
        f'<div class="finding">{_mark(each.outcome)}{" accepted by your policy" if each.outcome in report.accepted else ""} '
        f'<span class="id">{_text(each.about)}</span><p>{_text(each.sentence)}</p></div>'
        for each in report.findings
    ]
    return "<h2>What was found</h2>" + "".join(told)


def _balances(balances: list[Balance]) -> str:
    if not balances:
        return ""
    rows = [
        (
            f'{_text(each.of)}<div class="id">{_text(each.event)}</div><div class="arithmetic">{_text(each.sentence)}</div>',
            _mark(each.verdict),
            _total(each.inputs),
            _total(each.outputs),
            "–" if each.recovery is None else percentage(each.recovery, 2),
        )
        for each in balances
    ]
    return "<h2>Mass balances, recomputed</h2>" + _table(("Balance", "Verdict", "In", "Out", "Recovery"), rows, numbers=(2, 3, 4))


def _total(parts: list[Part]) -> str:
    stated = [part.amount.mg for part in parts if part.amount is not None and part.amount.mg is not None]
    return kilograms(sum(stated, start=0 * stated[0])) if stated and len(stated) == len(parts) else "–"


def _credentials(report: WalkReport) -> str:
    rows = [
        (
            f'{_text(each.name or "Unnamed")}<div class="id">{_text(each.id or each.url)}</div>',
            _text(KINDS.get(each.kind, "Credential")),
            f'<span class="id">{_text(each.issuer)}</span>',
            _mark(each.outcome),
        )
        for each in report.visited
    ]
    return "<h2>Credentials that were seen</h2>" + _table(("Credential", "Kind", "Issuer", "Outcome"), rows) if rows else ""


def _notes(report: WalkReport) -> str:
    rows = [(f'<span class="id">{_text(each.about)}</span>', _text(each.sentence)) for each in report.notes]
    return "<h2>Worth knowing</h2>" + _table(("About", "Note"), rows) if rows else ""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], numbers: tuple[int, ...] = ()) -> str:
    """Cells are HTML already."""

    def row(tag: str, cells: tuple[str, ...]) -> str:
        classes = [' class="number"' if place in numbers else "" for place in range(len(cells))]
        return "<tr>" + "".join(f"<{tag}{kind}>{each}</{tag}>" for kind, each in zip(classes, cells, strict=True)) + "</tr>"

    return f"<table><thead>{row('th', heads)}</thead><tbody>{''.join(row('td', each) for each in rows)}</tbody></table>"


def _mark(word: str) -> str:
    kind = " good" if word in GOOD else " open" if word in SOFT else ""
    return f'<span class="mark{kind}">{_text(word)}</span>'


def _text(text: str) -> str:
    """What a stranger wrote as text of a page: no markup, no control characters, no change of direction."""
    return escape(harmless(text))

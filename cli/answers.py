"""The answers of the reading side, as people read them: kilograms, and the arithmetic below each finding.

Commands print identifiers whole, so that they can be copied into the next command; the demonstration shortens them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.output import kilograms, severity, short, table
from lodestream.measures import decimal
from sinks.clickhouse.queries import Balance, FindingRead, LotRead, SiteBalance
from sinks.clickhouse.trace import Link, Lot, Trace

ORIGINS_SHOWN = 5

# Where what entered a site is now: what a field of the balance is called for people, and what where it is below zero.
PLACES = {
    "stock_mg": ("in stock", "overdrawn"),
    "wip_mg": ("in process", "in process"),
    "transit_mg": ("on its way", "on its way"),
    "losses_mg": ("in losses", "in losses"),
    "unaccounted_mg": ("unaccounted", "more than came in"),
    "transit_variance_mg": ("lost in transit", "gained in transit"),
    "adjustments_mg": ("adjusted", "adjusted"),
    "custody_mg": ("handed over", "taken over"),
    "left_mg": ("left", "left"),
}


def site_table(rows: list[SiteBalance]) -> Table:
    """As `show_sites`, in one table with short names."""
    cells = [(short(row.site), row.element, kilograms(row.entered_mg), f"= {_whereabouts(row)}") for row in rows]
    return table("", ("site", "", "entered kg", "= is now"), cells, ("entered kg",))


def show_sites(to: Console, rows: Iterable[SiteBalance]) -> None:
    """Of each site and element what entered, and where all of it is: an equation in kg, since nothing may be missing."""
    for site, elements in groupby(rows, lambda row: row.site):
        to.print(Text(site, "bold"), soft_wrap=True)
        for row in elements:
            to.print(f"  {row.element:<2} {kilograms(row.entered_mg)} kg entered = {_whereabouts(row)}", soft_wrap=True)


def _whereabouts(row: SiteBalance) -> str:
    said = ""
    for name, (above, below) in PLACES.items():
        if mg := getattr(row, name):
            sign = ("+ " if said else "") if mg > 0 else "− "
            said += f"{' ' if said else ''}{sign}{kilograms(abs(mg))} {above if mg > 0 else below}"
    return said or "0"


def account_table(rows: Iterable[Balance]) -> Table:
    """Accounts of a site with their balances in kg."""
    cells = [(row.element, row.account, kilograms(row.balance_mg)) for row in rows]
    return table("", ("", "account", "kg"), cells, ("kg",))


def show_lots(to: Console, rows: Iterable[LotRead]) -> None:
    """The lots of each site with their masses and contents in kg, and how many hard and hold findings stand against them."""
    for site, lots in groupby(rows, lambda row: row.site):
        to.print(Text(site, "bold"), soft_wrap=True)
        to.print(_lot_table(lots))


def _lot_table(rows: Iterable[LotRead]) -> Table:
    cells = [
        (
            row.lot,
            kilograms(row.dry_mg),
            contents(row.contained_mg) if row.assayed else _not_assayed(row),
            row.loss_class or row.product_class or "–",
            str(len(row.findings) + len(row.inherited) or "–"),
        )
        for row in rows
    ]
    return table("", ("lot", "dry kg", "contained kg", "class", "findings"), cells, ("dry kg", "findings"))


def _not_assayed(row: LotRead) -> str:
    """What a lot without an assay counts by, where something was drawn of it: the book's provisional grade (rulebook R97)."""
    return f"{contents(row.contained_mg)} by the book, not assayed" if row.contained_mg else "not assayed"


def show_shares(to: Console, rows: Iterable[LotRead]) -> None:
    """Of each lot where its metal comes from, the largest share first, its carbon and its contacts."""
    for row in rows:
        to.print(Text.assemble((row.lot, "bold"), f" at {row.site}"), soft_wrap=True)
        for element, vector in sorted(row.shares.items()):
            for origin, mg in sorted(vector.items(), key=lambda item: (-item[1], item[0])):
                percent = decimal((100 * mg, row.contained_mg[element]), 4) if row.contained_mg.get(element, 0) > 0 else "–"
                to.print(f"  {element:<2} {kilograms(mg)} kg, {percent} % {origin}", soft_wrap=True)
        unknown = f"; nothing is known of {kilograms(row.uncovered_mg)} kg dry" if row.uncovered_mg else ""
        to.print(f"  {kilograms(row.embodied_g_co2e * 1_000)} kg CO2e{unknown}", soft_wrap=True)
        if row.contacts:
            to.print(f"  touched: {'; '.join(row.contacts)}", soft_wrap=True)


def contents(contained_mg: Mapping[str, int]) -> str:
    """Contained metal in kg: "Cu 855,855"."""
    return ", ".join(f"{element} {kilograms(mg)}" for element, mg in sorted(contained_mg.items())) or "–"


def finding_text(row: FindingRead, name: Callable[[str], str] = str) -> Text:
    """A finding in two lines: what it is and where, then the arithmetic, so that a reader can redo it; ids through `name`."""
    state = "" if row.state == "open" else f", {row.state}"
    text = Text.assemble(severity(f"{row.severity:<5}"), (row.code, "bold"), f" ({row.rule}{state}) at {name(row.site)}")
    return text.append(f"\n      {name(row.arithmetic)}")


def trace_trees(trace: Trace, name: Callable[[str], str] = str) -> list[Tree]:
    """A tree for each site that has had the lot: what went into it, what came of it. Of each link, what went along it."""
    return [_tree(lot, trace, name) for lot in trace.lots]


def _tree(lot: Lot, trace: Trace, name: Callable[[str], str]) -> Tree:
    root = Tree(_lot(lot, name), guide_style="dim")
    into = [((link.to_site, link.to_lot), (link.from_site, link.from_lot), link) for link in trace.upstream]
    out = [((link.from_site, link.from_lot), (link.to_site, link.to_lot), link) for link in trace.downstream]
    for word, edges in (("from", into), ("into", out)):
        following: dict[Lot, list[tuple[Lot, Link]]] = {}
        for near, far, link in edges:
            following.setdefault(near, []).append((far, link))
        _grow(root, lot, word, following, {lot}, name)
    return root


def _grow(
    branch: Tree,
    lot: Lot,
    word: str,
    following: Mapping[Lot, list[tuple[Lot, Link]]],
    met: set[Lot],
    name: Callable[[str], str],
) -> None:
    """Hang what follows a lot below it; a lot that was met already is named again and not followed again."""
    for far, link in following.get(lot, ()):
        said = Text.assemble((f"{word} ", "dim"), _lot(far, name), f": {contents(link.contained_mg)} kg")
        event, *shares = behind(link)
        said.append(f", {name(event)}").append("".join(f"\n{name(share)}" for share in shares), style="dim")
        if far in met:
            branch.add(said.append(" (see above)", style="dim"))
        else:
            met.add(far)
            _grow(branch.add(said), far, word, following, met, name)


def behind(link: Link) -> list[str]:
    """The event behind a link, and a line for each element's shares of origins, the largest first."""
    event = " ".join(part for part in (_day(link.valid_time), link.biz_step or link.kind, link.event_id) if part)
    return [event, *(f"{element}: {_origins(parts)}" for element, parts in link.shares_percent.items())]


def _origins(parts: Mapping[str, str]) -> str:
    shown = [f"{percent} % {origin}" for origin, percent in list(parts.items())[:ORIGINS_SHOWN]]
    more = len(parts) - ORIGINS_SHOWN
    return "; ".join(shown) + (f"; {more} more" if more > 0 else "")


def _lot(lot: Lot, name: Callable[[str], str]) -> Text:
    site, lot_id = lot
    return Text.assemble((name(lot_id), "bold"), f" at {name(site)}")


def _day(time: datetime | str) -> str:
    return time.date().isoformat() if isinstance(time, datetime) else time

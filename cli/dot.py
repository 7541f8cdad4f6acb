"""A trace as a graph for Graphviz: a node for each lot at a site, an arrow for what went from one to another."""

from cli.answers import behind, contents
from runtime.harmless import harmless
from sinks.clickhouse.trace import Link, Trace


def dot(trace: Trace) -> str:
    """The graph in the DOT language; the lots that were asked for have a double line."""
    links = _links(trace)
    lots = sorted(
        {*trace.lots, *((link.from_site, link.from_lot) for link in links), *((link.to_site, link.to_lot) for link in links)}
    )
    names = {lot: f"n{number}" for number, lot in enumerate(lots)}
    lines = ["digraph trace {", "  rankdir=LR;", "  node [shape=box];"]
    for lot in lots:
        peripheries = ", peripheries=2" if lot in trace.lots else ""
        lines.append(f"  {names[lot]} [label={_text(lot[1], lot[0])}{peripheries}];")
    for link in links:
        ends = f"{names[link.from_site, link.from_lot]} -> {names[link.to_site, link.to_lot]}"
        lines.append(f"  {ends} [label={_text(f'{contents(link.contained_mg)} kg', *behind(link))}];")
    return "\n".join([*lines, "}"])


def _links(trace: Trace) -> list[Link]:
    """Each link once, though a return to the lot puts one on both sides."""
    found: dict[tuple[object, ...], Link] = {}
    for link in (*trace.upstream, *trace.downstream):
        found.setdefault(
            (link.from_site, link.from_lot, link.from_seq, link.to_site, link.to_lot, link.to_seq, link.txn_id), link
        )
    return list(found.values())


def _text(*lines: str) -> str:
    """A label of these lines; what others wrote ends no text and starts no escape."""
    quoted = (harmless(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(quoted) + '"'

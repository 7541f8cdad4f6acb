"""A trace as a tree and as a graph for Graphviz; what others wrote ends no label."""

import re
from datetime import UTC, datetime

from rich.console import Console

from cli.answers import trace_trees
from cli.dot import dot
from sinks.clickhouse.trace import Link, Trace

TIME = datetime(2026, 3, 1, tzinfo=UTC)
SHARES = {"Cu": {f"ZM site{n} mine -": f"{20 - n}" for n in range(7)}}


def link(step: int, one: str, other: str, mg: int = 5_000_000, **more: object) -> Link:
    return Link(
        step, "A", one, 1, "B", other, 1, 7_000_000, {"Cu": mg}, f"t{one}{other}", 1, TIME, "urn:e:1", "shipping", "ship", **more
    )  # type: ignore[arg-type]


def test_a_tree_says_the_event_and_the_largest_origins() -> None:
    console = Console(width=200)
    with console.capture() as shown:
        for tree in trace_trees(Trace([("B", "y")], [link(1, "x", "y", shares_percent=SHARES)], [], True)):
            console.print(tree)
    said = shown.get()
    assert "from x at A: Cu 5 kg, 2026-03-01 shipping urn:e:1" in said
    assert "Cu: 20 % ZM site0 mine -; 19 % ZM site1 mine -" in said
    assert "; 2 more" in said
    assert "site5" not in said


def test_a_graph_has_each_lot_and_each_link_once() -> None:
    back = link(1, "y", "x")
    lines = dot(Trace([("B", "y")], [link(1, "x", "y"), back], [back], True)).splitlines()
    assert (lines[0], lines[-1]) == ("digraph trace {", "}")
    assert sum("->" in line for line in lines) == 2
    nodes = [line for line in lines if re.match(r"  n\d+ \[", line)]
    assert len(nodes) == 4
    assert [line for line in nodes if "peripheries=2" in line] == ['  n3 [label="y\\nB", peripheries=2];']
    assert any(line.endswith('[label="Cu 5 kg\\n2026-03-01 shipping urn:e:1"];') for line in lines)


def test_a_name_cannot_leave_its_label() -> None:
    graph = dot(Trace([("A", 'x"]; evil [label="\\')], [], [], True))
    assert graph.splitlines()[3] == '  n0 [label="x\\"]; evil [label=\\"\\\\\\nA", peripheries=2];'
    assert "\x1b" not in dot(Trace([("A", "\x1b[2J")], [], [], True))

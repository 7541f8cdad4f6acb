"""Dashboard, alerts, the operators' page and the code name the same metrics and labels, and the scrape finds the workers."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from promql_parser import AggregateExpr, VectorSelector

from runtime.assignment import Phase
from runtime.health import Health, Picture
from runtime.metrics import Instruments, Metrics
from runtime.port import Partition
from runtime.processor import Record
from schemas.topics import TRANSACTIONS
from sinks.clickhouse.plan import Batch
from sinks.clickhouse.watch import Watching
from streams.tallies import TALLIES
from tests.deploy.test_compose import OURS

ROOT = Path(__file__).resolve().parent.parent.parent
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
SCRAPE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "lodestream.json").read_text())
PAGE = (ROOT / "docs" / "operators.md").read_text()
RUNBOOK = ROOT / "docs" / "failure-modes.md"
PARTS = {"broker", "gate", "ledger", "watch", "issuer", "publication", "sink", "clickhouse", "state-folder"}
OF_PROMETHEUS = {"job", "instance"}
"""Labels that a scrape adds."""


def instruments() -> Instruments:
    """One registry with all that gate, ledger, issuer and sink have, each with a sample."""
    health = Health("any", 60)
    partition = Partition(TRANSACTIONS, 0)
    record = Record(TRANSACTIONS, 0, 0, 0, b"", b"")
    made = Instruments(health)
    Metrics(made, lambda _: {})
    made.done([[record]])
    made.tell({(tally, tally.labels): 1 for tally in TALLIES})
    sink = Watching(made, None, lambda _: {})
    batch = Batch(TRANSACTIONS, "id", 0, 0, (record,))
    sink.inserting([batch], Future())
    sink.wrote([batch], 1, begun_ns=0)
    health.beat(Picture({partition: Phase.RUNNING}, {partition: 0.0}, {partition: 1}))
    return made


FAMILIES = list(instruments().registry.collect())
LABELS: dict[str, set[str]] = {
    sample.name: set(sample.labels) for family in FAMILIES for sample in family.samples if not sample.name.endswith("_created")
}


def queries() -> Iterator[tuple[str, str]]:
    """Where it stands, and the query."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$worker", ".*")
            yield f"panel {panel['title']}", query
    for rule in ALERTS:
        yield f"alert {rule['alert']}", rule["expr"]


QUERIES = list(queries())


def parts(query: str) -> list[object]:
    """Every node of a query."""
    found: list[object] = []
    promql_parser.walk(promql_parser.parse(query), found.append)
    return found


def grouped(query: str) -> set[str]:
    """The labels that its aggregations keep."""
    nodes = (node for node in parts(query) if isinstance(node, AggregateExpr) and node.modifier is not None)
    return {label for node in nodes for label in node.modifier.labels}


def selected(query: str) -> list[VectorSelector]:
    return [node for node in parts(query) if isinstance(node, VectorSelector)]


@pytest.mark.parametrize(("place", "query"), QUERIES, ids=[f"{n} {place}" for n, (place, _) in enumerate(QUERIES)])
def test_a_query_asks_for_metrics_and_labels_that_exist(place: str, query: str) -> None:
    names = {selector.name for selector in selected(query)}
    assert names
    assert names - {"up"} <= LABELS.keys(), place
    for selector in selected(query):
        known = LABELS.get(selector.name, set()) | OF_PROMETHEUS
        assert {matcher.name for matcher in selector.matchers.matchers} <= known, place
        assert grouped(query) <= known, place


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    used = {selector.name for _, query in QUERIES for selector in selected(query)}
    ours = {family.name for family in FAMILIES if family.name.startswith("lodestream_")}
    unseen = {name for name in ours if not any(re.fullmatch(rf"{name}(_total|_bucket|_sum|_count)?", seen) for seen in used)}
    assert not unseen


def test_the_operators_page_tells_of_every_metric_and_of_no_other() -> None:
    told = set(re.findall(r"`(lodestream_[a-z_]+)", PAGE))
    there = {f"{family.name}_total" if family.type == "counter" else family.name for family in FAMILIES}
    assert told == {name for name in there if name.startswith("lodestream_")}
    for name in sorted(told):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
        labels = set(re.findall(r"`([a-z]+)`", row.split("|")[2]))
        sample = LABELS.get(name) or LABELS[f"{name}_count"]
        assert labels == sample - {"worker"}, name


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    annotations = rule["annotations"]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert annotations["summary"]
    assert annotations["description"]
    known = grouped(rule["expr"]) or OF_PROMETHEUS.union(*(LABELS.get(each.name, ()) for each in selected(rule["expr"])))
    assert set(re.findall(r"\$labels\.(\w+)", f"{annotations}")) <= known
    page, _, anchor = annotations["runbook"].partition("#")
    assert page == str(RUNBOOK.relative_to(ROOT))
    for worker in ("gate", "ledger", "watch", "issuer", "publication", "sink"):
        assert anchor.replace("{{ $labels.worker }}", worker) in PARTS


@pytest.mark.skipif(not RUNBOOK.is_file(), reason="docs/failure-modes.md is not there")
def test_the_runbook_has_every_part() -> None:
    headings = re.findall(r"^#+ (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert anchors >= PARTS


def test_names_are_told_once() -> None:
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    alerts = [rule["alert"] for rule in ALERTS]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    for names in (titles, alerts, ids):
        assert len(set(names)) == len(names)


def test_panels_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, f"{panel['title']} over {taken.get(cell)}"
            assert cell[0] < 24
            taken[cell] = panel["title"]


def test_the_scrape_finds_every_worker_where_compose_puts_it() -> None:
    (job,) = SCRAPE["scrape_configs"]
    (targets,) = (each["targets"] for each in job["static_configs"])
    workers = {name: service["environment"] for name, service in OURS.items() if name != "setup"}
    assert set(targets) == {f"{name}:{environment['LODESTREAM_METRICS__PORT']}" for name, environment in workers.items()}
    assert {environment["LODESTREAM_METRICS__ADDRESS"] for environment in workers.values()} == {"0.0.0.0"}  # noqa: S104  # in its container
    assert SCRAPE["rule_files"] == ["alerts.yml"]
    named = {match for _, query in QUERIES for match in re.findall(r'job="(\w+)"', query)}
    assert named == {job["job_name"]}

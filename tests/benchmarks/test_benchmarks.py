"""What the measurements rest on. The phases themselves run small with `make bench SCALE=0.02`, in minutes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import proof
from benchmarks.__main__ import NAMES
from benchmarks.lots import LotForm, draws, site
from benchmarks.page import page
from benchmarks.plan import Number, Plan
from benchmarks.stage import need, percentile, rate, steadily
from benchmarks.texts import TEXTS
from benchmarks.workload import documents
from lodestream.epcis.intake import Accepted, intake

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_million_lots_are_what_the_ledger_writes() -> None:
    form = LotForm(site(7))
    for number in (2, 77, 9_999_999):
        form.check(number)
    keys = {write.key for number in range(50) for write in form.writes(number)}
    assert len(keys) == 50 * len(list(form.writes(0)))


def test_a_lot_that_the_ledger_would_write_otherwise_is_found() -> None:
    form = LotForm(site(7))
    form._forms = [(key, value.replace(b"ore", b"0re")) for key, value in form._forms]
    with pytest.raises(AssertionError, match="lot 5"):
        form.check(5)


def test_the_traffic_is_the_same_every_time_and_on_lots_that_are_there() -> None:
    once, again = list(draws("run", 10, 20)), list(draws("run", 10, 20))
    assert once == again
    assert len({entry.entry_id for entry in once}) == 20


def test_the_gate_takes_every_event_of_the_workload() -> None:
    assert all(isinstance(item, Accepted) for one in documents("test", 3) for item in intake(one))


def test_a_rate_leaves_out_the_start() -> None:
    slow, fast = list(range(0, 20_000, 1_000)), list(range(20_000, 20_800, 10))
    assert rate(sorted(slow + fast)) == pytest.approx(100, rel=0.05)
    assert rate(sorted(fast + slow), 0.0) < 10
    with pytest.raises(RuntimeError):
        rate([])


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.99) == 100
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    with pytest.raises(RuntimeError):
        percentile([], 0.5)


def test_what_is_due_keeps_its_pace() -> None:
    moments = list(steadily(1_000, 20))
    assert moments[-1] - moments[0] == pytest.approx(0.019)


def test_what_went_wrong_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="half"):
        need(False, "half of it is missing")


def test_every_name_has_a_text_and_the_page_says_whether_its_goal_is_held() -> None:
    assert set(NAMES) <= set(TEXTS)
    rows = [
        {"name": "gate", "value": 9_000.0, "unit": "events/s", "baseline": 30_000.0, "ratio": 0.3},
        {"name": "ledger_vs_faust", "value": 3_000.0, "unit": "entries/s", "baseline": 1_000.0, "ratio": 3.0},
        {"name": "restart_s", "value": 1.5, "unit": "s", "baseline": 3.0, "ratio": 0.5},
    ]
    shown = page(rows)
    assert "| gate | 9,000 events/s | copy of the documents: 30,000 | 0.3 | 8,000 events/s (held) |" in shown
    assert "3 | 10x (missed) |" in shown
    assert "0.5 | under 3 s (held) |" in shown


def test_the_page_is_made_from_the_results() -> None:
    results = json.loads((ROOT / "benchmarks" / "latest.json").read_text())
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    assert all(row.keys() == {"name", "value", "unit", "baseline", "ratio"} for row in results)
    assert all(f"| {row['name']} |" in text for row in results)


def test_medians_are_taken_of_each_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan("nowhere", tmp_path, scale=0.01)
    plan.say("gate", [1.0, 9.0, 3.0], "events/s", [2.0, 4.0, 100.0])
    assert plan.numbers == [Number("gate", 3.0, "events/s", 4.0)]
    assert plan.numbers[0].ratio == 0.75
    assert (plan.size(1_000, 5), plan.size(100, 5)) == (10, 5)
    assert "[1, 9, 3]" in capsys.readouterr().out


@pytest.mark.kafka
def test_the_audit_of_a_million_runs_small(kafka: str, tmp_path: Path) -> None:
    plan = Plan(kafka, tmp_path, scale=0.0001, rounds=1)
    proof.audit(plan)
    (number,) = plan.numbers
    assert (number.name, number.unit, number.baseline) == ("audit_million_s", "s", 120.0)
    assert number.value > 0


@pytest.mark.embedded
def test_the_traces_among_a_million_run_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "TRACES", 1)
    plan = Plan("nowhere", tmp_path, scale=0.001, rounds=1)
    proof.trace(plan)
    assert [number.name for number in plan.numbers] == ["trace_million_s", "trace_million_asked_s", "trace_million_large_s"]
    assert {number.name for number in plan.numbers} <= set(TEXTS)


def test_a_name_that_nobody_knows_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "unknown: speed" in done.stderr

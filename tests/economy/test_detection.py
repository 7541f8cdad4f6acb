"""The measure itself: what counts as found, as a false alarm and as a promise missed."""

import pytest

from benchmarks.detection.histories import run
from benchmarks.detection.keeping import end_us
from benchmarks.detection.measures import Band, Recall, per_events, recalls
from benchmarks.detection.page import Results, alarms, missed, page
from connectors.economy.simulate import Plan
from lodestream.ledger.records import Finding


def finding(code: str, rule: str, severity: str = "hold") -> Finding:
    return Finding(f"{rule} {code}", rule, code, 1, severity, [], "1 > 0", "open")  # type: ignore[arg-type]


def test_a_double_spend_is_found_on_its_event_and_the_rest_is_quiet() -> None:
    history = run(Plan(11, 12, 9, ["F3"]))
    assert len(history.labels) >= 2
    assert all(history.found(label, by_site=False) for label in history.labels)
    assert alarms([history]) == {("F3", "DOUBLE_SPEND"): len(history.labels)}


def test_a_repeat_is_found_by_its_outcome() -> None:
    history = run(Plan(11, 12, 9, ["F10"]))
    assert history.labels
    assert all(history.found(label, by_site=False) for label in history.labels)
    assert not alarms([history])


@pytest.mark.parametrize(
    ("kind", "variant"), [("F6", ""), ("F9", "received"), ("F9", "seen"), ("F12", ""), ("F18", "same lot"), ("F26", "")]
)
def test_what_the_watch_and_the_record_time_show_is_found(kind: str, variant: str) -> None:
    history = run(Plan(11, 12, 9, [kind]))
    labels = [label for label in history.labels if label.variant == variant]
    assert labels
    assert all(history.found(label, by_site=False) for label in labels)


def test_what_no_rule_can_see_is_not_found_and_not_promised() -> None:
    (measured,) = [one for one in recalls(["F18"]) if one.name == "F18 new lot"]
    assert measured.planted
    assert (measured.found, measured.state) == (0, "not seen")


def test_a_document_is_recorded_when_its_day_ends() -> None:
    assert end_us("2026-01-01") == 1_767_312_000_000_000  # 2026-01-02T00:00:00Z


def test_bands_are_shown_with_what_was_stopped() -> None:
    page_of = page(
        Results([run(Plan(1, 12, 2))], [], ratios=[Band("F14", 5000, 10_000, 4, 1, 3), Band("F15", 50_000, None, 2, 0, 2)])
    )
    assert "| F14 | 5 u to 10 u | 4 | 1 | 3 |" in page_of
    assert "| F15 | 50 u and more | 2 | 0 | 2 |" in page_of


def test_what_waited_and_then_came_is_no_alarm() -> None:
    history = run(Plan(1, 12, 20))
    assert history.passed()["F3", "PHANTOM_STOCK"] > 5
    assert not alarms([history])


def test_a_label_is_not_found_by_a_finding_of_another_rule_or_elsewhere() -> None:
    history = run(Plan(11, 12, 9, ["F20"]))
    label = history.labels[0]
    assert history.found(label, by_site=False)
    label.kind = "F4"
    assert not history.found(label, by_site=False)
    label.kind, label.lots, label.event_ids = "F20", ["urn:epc:class:lgtin:9520001.010101.NONE"], ["urn:uuid:none"]
    assert not history.found(label, by_site=False)


def test_promises() -> None:
    history = run(Plan(1, 12, 2))
    history.events = 20_000
    kept = Recall("F3", 10, 10, "promised", {})
    assert missed(Results([history], [kept])) == []
    assert missed(Results([history], [Recall("F2", 9, 0, "statistical", {})])) == []
    assert missed(Results([history], [Recall("F3", 10, 9, "promised", {})])) == ["F3: 9 of 10 found"]
    assert missed(Results([history], [Recall("F6", 0, 0, "promised", {})])) == ["F6: none could be planted"]
    for n in range(2):
        history.opened[f"{n}"] = finding("IMPOSSIBLE", "F1")
    history.opened["warn"] = finding("TRANSIT_LOSS", "F35", "warn")
    assert missed(Results([history], [kept])) == []
    assert per_events(2, [history]) == 1
    history.opened["third"] = finding("TRANSIT_GAIN", "F20")
    assert missed(Results([history], [kept])) == ["3 hard or hold findings in 20,000 honest events, more than one in 10,000"]
    history.events = 9_999
    assert len(missed(Results([history], [kept]))) == 2
    assert "| F1 | IMPOSSIBLE | 2 |" in page(Results([history], [kept]))

"""Each fraud plants what its label says, in events that exist; what honest people get wrong is put right again."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.economy.frauds import FRAUDS
from connectors.economy.simulate import Plan, simulate
from lodestream.ledger.book import SiteBook

Event = dict[str, Any]


def written(folder: Path) -> list[Event]:
    """All events in the order of the documents."""
    paths = sorted((folder / "documents").rglob("*.json"))
    return [event for path in paths for event in json.loads(path.read_bytes())["epcisBody"]["eventList"]]


Story = tuple[list[Event], list[Any]]
Tell = Callable[[str], Story]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Tell:
    """The events and the labels of a history with frauds of one kind, each made once."""
    told: dict[str, Story] = {}

    def tell(kind: str) -> Story:
        if kind not in told:
            told[kind] = _story(tmp_path_factory.mktemp("economy") / kind, kind)
        return told[kind]

    return tell


def _story(folder: Path, kind: str) -> Story:
    simulate(Plan(9, 12, 35, [kind]), folder)
    labels = json.loads((folder / "labels.json").read_bytes())
    events = written(folder)
    assert labels, "nothing was planted"
    known = {event["eventID"] for event in events}
    assert all(set(label["eventIDs"]) <= known for label in labels)
    assert all(label["kind"] == kind and label["lots"] and label["site"] and label["done"] for label in labels)
    return events, labels


def of(events: list[Event], label: Any) -> list[Event]:
    return [event for identity in label["eventIDs"] for event in events if event["eventID"] == identity]


def lots(event: Event, name: str) -> list[str]:
    return [entry["epcClass"] for entry in event.get(name, ())]


@pytest.mark.parametrize("kind", [k for k in FRAUDS if k not in {"F5", "F8", "F9", "F10"}])
def test_a_label_names_events_that_exist_and_says_how_much(planted: Tell, kind: str) -> None:
    _, labels = planted(kind)
    weightless = {"F16"}  # a copied certificate is about no metal in particular
    assert kind in weightless or all(float(label["magnitudeKg"]) > 0 and label["element"] for label in labels)


def test_an_honest_history_has_no_labels(tmp_path: Path) -> None:
    simulate(Plan(9, 12, 3), tmp_path / "e")
    assert json.loads((tmp_path / "e" / "labels.json").read_bytes()) == []


def test_f3_spends_the_same_lots_twice(planted: Tell) -> None:
    events, labels = planted("F3")
    for label in labels:
        (second,) = of(events, label)
        users = [e for e in events if set(lots(e, "inputQuantityList")) & set(label["lots"]) and "errorDeclaration" not in e]
        assert len({e["eventID"] for e in users}) >= 2
        assert second in users
        first = next(e for e in users if e is not second)
        assert not set(lots(first, "outputQuantityList")) & set(lots(second, "outputQuantityList"))


def test_f4_receives_a_final_consignment_again(planted: Tell) -> None:
    events, labels = planted("F4")
    for label in labels:
        (second,) = of(events, label)
        same = [e for e in events if e["bizStep"] == "receiving" and e["crm:consignmentId"] == second["crm:consignmentId"]]
        finals = [e for e in same if e["crm:receipt"] == "final"]
        assert len({e["eventID"] for e in finals}) == 2


def test_f5_claims_a_country_that_nothing_is_from(planted: Tell) -> None:
    events, labels = planted("F5")
    origins = {item.get("crm:countryOfOrigin") for e in events for item in e.get("crm:materials", ())}
    for label in labels:
        (event,) = of(events, label)
        claim = event["crm:materials"][0]["crm:claims"][0]
        assert claim["crm:attribute"].removeprefix("country:") not in origins


def test_f8_is_received_before_it_is_shipped(planted: Tell) -> None:
    events, labels = planted("F8")
    for label in labels:
        (receipt,) = of(events, label)
        (shipped, *_) = [
            e for e in events if e["bizStep"] == "shipping" and e["crm:consignmentId"] == receipt["crm:consignmentId"]
        ]
        assert _utc(receipt["eventTime"]) < _utc(shipped["eventTime"])


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_f9_is_there_too_soon_or_on_two_continents_within_an_hour(planted: Tell) -> None:
    events, labels = planted("F9")
    assert {label["variant"] for label in labels} == {"received", "seen"}
    for label in labels:
        first, *others = of(events, label)
        if label["variant"] == "received":
            consignment = first["crm:consignmentId"]
            left = next(e for e in events if e["bizStep"] == "shipping" and e["crm:consignmentId"] == consignment)
            assert _utc(first["eventTime"]) - _utc(left["eventTime"]) == 600
            continue
        (second,) = others
        assert first["crm:consignmentId"] == second["crm:consignmentId"]
        assert first["readPoint"] != second["readPoint"]
        assert _utc(second["eventTime"]) - _utc(first["eventTime"]) == 3600


def test_f10_is_the_same_event_twice(planted: Tell) -> None:
    events, labels = planted("F10")
    for label in labels:
        first, second = of(events, label)
        assert first == second


def test_f11_is_one_ticket_under_two_ids(planted: Tell) -> None:
    events, labels = planted("F11")
    assert {label["variant"] for label in labels} == {"hash", "ticket"}
    for label in labels:
        (copy,) = of(events, label)
        same = [e for e in events if e.get("crm:materials") == copy["crm:materials"] and "errorDeclaration" not in e]
        assert len({e["eventID"] for e in same}) == 2
        times = {e["eventTime"] for e in same}
        assert len(times) == (1 if label["variant"] == "hash" else 2)


def test_f12_is_dated_beyond_the_lateness_of_every_book(planted: Tell) -> None:
    events, labels = planted("F12")
    for label in labels:
        (late,) = of(events, label)
        at = events.index(late)
        assert _utc(events[at - 1]["eventTime"]) - _utc(late["eventTime"]) > SiteBook().lateness_days * 86_400


def test_f18_is_recycled_under_the_id_of_what_was_made_or_a_new_one(planted: Tell) -> None:
    events, labels = planted("F18")
    assert {label["variant"] for label in labels} == {"same lot", "new lot"}
    for label in labels:
        (added,) = of(events, label)
        assert added["crm:materials"][0]["crm:sourceClass"] == "end_of_life"
        made = any(label["lots"][0] in lots(e, "outputQuantityList") for e in events)
        assert made == (label["variant"] == "same lot")


def test_f16_is_one_analysis_under_several_certificates(planted: Tell) -> None:
    events, labels = planted("F16")
    for label in labels:
        figures, certificates = [], set()
        for event in of(events, label):
            item = next(i for i in event["crm:materials"] if i["crm:id"] in label["lots"])
            certificates.add(item["crm:assays"][0]["crm:certificate"])
            figures.append([(a["crm:substance"], a["crm:value"]) for a in item["crm:assays"]])
        assert len(figures) >= 4
        assert len(figures[0]) >= 3
        assert all(f == figures[0] for f in figures)
        assert len(certificates) == len(figures)


def test_f24_is_one_id_with_two_contents_and_no_declaration(planted: Tell) -> None:
    events, labels = planted("F24")
    for label in labels:
        first, second = of(events, label)
        assert first["quantityList"] != second["quantityList"]
        assert "errorDeclaration" not in second


def test_f25_has_one_credential_behind_two_lots(planted: Tell) -> None:
    events, labels = planted("F25")
    for label in labels:
        found = [item for e in of(events, label) for item in e["crm:materials"] if "crm:credential" in item]
        assert len({item["crm:credential"] for item in found}) == 1
        assert len({item["crm:id"] for item in found}) == 2


def test_f26_is_many_batches_in_an_hour(planted: Tell) -> None:
    events, labels = planted("F26")
    for label in labels:
        batches = of(events, label)
        assert len(batches) == 15
        assert len({e["eventTime"] for e in batches}) == 1


def test_f21_skims_at_every_site_that_transforms(planted: Tell) -> None:
    _, labels = planted("F21")
    assert len({label["site"] for label in labels}) > 5
    assert len({(label["site"], label["element"]) for label in labels}) == len(labels)


def test_f27_is_received_and_never_shipped(planted: Tell) -> None:
    events, labels = planted("F27")
    for label in labels:
        (receipt,) = of(events, label)
        assert not [e for e in events if e["bizStep"] == "shipping" and e["crm:consignmentId"] == receipt["crm:consignmentId"]]


def test_mishaps_are_late_repeated_and_corrected_before_anything_moved_on(tmp_path: Path) -> None:
    simulate(Plan(9, 12, 40), tmp_path / "e")
    events = written(tmp_path / "e")
    declared = [n for n, e in enumerate(events) if "errorDeclaration" in e]
    assert len(declared) > 10
    for n in declared:
        wrong, declaration, right = events[n - 1 : n + 2]
        assert {**wrong, "errorDeclaration": declaration["errorDeclaration"]} == declaration
        assert declaration["errorDeclaration"]["correctiveEventIDs"] == [right["eventID"]]
        assert right["eventTime"] == wrong["eventTime"]
    plain = [e["eventID"] for e in events if "errorDeclaration" not in e]
    assert len(plain) - len(set(plain)) > 20
    days = [path.parent.name for path in sorted((tmp_path / "e" / "documents").rglob("*.json"))]
    late = [
        event
        for path in (tmp_path / "e" / "documents").rglob("*.json")
        for event in json.loads(path.read_bytes())["epcisBody"]["eventList"]
        if _utc(event["eventTime"]) < _utc(f"{path.parent.name}T00:00:00+00:00") and "errorDeclaration" not in event
    ]
    assert days == sorted(days)
    assert len(late) > 30

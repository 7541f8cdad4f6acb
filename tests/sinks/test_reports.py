"""The reading commands on worked examples: article8, periods, lots --shares, findings --code."""

import copy
import json
import uuid
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client

from cli.main import cli
from sinks.clickhouse.store import Store
from tests.sinks.folded import PARTITIONS, Written
from tests.sinks.made import MINE, SMELTER
from tests.way.traffic import SPACE, event

pytestmark = pytest.mark.embedded

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
PCAM = "https://precursor.example.com/class/lot/PCAM-811-26-03"
Ask = Callable[..., str]


@pytest.fixture
def ask(url: str, client: Client) -> Ask:
    """Run a command on the tables."""

    def run(*arguments: str, code: int = 0) -> str:
        settings = ["-s", f"clickhouse.url={url}", "-s", f"partitions={PARTITIONS}"]
        done = CliRunner().invoke(cli, [*settings, *arguments])
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return run


def rows(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def of(folder: str, *names: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((EXAMPLES / folder).glob("*.json")) if not names or path.stem in names]


def article8(ask: Ask, *more: str) -> dict[str, dict[str, Any]]:
    return {row["element"]: row for row in rows(ask("article8", "--json", *more))}


def edited(document: bytes, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> bytes:
    """A document with other events."""
    told = json.loads(document)
    told["epcisBody"]["eventList"] = change(told["epcisBody"]["eventList"])
    return json.dumps(told).encode()


def test_the_precursor_to_the_milligram(store: Store, ask: Ask) -> None:
    Written(of("12-precursor")).sow(store)
    said = article8(ask)
    nickel, cobalt = said["Ni"], said["Co"]
    assert (nickel["total_mg"], nickel["end_of_life_mg"], nickel["manufacturing_waste_mg"]) == (
        "46736000000",
        "11584786269",
        "4964908401",
    )
    assert (nickel["recycled_percent"], cobalt["recycled_percent"]) == ("35.411021", "70.37702")
    assert (cobalt["total_mg"], cobalt["end_of_life_mg"], cobalt["manufacturing_waste_mg"]) == (
        "5869600000",
        "2891594686",
        "1239254865",
    )
    assert [check["met"] for check in nickel["checks"] + cobalt["checks"]] == [True] * 4
    assert nickel["method"] == "eu-battery-art8@2023-1542-1 physical-proportional-1"
    assert (said["Li"]["no_data"], said["Pb"]["no_data"]) == (True, True)
    assert "recycled_percent" not in said["Li"]
    shown = ask("article8", "--year", "2026")
    assert "35.411021" in shown
    assert "no data" in shown
    assert ask("article8", "--json", "--year", "2025") == ""
    assert "No data: the books know of no active material made by any plant in 2025." in ask("article8", "--year", "2025")


def shipped(events: list[dict[str, Any]], kilograms: int) -> dict[str, Any]:
    """A shipment of the precursor, in the next January."""
    made = events[-1]
    return event(
        "ObjectEvent",
        "precursor leaves",
        0,
        action="OBSERVE",
        bizStep="shipping",
        readPoint=made["readPoint"],
        quantityList=[{"epcClass": PCAM, "quantity": kilograms, "uom": "KGM"}],
        destinationList=[{"type": "location", "destination": "https://cells.example.com/loc/cathode-line"}],
        **{"crm:consignmentId": "https://precursor.example.com/bt/1"},
    ) | {"eventTime": "2027-01-02T08:00:00.000+01:00"}


def declared(original: dict[str, Any], correct: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """The original in error, and what stands in its place."""
    new = f"urn:uuid:{uuid.uuid5(SPACE, original['eventID'])}"
    error = {"declarationTime": "2027-02-01T08:00:00.000+01:00", "reason": "incorrect_data", "correctiveEventIDs": [new]}
    corrective = copy.deepcopy(original) | {"eventID": new}
    correct(corrective)
    return [original | {"errorDeclaration": error}, corrective]


def other_origins(corrective: dict[str, Any]) -> None:
    for part, parts in zip(corrective["crm:materials"][0]["crm:origins"], ("50", "50"), strict=True):
        part["crm:parts"] = parts


def less(corrective: dict[str, Any]) -> None:
    corrective["outputQuantityList"][0]["quantity"] = 91_000


def test_what_has_left_counts_as_it_was_made(store: Store, ask: Ask) -> None:
    [document] = of("12-precursor")
    Written([edited(document, lambda events: [*events, shipped(events, 92_000)])]).sow(store)
    said = article8(ask, "--year", "2026")
    assert (said["Ni"]["total_mg"], said["Ni"]["recycled_percent"]) == ("46736000000", "35.411021")
    assert ask("article8", "--json", "--year", "2027") == ""


def test_origins_corrected_after_all_of_it_has_left(store: Store, ask: Ask) -> None:
    """8,820 kg of 49,815 kg are end of life now, and as much manufacturing waste; the lot itself is empty."""
    [document] = of("12-precursor")
    Written([
        edited(document, lambda events: [*events, shipped(events, 92_000), *declared(events[0], other_origins)])
    ]).sow(store)  # fmt: skip
    nickel = article8(ask)["Ni"]
    exact = Fraction(46_736_000_000 * 8_820, 49_815)
    assert {abs(int(nickel[name]) - exact) < 1 for name in ("end_of_life_mg", "manufacturing_waste_mg")} == {True}
    assert (nickel["total_mg"], nickel["recycled_percent"]) == ("46736000000", "35.411021")
    assert nickel["end_of_life_percent"] == nickel["manufacturing_waste_percent"] == "17.70551"


def test_a_corrected_mass_counts_once(store: Store, ask: Ask) -> None:
    [document] = of("12-precursor")
    Written([edited(document, lambda events: [*events, *declared(events[-1], less)])]).sow(store)
    nickel = article8(ask)["Ni"]
    assert (nickel["total_mg"], nickel["lots"], nickel["recycled_percent"]) == (str(91_000 * 508_000), 1, "35.411021")


def bagged(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Half of the precursor goes into two bags, which are lots of their own."""
    made, bags = events[-1], [f"{PCAM}-BAG-{n}" for n in range(2)]
    items = [{"crm:role": "input", "crm:id": PCAM, "crm:massBasis": "dry"}]
    items += [{"crm:role": "output", "crm:id": bag, "crm:massBasis": "dry", "crm:productClass": "precursor"} for bag in bags]
    return event(
        "TransformationEvent",
        "bags",
        0,
        bizStep="commissioning",
        bizLocation=made["bizLocation"],
        inputQuantityList=[{"epcClass": PCAM, "quantity": 46_000, "uom": "KGM"}],
        outputQuantityList=[{"epcClass": bag, "quantity": 23_000, "uom": "KGM"} for bag in bags],
        **{"crm:materials": items},
    ) | {"eventTime": "2026-04-02T08:00:00.000+01:00"}


def test_what_is_bagged_counts_once(store: Store, ask: Ask) -> None:
    [document] = of("12-precursor")
    Written([edited(document, lambda events: [*events, bagged(events)])]).sow(store)
    nickel = article8(ask)["Ni"]
    assert (nickel["total_mg"], nickel["recycled_percent"], nickel["lots"]) == ("46736000000", "35.411021", 3)


def test_what_goes_round_is_no_recycled_content(store: Store, ask: Ask) -> None:
    Written(of("16-recycled-frauds", "02-run-around")).sow(store)
    nickel = article8(ask)["Ni"]
    assert (nickel["recycled_percent"], nickel["end_of_life_mg"], nickel["checks"][0]["met"]) == ("0", "0", False)


def unassayed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events[-1]["crm:materials"][2].pop("crm:assays")
    return events


def test_a_lot_without_an_assay_is_no_data_and_said(store: Store, ask: Ask) -> None:
    Written([edited(of("12-precursor")[0], unassayed)]).sow(store)
    said = article8(ask)
    assert [(row["no_data"], row["unassayed_lots"]) for row in said.values()] == [(True, 1)] * 4
    assert "2026: 1 lot without an assay: no data" in ask("article8")


@pytest.mark.parametrize(("time", "year"), [("2026-12-31T23:30:00Z", 2027), ("2026-12-31T22:30:00Z", 2026)])
def test_the_year_is_that_of_the_place(store: Store, ask: Ask, time: str, year: int) -> None:
    [document] = of("12-precursor")

    def late(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        events[-1]["eventTime"] = time
        return events

    Written([edited(document, late)]).sow(store)
    assert {row["year"] for row in article8(ask).values()} == {year}


def test_periods_of_a_site(seeded: Client, ask: Ask) -> None:
    assert [(row["version"], row["account_class"], row["closing_mg"]) for row in rows(ask("periods", SMELTER, "--json"))] == [
        (2, "CUSTODY", "-27500000000"),
        (2, "STOCK", "27480000000"),
        (2, "TRANSIT_VAR", "20000000"),
    ]
    shown = ask("periods", "--versions", SMELTER)
    assert "2026-01, version 1, book, not counted" in shown
    assert "27,480" in shown
    assert ask("periods", "urn:nowhere") == "The site urn:nowhere has closed no period.\n"


def test_shares_of_lots(seeded: Client, ask: Ask) -> None:
    shown = ask("lots", "--shares", "--site", SMELTER).splitlines()
    assert shown[1:] == [
        f"  Cu 20,610 kg, 75 % ZM {MINE} mine COPPER_MARK,IRMA",
        "  Cu 6,870 kg, 25 % ZZ - end_of_life -",
        "  96,180 kg CO2e; nothing is known of 490 kg dry",
        "  touched: CL - mine -",
    ]


def test_findings_of_one_code(seeded: Client, ask: Ask) -> None:
    assert [row["code"] for row in rows(ask("findings", "--json", "--code", "drift"))] == ["DRIFT"]
    assert "is not one of" in ask("findings", "--code", "NO_SUCH", code=2)

"""S1, S2, S4 and S5 through the checker alone: the rules as they are written give the golden numbers."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lodestream.epcis.event import Event
from tests.checker.checker import Checker
from tests.checker.scenarios import M1, P, R, S, s1, s2, s4
from tests.ledger.making import add, declared, entry, ship


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "data" / "scenarios" / "golden.json").read_text())


def mg(text: str, unit: int) -> int:
    """A figure of the golden file in mg; those of vectors in kg are printed to the milligram."""
    exact = Fraction(text.split()[0].replace(",", "")) * unit
    assert exact.denominator == 1
    return int(exact)


def checked(events: list[Event], **elements: list[str]) -> Checker:
    checker = Checker({site.replace("_", ":"): listed for site, listed in elements.items()})
    for one in events:
        checker.submit(entry(one))
    assert checker.parked == []
    return checker


def by_name(vector: dict[str, int], names: dict[str, str]) -> dict[str, int]:
    """A vector by the names that the golden file gives its keys."""
    return {names[key]: parts for key, parts in vector.items()}


def golden_vector(golden: dict[str, Any], name: str, unit: int) -> dict[str, int]:
    return {key: mg(text, unit) for key, text in golden[name].items()}


def test_s1_balances(golden: dict[str, Any]) -> None:
    accounts = checked(s1()).world.accounts
    t = 10**9
    assert accounts[M1, "Cu", "UNACCOUNTED"] == mg(golden["S1.concentrator.unaccounted"], t)
    assert accounts[R, "Cu", "TRANSIT_VAR"] == mg(golden["S1.transit.A"], t) + mg(golden["S1.transit.B"], t)
    assert accounts[R, "Cu", "UNACCOUNTED"] == mg(golden["S1.smelter.unaccounted"], t)
    assert accounts[R, "Cu", "WIP(urn:campaign:s1)"] == 412 * t
    assert not any(total for (_, _, account), total in accounts.items() if account.startswith("TRANSIT("))


def test_s1_vectors(golden: dict[str, Any]) -> None:
    names = {"ZM M1 mine -": "ZM-M1", "CL M2 mine -": "CL-M2", "JP R end_of_life -": "REC"}
    before_split = checked(s1()[:-1]).world.lots[R, "cathode"]
    assert by_name(before_split.vectors["Cu"], names) == golden_vector(golden, "S1.cathode.vector", 10**9)
    world = checked(s1()).world
    for lot, vector in (("L1", "S1.lot1.vector"), ("L2", "S1.lot2.vector")):
        assert by_name(world.lots[R, lot].vectors["Cu"], names) == golden_vector(golden, vector, 10**9)
    pool = world.pools[R, "urn:campaign:s1"]
    assert by_name(pool.entered["Cu"], names) == golden_vector(golden, "S1.pool", 10**9)
    assert by_name(pool.closing_vectors["Cu"], names) == golden_vector(golden, "S1.closingWIP.vector", 10**9)


def test_s1_carbon(golden: dict[str, Any]) -> None:
    world = checked(s1()).world
    pool = world.pools[R, "urn:campaign:s1"]
    assert pool.carbon == golden["S1.carbon.pool_g"]
    assert pool.closing_carbon == golden["S1.carbon.WIP_g"]
    lots = [world.lots[R, lot].carbon for lot in ("L1", "L2")]
    assert sum(lots) == golden["S1.carbon.cathode_total_g"]


def test_s2(golden: dict[str, Any]) -> None:
    names = {"CD X mine -": "CD-X", "CD Y mine -": "CD-Y", "ID Z mine -": "ID-Z"}
    for book in ({}, {"urn:site:s": ["Co"]}):
        world = checked(s2(), **book).world
        assert world.accounts[S, "Co", "UNACCOUNTED"] == mg(golden["S2.unaccounted"], 10**6)
        assert world.accounts[S, "Ni", "UNACCOUNTED"] == 0
        for lot, vector in (
            ("CoSO4", "S2.product.vector"),
            ("NiSO4", "S2.vec.niS"),
            ("leach residue", "S2.vec.res"),
            ("raffinate", "S2.vec.raf"),
        ):
            assert by_name(world.lots[S, lot].vectors["Co"], names) == golden_vector(golden, vector, 10**6)
        closing = world.pools[S, "urn:campaign:s2"].closing_vectors["Co"]
        assert by_name(closing, names) == golden_vector(golden, "S2.vec.wip", 10**6)


def test_s4(golden: dict[str, Any]) -> None:
    names = {
        "DE urn:collector end_of_life -": "REC-EOL",
        "DE urn:cells manufacturing_waste -": "REC-MFG",
        "ID - mine -": "PRI-ID",
    }
    world = checked(s4()).world
    for e in ("Ni", "Co"):
        assert world.accounts[P, e, "UNACCOUNTED"] == mg(golden[f"S4.{e}.unaccounted"], 10**6)
        vector = world.lots[P, "pCAM"].vectors[e]
        assert by_name(vector, names) == golden_vector(golden, f"S4.pCAM.{e}.vector", 10**6)
        assert by_name(world.pools[P, "urn:campaign:s4"].entered[e], names) == golden_vector(golden, f"S4.{e}.pool", 10**6)


def test_s5(golden: dict[str, Any]) -> None:
    e1 = add("P1", "10", M1, ni="10", event_id="urn:e1")
    e2 = ship("P1", "9.8", M1, R, consignment_id="c")
    e4 = add("P1", "9.5", M1, ni="10", event_id="urn:e4", event_time_us=e1.event_time_us)
    events = [e1, e2, declared(e1, 30, ("urn:e4",)), e4]
    seen = [checked(events[: n + 1]).world.accounts[M1, "Ni", "STOCK(P1)"] for n in range(4)]
    assert seen == [kg * 10**6 for _, _, kg in golden["S5.steps"]]
    assert checked([e1, e2, e4, events[2]]).world.accounts == checked(events).world.accounts

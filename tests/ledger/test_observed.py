"""What an event tells of where goods were seen, lot by lot and thing by thing (rulebook R4, R89)."""

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.observed import is_observation, lots, things
from tests.ledger.making import declared, event, item

PLACE = "urn:site:a"


def told(step: str | None, action: str = "OBSERVE", names: tuple[str, ...] = ("urn:d", "urn:b", "urn:a", "urn:c")) -> Event:
    made = event("ObjectEvent", [item("object", name, "1") for name in names], action=action, biz_step=step, read_point=PLACE)
    return replace(made, epcs=[f"{name}:1" for name in names])


@pytest.mark.parametrize("step", ["arriving", "departing", "transporting"])
def test_what_carriers_see(step: str) -> None:
    assert is_observation(told(step))
    assert not is_observation(told(step, "ADD"))
    assert not is_observation(declared(told(step)))
    assert lots(told(step)) == ["urn:a", "urn:b", "urn:c", "urn:d"]
    assert things(told(step)) == ["urn:a:1", "urn:b:1", "urn:c:1", "urn:d:1"]


@pytest.mark.parametrize("step", ["shipping", "consigning", "receiving", "accepting"])
def test_who_moves_things_tells_where_they_are(step: str) -> None:
    """Its lots are in its postings."""
    assert not is_observation(told(step))
    assert things(told(step)) == ["urn:a:1", "urn:b:1", "urn:c:1", "urn:d:1"]


def test_what_tells_no_place() -> None:
    for step in ("shipping", "arriving"):
        assert things(told(step, "DELETE")) == []
        assert things(declared(told(step))) == []
        assert things(replace(told(step), epcs=[])) == []
    for other in ("inspecting", "commissioning", None):
        assert not is_observation(told(other))
        assert things(told(other)) == []

"""F9 IMPOSSIBLE_TRAVEL: Kolwezi to Durban is 2,205 km as the crow flies."""

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.book import Register
from lodestream.watch.travel import distance_m
from tests.ledger.making import START, add, receive, ship
from tests.watch.watching import HOUR, Watched, said

KOLWEZI, DURBAN = "urn:kolwezi", "urn:durban"
PLACES = {KOLWEZI: (-10_716_700, 25_472_500), DURBAN: (-29_858_700, 31_021_800)}


def test_distances() -> None:
    assert distance_m(PLACES[KOLWEZI], PLACES[KOLWEZI]) == 0
    assert distance_m((0, 0), (0, 180_000_000)) == 20_015_115  # half the mean circumference
    assert distance_m(PLACES[KOLWEZI], PLACES[DURBAN]) == distance_m(PLACES[DURBAN], PLACES[KOLWEZI]) == 2_204_775


def way(hours: float, **more: str) -> tuple[Event, Event]:
    sent = ship("x", "10", KOLWEZI, DURBAN, consignment_id="c", event_time_us=START + HOUR, cu="25")
    came = receive("x", "10", DURBAN, consignment_id="c", event_time_us=START + HOUR + int(hours * HOUR), cu="25")
    return sent, came


def watched() -> Watched:
    made = Watched(Register(coordinates=PLACES))
    made(add("x", "100", KOLWEZI, cu="25", event_time_us=START))
    return made


@pytest.mark.parametrize("order", [1, -1])
def test_faster_than_anything_flies(order: int) -> None:
    """2,205 km in two hours, whichever of the two events comes first."""
    (found,) = watched()(*way(2)[::order])
    assert said([found]) == [("IMPOSSIBLE_TRAVEL", "warn", DURBAN)]
    assert found.arithmetic == (
        "c x: urn:kolwezi to urn:durban, 2,204.8 km in 2 h = 1,102.4 km/h; any transport goes 900 km/h at most"
    )
    assert found.lots == ["x"]


def test_as_fast_as_it_may_be() -> None:
    assert watched()(*way(2.46)) == []


@pytest.mark.parametrize(("mode", "top"), [("truck", 90), ("rail", 120), ("ship", 46), ("air", 900)])
def test_each_mode_has_its_speed(mode: str, top: int) -> None:
    hours = 2_204.775 / top
    for factor, count in ((1.001, 0), (0.999, 1)):
        made = watched()
        sent = ship("x", "10", KOLWEZI, DURBAN, consignment_id="c", event_time_us=START + HOUR, cu="25")
        sent = replace(sent, transport_mode=mode)
        came = receive("x", "10", DURBAN, consignment_id="c", event_time_us=START + HOUR + int(hours * factor * HOUR), cu="25")
        assert len(made(sent, came)) == count


def test_a_receipt_before_the_shipment_has_no_speed() -> None:
    (found,) = watched()(*way(-1))
    assert "in -1 h; any transport" in found.arithmetic


def test_places_that_nobody_knows_are_no_finding() -> None:
    made = Watched()
    made(add("x", "100", KOLWEZI, cu="25", event_time_us=START))
    assert made(*way(0.1)) == []

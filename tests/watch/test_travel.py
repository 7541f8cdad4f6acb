"""F9 IMPOSSIBLE_TRAVEL: Kolwezi to Durban is 2,205 km as the crow flies."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Event, Quantity
from lodestream.ledger.book import Register
from lodestream.watch.travel import distance_m, geo
from tests.ledger.making import START, add, declared, event, hashed, receive, ship
from tests.watch.watching import HOUR, Watched, outcome, said

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


# -- what carriers see ------------------------------------------------------------------------------------------------

HUB = "geo:-15.2134,25.4725"  # 500 km south of Kolwezi
DRUM = "https://id.gs1.org/8003/095011010000121"


def sighting(place: str, hours: float, step: str = "transporting", mode: str | None = "truck", **more: Any) -> Event:
    """A carrier's observation of 4 hours after the start, say, of lot x or of a thing."""
    items = [] if "epcs" in more else [(Quantity("x"), None)]
    made = event("ObjectEvent", items, action="OBSERVE", biz_step=step, read_point=place, transport_mode=mode,
                 event_time_us=START + int(hours * HOUR), **({"consignment_id": "c"} | more))  # fmt: skip
    return made if items == [] else hashed(replace(made, quantities=[Quantity("x")]))


def sent(hours: float = 0, **more: Any) -> Event:
    made = ship("x", "10", KOLWEZI, DURBAN, consignment_id="c", event_time_us=START + int(hours * HOUR), cu="25")
    return hashed(replace(made, transport_mode="truck", **more))


@pytest.mark.parametrize("step", ["arriving", "departing", "transporting"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_carrier_sees_it_too_far_away(step: str, order: int) -> None:
    """500 km in 4 h by truck: 125 km/h, also where the way to it went by rail; the finding is in the sender's book."""
    (found,) = watched()(*[sent(), sighting(HUB, 4, step)][::order])
    assert said([found]) == [("IMPOSSIBLE_TRAVEL", "warn", KOLWEZI)]
    assert found.arithmetic == (f"c x: urn:kolwezi to {HUB}, 500 km in 4 h = 125 km/h; rail goes 120 km/h at most")
    assert (found.lots, found.inputs[1:3]) == (["x"], ["c", "x"])


@pytest.mark.parametrize(
    "other",
    [
        sighting(HUB, 4.2),
        sighting("urn:hub", 0.1),
        sighting(HUB, 0.1, consignment_id=None),
        sighting(HUB, 0.1, consignment_id="d"),
        sighting(HUB, 0.1, "loading"),
        replace(sighting(HUB, 0.1), action="ADD", biz_step="arriving"),
        declared(sighting(HUB, 0.1)),
        sighting("geo:-95,25", 0.1),
    ],
)
def test_what_says_nothing(other: Event) -> None:
    """Slow enough, at no known place, of no or another consignment, no observation, void."""
    assert watched()(sent(), other) == []


def test_parts_of_a_lot_may_be_in_two_places() -> None:
    assert watched()(sent(), sighting(HUB, 5), sighting("urn:durban", 40), sighting(HUB, 40.1)) == []


def test_a_thing_is_in_one_place() -> None:
    """The container leaves Kolwezi and is seen in Durban and 500 km south of Kolwezi within an hour, in whichever order."""
    seen = [sighting(DURBAN, 40, epcs=[DRUM]), sighting(HUB, 41, epcs=[DRUM])]
    for order in (1, -1):
        (found,) = watched()(sent(epcs=[DRUM]), *seen[::order])
        assert said([found]) == [("IMPOSSIBLE_TRAVEL", "warn", HUB)]
        assert found.inputs[1] == DRUM
        assert f"{DRUM}: urn:durban to {HUB}" in found.arithmetic
    (found,) = watched()(sent(epcs=[DRUM]), sighting("urn:hub", 0.5, epcs=[DRUM]), sighting(HUB, 1, epcs=[DRUM], mode="ship"))
    assert said([found]) == [("IMPOSSIBLE_TRAVEL", "warn", KOLWEZI)], "the sender's, who moved it"


def test_an_observation_names_what_it_saw_and_moves_nothing() -> None:
    made = watched()
    made(sent(), sighting(HUB, 5), sighting("urn:hub", 6, "departing", epcs=[DRUM]))
    link, parked = made.outcomes[-2:]
    assert (link.kind, link.consignment, link.seen, link.carried, link.postings) == ("link", "c", ["x"], [], [])
    assert (parked.outcome, parked.seen, parked.carried, parked.postings) == ("PARKED", [], [DRUM], [])
    moved = next(o for o in made.outcomes if o.kind == "ship")
    assert (moved.consignment, moved.seen, moved.carried) == ("c", [], [])


def test_what_nobody_was_to_say_is_no_observation() -> None:
    for reason, count in (("NOT_AUTHORISED", 0), ("MUTATED_EVENT", 0), ("NO_QUANTITY", 1)):
        said_so = {"seen": ["x"], "consignment": "c", "read_point": HUB, "valid_time_us": START, "reason": reason}
        made = watched()
        made(sent(1))
        assert len(made.watch.see(outcome("urn:hub", 9, "refuse", **said_so))) == count


def test_where_no_mode_is_named_it_may_have_flown() -> None:
    made = watched()
    plain_ship = ship("x", "10", KOLWEZI, DURBAN, consignment_id="c", event_time_us=START, cu="25")
    assert made(plain_ship, sighting(HUB, 0.6, mode=None)) == []
    (found,) = made(sighting(HUB, 0.5, mode=None))
    assert "500 km in 0.5 h = 1,000 km/h; any transport goes 900 km/h at most" in found.arithmetic


def test_points_of_geo_uris() -> None:
    assert geo("geo:-15.2134,25.4725") == (-15_213_400, 25_472_500)
    assert geo("geo:48.2010,16.3695,183;u=40") == (48_201_000, 16_369_500)
    assert [geo(text) for text in ("geo:x,1", "urn:geo:1,2", "geo:91,0", "geo:0,181", "geo:1")] == [None] * 5


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=6), st.randoms(use_true_random=False))
def test_what_is_found_does_not_depend_on_the_order(seen: list[tuple[int, bool]], order: Random) -> None:
    """Of one lot: shipment and sights as they come, in any order; each sight is found or not by its own time."""
    events = [sent(), *(sighting(HUB if near else DURBAN, tenths / 10) for tenths, near in seen)]
    expected = sum(1 for tenths, near in seen if (500 if near else 2204.775) / 120 > tenths / 10)
    shuffled = events[:]
    order.shuffle(shuffled)
    made = watched()
    assert len(made(*shuffled)) == expected

"""F6 ORIGIN_CAPACITY and F26 CAPACITY with their numbers."""

from decimal import Decimal

from lodestream.epcis.event import Event
from lodestream.ledger.book import Licence, Process, SiteBook
from tests.ledger.making import START, add, declared, transform
from tests.ledger.page import says
from tests.watch.watching import DAY, HOUR, Watched, said

MINE, KILN = "urn:mine", "urn:kiln"
YEAR_2027 = 1_798_761_600_000_000  # 2027-01-01 in microseconds


def mine(licence: Licence) -> Watched:
    return Watched(**{MINE: SiteBook(elements=["Cu"], licences=[licence])})


def test_a_mine_brings_out_more_than_its_licence() -> None:
    """R89: 100 t a year, 60 t and 50 t are 110 t, which 1.1 allows; one more kilogram is too much, but not in the next year."""
    watched = mine(Licence("Cu", Decimal(100_000)))
    assert watched(add("a", "600", MINE, cu="10", source_class="mine"), add("b", "500", MINE, cu="10", source_class="mine")) == []
    (found,) = watched(add("c", "0.01", MINE, cu="10", source_class="mine"))
    assert said([found]) == [("ORIGIN_CAPACITY", "hold", MINE)]
    assert found.rule == "F6"
    assert found.lots == ["c"]
    assert found.arithmetic == ("Cu out of the mine in 2026: 110 t + 0.001 t = 110.001 t > 1.1 x licence 100 t = 110 t")
    assert watched(add("d", "10", MINE, cu="10", source_class="mine", event_time_us=YEAR_2027)) == []
    says("R89", "100 t", "60 + 50 t = 110 t", "0.001 t")


def test_the_year_is_that_of_the_place() -> None:
    watched = mine(Licence("Cu", Decimal(100_000)))
    eve = add("a", "1100", MINE, cu="10", source_class="mine", event_time_us=YEAR_2027 - HOUR)
    assert watched(eve) == []
    (found,) = watched(add("b", "1", MINE, cu="10", source_class="mine", event_time_us=YEAR_2027 - 1))
    assert found.inputs[2] == "2026"


def test_a_correction_puts_it_back() -> None:
    watched = mine(Licence("Cu", Decimal(100_000)))
    wrong = add("a", "1100", MINE, cu="10", source_class="mine")
    assert watched(wrong, declared(wrong), add("b", "1100", MINE, cu="10", source_class="mine")) == []


def test_nothing_before_the_licence() -> None:
    watched = mine(Licence("Cu", Decimal(100_000), START + 300 * DAY))
    (found,) = watched(add("a", "10", MINE, cu="10", source_class="mine", event_time_us=START))
    assert found.code == "ORIGIN_CAPACITY"
    assert found.arithmetic == "1 t Cu came out on 2026-03-01, licensed from 2026-12-26 on"


def test_what_is_no_ore_of_its_own_needs_no_licence() -> None:
    assert mine(Licence("Cu", Decimal(1)))(add("a", "600", MINE, cu="10", source_class="scrap")) == []


def kiln() -> Watched:
    watched = Watched(**{KILN: SiteBook(elements=["Cu"], processes=[Process("kiln", "Cu", nameplate_kg_per_hour=Decimal(500))])})
    watched(add("feed", "10000", KILN, cu="10"))
    return watched


def fired(lot: str, kilograms: int, hours: float) -> Event:
    mass = str(Decimal(kilograms) / 100)
    at = START + int(hours * HOUR) + 1000 * HOUR
    return transform(KILN, [("feed", mass, {})], [(lot, mass, {"cu": "10", "process": "kiln"})], event_time_us=at)


def test_more_in_an_hour_than_1_2_times_the_nameplate() -> None:
    """500 kg/h: 600 kg in an hour are allowed, 601 are not."""
    watched = kiln()
    assert watched(fired("a", 400, 0), fired("b", 600, 1)) == []
    (found,) = watched(fired("c", 601, 2))
    assert said([found]) == [("CAPACITY", "warn", KILN)]
    assert found.arithmetic == "kiln: 601 kg Cu in 1 h = 601 kg/h > 1.2 x nameplate 500 kg/h = 600 kg/h"
    assert found.lots == ["c"]


def test_what_is_booked_at_once_was_not_made_at_once() -> None:
    """Two days' product in one event, and two events within five minutes, are no burst."""
    assert kiln()(fired("a", 400, 0), fired("b", 24_000, 48), fired("c", 400, 48.05)) == []


def test_several_runs_within_the_hour_add_up_in_any_order() -> None:
    runs = [fired("a", 400, 0), fired("b", 400, 1.5), fired("c", 400, 2)]
    found = [{(one.code, *one.inputs) for one in kiln()(*order)} for order in (runs, [runs[0], runs[2], runs[1]], runs[::-1])]
    # b and c: 800 kg in 2 h are no more than the nameplate allows; d makes it 1,200 kg in the last hour.
    assert found == [set(), set(), set()]
    watched = kiln()
    (one,) = watched(*runs, fired("d", 900, 2.5))
    assert one.arithmetic.startswith("kiln: 1,300 kg Cu in 1 h = 1,300 kg/h")


def test_a_void_run_made_nothing() -> None:
    watched = kiln()
    wrong = fired("b", 500, 1.2)
    assert watched(fired("a", 400, 0), wrong, declared(wrong), fired("c", 500, 1.3)) == []

"""The arithmetic of a run, case by case: what is balanced, what the rest is, how a pool gives, who bears the carbon."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.ledger.attribution import UNKNOWN
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.records import Closure
from lodestream.ledger.running import Part, Run
from lodestream.ledger.runs import Pool, Sums, balanced, is_closed, settle, totals
from lodestream.ledger.runs import _by_weight as by_weight
from lodestream.ledger.runs import _carbon as carbon
from lodestream.ledger.runs import _complete as complete
from lodestream.ledger.runs import _divided as divided
from lodestream.ledger.runs import _in_order as in_order
from lodestream.ledger.runs import _legs as legs_of
from lodestream.ledger.state import Head, Journal, Lot, LotChange, Shares, Waiting
from lodestream.ledger.variance import entered_u_mg
from lodestream.ledger.view import View
from tests.ledger.making import Books, T, add, assay, entry, event, item, transform

A = "urn:site:a"
ZM, CL, CD = "ZM urn:m1 mine -", "CL urn:m2 mine -", "CD - - -"


def draft(**book: Any) -> Draft:
    view = View(A, {})
    view.put(Head(book=SiteBook(**book)), "")
    return Draft(view, entry(add("e", "1", A, cu="1")))


def part(role: str, lot: str = "x", dry: int = 100, **more: Any) -> Part:
    contained = {e.capitalize(): more.pop(e) for e in ("cu", "ni", "co", "li", "zn", "au") if e in more}
    return Part("e", role, lot, 0, dry, contained, **more)


# -- what is balanced -------------------------------------------------------------------------------------------------


def sums(*parts: Part, **book: Any) -> Sums:
    return Sums(draft(**book), Run("run", list(parts)))


def test_work_in_process_goes_in_and_comes_out() -> None:
    of = sums(part("input", cu=10, ni=1), part("wip_open", cu=5), part("output", cu=8), part("wip_close", cu=4, co=2))
    assert (of.going_in, of.coming_out) == ({"Cu": 15, "Ni": 1}, {"Cu": 12, "Co": 2})
    assert totals([part("input", cu=10), part("input", cu=-3, ni=2)]) == {"Cu": 7, "Ni": 2}


def test_what_both_sides_state_is_balanced() -> None:
    """While an output has no assay, all that the inputs state; where the book lists elements, those that either side states."""
    stated = {"cu": 1, "ni": 1, "zn": 1, "au": 1, "li": 1}
    into, out = part("input", **stated, co=1), part("output", **stated)
    assert sums(into, out).balanced == ["Au", "Cu", "Li", "Ni", "Zn"]
    assert sums(into, out, part("output", assayed=False)).balanced == ["Au", "Co", "Cu", "Li", "Ni", "Zn"]
    listed = ["Zn", "Ni", "Cu", "Co", "Fe", "Li", "Au"]
    assert sums(part("input", cu=1, co=1, zn=1), part("output", ni=1, li=1, au=1), elements=listed).balanced == [
        "Au",
        "Co",
        "Cu",
        "Li",
        "Ni",
        "Zn",
    ]
    assert sums(part("input", cu=1, au=1), part("output", au=1), elements=["Cu"]).balanced == ["Cu"]


def test_the_main_element() -> None:
    """The one that the book names; else that of which most went in, of those that are balanced; of equals the first by name."""
    into, out = part("input", cu=5, co=9, ni=9, li=20), part("output", cu=1, co=1, ni=1)
    assert sums(into, out, main_element="Li", elements=["Cu"]).main == "Li"
    assert sums(into, out, elements=["Ni", "Cu"]).main == "Ni"
    assert sums(into, out).main == "Co"
    assert sums(into, part("output", zn=5), elements=["Zn", "Ni"]).main == "Ni"
    assert sums(part("input", zn=1), part("output", ni=5), elements=["Ni", "Zn"]).main == "Zn", "what did not go in is nothing"
    assert sums(part("output", cu=5)).main == ""


# -- the rest ---------------------------------------------------------------------------------------------------------


def posted(*parts: Part, run: Run | None = None, **book: Any) -> tuple[list[tuple[str, str, int]], dict[str, int]]:
    made = draft(**book)
    after = legs_of(made, run or Run("run", list(parts)), Sums(made, run or Run("run", list(parts))))
    assert made.leg_records() == [], "the legs are the run's, not the event's"
    return [(e, str(account), mg) for e, account, mg in made.legs], after.posted


def test_the_rest_of_what_is_balanced_is_unaccounted_and_what_one_side_states_is_untracked() -> None:
    legs, after = posted(part("input", cu=10, ni=3, li=1), part("output", cu=8, co=2, li=1))
    assert after == {"Cu UNACCOUNTED": 2, "Ni SINK": 3, "Co SOURCE": -2}
    assert legs == [
        ("Co", "WIP(run)", 2),
        ("Co", "SOURCE(untracked)", -2),
        ("Cu", "WIP(run)", -2),
        ("Cu", "UNACCOUNTED", 2),
        ("Ni", "WIP(run)", -3),
        ("Ni", "SINK(untracked)", 3),
    ]


def test_only_the_difference_to_what_was_posted_is_posted() -> None:
    """2 mg were unaccounted, now 5 are; 4 mg of nickel were untracked and are no longer there."""
    before = Run("run", [part("input", cu=10), part("output", cu=5)], posted={"Cu UNACCOUNTED": 2, "Ni SINK": 4})
    legs, after = posted(run=before)
    assert after == {"Cu UNACCOUNTED": 5}
    assert legs == [
        ("Cu", "WIP(run)", -3),
        ("Cu", "UNACCOUNTED", 3),
        ("Ni", "WIP(run)", 4),
        ("Ni", "SINK(untracked)", -4),
    ]


def test_an_open_campaign_keeps_its_rest_in_process() -> None:
    parts = [part("input", cu=10), part("output", cu=5)]
    assert posted(run=Run("run", parts, campaign=True)) == ([], {})
    assert posted(run=Run("run", parts, campaign=True, closed_by=["e"]))[1] == {"Cu UNACCOUNTED": 5}
    assert [is_closed(one) for one in (Run("r"), Run("r", campaign=True), Run("r", campaign=True, closed_by=["e"]))] == [
        True,
        False,
        True,
    ]
    assert posted(run=Run("run", [], posted={"Cu UNACCOUNTED": 2}))[0] == [("Cu", "WIP(run)", 2), ("Cu", "UNACCOUNTED", -2)]


def test_a_run_of_which_nothing_is_left_is_forgotten() -> None:
    made = draft()
    made.view.put(Run("run", [], posted={"Cu UNACCOUNTED": 2}), "run")
    settle(made, "run")
    assert made.view.get(Run, "run") is None
    settle(made, "never")
    assert made.view.get(Run, "never") is None
    assert [mg for _, _, mg in made.legs] == [2, -2]


# -- the pool ---------------------------------------------------------------------------------------------------------


def pool(*parts: Part) -> Pool:
    made = Pool("Cu")
    for one in parts:
        made.enter(one)
    return made


def test_a_pool_gives_in_proportion_and_then_what_is_left() -> None:
    """60 : 40; 50 mg are 30 : 20; of the rest 30 : 20 another 25 are 15 : 10."""
    made = pool(part("input", cu=60, shares=Shares({"Cu": {ZM: 60}})), part("input", cu=40, shares=Shares({"Cu": {CL: 40}})))
    assert made.take(part("output", cu=50, ni=0)) == {"Cu": {ZM: 30, CL: 20}}
    assert made.left == {"Cu": {ZM: 30, CL: 20}}
    assert made.take(part("output", cu=25)) == {"Cu": {ZM: 15, CL: 10}}
    assert made.take(part("output", cu=25)) == {"Cu": {ZM: 15, CL: 10}}
    assert made.left == {"Cu": {}}


def test_a_pool_that_cannot_give_is_told_by_all_that_went_in() -> None:
    """90 mg are taken of 100 (60 : 40), 20 of the 10 that are left: again 60 : 40, and the pool is below zero, so again."""
    made = pool(part("input", cu=60, shares=Shares({"Cu": {ZM: 60}})), part("input", cu=40, shares=Shares({"Cu": {CL: 40}})))
    made.take(part("output", cu=90))
    assert made.take(part("output", cu=20)) == {"Cu": {ZM: 12, CL: 8}}
    assert made.left == {"Cu": {ZM: -6, CL: -4}}
    assert made.take(part("output", cu=5)) == {"Cu": {ZM: 3, CL: 2}}
    assert made.take(part("output", ni=5)) == {"Ni": {UNKNOWN: 5}}
    low = pool(part("input", cu=4, shares=Shares({"Cu": {ZM: 5, CL: -1}})))
    assert low.take(part("output", cu=4)) == {"Cu": {UNKNOWN: 4}}


def test_what_is_left_is_not_what_went_in() -> None:
    """60 mg ZM, 50 out, 40 mg CL: 10 : 40 are left. 60 mg are more, so 60 : 40 of all that went in; 50 are all of it."""
    for mg, parts in ((60, {ZM: 36, CL: 24}), (50, {ZM: 10, CL: 40}), (25, {ZM: 5, CL: 20})):
        made = pool(part("input", cu=60, shares=Shares({"Cu": {ZM: 60}})))
        made.take(part("output", cu=50))
        made.enter(part("input", cu=40, shares=Shares({"Cu": {CL: 40}})))
        assert made.take(part("output", cu=mg)) == {"Cu": parts}


def test_a_pool_with_a_part_below_zero_does_not_give_by_what_is_left() -> None:
    """11 mg of 4 : 6 are 4 : 7, so CL is 1 mg below zero; 10 mg ZM come; 5 mg go by 14 : 6, 3.5 and 1.5, the tie to CL."""
    made = pool(part("input", cu=10, shares=Shares({"Cu": {ZM: 4, CL: 6}})))
    made.take(part("output", cu=11))
    made.enter(part("input", cu=10, shares=Shares({"Cu": {ZM: 10}})))
    assert made.left == {"Cu": {ZM: 10, CL: -1}}
    assert made.take(part("output", cu=5)) == {"Cu": {ZM: 3, CL: 2}}


def test_what_a_pool_knows_of_carbon_and_contacts() -> None:
    """A quarter of the first part's dry mass has no carbon: a quarter of its 60 mg Cu; half of 41 mg to even are 20."""
    first = part("input", dry=80, cu=60, shares=Shares({"Cu": {ZM: 60}}, 700, 20, {CD: 2}))
    second = part("wip_open", dry=2, cu=41, shares=Shares({"Cu": {CL: 41}}, 30, 1))
    third = part("input", dry=0, cu=1, shares=Shares({"Cu": {CL: 1}}, 0, 1))
    made = pool(first, second, third)
    assert (made.carbon_g, made.main_mg, made.uncovered_mg) == (730, 102, 35)
    assert made.touched == {ZM, CL, CD}
    assert pool(part("input", ni=5)).main_mg == 0
    half = complete(part("output", dry=51), {"Cu": {ZM: 9}}, 12, made)
    assert half == Shares({"Cu": {ZM: 9}}, 12, 18, {CD: 1, CL: 1}), "51 x 35 / 102 = 17.5, to even"
    assert list(half.contacts) == [CD, CL]
    assert complete(part("output", dry=51, loss=True), {}, 0, made).uncovered_mg == 0
    assert complete(part("output", dry=51), {}, 0, pool()) == Shares()


# -- carbon -----------------------------------------------------------------------------------------------------------

CATHODE, ANODE, SLAG = part("output", cu=60), part("output", cu=30), part("output", cu=10, loss=True)
CLOSING = part("wip_close", cu=10)


def shared(run: Run, *parts: Part, g: int = 1_000, main_mg: int = 100, declared: tuple[int, ...] = ()) -> list[int]:
    made = Pool("Cu")
    made.carbon_g, made.main_mg = g, main_mg
    running = run.campaign and not run.closed_by
    told = [(one, Shares(carbon_g=made.give(one) if running else 0)) for one in parts]
    return carbon(run, told, made, list(declared), running=running)


def test_upstream_carbon_goes_by_the_main_element_and_losses_bear_none() -> None:
    """1000 g over 60 : 30 : 10 (in process); emissions of 91 g over the products alone, 60.67 and 30.33."""
    run = Run("run", emissions={"e": 90, "f": 1})
    assert shared(run, CATHODE, ANODE, SLAG, CLOSING) == [600 + 61, 300 + 30, 0, 100]


def test_a_running_campaign_gives_carbon_as_its_outputs_appear() -> None:
    """1000 g with 100 mg: 30 mg have 300 g, a loss of 10 mg none, 20 of the 60 that are left a third of 700 g; emissions wait."""
    run = Run("run", campaign=True, emissions={"e": 90})
    assert shared(run, part("output", cu=30), part("output", cu=10, loss=True), part("output", cu=20)) == [300, 0, 233]
    assert shared(run, part("output", cu=150), part("output", cu=1)) == [1_000, 0], "no more than there is"
    assert shared(run, part("output", cu=-5), part("output", ni=9), part("output", cu=100)) == [0, 0, 952]
    assert shared(run, part("output", cu=1), main_mg=1) == [1_000], "a milligram is all there is"
    assert shared(run, part("output", cu=30), part("output", cu=30), declared=(1, 0)) == [300, 300], "a key tells at the close"
    closed = Run("run", campaign=True, closed_by=["e"], emissions={"e": 90})
    assert shared(closed, part("output", cu=30)) == [1_090]


def test_without_the_main_element_carbon_goes_by_mass() -> None:
    """Nothing of copper came out: 1 : 3 of dry mass, but none to losses and closing work in process."""
    outputs = part("output", dry=1, ni=9), part("output", dry=3, ni=1)
    assert shared(Run("run"), *outputs) == [250, 750]
    others = part("output", dry=5, loss=True), part("wip_close", dry=5)
    assert shared(Run("run"), *outputs, *others) == [250, 750, 0, 0]
    assert shared(Run("run"), part("output", dry=1, cu=-5), part("output", dry=3, cu=0)) == [250, 750]


def test_weights() -> None:
    assert by_weight(7, [0, 0]) == [0, 0]
    assert by_weight(7, [1, 0, 1]) == [4, 0, 3]
    assert by_weight(-8, [1, 1]) == [-4, -4]
    assert by_weight(5, [1] * 12) == [1] * 5 + [0] * 7, "ties in order, also beyond ten"


def test_a_closed_run_is_told_inputs_first_and_work_in_process_last() -> None:
    names = ["wip_close", "loss", "output", "wip_open", "input", "output"]
    parts = [part("output" if name == "loss" else name, lot=f"{n}", loss=name == "loss") for n, name in enumerate(names)]
    assert [one.lot for one in in_order(parts)] == ["3", "4", "2", "5", "1", "0"]


# -- what stays in process --------------------------------------------------------------------------------------------

INTO = part("input", cu=100, ni=5, shares=Shares({"Cu": {ZM: 100}, "Ni": {CL: 5}}, 1_000))
STAYS = part("wip_close", cu=40, ni=5)


def settled(*parts: Part, parked: int = 0, waits: bool = False, running: bool = False, **run: Any) -> tuple[Run, Draft]:
    made = draft(running_attribution=running)
    made.view.put(Head(book=made.book, parked=parked), "")
    if waits:
        made.view.put(Waiting(["later"]), "campaign:run")
    made.view.put(Run("run", list(parts), **run), "run")
    settle(made, "run")
    after = made.view.get(Run, "run")
    assert after is not None
    return after, made


def test_what_an_open_campaign_has_in_process() -> None:
    """Of 100 mg and 1000 g, 40 mg were told as closing: 60 mg and 600 g are left, and no nickel."""
    after, _ = settled(INTO, STAYS, campaign=True)
    assert after.left == Shares({"Cu": {ZM: 60}}, 600)
    assert settled(INTO, campaign=True)[0].left == Shares({"Cu": {ZM: 100}, "Ni": {CL: 5}}, 1_000)


def test_what_a_closed_one_left_in_process() -> None:
    """The closing work in process alone, with all of the carbon, since nothing else bears any."""
    after, _ = settled(INTO, STAYS, campaign=True, closed_by=["e"])
    assert after.left == Shares({"Cu": {ZM: 40}, "Ni": {CL: 5}}, 1_000)


def test_a_campaign_is_told_in_order_once_it_is_closed() -> None:
    """What came out before anything went in is of nobody, until the close tells all anew; by a running book that stands."""
    known, unknown = {ZM: 40}, {UNKNOWN: 40}
    closed = {"campaign": True, "closed_by": ["e"]}
    told = [settled(STAYS, INTO, **closed), settled(STAYS, INTO, running=True, **closed), settled(STAYS, INTO, running=True)]
    assert [run.left.vectors["Cu"] for run, _ in told] == [known, unknown, known]
    running, _ = settled(STAYS, INTO, campaign=True)
    assert running.left.vectors["Cu"] == {UNKNOWN: -40, ZM: 100}


# -- what is judged ---------------------------------------------------------------------------------------------------


def test_the_sums_that_a_run_is_judged_by() -> None:
    """Products without losses, feed without what stays; u is the root of the sum of squares, 3-4-5 and 5-12-13."""
    parts = [
        part("input", "a", cu=100, u_mg={"Cu": 3}, process="smelting"),
        part("wip_open", "w", cu=20, u_mg={"Cu": 4}, process="leaching"),
        part("output", "y", cu=80, u_mg={"Cu": 12}, process="smelting"),
        part("output", "z", cu=5, u_mg={"Cu": 84}, loss=True),
        part("wip_close", "w", cu=30),
    ]
    run = Run("run", parts)
    found = balanced(run, "name", sums(*parts))
    assert (found.identity, found.elements, found.lots, found.processes) == ("name", ["Cu"], ["y", "z"], ["leaching", "smelting"])
    assert (found.inputs_mg, found.outputs_mg, found.products_mg, found.feed_mg) == (
        {"Cu": 120},
        {"Cu": 115},
        {"Cu": 80},
        {"Cu": 90},
    )
    assert (found.u_mg, found.u_products_mg, found.u_feed_mg) == ({"Cu": 85}, {"Cu": 12}, {"Cu": 5})
    assert balanced(Run("run", parts, split=True), "name", sums(*parts)).processes == []
    many = [part("input", cu=1, process=name) for name in ("f", "c", "e", "a", "d", "b", "a", "")]
    assert balanced(Run("run", many), "name", sums(*many)).processes == list("abcdef")


def test_an_element_that_did_not_go_in_has_no_feed() -> None:
    made = part("output", "y", ni=5)
    assert balanced(Run("run", [made]), "name", sums(made, elements=["Ni"])).feed_mg == {"Ni": 0}


def test_a_campaign_waits_for_its_own_events_alone() -> None:
    """110 mg of 100: impossible. It is not said while an event of the campaign is parked; other parked events are no matter."""
    more = part("input", cu=100), part("wip_close", cu=110)
    closed = {"campaign": True, "closed_by": ["e"]}
    judged = [settled(*more, **closed), settled(*more, parked=1, **closed), settled(*more, parked=1, waits=True)]
    for run, made in judged:
        assert [(f.code, f.inputs) for f in made.findings] == [("IMPOSSIBLE", ["run", "Cu"])]
        assert run.findings == [f.id for f in made.findings]
        assert made.managed == set(run.findings), "it does not end with the event that it was said at"
        assert made.closures == {("run", "Cu"): Closure("run", "Cu", 100, 110, 0)}
    run, made = settled(*more, parked=1, waits=True, **closed)
    assert (run.findings, made.findings, made.closures) == ([], [], {})


def test_a_finding_that_a_run_no_longer_stands_for_is_superseded() -> None:
    run, made = settled(part("input", cu=100), part("wip_close", cu=110))
    made.view.put(replace(run, parts=[part("input", cu=100), part("wip_close", cu=100)]), "run")
    settle(made, "run")
    assert [f.state for f in made.findings] == ["open", "superseded"]


def test_a_balance_is_told_where_it_is_another_than_before() -> None:
    """Settled again it is not told again; an element that is no longer balanced is told as gone, and so is all that waits."""
    copper = [part("input", cu=100), part("wip_close", cu=90)]
    both = [part("input", cu=100, ni=9), part("wip_close", cu=90, ni=9)]
    told = {"Cu": Closure("run", "Cu", 100, 90, 0), "Ni": Closure("run", "Ni", 9, 9, 0)}
    run, made = settled(*both, judged=told)
    assert (run.judged, made.closures) == (told, {})
    run, made = settled(*copper, judged=told)
    assert (run.judged, made.closures) == ({"Cu": told["Cu"]}, {("run", "Ni"): Closure("run", "Ni", 0, 0, 0)})
    run, made = settled(replace(copper[0], assayed=False), copper[1], judged={"Cu": told["Cu"]})
    assert (run.judged, made.closures) == ({}, {("run", "Cu"): Closure("run", "Cu", 0, 0, 0)})


# -- splits -----------------------------------------------------------------------------------------------------------


def run_of(books: Books) -> Run:
    (found,) = [run for _, _, run in books.fold.every(Run)]
    return found


def lot(books: Books, name: str) -> Lot:
    return next(one for _, ref, one in books.fold.every(Lot) if ref == name)


def test_a_split_is_rounded_half_to_even_and_the_last_takes_the_rest() -> None:
    """9 mg with 3 mg Cu, u 1 mg: 1 mg has 0.33, 5 mg 1.67 and 3 mg what is left, 1; the u of 5 of 9 is 0.56, of 3 0.33."""
    books = Books(**{A: SiteBook(elements=["Cu"])})
    books(add("x", "9", A, uom="MGM", cu="33.333333333"))
    books(
        transform(
            A, [("x", "9", {"uom": "MGM"})], [(name, mass, {"uom": "MGM"}) for name, mass in (("a", "1"), ("b", "5"), ("c", "3"))]
        )
    )
    outputs = [one for one in run_of(books).parts if one.role == "output"]
    assert [one.contained_mg for one in outputs] == [{"Cu": 0}, {"Cu": 2}, {"Cu": 1}]
    assert [books.balance(A, f"STOCK({name})") for name in "abc"] == [0, 2, 1]
    (journal,) = [one for _, _, one in books.fold.every(Journal) if one.kind == "split"]
    assert [one.contained_mg for one in journal.changes[1:]] == [{}, {"Cu": 2}, {"Cu": 1}], "nothing is not named"


def test_a_split_knows_its_content_as_well_as_the_parcel() -> None:
    """10 t at 30 %, 6 t of it: u is that of the lot in proportion, and the lot that it enters has it squared."""
    books = Books()
    books(add("x", "10", A, cu="30"))
    whole = entered_u_mg(lot(books, "x"))["Cu"]
    books(transform(A, [("x", "10", {})], [("a", "6", {}), ("b", "4", {})]))
    first, second = (one.u_mg["Cu"] for one in run_of(books).parts if one.role == "output")
    assert (first, second) == (round(whole * 0.6), round(whole * 0.4))
    assert lot(books, "a").entered_u2 == {"Cu": str(first**2)}
    assert lot(books, "a").entered_mg == {"Cu": 1_800_000_000}
    (told,) = books.outcomes[-1].closures
    assert (told.inputs_mg, told.outputs_mg) == (3_000_000_000, 3_000_000_000)
    assert run_of(books).judged == {}, "it is told for whoever follows, and measures nothing"


def test_a_split_of_two_parcels_adds_their_squares() -> None:
    """u of 30 and 40 mg are 50 in all: 10 in a fifth of it, 50 in all of it; of no dry mass there is nothing."""
    parcels = [part("input", "a", 60, cu=30, u_mg={"Cu": 30}), part("input", "b", 40, cu=20, ni=1, u_mg={"Cu": 40})]
    fifth = part("output", "y", 20, cu=10, ni=0, u_mg={"Cu": 10, "Ni": 0})
    rest = part("output", "z", 80, cu=40, ni=1, u_mg={"Cu": 40, "Ni": 0})
    run = Run("run", [*parcels, fifth, rest], split=True)
    assert divided(draft(), run) == run, "they have it already: nothing is amended"
    thirds = [part("output", f"z{n}", 10, cu=cu, u_mg={"Cu": 0}) for n, cu in enumerate((3, 3, 4))]
    even = Run("run", [part("input", "a", 30, cu=10), *thirds], split=True)
    assert divided(draft(), even) == even, "the last takes the rest"
    nothing = part("output", "z", 5, cu=0, u_mg={"Cu": 0})
    empty = Run("run", [part("input", "a", 0, cu=0), nothing], split=True)
    assert divided(draft(), empty) == empty


@pytest.mark.parametrize(("cu", "u"), [(3, 2), (4, 1)], ids=["content", "uncertainty"])
def test_a_split_follows_its_parcel(cu: int, u: int) -> None:
    """The output had another content, or another uncertainty, than 4 mg and 2 mg: it has them now, and so has its lot."""
    made = draft()
    vectors = Shares({"Cu": {ZM: cu}})
    change = LotChange("y", 10, 10, 10, {"Cu": cu}, {"Cu": str(u * u)}, contained_mg={"Cu": cu}, account="WIP run", slot=0)
    made.view.put(Journal("split", changes=[replace(change, shares=vectors)]), "e")
    of_lot = {"contained_mg": {"Cu": cu}, "entered_mg": {"Cu": cu}, "entered_u2": {"Cu": str(u * u)}}
    made.view.put(Lot("y", 1, 10, 10, entered_dry_mg=10, shares=vectors, moved=1, **of_lot), "y")  # type: ignore[arg-type]
    before = part("output", "y", 10, cu=cu, u_mg={"Cu": u})
    run = Run("run", [part("input", "x", 10, cu=4, u_mg={"Cu": 2}), before], split=True)
    assert divided(made, run).parts[1] == replace(before, contained_mg={"Cu": 4}, u_mg={"Cu": 2})
    after = made.lot("y")
    assert after is not None
    assert (after.contained_mg, after.entered_mg, after.entered_u2) == ({"Cu": 4}, {"Cu": 4}, {"Cu": "4"})
    assert after.shares == Shares({"Cu": {ZM: 4}})


def test_a_late_assay_of_a_split_parcel_reaches_its_halves() -> None:
    books = Books()
    books(add("x", "10", A), transform(A, [("x", "10", {})], [("a", "6", {}), ("b", "4", {})]), assay("x", A, cu="30"))
    assert [books.balance(A, f"STOCK({name})") for name in "xab"] == [0, 1_800_000_000, 1_200_000_000]
    assert {name: sum(lot(books, name).shares.vectors["Cu"].values()) for name in "ab"} == {"a": 18 * T // 10, "b": 12 * T // 10}


def test_a_campaign_is_judged_once_it_is_closed() -> None:
    """10 t at 30 % in, 9 t at 30 % out: nothing is said before the close, then 0.3 t are a loss."""
    books = Books()
    books(add("x", "10", A, cu="30"))
    half = [item("input", "x", "10")]
    books(event("TransformationEvent", half, biz_location=A, transformation_id="c"))
    books(event("TransformationEvent", [item("output", "y", "9", cu="30")], biz_location=A, transformation_id="c"))
    assert (books.open(), books.balance(A, "WIP(c)")) == (set(), 300_000_000)

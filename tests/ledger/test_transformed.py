"""Which run a transformation is part of, what a part of it is, and the lineage of what comes out (rulebook R18, R19, R24)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Material, Quantity
from lodestream.ledger import transform as module
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from lodestream.ledger.running import Run
from lodestream.ledger.state import Lot, Parked
from tests.ledger.making import START, Books, add, codes, declared, hashed, transform

A = "urn:site:a"
MG: dict[str, Any] = {"uom": "MGM"}
CU: dict[str, Any] = {"uom": "MGM", "cu": "10"}


def stocked(**lots: str) -> Books:
    """1,000 mg of x at 10 % Cu, or these lots of other grades."""
    books = Books()
    books(*(add(lot, "1000", A, uom="MGM", cu=cu, event_time_us=START) for lot, cu in (lots or {"x": "10"}).items()))
    return books


def posted(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    return [(p.account, p.amount_mg) for o in outcomes for p in o.postings]


def runs(books: Books) -> list[str]:
    return [ref for _, ref, _ in books.fold.every(Run)]


X, Y = ("x", "100", MG), ("y", "100", CU)


# -- which run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "outputs", "fields", "kind"),
    [
        ([X], [Y], {}, "transform"),
        ([X], [Y], {"transformation_id": "urn:t"}, "transform"),
        ([X], [Y], {"transformation_id": "urn:t", "campaign_close": True}, "campaign"),
        ([X], [Y], {"campaign_close": True}, "transform"),
        ([X], [], {"transformation_id": "urn:t"}, "campaign"),
        ([], [Y], {"transformation_id": "urn:t"}, "campaign"),
        ([], [], {"transformation_id": "urn:t", "campaign_close": True}, "campaign"),
        ([X], [], {}, "link"),
        ([], [Y], {}, "link"),
        ([X], [("y", "60", MG), ("z", "40", MG)], {}, "split"),
        ([X], [("y", "60", MG)], {"transformation_id": "urn:t"}, "split"),
    ],
)
def test_what_kind_of_run_an_event_is(inputs: list[Any], outputs: list[Any], fields: dict[str, Any], kind: str) -> None:
    """Half of a transformation that names no campaign moves nothing; a whole one is its own run, whatever it names."""
    books, made = stocked(), transform(A, inputs, outputs, **fields)
    (told,) = books(made)
    assert told.kind == kind
    assert runs(books) == ([] if kind == "link" else ["urn:t"] if kind == "campaign" else [made.identity])
    assert (told.reason == "half of a transformation that names no campaign (transformationID): kept, moves nothing") == (
        kind == "link"
    )


def test_work_in_process_makes_a_campaign_and_a_closing_one_ends_it() -> None:
    for role, closed in (("wip_open", False), ("wip_close", True)):
        held = Material(role, "w", mass=Decimal(10), uom="MGM", mass_basis="dry", assays=[Assay("Cu", Decimal(10), "P1")])
        bare = transform(A, [X], [Y], transformation_id="urn:t", opening_evidence="urn:count")
        made = hashed(replace(bare, materials=[*bare.materials, held]))
        books = stocked()
        (told,) = books(made)
        ((_, _, run),) = books.fold.every(Run)
        assert (told.kind, bool(run.closed_by)) == ("campaign", closed)


def test_a_whole_event_joins_the_campaign_that_it_names() -> None:
    books = stocked()
    books(transform(A, [X], [], transformation_id="urn:t"))
    (told,) = books(transform(A, [X], [Y], transformation_id="urn:t"))
    ((_, ref, run),) = books.fold.every(Run)
    assert (told.kind, ref, [p.role for p in run.parts]) == ("campaign", "urn:t", ["input", "input", "output"])


def test_a_run_that_no_record_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two inputs by two outputs are four edges; of lines a campaign has at most so many before the next comes."""
    outputs = [("y", "100", CU), ("z", "100", CU)]
    for most, found in ((4, []), (3, ["TOO_LARGE"])):
        monkeypatch.setattr(module, "MAX_EDGES", most)
        books = stocked(x="10", w="10")
        made = transform(A, [X, ("w", "100", MG)], outputs)
        told = books(made)
        assert codes(told) == found
        assert [f.inputs for o in told for f in o.findings if f.code == "TOO_LARGE"] == [[made.identity]] * len(found)
    monkeypatch.setattr(module, "MAX_EDGES", 4)
    for most, found in ((2, []), (1, ["TOO_LARGE"])):
        monkeypatch.setattr(module, "MAX_PARTS", most)
        books = stocked()
        books(transform(A, [X], [], transformation_id="urn:t"), transform(A, [X], [], transformation_id="urn:t"))
        assert codes(books(transform(A, [X], [], transformation_id="urn:t"))) == found


def test_edges_of_a_campaign_are_counted_over_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """One lot in and two out are two, the same lot again too; a second lot in makes four."""
    monkeypatch.setattr(module, "MAX_EDGES", 2)
    fields: dict[str, Any] = {"transformation_id": "urn:t"}
    books = stocked(x="10", w="10")
    books(transform(A, [X], [], **fields), transform(A, [], [Y, ("z", "100", CU)], **fields))
    assert codes(books(transform(A, [("x", "50", MG)], [], **fields))) == []
    assert codes(books(transform(A, [("w", "100", MG)], [], **fields))) == ["TOO_LARGE"]


# -- its parts ------------------------------------------------------------------------------------------------------


def test_bags_of_several_lots_have_the_moisture_of_what_was_put_into_them() -> None:
    """1,000 mg at 10 % water and 1,000 dry are 1,900 of 2,000: 1,000 wet in a bag are 950 dry."""
    books = Books()
    books(add("v", "1000", A, uom="MGM", moisture="10", cu="10"), add("w", "1000", A, uom="MGM", cu="20"))
    wet: dict[str, Any] = {"uom": "MGM", "mass_basis": "wet"}
    books(transform(A, [("v", "1000", wet), ("w", "1000", MG)], [("y", "1000", wet)], biz_step="repackaging"))
    lot = books.lot(A, "y")
    assert (lot.wet_mg, lot.dry_mg, lot.contained_mg) == (1000, 950, {"Cu": 145})


def test_a_bag_of_one_lot_has_the_moisture_of_the_lot_and_not_of_what_was_rounded() -> None:
    """60 % of 4 mg is water: 1.6 are dry, drawn as 2. Of 3 mg in a bag 1.2 are dry, not half."""
    books = Books()
    books(add("v", "3000", A, uom="MGM", moisture="60", cu="10"))
    wet: dict[str, Any] = {"uom": "MGM", "mass_basis": "wet"}
    books(transform(A, [("v", "4", wet)], [("y", "3", wet)]))
    assert (books.lot(A, "y").wet_mg, books.lot(A, "y").dry_mg) == (3, 1)


def test_outputs_split_their_input_unless_one_states_what_it_holds() -> None:
    """By an assay or outright; one that no item describes states nothing."""
    books = stocked()
    bare = transform(A, [X], [])
    (split,) = books(hashed(replace(bare, output_quantities=[Quantity("y", Decimal("0.1"), "GDW")])))
    assert (split.kind, books.lot(A, "y").contained_mg) == ("split", {"Cu": 10})
    one = transform(A, [X], [("z", "100", MG)])
    held = replace(one.materials[1], contained=[ContainedMass("Cu", Decimal(9), "MGM")])
    (made,) = books(hashed(replace(one, materials=[one.materials[0], held])))
    assert (made.kind, books.lot(A, "z").contained_mg) == ("transform", {"Cu": 9})


def test_an_output_of_which_one_grade_cannot_be_told_waits_for_its_assay() -> None:
    """Wet, without a moisture: copper as received would be known, nickel on dry basis is not."""
    one = transform(A, [X], [("y", "100", {"uom": "MGM", "mass_basis": "wet"})])
    grades = [Assay("Cu", Decimal(10), "P1", "as_received"), Assay("Ni", Decimal(5), "P1", "dry")]
    books = stocked()
    books(hashed(replace(one, materials=[one.materials[0], replace(one.materials[1], assays=grades)])))
    ((_, _, run),) = books.fold.every(Run)
    assert [(p.assayed, p.contained_mg) for p in run.parts] == [(True, {"Cu": 10}), (False, {})]
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "y"]
    assert [(p.origin, p.ref, p.index) for p in lot.unassayed] == [("event", one.identity, 1)]


def test_only_bags_have_the_moisture_of_what_was_put_into_them() -> None:
    """What a process makes of 1,000 mg at 10 % water and 1,000 dry is not 5 % water: its grade waits for its own moisture."""
    wet: dict[str, Any] = {"uom": "MGM", "mass_basis": "wet"}
    books = Books()
    books(add("v", "1000", A, uom="MGM", moisture="10", cu="10"), add("w", "1000", A, uom="MGM", cu="20"))
    (made,) = books(transform(A, [("v", "1000", wet), ("w", "1000", MG)], [("y", "1000", {**wet, "cu": "14"})]))
    assert (made.kind, codes([made])) == ("transform", ["UNASSAYED"])
    assert [(one.wet_mg, one.dry_mg, one.contained_mg) for one in made.lines if one.lot == "y"] == [(1000, 0, {})]


def test_of_an_output_only_what_the_book_tracks_is_known() -> None:
    books = Books(**{A: SiteBook(elements=["Cu"])})
    books(add("x", "1000", A, uom="MGM", cu="10"))
    books(transform(A, [X], [("y", "100", {"uom": "MGM", "cu": "10", "ni": "5"})]))
    ((_, _, run),) = books.fold.every(Run)
    assert [(list(p.contained_mg), list(p.u_mg)) for p in run.parts] == [(["Cu"], ["Cu"])] * 2


def test_what_a_transformation_waits_for() -> None:
    """Of a campaign its balance waits too."""
    for fields, waits in (({}, ["lot:w"]), ({"transformation_id": "urn:t"}, ["campaign:urn:t", "lot:w"])):
        books = stocked()
        (parked,) = books(transform(A, [("w", "100", MG)], [] if fields else [Y], **fields))
        ((_, _, one),) = books.fold.every(Parked)
        assert (parked.outcome, sorted(one.waits)) == ("PARKED", waits)


def test_a_part_says_its_process_and_its_loss() -> None:
    made = transform(A, [("x", "100", MG | {"process": "leaching"})], [Y, ("s", "10", CU | {"loss_class": "slag"})])
    books = stocked()
    (told,) = books(made)
    ((_, _, run),) = books.fold.every(Run)
    assert [(p.role, p.lot, p.process, p.loss) for p in run.parts] == [
        ("input", "x", "leaching", False),
        ("output", "y", "", False),
        ("output", "s", "", True),
    ]
    assert [(line.role, line.lot, line.dry_mg, line.contained_mg) for line in told.lines] == [
        ("input", "x", 100, {"Cu": 10}),
        ("output", "y", 100, {"Cu": 10}),
        ("output", "s", 10, {"Cu": 1}),
    ]


def test_a_corrected_part_stands_where_the_original_stood() -> None:
    """Of three parts of a campaign the second is told anew, and its emissions with it."""
    fields: dict[str, Any] = {"transformation_id": "urn:t"}
    wrong = transform(A, [("x", "200", MG)], [], **fields, process_emissions_g_co2e=7)
    right = transform(A, [("x", "250", MG)], [], **fields, event_id="urn:right", event_time_us=wrong.event_time_us)
    books = stocked()
    first = transform(A, [("x", "100", MG)], [], **fields, process_emissions_g_co2e=5)
    books(first, wrong, transform(A, [("x", "300", MG)], [], **fields))
    ((_, _, run),) = books.fold.every(Run)
    assert run.emissions == {first.identity: 5, wrong.identity: 7}
    books(declared(wrong, correctives=("urn:right",)), right)
    ((_, _, run),) = books.fold.every(Run)
    assert ([p.dry_mg for p in run.parts], run.emissions) == ([100, 250, 300], {first.identity: 5})


def test_emissions_that_come_before_what_a_campaign_takes_are_its_own() -> None:
    """90 g are told by an event that moves nothing; the cathode that is made later bears them. Declared void they are gone."""
    fields: dict[str, Any] = {"transformation_id": "urn:t"}
    emitted = transform(A, [], [], **fields, process_emissions_g_co2e=90)
    for withdrawn, grams in ([], 90), ([declared(emitted)], 0):
        books = stocked()
        books(emitted, transform(A, [("x", "100", MG)], [], **fields), transform(A, [], [Y], **fields, campaign_close=True))
        books(*withdrawn)
        assert books.lot(A, "y").embodied_g_co2e == grams


def test_a_transformation_before_one_of_its_inputs_is_found() -> None:
    """15 minutes are tolerated, to the microsecond."""
    for early, found in ((15 * 60_000_000, []), (15 * 60_000_000 + 1, ["TIME_ORDER"])):
        books = stocked()
        made = transform(A, [X], [Y], event_time_us=START - early)
        told = books(made)
        assert codes(told) == found
        times = [(f.inputs, f.lots) for o in told for f in o.findings if f.code == "TIME_ORDER"]
        assert times == [([made.identity, "x"], ["x"])] * len(found)


# -- lineage --------------------------------------------------------------------------------------------------------


def edges(outcomes: list[Outcome]) -> list[tuple[str, str, int, dict[str, int]]]:
    return [(e.from_lot, e.to_lot, e.dry_mg, e.contained_mg) for o in outcomes for e in o.edges]


def test_each_output_descends_from_every_input_by_what_that_held() -> None:
    """x brings 100 mg Cu and w 300: of y's 200 a quarter is x's. Masses in proportion to the outputs: 1,500 of 2,000."""
    books = stocked(x="10", w="30")
    y, z = ("y", "1500", {"uom": "MGM", "cu": "20"}), ("z", "500", {"uom": "MGM", "cu": "8"})
    made = books(transform(A, [("x", "1000", MG), ("w", "1000", MG)], [y, z]))
    assert edges(made) == [
        ("x", "y", 750, {"Cu": 75}),
        ("w", "y", 750, {"Cu": 225}),
        ("x", "z", 250, {"Cu": 10}),
        ("w", "z", 250, {"Cu": 30}),
    ]
    assert [books.lot(A, lot).parents for lot in ("y", "z", "x")] == [["w", "x"], ["w", "x"], []]


def test_an_edge_holds_what_its_end_brought_and_nothing_of_what_none_did() -> None:
    """x brings 1 mg Cu and w 100 mg Ni; lithium comes of neither."""
    books = Books()
    books(add("x", "10", A, uom="MGM", cu="10"), add("w", "1000", A, uom="MGM", ni="10"))
    y = ("y", "1000", {"uom": "MGM", "cu": "0.1", "ni": "10", "li": "1"})
    made = books(transform(A, [("x", "10", MG), ("w", "1000", MG)], [y]))
    assert edges(made) == [("x", "y", 10, {"Cu": 1, "Ni": 0}), ("w", "y", 1000, {"Cu": 0, "Ni": 100})]


def test_an_edge_of_a_campaign_is_told_once_both_ends_are_there() -> None:
    fields: dict[str, Any] = {"transformation_id": "urn:t"}
    books = stocked(x="10", w="10")
    assert edges(books(transform(A, [X], [], **fields))) == []
    assert [e[:2] for e in edges(books(transform(A, [], [Y], **fields)))] == [("x", "y")]
    assert [e[:2] for e in edges(books(transform(A, [("w", "100", MG)], [], **fields)))] == [("w", "y")]
    assert [e[:2] for e in edges(books(transform(A, [], [("z", "10", CU)], **fields)))] == [("x", "z"), ("w", "z")]
    assert books.lot(A, "y").parents == ["w", "x"]
    assert [e[:2] for e in edges(books(transform(A, [X], [], **fields)))] == [("x", "y"), ("x", "z")], "more of x went in"


def test_an_output_of_nothing_brings_nothing() -> None:
    books = stocked()
    assert edges(books(transform(A, [X], [("y", "0", CU)]))) == [("x", "y", 0, {"Cu": 0})]


def test_a_lot_is_not_its_own_parent() -> None:
    books = stocked()
    books(transform(A, [("x", "1000", MG)], [("x", "900", CU), Y]))
    assert (books.lot(A, "x").parents, books.lot(A, "y").parents) == ([], ["x"])

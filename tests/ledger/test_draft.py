"""The draft of a transaction, piece by piece: signs of legs, balances, versions, slots, and when findings open and end."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.ids import derive
from lodestream.ledger.accounts import STOCK_ADJ, UNACCOUNTED, loss, source, stock, transit
from lodestream.ledger.draft import Draft, Refused, Unready, leg, plus
from lodestream.ledger.place import take
from lodestream.ledger.records import Finding, LotState
from lodestream.ledger.state import Corrective, Head, Held, Leg, Lot, LotChange, Move, Place, Shares, Vacant
from lodestream.ledger.values import Account, Said
from lodestream.ledger.variance import entered_u_dry_mg, entered_u_mg
from lodestream.ledger.view import View
from lodestream.measures.exact import INT64_MAX
from tests.ledger.making import START, add, declared, entry

A = "urn:site:a"
ZM = "ZM - - -"


@pytest.fixture
def draft() -> Draft:
    """The draft of an event at A, whose book is at seq 7 and has a lot x of 10 mg with 3 mg Cu."""
    view = View(A, {})
    view.put(Head(seq=7, record_time_us=START), "")
    vectors = Shares({"Cu": {ZM: 3}})
    view.put(Lot("x", version=4, wet_mg=12, dry_mg=10, contained_mg={"Cu": 3}, entered_dry_mg=10, shares=vectors, moved=2), "x")
    return Draft(view, entry(add("e", "1", A, cu="1", event_time_us=START + 5)))


def legs(draft: Draft) -> list[tuple[str, str, int]]:
    return [(element, str(account), mg) for element, account, mg in draft.legs]


def lot(draft: Draft, name: str = "x") -> Lot:
    found = draft.lot(name)
    assert found is not None
    return found


# -- legs -------------------------------------------------------------------------------------------------------------


def test_a_move_takes_from_the_origin_and_gives_to_the_target(draft: Draft) -> None:
    draft.move("Cu", source("mine"), stock("x"), 5)
    draft.move("Cu", stock("x"), UNACCOUNTED, 2)
    draft.move("Cu", stock("x"), UNACCOUNTED, 0)
    assert legs(draft) == [("Cu", "SOURCE(mine)", -5), ("Cu", "STOCK(x)", 5), ("Cu", "STOCK(x)", -2), ("Cu", "UNACCOUNTED", 2)]
    assert lot(draft).contained_mg == {"Cu": 6}
    balances = [draft.balance("Cu", account) for account in (source("mine"), stock("x"), UNACCOUNTED, STOCK_ADJ, stock("no"))]
    assert balances == [-5, 6, 2, 0, 0]
    assert draft.balance("Co", stock("x")) == 0
    draft.move("Cu", UNACCOUNTED, source("mine"), 1)
    assert (draft.balance("Cu", UNACCOUNTED), draft.balance("Cu", source("mine"))) == (1, -4)
    draft.check_sums()
    draft.post("Cu", UNACCOUNTED, 1)
    with pytest.raises(AssertionError, match="do not sum to zero"):
        draft.check_sums()


def test_an_element_of_which_nothing_is_left_is_not_named(draft: Draft) -> None:
    draft.post("Co", stock("x"), 4)
    assert list(lot(draft).contained_mg.items()) == [("Co", 4), ("Cu", 3)]
    draft.post("Cu", stock("x"), -3)
    assert lot(draft).contained_mg == {"Co": 4}
    assert plus({"Cu": 1}, "Cu", -1) == {}
    assert plus({"Cu": 1}, "Cu", -2) == {"Cu": -1}


def test_an_amount_has_64_bits(draft: Draft) -> None:
    """9,223,372,036,854.775807 kg is the largest amount, of either sign; one milligram more is refused by name."""
    draft.fit("x", INT64_MAX, -INT64_MAX, 0)
    for mg in (INT64_MAX + 1, -INT64_MAX - 1):
        with pytest.raises(Refused) as refused:
            draft.fit(stock("x"), 0, mg)
        (said,) = refused.value.said
        assert (said.code, said.inputs) == ("TOO_LARGE", (draft.entry.entry_id, "STOCK(x)"))
        assert said.arithmetic.endswith("an amount holds 9,223,372,036,854.775807 kg")
    draft.post("Cu", UNACCOUNTED, INT64_MAX)
    with pytest.raises(Refused):
        draft.post("Cu", UNACCOUNTED, 1)
    with pytest.raises(Refused):
        draft.post("Co", UNACCOUNTED, INT64_MAX + 1)


def test_legs_of_others_are_not_the_events(draft: Draft) -> None:
    draft.move("Cu", source("mine"), stock("x"), 5)
    draft.move("Cu", stock("x"), UNACCOUNTED, 2)
    others = draft.disown(2)
    assert others == [Leg("Cu", "STOCK", "x", "x", -2), Leg("Cu", "UNACCOUNTED", "", None, 2)]
    assert draft.leg_records() == [Leg("Cu", "SOURCE", "mine", None, -5), Leg("Cu", "STOCK", "x", "x", 5)]
    draft.keep_legs([])
    assert len(draft.leg_records()) == 2
    draft.keep_legs(others[1:])
    assert draft.leg_records()[2:] == others[1:]
    draft.keep_legs(others)
    assert draft.leg_records()[2:] == others
    assert leg("Cu", loss("slag", "x"), 1) == Leg("Cu", "LOSS", "slag x destroyed", None, 1)


# -- lots -------------------------------------------------------------------------------------------------------------

MOVED = LotChange(
    "x",
    wet_mg=6,
    dry_mg=5,
    entered_dry_mg=4,
    entered_mg={"Cu": 2},
    entered_u2={"Cu": "9"},
    entered_u2_dry="16",
    excess_dry_mg=1,
    shares=Shares({"Cu": {ZM: 2}}, 7, 3),
)


def test_a_movement_adds_and_its_undoing_takes_back(draft: Draft) -> None:
    before = lot(draft)
    draft.change_lot(MOVED)
    after = lot(draft)
    assert (after.wet_mg, after.dry_mg, after.entered_dry_mg, after.excess_dry_mg) == (18, 15, 14, 1)
    assert (after.entered_mg, after.entered_u2, after.entered_u2_dry) == ({"Cu": 2}, {"Cu": "9"}, "16")
    assert (entered_u_mg(after), entered_u_dry_mg(after)) == ({"Cu": 3}, 4)
    assert after.shares == Shares({"Cu": {ZM: 5}}, 7, 3)
    draft.change_lot(MOVED, undo=True)
    assert lot(draft) == replace(before, version=5, entered_mg={})
    assert draft.flows == [(MOVED, 1), (MOVED, -1)]


@pytest.mark.parametrize(
    "most",
    [
        {"wet_mg": INT64_MAX - 9},
        {"dry_mg": INT64_MAX - 9},
        {"entered_dry_mg": INT64_MAX - 9},
        {"entered_mg": {"Cu": INT64_MAX + 1}},
        {"entered_u2": {"Cu": str((INT64_MAX + 1) ** 2)}},
    ],
    ids=lambda most: next(iter(most)),
)
def test_each_mass_of_a_lot_has_64_bits(draft: Draft, most: dict[str, Any]) -> None:
    """With the 10 mg that a lot has, one milligram more than the largest amount: refused before it is put."""
    draft.put_lot(replace(lot(draft), wet_mg=10, dry_mg=10, entered_dry_mg=10, entered_mg={}, entered_u2={}))
    with pytest.raises(Refused) as refused:
        draft.change_lot(replace(LotChange("x", 0, 0, 0, {}), **most))
    assert refused.value.said[0].code == "TOO_LARGE"


def test_a_lot_has_one_new_version_a_transaction(draft: Draft) -> None:
    draft.put_lot(replace(lot(draft), owner="urn:o"))
    draft.put_lot(replace(lot(draft), owner="urn:p"))
    assert lot(draft).version == 5
    draft.put_lot(Lot("y"))
    assert (lot(draft, "y").version, draft.touched) == (1, ["x", "y"])
    states = draft.lot_states()
    assert [(one.site, one.lot, one.seq) for one in states] == [(A, "x", 5), (A, "y", 1)]
    assert all(isinstance(one, LotState) for one in states)


def test_a_movement_takes_the_next_slot_of_its_lot(draft: Draft) -> None:
    draft.move_lot(MOVED)
    draft.move_lot(MOVED)
    identity = draft.event.identity
    assert [draft.view.get(Move, f"x {slot}") for slot in (2, 3)] == [Move(8, identity, 0), Move(8, identity, 1)]
    assert ([change.slot for change in draft.changes], lot(draft).moved, draft.dirty) == ([2, 3], 4, {})


def test_a_movement_before_others_has_them_told_anew(draft: Draft) -> None:
    """At slot 1 of two it is told anew itself, since a draw takes of what was there then; the earliest slot of a lot counts."""
    draft.move_lot(MOVED, 1)
    assert (draft.dirty, lot(draft).moved) == ({"x": 1}, 2)
    draft.move_lot(MOVED, 0)
    assert (draft.dirty, lot(draft).moved) == ({"x": 0}, 2)
    draft.stale("x", 3)
    assert draft.dirty == {"x": 0}
    assert draft.view.get(Move, "x 0") == Move(8, draft.event.identity, 1)


def test_a_corrective_takes_the_places_of_its_original_in_order(draft: Draft) -> None:
    one, other = Place(1), Place(4, 7, "assay")
    assert take(draft, "x") is None
    draft.view.put(Corrective("original"), draft.event.identity)
    assert take(draft, "x") is None
    draft.view.put(Vacant([one, other]), "original x")
    assert take(draft, "y") is None
    assert take(draft, "x") == one
    assert draft.view.get(Vacant, "original x") == Vacant([other])
    assert take(draft, "x") == other
    assert draft.view.get(Vacant, "original x") is None
    assert take(draft, "x") is None


def test_lineage_is_from_the_version_before_to_the_version_after(draft: Draft) -> None:
    """x is written at version 5: 4 was drawn. z is not written: 9 was. Of what is not there, 0; elsewhere, as told."""
    draft.view.put(Lot("z", version=9), "z")
    draft.put_lot(lot(draft))
    draft.put_lot(Lot("y"))
    for origin in ("x", "z", "none"):
        draft.edge(origin, "y", 10, {"Cu": 3})
    draft.edge(("urn:site:b", "x", 0), "y", 20, {})
    made = [(e.from_site, e.from_lot, e.from_seq, e.to_site, e.to_lot, e.to_seq, e.dry_mg) for e in draft.edges()]
    here, there = (A, "y", 1, 10), (A, "y", 1, 20)
    assert made == [(A, "x", 4, *here), (A, "z", 9, *here), (A, "none", 0, *here), ("urn:site:b", "x", 0, *there)]
    assert draft.edges()[0].contained_mg == {"Cu": 3}


def test_shares_sum_to_the_content(draft: Draft) -> None:
    draft.put_lot(lot(draft))
    draft.check_shares()
    draft.post("Cu", stock("x"), 1)
    with pytest.raises(AssertionError, match="shares"):
        draft.check_shares()


def test_a_zero_vector_is_no_content(draft: Draft) -> None:
    draft.put_lot(replace(lot(draft), shares=Shares({"Cu": {ZM: 3}, "Co": {ZM: 1, "CL - - -": -1}})))
    draft.check_shares()


# -- findings ---------------------------------------------------------------------------------------------------------


def test_the_id_of_a_finding_is_of_site_rule_version_and_inputs(draft: Draft) -> None:
    identity = draft.find("TRANSIT_GAIN", ("c", "x"), "1 kg more", ["y", "x", "x"])
    assert identity == derive("finding", A, "F20", "1", "c", "x")
    assert draft.findings == [
        Finding(identity, "F20", "TRANSIT_GAIN", 1, "hold", ["c", "x"], "1 kg more", "open", lots=["x", "y"])
    ]
    assert draft.find("TRANSIT_GAIN", ("c", "x"), "again", ["x"]) == identity
    assert len(draft.findings) == 1, "the same finding again adds nothing"
    assert draft.find("TRANSIT_GAIN", ("c", "y"), "", severity="info") != identity
    assert draft.findings[1].severity == "info"


def test_a_finding_that_blocks_is_held_on_its_lots_until_it_ends(draft: Draft) -> None:
    one = draft.find("TRANSIT_GAIN", ("c",), "", ["x", "new"])
    other = draft.find("DOUBLE_SPEND", ("d",), "", ["x"])
    warning = draft.find("TRANSIT_LOSS", ("e",), "", ["x"])
    assert (draft.held("x"), draft.held("new")) == (sorted([one, other]), [one])
    assert lot(draft).findings == sorted([one, other])
    assert (draft.lot("new"), draft.spread) == (None, {"x": 0})
    draft.close_finding(one)
    assert (draft.held("x"), draft.held("new"), lot(draft).findings) == ([other], [], [other])
    assert draft.view.get(Held, "new") is None
    assert draft.findings[-1].state == "resolved"
    draft.close_finding(other, superseded=True)
    assert (lot(draft).findings, draft.findings[-1].state, draft.view.get(Held, "x")) == ([], "superseded", None)
    draft.close_finding(warning)
    closed = len(draft.findings)
    draft.close_finding(warning)
    assert len(draft.findings) == closed, "what has ended does not end again"


def test_a_finding_is_restated_where_it_says_something_else(draft: Draft) -> None:
    said = Said("TRANSIT_GAIN", ("c",), "1 kg more", ["x"])
    identity = draft.restate_finding(said)
    assert draft.restate_finding(replace(said, lots=["x", "x"])) == identity
    assert len(draft.findings) == 1
    many = Said("TRANSIT_GAIN", ("d",), "", ["f", "c", "a", "e", "b", "d"])
    draft.restate_finding(many)
    draft.restate_finding(many)
    assert len(draft.findings) == 2, "lots have no order"
    for other in (replace(said, arithmetic="2 kg"), replace(said, severity="info"), replace(said, lots=["y"])):
        draft.restate_finding(said)
        was = len(draft.findings)
        assert draft.restate_finding(other) == identity
        assert [f.state for f in draft.findings[was:]] == ["superseded", "open"]


def overdraft(account: Account) -> Said:
    return Said("RETRO_OVERDRAFT", (str(account), "Cu"), "")


def test_a_balance_below_zero_is_an_overdraft_until_it_comes_back(draft: Draft) -> None:
    """3 mg are there and 4 mg go: -1 mg, and metal had moved on. Another goes: -2 mg. One comes: it stays; another: it ends."""
    draft.move("Cu", stock("x"), UNACCOUNTED, 4)
    draft.check_signs()
    (found,) = draft.findings
    assert found.id == derive("finding", A, "F29", "1", "STOCK(x)", "Cu")
    assert found.arithmetic == "STOCK(x): 0.000003 kg Cu before, -0.000004 kg now = -0.000001 kg: metal had moved on"
    assert (found.lots, draft.managed) == (["x"], {found.id})
    draft.legs.clear()
    draft.move("Cu", stock("x"), UNACCOUNTED, 1)
    draft.check_signs()
    assert [f.state for f in draft.findings] == ["open", "superseded", "open"]
    assert "-0.000001 kg Cu before, -0.000001 kg now = -0.000002 kg" in draft.findings[-1].arithmetic
    draft.legs.clear()
    draft.move("Cu", UNACCOUNTED, stock("x"), 1)
    draft.check_signs()
    assert len(draft.findings) == 3
    draft.move("Cu", stock("x"), UNACCOUNTED, 1)
    draft.move("Cu", UNACCOUNTED, stock("x"), 1)
    draft.legs = draft.legs[2:]
    draft.check_signs()
    assert len(draft.findings) == 3, "what goes and comes says nothing new"
    draft.legs.clear()
    draft.move("Cu", UNACCOUNTED, stock("x"), 1)
    draft.check_signs()
    assert [f.state for f in draft.findings[3:]] == ["resolved"], "at zero it has come back"


def test_all_of_a_lot_may_go(draft: Draft) -> None:
    draft.move("Cu", stock("x"), UNACCOUNTED, 3)
    draft.move("Cu", UNACCOUNTED, STOCK_ADJ, 9)
    draft.check_signs()
    assert draft.findings == []


def test_legs_of_one_account_count_together(draft: Draft) -> None:
    """4 mg go and 4 mg come back in one transaction: nothing was overdrawn."""
    draft.move("Cu", stock("x"), UNACCOUNTED, 4)
    draft.move("Cu", UNACCOUNTED, stock("x"), 4)
    draft.check_signs()
    assert draft.findings == []


def test_an_overdraft_of_what_no_lot_holds_is_on_the_lot_that_it_names(draft: Draft) -> None:
    """TRANSIT and what was destroyed are no lot's content; the lot is the last word of the account. SOURCE may be below zero."""
    draft.move("Cu", transit("c 1", "x"), source("mine"), 1)
    draft.move("Cu", loss("slag", "x"), source("mine"), 1)
    draft.move("Cu", source("mine"), UNACCOUNTED, 9)
    draft.check_signs()
    assert [(f.inputs, f.lots) for f in draft.findings] == [
        (["TRANSIT(c 1 x)", "Cu"], ["x"]),
        (["LOSS(slag x destroyed)", "Cu"], ["x"]),
    ]


# -- the transaction --------------------------------------------------------------------------------------------------


def test_what_cannot_be_posted_says_why() -> None:
    said = Said("DOUBLE_SPEND", ("x",), "")
    unready = Unready(["lot:y", "lot:x"], said)
    assert (unready.waits, unready.said, str(unready)) == (["lot:x", "lot:y"], said, "DOUBLE_SPEND")
    refused = Refused(said, Said("NO_LOT", ("y",), ""))
    assert (str(refused), len(refused.said)) == ("DOUBLE_SPEND", 2)


def test_record_time_never_goes_back() -> None:
    view = View(A, {})
    view.put(Head(record_time_us=START + 9), "")
    made = add("e", "1", A, cu="1", event_time_us=START)
    assert Draft(view, entry(made, record_time_us=START + 8)).record_time_us == START + 9
    assert Draft(view, entry(made, record_time_us=START + 10)).record_time_us == START + 10
    assert Draft(view, entry(declared(made))).event.error_declaration is not None


def test_a_new_draft_has_nothing_in_it(draft: Draft) -> None:
    """What the close of a transaction asks for, before a handler has set it."""
    flags = (draft.ends_here, draft.again, draft.goes_on)
    assert (draft.kind, draft.reason, draft.run, draft.period, draft.summed, draft.more_us) == ("link", "", "", "", 0, 0)
    assert flags == (False, False, False)
    assert Draft(View(A, {}), draft.entry).head == Head(parked=0)

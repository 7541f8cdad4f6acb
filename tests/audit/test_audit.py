"""Whoever edits, deletes, inserts or reorders one row is found, and the row is named: the pure core."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.audit.asof import balances, legs
from lodestream.audit.audit import audit, merged, open_custody
from lodestream.audit.values import Asked, Difference, Told, Verdict
from lodestream.ledger.apply import skip
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Entry, LotState, Outcome
from lodestream.ledger.view import Books
from tests.audit.histories import LOT, MINE, SMELTER, asked, chain_of_events, honest, kept, rechained, told

ENTRIES, OUTCOMES = honest()
TRANSACTIONS = [n for n, one in enumerate(OUTCOMES) if one.outcome == "TRANSACTION"]
PLACE = st.integers(0, len(OUTCOMES) - 1)


def found(entries: list[Entry], outcomes: list[Outcome]) -> Difference:
    difference = audit(asked(entries), told(outcomes)).difference
    assert difference is not None
    return difference


def test_honest_books_are_what_their_entries_give() -> None:
    verdict = audit(asked(ENTRIES), told(OUTCOMES))
    assert verdict.difference is None
    assert (verdict.entries, verdict.outcomes, verdict.transactions) == (len(ENTRIES), len(OUTCOMES), len(TRANSACTIONS))
    assert {one.outcome for one in OUTCOMES} == {"TRANSACTION", "DUPLICATE", "PARKED"}
    assert {one.kind for one in OUTCOMES} >= {"create", "transform", "ship", "offer", "receive", "answer", "correct"}


@given(PLACE, st.data())
@settings(deadline=None, max_examples=30)
def test_an_edited_outcome_is_named(place: int, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(["valid_time_us", "record_time_us", "reason", "site", "biz_step"]))
    edits: dict[str, Callable[[Outcome], object]] = {
        "valid_time_us": lambda one: one.valid_time_us + 1,
        "record_time_us": lambda one: one.record_time_us - 1,
        "reason": lambda one: one.reason + "!",
        "site": lambda one: one.site + "x",
        "biz_step": lambda one: (one.biz_step or "") + "x",
    }
    edited = [*OUTCOMES]
    edited[place] = replace(edited[place], **{field: edits[field](edited[place])})
    difference = found(ENTRIES, edited)
    assert (difference.code, difference.place) == ("EDITED", f"transactions/0/{place}")
    assert difference.there.startswith(f"{field} ")


@given(st.sampled_from([n for n in TRANSACTIONS if OUTCOMES[n].postings]), st.integers(1, 10**9))
@settings(deadline=None, max_examples=30)
def test_metal_that_somebody_added_is_named_even_with_a_chain_made_anew(place: int, mg: int) -> None:
    postings = [replace(one, amount_mg=one.amount_mg + mg) if n == 0 else one for n, one in enumerate(OUTCOMES[place].postings)]
    edited = [*OUTCOMES]
    edited[place] = replace(OUTCOMES[place], postings=postings)
    difference = found(ENTRIES, edited)
    assert (difference.code, difference.place) == ("EDITED", f"transactions/0/{place}")
    assert difference.there == f"postings[0].amount_mg {OUTCOMES[place].postings[0].amount_mg + mg}"
    assert difference.expected == f"postings[0].amount_mg {OUTCOMES[place].postings[0].amount_mg}"
    assert "its bytes have the chain value" in difference.says
    # Who makes all chain values anew is not found by the chain, but by the entries; both are named.
    difference = found(ENTRIES, rechained(edited))
    assert difference.code == "ENTRY_EDITED"
    assert f"transactions/0/{place}" in difference.says


@given(PLACE)
@settings(deadline=None, max_examples=30)
def test_a_deleted_outcome_is_named(place: int) -> None:
    difference = found(ENTRIES, OUTCOMES[:place] + OUTCOMES[place + 1 :])
    assert difference.code == "MISSING"
    assert OUTCOMES[place].txn_id[:16] in difference.expected


@given(PLACE, PLACE)
@settings(deadline=None, max_examples=30)
def test_an_inserted_outcome_is_named(place: int, of: int) -> None:
    other = OUTCOMES[of]
    made = replace(other, txn_id=f"{of:064x}", entry_id=f"{of:064x}", chain="")
    made = replace(made, chain=chain_value(made)) if other.chain else made
    difference = found(ENTRIES, [*OUTCOMES[:place], made, *OUTCOMES[place:]])
    chained = difference.code == "ENTRY_MISSING" and other.outcome == "TRANSACTION"  # it was put just before the one it copies
    assert difference.code == "INSERTED" or chained
    assert f"transactions/0/{place}" in difference.place + difference.says


@given(st.integers(0, len(OUTCOMES) - 2), st.integers(1, 6))
@settings(deadline=None, max_examples=30)
def test_outcomes_in_another_order_are_named(place: int, far: int) -> None:
    other = min(place + far, len(OUTCOMES) - 1)
    moved = [*OUTCOMES]
    moved[place], moved[other] = moved[other], moved[place]
    difference = found(ENTRIES, moved)
    assert difference.code == "REORDERED"
    assert difference.place in {f"transactions/0/{place}", f"entries/0/{place}"} or difference.place.startswith("entries/0/")


@given(st.sampled_from([n for n, one in enumerate(ENTRIES) if one.event and one.event.materials and one.kind == "EVENT"][:9]))
@settings(deadline=None, max_examples=30)
def test_an_edited_entry_is_named(place: int) -> None:
    event = ENTRIES[place].event
    assert event is not None
    edited = [*ENTRIES]
    edited[place] = replace(ENTRIES[place], event=replace(event, event_time_us=event.event_time_us + 1_000_000))
    difference = found(edited, OUTCOMES)
    assert (difference.code, difference.place) == ("ENTRY_EDITED", f"entries/0/{place}")


def test_a_deleted_entry_is_named() -> None:
    for place, entry in enumerate(ENTRIES[:-1]):
        difference = found(ENTRIES[:place] + ENTRIES[place + 1 :], OUTCOMES)
        first = next(one for one in OUTCOMES if one.entry_id == entry.entry_id)
        if first.outcome == "TRANSACTION" and 0 < place < len(ENTRIES) - 7:  # the first is sent again later
            assert (difference.code, difference.expected) == ("ENTRY_MISSING", f"entry {entry.entry_id}"), place


def test_an_inserted_entry_is_named() -> None:
    (extra,) = kept(chain_of_events(77)[:1])[0]
    for place in range(len(ENTRIES)):
        difference = found([*ENTRIES[:place], extra, *ENTRIES[place:]], OUTCOMES)
        if difference.code == "ENTRY_INSERTED":
            assert difference.place == f"entries/0/{place}"
        else:  # what follows there is no transaction, whose chain would tell
            assert difference.code == "MISSING"
            assert extra.entry_id[:16] in difference.expected


def test_entries_in_another_order_are_named() -> None:
    moved = [*ENTRIES]
    moved[0], moved[12] = moved[12], moved[0]
    difference = found(moved, OUTCOMES)
    assert (difference.code, difference.place) == ("REORDERED", "entries/0/0")


def test_what_cannot_be_read_is_named() -> None:
    rows = told(OUTCOMES)
    rows[4] = Told(rows[4].place, None, "BAD_BODY: at byte 7")
    difference = audit(asked(ENTRIES), rows).difference
    assert difference is not None
    assert (difference.code, difference.place, difference.there) == ("UNDECODABLE", "transactions/0/4", "BAD_BODY: at byte 7")
    lost = [*asked(ENTRIES)]
    lost[3] = Asked("entries/0/3", "is no JSON")
    difference = audit(lost, told(OUTCOMES)).difference
    assert difference is not None
    assert (difference.code, difference.place) == ("UNDECODABLE", "entries/0/3")


def test_entries_that_wait_for_the_ledger_are_no_difference_and_settled_ones_are() -> None:
    cut = OUTCOMES[:-1]
    open_ended = [replace(one, settled=n < len(ENTRIES) - 1) for n, one in enumerate(asked(ENTRIES))]
    verdict = audit(open_ended, told(cut))
    assert verdict.difference is None
    assert verdict.waiting == 1
    assert found(ENTRIES, cut).code == "MISSING"


def test_a_skipped_entry_is_what_the_operator_recorded() -> None:
    books = Books({})
    outcomes = skip(books, ENTRIES[0], "a rule has a bug").outcomes
    rows = told(outcomes)
    assert audit(asked(ENTRIES[:1]), rows, {ENTRIES[0].entry_id: "a rule has a bug"}).difference is None
    assert audit(asked(ENTRIES[:1]), rows).difference is not None
    assert audit(asked(ENTRIES[:1]), rows, {ENTRIES[0].entry_id: "another"}).difference is not None


def test_a_rule_that_raises_is_told_at_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def bad(books: Books, entry: Entry) -> None:
        raise ZeroDivisionError(entry.kind)

    monkeypatch.setattr("lodestream.audit.audit.apply", bad)
    difference = audit(asked(ENTRIES), told(OUTCOMES)).difference
    assert difference is not None
    assert (difference.code, difference.place, difference.there) == ("RULE_RAISED", "entries/0/0", "ZeroDivisionError: EVENT")


def test_what_a_rule_got_wrong_is_found_though_the_fold_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums, sequence, chain and shares are checked for themselves: a bug of the rules would give the same wrong bytes again."""

    def told_by_the_fold(outcome: Outcome) -> Difference | None:
        return audit([Asked("e", outcome)], [Told("t", outcome)]).difference

    first = next(one for one in OUTCOMES if one.postings)
    lot = LotState(MINE, "lot", 1, 1, 1, True, {"Cu": 10}, {}, 0, shares={"Cu": {"ZM m mine -": 9}})
    wrong: dict[str, Outcome] = {
        "NOT_ZERO": replace(first, seq=1, prev="", postings=first.postings[:1]),
        "SEQUENCE": replace(first, seq=2, prev=""),
        "CHAIN": replace(first, seq=1, prev="ab"),
        "SHARES": replace(first, seq=1, prev="", lots=[lot]),
    }
    for code, outcome in wrong.items():
        difference = told_by_the_fold(outcome)
        assert difference is not None
        assert difference.code == code


# -- custody and time ---------------------------------------------------------------------------------------------


def test_custody_clears_over_both_books_or_shows_as_open_with_its_age() -> None:
    shipped_only = kept([*chain_of_events(0), *chain_of_events(1)[:3]])
    verdict = audit(asked(shipped_only[0]), told(shipped_only[1]))
    assert open_custody(verdict) == {}  # what nobody has received stands in TRANSIT
    unmatched = chain_of_events(2)[3]
    entries, outcomes = kept([*chain_of_events(0), unmatched])
    verdict = audit(asked(entries), told(outcomes))
    assert verdict.difference is None
    assert set(open_custody(verdict)) == set()  # without an assay and without an offer nothing is known to be handed over
    entries, outcomes = kept([*chain_of_events(0)])
    at_mine = [one for one in outcomes if one.site == MINE]
    ours = [one for one in entries if one.site == MINE]
    alone = audit(asked(ours), told(at_mine))
    assert alone.difference is None
    ((account, element), one) = next(iter(open_custody(alone).items()))
    assert account == f"CUSTODY(https://id.gs1.org/402/95210000000000000 {LOT}CONC0)"
    assert (element, one.mg, one.sites) == ("Cu", 930_000_000, {MINE})
    theirs = audit(asked([one for one in entries if one.site == SMELTER]), told([o for o in outcomes if o.site == SMELTER]))
    assert open_custody(merged([alone, theirs])) == {}


def test_merged_verdicts_keep_the_first_difference() -> None:
    one, two = Difference("EDITED", "a", "", "", ""), Difference("MISSING", "b", "", "", "")
    assert merged([Verdict(), Verdict(difference=one), Verdict(difference=two)]).difference == one


@given(st.sampled_from(sorted({one.record_time_us for one in OUTCOMES})), st.sampled_from(OUTCOMES))
@settings(deadline=None, max_examples=30)
def test_an_audit_up_to_then_sees_what_was_recorded_until_then(as_of_us: int, about: Outcome) -> None:
    verdict = audit(asked(ENTRIES), told(OUTCOMES), as_of_us=as_of_us, about_us=about.valid_time_us)
    assert verdict.difference is None
    assert verdict.outcomes == sum(one.record_time_us <= as_of_us for one in OUTCOMES)
    expected = balances((leg for one in OUTCOMES for leg in legs(one)), as_of_us, about.valid_time_us)
    assert verdict.balances == expected

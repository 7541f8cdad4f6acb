"""One worked example for each rule of the first version, with exact numbers."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, event, item, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"


def only(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


# -- F1, F28: the UNTP copper sample ------------------------------------------------------------------------------


def concentrate(books: Books) -> None:
    books(add("conc", "30", A, cu="30", product_class="concentrate"))


def test_created_metal_is_impossible() -> None:
    books = Books()
    concentrate(books)
    made = only(books(transform(A, [("conc", "30", {})], [("cathode", "10", {"cu": "99.99", "product_class": "cathode"})])))
    finding = next(f for f in made.findings if f.code == "IMPOSSIBLE")
    assert finding.severity == "hard"
    assert "in 9 t - out 9.999 t = U -0.999 t" in finding.arithmetic
    assert "111.1" in finding.arithmetic
    assert books.balance(A, "STOCK(cathode)") == 9_999_000_000, "it is posted, and held"
    assert books.balance(A, "UNACCOUNTED") == -999_000_000


def test_with_scrap_it_is_an_open_loss() -> None:
    books = Books()
    concentrate(books)
    books(add("scrap", "1.2", A, cu="100", product_class="scrap"))
    made = only(
        books(
            transform(
                A, [("conc", "30", {}), ("scrap", "1.2", {})], [("cathode", "10", {"cu": "99.99", "product_class": "cathode"})]
            )
        )
    )
    assert codes([made]) == ["LOSS_UNEXPLAINED"]
    assert "98.03" in made.findings[0].arithmetic
    assert made.findings[0].severity == "warn"


# -- F3, F47: draws above the book --------------------------------------------------------------------------------


def test_double_spend_is_parked_and_posts_when_metal_comes() -> None:
    books = Books()
    concentrate(books)
    books(transform(A, [("conc", "30", {})], [("x", "29", {"cu": "30.9"})]))
    again = transform(A, [("conc", "30", {})], [("y", "29", {"cu": "30.9"})])
    parked = only(books(again))
    assert (parked.outcome, codes([parked])) == ("PARKED", ["DOUBLE_SPEND"])
    assert "short of 9,000 kg Cu" in parked.findings[0].arithmetic
    assert only(books(again)).outcome == "DUPLICATE", "a repeat of a parked event is a no-op"
    came, retried = books(add("conc", "30", A, cu="30"))
    assert (came.kind, retried.kind, retried.attempt) == ("create", "transform", 2)
    assert codes([retried], "resolved") == ["DOUBLE_SPEND"]


def test_phantom_stock() -> None:
    books = Books()
    concentrate(books)
    assert codes(books(transform(A, [("never", "1", {})], [("x", "1", {"cu": "1"})]))) == ["PHANTOM_STOCK"]


def test_the_last_shovel() -> None:
    books = Books()
    concentrate(books)
    made = only(books(transform(A, [("conc", "30.1", {})], [("x", "30.1", {"cu": "30"})])))
    assert codes([made]) == ["BOOK_EXCEEDED"]
    assert books.balance(A, "STOCK_ADJ") == -30_000_000, "0.1 t at 30 % above the book"
    assert books.balance(A, "STOCK(conc)") == 0


# -- F8, F19, F48, F13 --------------------------------------------------------------------------------------------


def test_openings_reuse_time_and_grade() -> None:
    books = Books()
    assert codes(books(add("o", "1", A, cu="20", opening=True))) == ["OPENING_UNPROVEN"]
    assert codes(books(add("p", "1", A, cu="20", opening=True, opening_evidence="urn:stocktake:1"))) == []
    assert books.balance(A, "SOURCE(opening)") == -400_000_000
    assert codes(books(add("o", "1", A, cu="20", biz_step="commissioning"))) == ["ID_REUSED"]
    early = transform(A, [("o", "2", {})], [("q", "2", {"cu": "20"})], event_time_us=START - HOUR)
    assert codes(books(early)) == ["TIME_ORDER"]
    late = add("r", "1", A, cu="20")
    ahead = Books()
    assert codes(ahead.fold.submit(entry(late, record_time_us=late.event_time_us - HOUR))) == ["TIME_ORDER"], (
        "later than it was recorded"
    )
    assert codes(books(add("s", "1", A, cu="101"))) == ["GRADE_IMPOSSIBLE"]
    assert codes(books(add("t", "1", A, co="21.5", chemical_form="CoSO4.7H2O"))) == ["GRADE_IMPOSSIBLE"]
    assert books.balance(A, "STOCK(t)", "Co") == 215_000_000, "above the hydrate's bound it is posted and held"


# -- refusals: a transaction without postings ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (add("u", "1", A, cu="1", uom="DMT"), "UNIT_REFUSED"),
        (add("u", "1", A, cu="1", uom="TNE", mass_basis=None), "BASIS_MISSING"),
        (add("https://id.gs1.org/01/04012345123456", "1", A, cu="1"), "NO_LOT"),
        (ship("conc", None, A, B), "NO_QUANTITY"),  # type: ignore[arg-type]
        (event("ObjectEvent", [item("object", "conc", "1")], action="ADD", biz_step="shipping", read_point=A), "ACTION_MISMATCH"),
        (
            event("TransactionEvent", [item("object", "conc", "1")], action="ADD", biz_step="receiving", biz_location=A),
            "ACTION_MISMATCH",
        ),
    ],
)
def test_refused(refused, code: str) -> None:  # type: ignore[no-untyped-def]
    books = Books()
    concentrate(books)
    outcome = only(books(refused))
    assert (outcome.outcome, outcome.kind, outcome.postings) == ("TRANSACTION", "refuse", [])
    assert codes([outcome]) == [code]
    assert all(f.arithmetic for f in outcome.findings)


def test_a_refused_event_is_judged_anew() -> None:
    books = Books()
    bad = add("u", "1", A, cu="1", mass_basis=None)
    assert only(books(bad)).kind == "refuse"
    again = only(books(bad))
    assert (again.outcome, again.attempt, codes([again])) == ("TRANSACTION", 2, [])
    good = replace(add("u", "1", A, cu="1"), event_id=bad.event_id)
    accepted = only(books(good))
    assert (accepted.kind, codes([accepted], "superseded")) == ("create", ["BASIS_MISSING"])


def test_sites_and_sources() -> None:
    books = Books(**{A: SiteBook(sources=["mes"])})
    conflict = add("x", "1", A, cu="1")
    assert codes(books(conflict)) == ["NOT_AUTHORISED"]
    both = replace(entry(add("x", "1", A, cu="1"), "mes"), listed=[A, B])
    assert codes(books.fold.submit(both)) == ["SITE_CONFLICT"]
    assert codes(books(add("x", "1", A, cu="1"), source="mes")) == []


def test_no_book_is_said_once_at_the_first_posting() -> None:
    books = Books()
    first, second = books(add("x", "1", A, cu="1"), add("y", "1", A, cu="1"))
    assert [f.code for f in first.findings] == ["NO_BOOK"]
    assert second.findings == []
    hub = only(books(ship("x", "1", "urn:hub", B)))
    assert (hub.outcome, [f.code for f in hub.findings]) == ("PARKED", ["NO_BOOK"]), "a carrier's hub opens no book"


# -- the same, changed, void --------------------------------------------------------------------------------------


def test_duplicates_and_mutations() -> None:
    books = Books()
    first = add("x", "1", A, cu="1")
    books(first)
    assert only(books(first)).outcome == "DUPLICATE"
    changed = replace(add("x", "1.01", A, cu="1"), event_id=first.event_id)
    mutated = only(books(changed))
    assert (mutated.postings, [f.severity for f in mutated.findings], mutated.findings[0].lots) == ([], ["hard"], ["x"])
    digest_only = replace(first, content_digest="other")
    assert [f.severity for f in only(books(digest_only)).findings] == ["warn"]
    assert books.balance(A, "STOCK(x)") == T // 100


def test_equal_hash_under_two_ids() -> None:
    books = Books()
    first = add("x", "1", A, cu="1")
    books(first)
    suspect = only(books(replace(first, event_id="urn:test:other", content_digest="d2")))
    assert codes([suspect]) == ["REPLAY_SUSPECT"]
    assert books.balance(A, "STOCK(x)") == T // 50, "both post"
    one, two = (add("y", "1", A, cu="1", tickets=[ticket]) for ticket in ("T1", "T2"))
    books(one)
    assert codes(books(replace(two, event_hash=one.event_hash))) == [], "two equal bags in one second are two bags"


def test_s5_correction_after_shipment() -> None:
    books = Books()
    e1 = add("P1", "10", A, ni="10", event_id="urn:e1")
    e4 = add("P1", "9.5", A, ni="10", event_id="urn:e4", event_time_us=e1.event_time_us)
    books(e1, ship("P1", "9.8", A, B, consignment_id="c"))
    assert books.balance(A, "STOCK(P1)", "Ni") == 20_000_000
    reversal = books(declared(e1, correctives=("urn:e4",)))[0]
    assert codes([reversal]) == ["RETRO_OVERDRAFT"]
    assert books.balance(A, "STOCK(P1)", "Ni") == -980_000_000
    books(e4)
    assert books.balance(A, "STOCK(P1)", "Ni") == -30_000_000
    assert "RETRO_OVERDRAFT" in books.open(A)
    assert only(books(declared(e1, correctives=("urn:e4",)))).outcome == "DUPLICATE"
    assert only(books(e1)).outcome == "DUPLICATE", "a void event sent again stays void"


def test_declarations_that_do_not_fit() -> None:
    books = Books()
    original = add("x", "1", A, cu="1")
    before = only(books(declared(original)))
    assert before.outcome == "PARKED"
    posted, reversed_ = books(original)
    assert (posted.kind, reversed_.kind) == ("create", "correct"), "both are journalled, net zero"
    assert books.balance(A, "STOCK(x)") == 0
    other = add("y", "1", A, cu="1")
    books(other)
    edited = replace(declared(other), content_digest="edited")
    assert codes(books(edited)) == ["DECLARATION_MISMATCH"]
    assert books.balance(A, "STOCK(y)") == T // 100, "the original stands"


def test_a_parked_event_declared_void_never_posts() -> None:
    books = Books()
    concentrate(books)
    early = transform(A, [("later", "1", {})], [("z", "1", {"cu": "5"})])
    books(early)
    void = only(books(declared(early)))
    assert (void.kind, codes([void], "superseded")) == ("correct", ["PHANTOM_STOCK"])
    assert [o.kind for o in books(add("later", "1", A, cu="5"))] == ["create"]


# -- assays that come later ---------------------------------------------------------------------------------------


def test_late_assay_posts_what_waited() -> None:
    books = Books()
    unassayed = only(books(add("x", "100", A, moisture="10")))
    assert (unassayed.postings, codes([unassayed])) == ([], ["UNASSAYED"])
    drawn = only(books(transform(A, [("x", "50", {"moisture": "10"})], [("y", "45", {"cu": "20"})])))
    assert drawn.outcome == "PARKED"
    came, retried = books(assay("x", A, cu="20"))
    assert came.kind == "assay"
    assert [(p.account, p.amount_mg) for p in came.postings] == [("SOURCE(undeclared)", -18 * T), ("STOCK(x)", 18 * T)]
    assert codes([came], "resolved") == ["UNASSAYED"]
    assert (retried.kind, books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)")) == ("transform", 9 * T, 9 * T)


def test_a_run_is_judged_when_its_last_output_has_its_assay() -> None:
    books = Books()
    concentrate(books)
    made = only(books(transform(A, [("conc", "30", {})], [("p", "10", {"cu": "60"}), ("q", "10", {"mass_basis": "dry"})])))
    assert codes([made]) == ["UNASSAYED"], "no balance is judged yet"
    assert books.balance(A, "UNACCOUNTED") == 3 * T
    judged = only(books(assay("q", A, cu="50")))
    assert codes([judged]) == ["IMPOSSIBLE"]
    assert books.balance(A, "UNACCOUNTED") == -2 * T


def test_declaring_an_assay_void_lets_the_parcel_wait_again() -> None:
    books = Books()
    books(add("x", "100", A))
    wrong = assay("x", A, cu="20")
    books(wrong)
    books(declared(wrong))
    assert books.balance(A, "STOCK(x)") == 0
    assert books.open(A) == {"UNASSAYED"}
    books(assay("x", A, cu="21"))
    assert books.balance(A, "STOCK(x)") == 21 * T
    assert books.open(A) == set()


# -- ends of lots -------------------------------------------------------------------------------------------------


def test_destroying_and_decommissioning() -> None:
    books = Books()
    concentrate(books)
    gone = event("ObjectEvent", [item("object", "conc", "10")], action="DELETE", biz_step="destroying", biz_location=A)
    books(gone)
    assert books.balance(A, "LOSS(other conc destroyed)") == 3 * T
    retired = event("ObjectEvent", [item("object", "conc", "20")], action="DELETE", biz_step="decommissioning", biz_location=A)
    assert codes(books(retired)) == ["LOSS_UNEXPLAINED"]
    assert books.balance(A, "STOCK_ADJ") == 6 * T


def test_a_draw_with_its_own_assay_never_changes_what_is_left() -> None:
    books = Books()
    concentrate(books)
    books(transform(A, [("conc", "10", {"cu": "31"})], [("x", "10", {"cu": "31"})]))
    assert books.balance(A, "STOCK(conc)") == 6 * T
    assert books.balance(A, "STOCK_ADJ(assay)") == -100_000_000


# -- moves --------------------------------------------------------------------------------------------------------


def shipped(books: Books, *, to: str | None = B) -> Outcome:
    concentrate(books)
    return books(ship("conc", "30", A, to, consignment_id="c"))[0]


def test_ship_without_destination_stays_open() -> None:
    books = Books()
    assert codes([shipped(books, to=None)]) == ["TRANSIT_OPEN"]
    assert books.balance(A, "TRANSIT(c conc)") == 9 * T


def test_partial_then_final() -> None:
    books = Books()
    shipped(books)
    books(receive("conc", "10", B, consignment_id="c", cu="30"))
    assert (books.balance(A, "TRANSIT(c conc)"), books.balance(B, "TRANSIT_VAR")) == (6 * T, 0)
    books(receive("conc", "19.9", B, consignment_id="c", cu="30"))
    assert books.balance(A, "TRANSIT(c conc)") == 0, "0.1 t pending is within 0.5 % of 30 t: final"
    assert books.balance(B, "TRANSIT_VAR") == 30_000_000
    refused = books(receive("conc", "1", B, consignment_id="c", cu="30"))[0]
    assert (refused.postings, codes([refused])) == ([], ["ALREADY_RESOLVED"])


def test_transit_gain_and_loss() -> None:
    for weight, code in (("31", "TRANSIT_GAIN"), ("28", "TRANSIT_LOSS")):
        books = Books()
        shipped(books)
        assert codes(books(receive("conc", weight, B, consignment_id="c", receipt="final", cu="30"))) == [code]


def test_receipt_before_offer_waits_as_unmatched() -> None:
    books = Books()
    books(add("other", "1", B, cu="1"))
    early = only(books(receive("conc", "29.9", B, consignment_id="c", receipt="final", cu="30")))
    assert codes([early]) == ["UNMATCHED"]
    assert books.balance(B, "CUSTODY(c conc)") == -8_970_000_000
    shipped(books)
    assert books.open() == {"TIME_ORDER"}, "the receipt is dated before the shipment"
    assert (books.balance(B, "CUSTODY(c conc)"), books.balance(A, "CUSTODY(c conc)")) == (-9 * T, 9 * T)
    assert books.balance(B, "TRANSIT_VAR") == 30_000_000


def test_a_second_source_confirms() -> None:
    books = Books()
    shipped(books)
    confirmed = only(books(ship("conc", "30", A, B, consignment_id="c"), source="carrier"))
    assert (confirmed.kind, confirmed.postings) == ("link", [])
    books(receive("conc", "30", B, consignment_id="c", cu="30"))
    assert only(books(receive("conc", "30", B, consignment_id="c", cu="30"), source="carrier")).kind == "link"


def test_receipt_takes_assay_and_moisture_of_the_offer() -> None:
    books = Books()
    books(add("wet", "100", A, moisture="10", cu="20"))
    books(ship("wet", "100", A, B, consignment_id="c", mass_basis="wet"))
    books(receive("wet", "99.9", B, consignment_id="c", mass_basis="wet"))
    assert books.balance(B, "STOCK(wet)") == 17_982_000_000


def test_receipt_without_dry_mass_waits_for_the_offer() -> None:
    books = Books()
    books(add("other", "1", B, cu="1"))
    waiting = only(books(receive("wet", "99.9", B, consignment_id="c", mass_basis="wet")))
    assert waiting.postings == []
    drawn = only(books(transform(B, [("wet", "9", {})], [("z", "9", {"cu": "20"})])))
    assert drawn.outcome == "PARKED"
    books(add("wet", "100", A, moisture="10", cu="20"))
    books(ship("wet", "100", A, B, consignment_id="c", mass_basis="wet"))
    assert books.balance(B, "STOCK(z)") == 1_800_000_000


def test_declaration_on_a_shipment_withdraws_the_offer() -> None:
    books = Books()
    concentrate(books)
    sent = ship("conc", "30", A, B, consignment_id="c")
    books(sent)
    books(receive("conc", "30", B, consignment_id="c", cu="30"))
    books(declared(sent))
    assert (books.balance(A, "STOCK(conc)"), books.balance(A, "TRANSIT(c conc)"), books.balance(A, "CUSTODY(c conc)")) == (
        9 * T,
        0,
        0,
    )
    assert books.balance(B, "CUSTODY(c conc)") == -9 * T, "its receipt stays, custody open"
    assert "UNMATCHED" in books.open(B)
    books(ship("conc", "30", A, B, consignment_id="c"))
    assert books.balance(A, "CUSTODY(c conc)") == 9 * T
    assert "UNMATCHED" not in books.open(B)


def test_declaration_on_a_receipt_lets_a_refused_one_count() -> None:
    books = Books()
    shipped(books)
    wrong = receive("conc", "30", B, consignment_id="c", receipt="final", cu="25")
    books(wrong, receive("conc", "30", B, consignment_id="c", receipt="final", cu="30"))
    assert "ALREADY_RESOLVED" in books.open(B)
    books(declared(wrong))
    assert books.balance(B, "STOCK(conc)") == 9 * T
    assert books.open() == set()


def test_parent_alone_is_unknown_content() -> None:
    books = Books()
    concentrate(books)
    pallet = event(
        "ObjectEvent", [], action="OBSERVE", biz_step="shipping", read_point=A, epcs=["https://id.gs1.org/00/040123450000003338"]
    )
    assert codes(books(pallet)) == ["UNKNOWN_CONTENT"]


def test_receiver_tracks_less_or_more_than_the_sender() -> None:
    books = Books(**{A: SiteBook(elements=["Cu"]), B: SiteBook(elements=["Ni"])})
    books(add("x", "10", A, cu="10", ni="1"))
    books(ship("x", "10", A, B, consignment_id="c"))
    books(receive("x", "10", B, consignment_id="c", receipt="final", cu="10", ni="1"))
    assert (books.balance(B, "SINK(untracked)"), books.balance(B, "CUSTODY(c x)")) == (T, -T)
    assert (books.balance(B, "STOCK(x)", "Ni"), books.balance(B, "SOURCE(untracked)", "Ni")) == (T // 10, -T // 10)
    assert books.balance(A, "CUSTODY(c x)") == T


def test_external_party() -> None:
    books = Books()
    bought = receive("x", "10", B, cu="10", sources=[TypedRef("urn:party", "owning_party")])
    books.fold.submit(replace(entry(bought), external=["urn:party"]))
    assert books.balance(B, "SOURCE(external:urn:party)") == -T
    assert Decimal("0.5") == SiteBook().transit_tolerance_percent


def test_a_transaction_that_no_record_holds_is_refused() -> None:
    books = Books()
    concentrate(books)
    lots = [f"urn:lot:{'x' * 4000}:{n}" for n in range(990)]
    books(*[add(lot, "1", A, cu="1") for lot in lots])
    blend = transform(A, [(lot, "1", {}) for lot in lots], [(f"out{n}", "90", {"cu": "1"}) for n in range(10)])
    refused = only(books(blend))
    assert codes([refused]) == ["TOO_LARGE"]
    assert books.balance(A, f"STOCK({lots[0]})") == T // 100


def test_a_source_class_is_no_way_around_evidence_or_register() -> None:
    books = Books()
    assert codes(books(add("o", "1", A, cu="20", source_class="opening"))) == ["OPENING_UNPROVEN"]
    books(add("p", "1", A, cu="20", source_class="external:urn:party"))
    assert books.balance(A, "SOURCE(undeclared)") == -200_000_000

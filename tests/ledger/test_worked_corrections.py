"""The worked lines of the rulebook, replayed with exactly their numbers: what waits, corrections, attribution, whose word counts.

Places, measures, postings, campaigns and moves: test_worked_lines.py.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Event, OriginPart, TypedRef
from lodestream.ledger import attribution, balance
from lodestream.ledger.book import Exclusion, SiteBook
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import Entry, Finding
from lodestream.ledger.state import Shares
from lodestream.ledger.values import Balanced
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, event, item, receive, ship, transform
from tests.ledger.page import says
from tests.ledger.test_containment import P, Q, R, aggregation, held, out, packed, stocked
from tests.ledger.test_golden_shares import (
    CL,
    EOL,
    EVIDENCE,
    MFG,
    REC,
    SMELTER,
    ZM,
    Y,
    campaign,
    closing,
    inputs,
    opening,
    outputs,
    received,
)
from tests.ledger.test_restatement import chain
from tests.ledger.test_void import void

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
DAY = 24 * HOUR


def book_entry(book: SiteBook, n: int = 0) -> Entry:
    return Entry(f"book {n}", A, "BOOK", START, book=book)


# -- 6. moves -----------------------------------------------------------------------------------------------------------


def s5() -> tuple[Books, Any]:
    books = Books(**{A: SiteBook(elements=["Ni"]), B: SiteBook(elements=["Ni"])})
    wrong = add("P1", "10", A, ni="10", event_time_us=START)
    books(wrong, ship("P1", "9.8", A, B, consignment_id="c", event_time_us=START + HOUR))
    return books, wrong


def test_r38_r44_r45_s5() -> None:
    """R44: 1,000 kg declared void after 980 left. R45: the corrective of 950. R38: 948 received, 32 returned."""
    books, wrong = s5()
    right = add("P1", "9.5", A, ni="10", event_id="urn:right", event_time_us=START)
    (reversal,) = books(declared(wrong, correctives=("urn:right",)))[:1]
    assert {p.account: p.amount_mg for p in reversal.postings} == {"SOURCE(undeclared)": T, "STOCK(P1)": -T}
    assert (books.balance(A, "STOCK(P1)", "Ni"), books.open(A)) == (-980_000_000, {"RETRO_OVERDRAFT"})
    says("R44", "1,000 kg", "980", "-980")
    books(right)
    assert books.balance(A, "STOCK(P1)", "Ni") == -30_000_000
    says("R45", "950 kg", "-980 + 950 = -30")
    books(receive("P1", "9.48", B, consignment_id="c", ni="10", event_time_us=START + 2 * HOUR))
    books(void("P1", event_time_us=START + 3 * HOUR))
    assert (books.balance(A, "STOCK(P1)", "Ni"), books.open(A)) == (2_000_000, set())
    says("R38", "-30 kg", "948 of 980 kg", "32 kg", "2 kg")


# -- 7. what waits; the same, changed, void -----------------------------------------------------------------------------


def test_r40_parked() -> None:
    """R40: 4 t of a lot that was never there; 10 t at 30 % arrive."""
    books = Books()
    late = add("x", "10", A, cu="30")
    books(add("other", "1", A, cu="1"), ship("x", "4", A, None, consignment_id="c"))
    assert books.open() == {"PHANTOM_STOCK"}
    books(late)
    assert (books.balance(A, "STOCK(x)"), books.open()) == (1_800_000_000, {"TRANSIT_OPEN"})
    says("R40", "4 t", 1_800_000_000)


def ticketed(bag: Event, ticket: str) -> Event:
    """A bag with its weighbridge ticket, if it has one; the hash leaves tickets and eventID out."""
    material = replace(bag.materials[0], tickets=[ticket] if ticket else [])
    return replace(bag, materials=[material], event_hash="same", content_digest=bag.event_id or "")


def test_r41_r42_r43_the_same_and_changed() -> None:
    """R41: sent three times. R42: 1,010 kg for 1,000. R43: two bags with tickets 7 and 8, and two without."""
    books = Books()
    made = add("x", "1000", A, uom="KGM", cu="30", event_id="urn:e")
    assert [o.outcome for o in books(made, made, made)] == ["TRANSACTION", "DUPLICATE", "DUPLICATE"]
    says("R41", "two DUPLICATE")
    (refused,) = books(add("x", "1010", A, uom="KGM", cu="30", event_id="urn:e"))
    assert (refused.postings, codes([refused])) == ([], ["MUTATED_EVENT"])
    says("R42", "1,010 kg", "1,000 kg")
    for tickets, found in ((("7", "8"), []), (("", ""), ["REPLAY_SUSPECT"])):
        books = Books()
        bags = [add("x", "25", A, uom="KGM", cu="30", event_time_us=START) for _ in tickets]
        bags = [ticketed(bag, ticket) for bag, ticket in zip(bags, tickets, strict=True)]
        assert codes(books(*bags)) == found
        assert books.balance(A, "STOCK(x)") == 15_000_000
    says("R43", "two bags of 25 kg", "tickets 7 and 8")


def test_r46_what_was_drawn_since_follows() -> None:
    """R46: 4 t of 10 t at 30 % drawn; the corrective says 25 %."""
    books = Books()
    wrong, right = add("x", "10", A, cu="30"), add("x", "10", A, cu="25", event_id="urn:right")
    books(wrong, ship("x", "4", A, None, consignment_id="c"), declared(wrong, correctives=("urn:right",)), right)
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (T, 1_500_000_000)
    says("R46", "25 %", T, 1_500_000_000)


def test_r47_what_has_left_is_restated() -> None:
    """R47: A corrects Zambia to Chile, B's product and what C got of it follow."""
    books, wrong, right = chain()
    books(declared(wrong, correctives=("urn:r",)))
    after = books(right)
    assert books.lot(C, "y").shares == {"Cu": {"CL - mine -": 2_997_000_000}}
    assert [o.site for o in after if o.kind != "answer"] == [A, B, C]
    says("R47", "three entries")


def test_r48_later_assay() -> None:
    """R48: provisional at 30 %, 4 of 10 t shipped, final at 29 %."""
    books = Books()
    first = add("x", "10", A, cu="30", source_class="mine")
    final = assay("x", A, cu="29")
    first, final = (
        replace(e, materials=[replace(m, assays=[replace(a, status=s) for a in m.assays]) for m in e.materials])
        for e, s in ((first, "provisional"), (final, "final"))
    )
    books(first, ship("x", "4", A, None, consignment_id="c"), final)
    held_now = [books.balance(A, account) for account in ("SOURCE(mine)", "STOCK(x)", "TRANSIT(c x)")]
    assert held_now == [-2_900_000_000, 1_740_000_000, 1_160_000_000]
    says("R48", "-2.9 t", "1.74", "1.16")


def test_r49_refused() -> None:
    """R49: 128.5 % is refused; the same eventID at 28.5 % posts."""
    books = Books()
    (refused,) = books(add("x", "10", A, cu="128.5", event_id="urn:e"))
    assert (refused.kind, refused.postings, codes([refused])) == ("refuse", [], ["GRADE_IMPOSSIBLE"])
    books(add("x", "10", A, cu="28.5", event_id="urn:e"))
    assert (books.balance(A, "STOCK(x)"), books.open()) == (2_850_000_000, set())
    says("R49", "128.5 %", "28.5 %", 2_850_000_000)


# -- 8. attribution -----------------------------------------------------------------------------------------------------


def test_r50_shares_of_an_item() -> None:
    """R50: 17,640 kg Ni, 70 parts end of life and 30 parts manufacturing waste."""
    parts = [OriginPart(Decimal(70), source_class="end_of_life"), OriginPart(Decimal(30), source_class="manufacturing_waste")]
    books = Books()
    books(add("BM", "100000", A, uom="KGM", moisture="2", ni="18", origins=parts))
    assert books.lot(A, "BM").shares["Ni"] == {EOL: 12_348_000_000, MFG: 5_292_000_000}
    says("R50", "17,640 kg", "12,348", "5,292 kg")


def test_r51_rounding() -> None:
    """R51: 1 mg of two equal halves."""
    assert attribution.apportion({"B": 5, "A": 5}, 1) == {"A": 1}
    says("R51", "1 mg")


def test_r52_r55_s1() -> None:
    """R52: the cathode's shares. R55: its carbon, and that of what stays."""
    books = received()
    emitted = {"process_emissions_g_co2e": 1_450_000_000}
    books(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE, **emitted))
    cathode = books.lot(SMELTER, "cathode")
    shares = cathode.shares["Cu"]
    assert sum(shares.values()) == 1_295_870_400_000
    says("R52", shares[ZM], shares[CL], shares[REC], 1_295_870_400_000)
    upstream = 724_505_764 + 471_144_531 + 833_520_000 + 23_040_000 + 640_000_000
    kept = upstream + 1_450_000_000 - cathode.embodied_g_co2e
    says("R55", upstream, cathode.embodied_g_co2e - 1_450_000_000, kept, 1_450_000_000, cathode.embodied_g_co2e)


def test_r53_where_a_vector_cannot_answer() -> None:
    """R53: 11 t out of 10 t, all of Zambia."""
    books = Books()
    books(add("x", "10", A, cu="100", country_of_origin="ZM"), transform(A, [("x", "10", {})], [("y", "11", {"cu": "100"})]))
    assert (books.lot(A, "y").shares, books.balance(A, "UNACCOUNTED")) == ({"Cu": {"ZM - - -": 11 * T}}, -T)
    says("R53", "11 t", "10 t", "-1 t")


def test_r54_a_long_tail() -> None:
    """R54: 999 pits of a ten-millionth each, and one mine."""
    pits = {f"CD urn:pit:{n:03} mine -": 1 for n in range(999)}
    shares = attribution.pruned(Shares({"Co": {**pits, "CD urn:mine mine -": 10**7 - 999}}))
    assert shares.vectors == {"Co": {"CD OTHER - -": 999, "CD urn:mine mine -": 10**7 - 999}}
    assert set(shares.contacts) == set(pits)
    says("R54", "999 pits", "1/10,000,000", "999 contacts")


def test_r56_r58_contact_and_exclusion() -> None:
    """R56: S2's product has 27.664399 % of Y. R58: 1 mg of an excluded country."""
    product = {Y: 9_924_603_175, "others": 35_875_000_000 - 9_924_603_175}
    assert f"{Decimal(100 * product[Y]) / sum(product.values()):.6f}" == "27.664399"
    books = Books()
    books(add("x", "10", A, cu="100", country_of_origin="ZM"), add("x", "1", A, uom="MGM", cu="100", country_of_origin="CD"))
    books(transform(A, [("x", "1", {})], [("y", "1", {"cu": "100"})]))
    assert (books.lot(A, "y").shares, books.lot(A, "y").contacts) == ({"Cu": {"ZM - - -": T}}, ["CD - - -"])
    says("R56", "27.664399 %", "1 t", "10 t", "1 mg", "0 mg")
    books = Books(**{A: SiteBook(exclusions=[Exclusion("CD")])})
    books(add("x", "10", A, cu="100", country_of_origin="ZM"))
    assert codes(books(add("x", "1", A, uom="MGM", cu="100", country_of_origin="CD"))) == ["CONTACT_EXCLUDED"]
    says("R58", "10 t", "1 mg")


def test_r57_run_around() -> None:
    """R57: turnings of an own run, added as end of life."""
    books = Books()
    books(add("feed", "10", A, ni="50", source_class="mine"))
    books(transform(A, [("feed", "10", {})], [("p", "8", {"ni": "50"}), ("turnings", "2", {"ni": "50"})]))
    assert codes(books(add("turnings", "1", A, ni="50", source_class="end_of_life"))) == ["RUN_AROUND"]
    assert [books.balance(A, f"SOURCE({of})", "Ni") for of in ("run_around", "end_of_life")] == [-500_000_000, 0]
    says("R57", "1 t at 50 %", -500_000_000)


def test_r59_r68_owner_and_link() -> None:
    """R59: 10 t go to a trader. R68: an invoice names a pallet with 25 t of x."""
    books = Books()
    books(add("x", "10", A, cu="10"))
    to = [TypedRef("urn:trader", "owning_party")]
    (sold,) = books(event("TransactionEvent", [item("object", "x", None)], action="ADD", biz_location=A, destinations=to))
    assert ([(one.owner, one.seq) for one in sold.lots], sold.postings) == ([("urn:trader", 2)], [])
    says("R59", "10 t", "0 mg")
    books = stocked()
    books(aggregation("ADD", P, ("x", "25")))
    before = books.lot(A, "x").seq
    (named,) = books(event("TransactionEvent", [], action="ADD", biz_location=A, epcs=[P]))
    assert ([one.seq for one in named.lots], named.postings) == ([before + 1], [])
    says("R68", "25 t", "0 mg")


# -- 9. whose word counts -----------------------------------------------------------------------------------------------


def test_r60_a_change_counts_from_there_on() -> None:
    """R60: the tolerance raised from 0.5 to 1 %: the draw of 10.08 t stays parked until its lot is touched."""
    books = Books(**{A: SiteBook()})
    books(add("x", "10", A, cu="30", mass_uncertainty_percent=Decimal("0.01")))
    (draw,) = books(ship("x", "10.08", A, None, consignment_id="c"))
    assert draw.outcome == "PARKED"
    assert [o.kind for o in books.fold.submit(book_entry(SiteBook(lot_tolerance_percent=Decimal(1))))] == ["book"]
    assert [o.kind for o in books(assay("x", A, cu="30"))][-1] == "ship"
    says("R60", "0.5 to 1 %")


def test_r61_authority() -> None:
    """R61: the source `carrier` writes a transformation."""
    books = Books(**{A: SiteBook(sources=["mes"])})
    books(add("x", "10", A, cu="30"), source="mes")
    (refused,) = books(transform(A, [("x", "10", {})], [("y", "10", {"cu": "30"})]), source="carrier")
    assert (codes([refused]), refused.postings) == (["NOT_AUTHORISED"], [])
    says("R61", "`carrier`", "0 mg")


def test_r62_settings_from_a_time_on() -> None:
    """R62: a grace of 24 hours from 5 March on, for what was parked on 1 March."""
    books = Books()
    from_us = START + 4 * DAY
    books(add("other", "1", A, cu="1", event_time_us=START), ship("x", "4", A, None, consignment_id="c", event_time_us=START))
    books.fold.submit(book_entry(SiteBook(grace_hours=24, effective_us=from_us)))
    assert codes(books.tick(A, from_us - 1)) == []
    turned = books.tick(A, from_us)
    assert [(f.code, f.severity) for o in turned for f in o.findings if f.state == "open"] == [("PHANTOM_STOCK", "hard")]
    says("R62", "24 hours", "5 March", "1 March")


def test_r63_findings_of_the_watch() -> None:
    """R63: DRIFT, told twice."""
    books = Books()
    books(add("x", "10", A, cu="30"))
    found = Finding("f", "F21", "DRIFT", 1, "warn", [A], "S+ 6 > 5", "open", [])
    told = [books.fold.submit(Entry(f"watch {n}", A, "FINDING", START, finding=found))[0] for n in range(2)]
    assert [(o.outcome, o.kind, o.postings) for o in told] == [("TRANSACTION", "finding", []), ("DUPLICATE", "", [])]
    says("R63", "`DRIFT`", "0 mg")


def test_r104_a_suppliers_credential_that_is_revoked() -> None:
    """R104: 10 t at A, 2 t of it at B, 1 t of that in a rod; the hold comes and goes at both."""
    books = Books()
    books(add("C1", "10", A, cu="99.99"), ship("C1", "2", A, B, consignment_id="c"), receive("C1", "2", B, consignment_id="c"))
    books(transform(B, [("C1", "1", {})], [("rod", "1", {"cu": "99.99"})]))
    found = Finding("f", "F51", "VC_REVOKED", 1, "hold", [A, "sha256:5d41", "revoked"], "it is revoked", "open", ["C1"])
    for n, state, holds in ((1, "open", ["f"]), (2, "resolved", [])):
        told = books.fold.submit(Entry(f"told {n}", A, "FINDING", START, finding=replace(found, state=state)))
        assert [posting for one in told for posting in one.postings] == []
        assert (books.lot(A, "C1").findings, books.lot(B, "C1").inherited) == (holds, holds)
        assert books.lot(B, "rod").parents == ["C1"]
    says("R104", "10 t", "2 t", "1 t", "`VC_REVOKED`", "0 mg")


# -- 10. containers -----------------------------------------------------------------------------------------------------


def test_r64_r66_r67_containers() -> None:
    """R64: 60.4 t said to be in Q, 60 t are. R66: 60 t drawn of 40 loose and 30 and 30 packed. R67: 40 t packed, void."""
    books = stocked()
    books(aggregation("ADD", P, ("x", "40")), aggregation("ADD", Q, ("x", "60.4")))
    assert held(books, A, Q) == 60 * T
    says("R64", "100 t", "40 t", "60.4 t", "60 t")
    books = stocked()
    books(aggregation("ADD", P, ("x", "30")), aggregation("ADD", Q, ("x", "30")), ship("x", "60", A, B, consignment_id="c"))
    assert (held(books, A, P), held(books, A, Q)) == (10 * T, 30 * T)
    says("R66", "40 t", "30 t", "60 t", "10 t")
    books = stocked()
    wrong = aggregation("ADD", P, ("x", "40"))
    books(wrong, declared(wrong))
    assert (packed(books), books.lot(A, "x").dry_mg) == (0, 100 * T)
    says("R67", "40 t", "100 t")


def test_r65_moves_of_containers() -> None:
    """R65: a pallet R with P (25 t of x) and Q (10 t of x, 5 t of y)."""
    books = stocked("x", "y")
    books(aggregation("ADD", P, ("x", "25")), aggregation("ADD", Q, ("x", "10"), ("y", "5")), aggregation("ADD", R, P, Q))
    books(out(R, consignment_id="c"))
    assert [books.balance(A, f"TRANSIT(c {name})") for name in ("x", "y")] == [3_500_000_000, 500_000_000]
    says("R65", "25 t", "10 t", "5 t", "35 t")


# -- 13. findings, 15. proof --------------------------------------------------------------------------------------------


def test_r80_a_finding() -> None:
    """R80: a draw of 20 t from 10 t, sent twice; 10 t more arrive."""
    books = Books()
    more = add("x", "10", A, cu="30")
    draw = ship("x", "20", A, None, consignment_id="c")
    books(add("x", "10", A, cu="30"), draw, draw)
    assert codes(books.outcomes) == ["DOUBLE_SPEND"]
    assert codes(books(more), "resolved") == ["DOUBLE_SPEND"]
    says("R80", "20 t", "10 t")


def test_r81_a_hold_follows_the_metal() -> None:
    """R81: B's lot and C's product inherit a hold of A's 10 t, and lose it."""
    books, wrong, _ = chain()
    (refused,) = books(replace(wrong, event_hash="other", content_digest="other"))[:1]
    (finding,) = [f.id for f in refused.findings]
    assert books.lot(B, "x").inherited == books.lot(C, "y").inherited == [finding]
    books(declared(wrong))
    assert finding not in {*books.lot(B, "x").inherited, *books.lot(C, "y").inherited}
    says("R81", "10 t")


def test_r82_the_balance_of_a_run() -> None:
    """R82: u 0.05 t, 9 t in; 9.3 t out is hard, 9.18 t a hold, 8.84 t a warning."""
    for out_mg, severity in ((9_300_000_000, "hard"), (9_180_000_000, "hold"), (9_150_000_000, None), (8_840_000_000, None)):
        u, none = {"Cu": 50_000_000}, {"Cu": 0}
        run = Balanced("r", ["Cu"], {"Cu": 9 * T}, {"Cu": out_mg}, none, none, u, u, u, [], [])
        said = balance.judge(run, SiteBook())
        expected = ["IMPOSSIBLE"] if severity else ["LOSS_UNEXPLAINED"] if out_mg < 9 * T else []
        assert ([one.code for one in said], [one.severity for one in said]) == (expected, [severity] if expected else [])
    says("R82", "9.3 t", "9.18 t", "0.05 t")


def test_r96_the_chain() -> None:
    """R96: a leg of the third of five transactions raised by 1 mg."""
    books = Books()
    books(*(add(f"x{n}", "10", A, cu="30") for n in range(5)))
    rows = list(books.outcomes)
    first = rows[2].postings[0]
    rows[2] = replace(rows[2], postings=[replace(first, amount_mg=first.amount_mg + 1), *rows[2].postings[1:]])
    before = ["", *(row.chain for row in rows)]
    wrong = [n for n, row in enumerate(rows, 1) if (row.prev, row.chain) != (before[n - 1], chain_value(row))]
    assert wrong == [3]
    says("R96", "1 mg", "3")

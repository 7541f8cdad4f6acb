"""What one receipt takes of its offer, to the milligram: offers by hand, receipts of whole milligrams."""

from collections import Counter
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Quantity, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.moving import Inbound
from lodestream.ledger.records import Entry, Offer, Outcome, Parcel, SettledParcel
from lodestream.ledger.state import Lot
from lodestream.ledger.variance import entered_u_dry_mg
from tests.ledger.making import HOUR, START, Books, add, assay, codes, declared, entry, hashed, receive, ship

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def offer(consignment: str, dry: int, contained: dict[str, int], **more: Any) -> Entry:
    """An offer of x to B, of this dry mass and content in mg."""
    fields = {"version": 1, "wet_mg": dry, "assayed": True, "u_mg": {}, "shipped_us": START} | more
    site, elements = fields.pop("site", A), fields.pop("elements", sorted(contained))
    parcel = Parcel("x", dry_mg=dry, contained_mg=contained, **fields)
    content = Offer(consignment, site, site, B, elements, [parcel])
    return Entry(f"{site} {consignment} {parcel.version}", B, "OFFER", START, offer=content)


def got(mg: int, **more: Any) -> Event:
    """A receipt of a mass in mg, under the consignment c."""
    return receive("x", str(mg), B, uom="MGM", **{"consignment_id": "c"} | more)


def after(*offers: Entry, book: SiteBook | None = None) -> Books:
    """B's book with these offers."""
    books = Books(**({B: book} if book is not None else {}))
    for one in offers:
        books.fold.submit(one)
    return books


def posted(outcomes: list[Outcome]) -> dict[str, int]:
    """What the postings at B say, by account and element."""
    sums: Counter[str] = Counter()
    for one in (p for o in outcomes if o.site == B for p in o.postings):
        sums[f"{one.account} {one.element}"] += one.amount_mg
    return dict(sums)


# -- which offer it settles -----------------------------------------------------------------------------------------


def test_receipts_without_a_consignment_go_to_the_oldest_offer_that_is_still_pending() -> None:
    books = after(offer("c1", 1000, {"Cu": 100}), offer("c2", 1000, {"Cu": 300}, shipped_us=START + 1))
    assert posted(books(got(1000, consignment_id=None))) == {"STOCK(x) Cu": 100, "CUSTODY(c1 x) Cu": -100}
    assert posted(books(got(1000, consignment_id=None))) == {"STOCK(x) Cu": 300, "CUSTODY(c2 x) Cu": -300}


def test_what_comes_after_one_sender_is_settled_has_the_others_grade() -> None:
    """A's receipt was final with 800 of 1,000 mg: the 1,000 mg after it are C's, of 30 %."""
    books = after(offer("c", 1000, {"Cu": 100}), offer("c", 1000, {"Cu": 300}, site=C, shipped_us=START + 1))
    books(got(800, sources=[TypedRef(A, "location")], receipt="final"))
    assert posted(books(got(1000))) == {"STOCK(x) Cu": 300, "CUSTODY(c x) Cu": -300}


def test_two_lines_of_a_lot_in_one_receipt_go_to_two_offers() -> None:
    """In two units they are two lines: the second comes when the first has settled the oldest offer."""
    books = after(offer("c1", 1000, {"Cu": 100}), offer("c2", 1000, {"Cu": 300}, shipped_us=START + 1))
    one = got(1000, consignment_id=None)
    made = books(hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(1), "GDW")])))
    assert posted(made) == {"STOCK(x) Cu": 400, "CUSTODY(c1 x) Cu": -100, "CUSTODY(c2 x) Cu": -300}
    assert codes(made) == []


def test_what_is_left_pending_is_within_the_tolerance_or_not() -> None:
    """0.5 % of 1,000,000 mg are 5,000: that much may be missing of a receipt that is final, and not a milligram more."""
    for came, pending in ((995_000, 0), (994_999, 5_001)):
        books = after(offer("c", 1_000_000, {"Cu": 1_000_000}))
        assert posted(books(got(came)))["CUSTODY(c x) Cu"] == pending - 1_000_000
        assert codes(books(got(5_001))) == ([] if pending else ["ALREADY_RESOLVED"])


# -- masses and contents --------------------------------------------------------------------------------------------


def test_a_refused_receipt_is_told_with_the_moisture_of_its_offer() -> None:
    """An offer of 1 mg dry in 10 mg wet, settled: what comes after it is refused, and told as one tenth dry."""
    books = after(offer("c", 1, {"Cu": 1}, wet_mg=10))
    came, answered = books(got(1))
    assert ([(e.dry_mg, e.contained_mg) for e in came.edges], answered.site) == ([(1, {"Cu": 1})], A)
    (made,) = books(got(50, mass_basis="wet"))
    assert ([(x.wet_mg, x.dry_mg) for x in made.lines], made.postings, codes([made])) == ([(50, 5)], [], ["ALREADY_RESOLVED"])


def test_a_withdrawn_offer_says_nothing_of_what_came() -> None:
    """Neither a grade nor a moisture: the receipt waits for its own assay, and the wet one has no dry mass."""
    for wet in (False, True):
        books = after(offer("c", 1000, {"Cu": 100}, wet_mg=2000), offer("c", 0, {}, version=2, wet_mg=0))
        (made,) = books(got(1000, embodied_g_co2e=9, **({"mass_basis": "wet"} if wet else {})))
        assert ([(x.wet_mg, x.dry_mg, x.contained_mg) for x in made.lines], made.postings) == (
            [(1000, 0 if wet else 1000, {})],
            [],
        )
        lot = books.lot(B, "x")
        assert (lot.wet_mg, lot.dry_mg, lot.embodied_g_co2e, lot.assayed) == ((0, 0, 0, False) if wet else (1000, 1000, 9, False))
        assert books.open() == {"UNASSAYED", "UNMATCHED"}


def test_a_tracked_element_that_the_receipts_assay_leaves_out_is_zero() -> None:
    """B tracks Cu and Ni: of the nickel offered nothing came, which is no SINK of what is not tracked."""
    sent = offer("c", 1000, {"Cu": 100, "Ni": 50, "Co": 7}, elements=["Ni", "Cu", "Co"])
    books = after(sent, book=SiteBook(elements=["Cu", "Ni"]))
    made, entries = books.fold.apply(entry(got(1000, cu="10", receipt="final")))
    assert list(posted(made).items()) == [
        ("CUSTODY(c x) Co", -7),
        ("SINK(untracked) Co", 7),
        ("STOCK(x) Cu", 100),
        ("CUSTODY(c x) Cu", -100),
        ("TRANSIT_VAR Ni", 50),
        ("CUSTODY(c x) Ni", -50),
    ], "by element, and in the order of the rule"
    assert (books.lot(B, "x").contained_mg, list(books.lot(B, "x").u_mg)) == ({"Cu": 100}, ["Cu"])
    ((_, _, pair),) = books.fold.every(Inbound)
    assert "Cu VAR" not in pair.posted
    (answered,) = [one.answer for one in entries]
    assert answered is not None
    assert list(answered.parcels[0].contained_mg.items()) == [("Co", 7), ("Cu", 100), ("Ni", 50)]


def test_what_is_final_is_not_given_back() -> None:
    """900 of 1,000 mg came and nothing more will: the sender asks in vain."""
    books = after(offer("c", 1000, {"Cu": 100}))
    books(got(900, receipt="final"))
    books.fold.submit(offer("c", 1000, {"Cu": 100}, version=2, void=True))
    ((_, _, pair),) = books.fold.every(Inbound)
    assert [one.answered for one in pair.offers] == [SettledParcel("x", 2, 900, {"Cu": 100}, final=True, returned=False)]


def test_what_is_declared_as_a_loss_is_received_as_one() -> None:
    books = after(offer("c", 1000, {"Cu": 100}))
    assert posted(books(got(1000, loss_class="slag"))) == {"LOSS(slag x) Cu": 100, "CUSTODY(c x) Cu": -100}


def test_without_an_assay_it_takes_of_the_offer_what_the_book_tracks() -> None:
    """And the uncertainty in proportion: 30 mg of 1,000 are 15 mg of 500."""
    books = after(offer("c", 1000, {"Cu": 100, "Co": 7}, u_mg={"Cu": 30}), book=SiteBook(elements=["Cu"]))
    made = books(got(500))
    assert posted(made) == {"STOCK(x) Cu": 50, "CUSTODY(c x) Cu": -50, "CUSTODY(c x) Co": -4, "SINK(untracked) Co": 4}
    assert books.lot(B, "x").u_mg == {"Cu": 15}
    books = after(offer("c", 1000, {"Cu": 100}))
    books(got(1000))
    assert books.lot(B, "x").u_mg == {}, "where the offer says none"


def test_the_uncertainty_of_a_receipts_dry_mass_is_kept_as_a_variance() -> None:
    """0.1 % of 100,000 mg are 100 mg; of 300,000 they are 300. Together sqrt(100^2 + 300^2) = 316 mg."""
    books = after()
    books(got(100_000), got(300_000))
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "x"]
    assert (lot.entered_u2_dry, entered_u_dry_mg(lot), lot.moved) == ("100000", 316, 2)


def test_what_cannot_be_measured_settles_nothing_even_where_it_is_final() -> None:
    """30 % as received, of an offer that is nine tenths water: 300 % of what is dry."""
    books = after(offer("c", 1000, {"Cu": 100}, wet_mg=10_000))
    one = got(10_000, mass_basis="wet", receipt="final")
    stated = replace(one.materials[0], assays=[Assay("Cu", Decimal(30), "P1", "as_received")])
    made = books(hashed(replace(one, materials=[stated])))
    assert [(o.kind, o.postings) for o in made] == [("receive", [])], "no answer, nothing posted"


def test_lineage_follows_the_dry_mass_where_no_content_is_offered() -> None:
    """And the sender is told of it."""
    books = after(offer("c", 1000, {}))
    for mg in (400, 600):
        came, answered = books(got(mg))
        assert [(e.from_site, e.dry_mg, e.contained_mg) for e in came.edges] == [(A, mg, {})]
        assert answered.site == A


def test_a_final_receipt_of_nothing_settles_all() -> None:
    books = after(offer("c", 1000, {"Cu": 100}))
    came, answered = books(got(0, receipt="final", embodied_g_co2e=5))
    assert (posted([came]), answered.site) == ({"TRANSIT_VAR Cu": 100, "CUSTODY(c x) Cu": -100}, A)
    assert books.lot(B, "x").embodied_g_co2e == 5, "as it states"


def test_an_edge_tells_what_more_is_known_to_have_come() -> None:
    """The same mass, and 200 mg Cu where 100 were offered; void, all of it goes back."""
    books = after(offer("c", 1000, {"Cu": 100}))
    received = got(1000)
    books(received)
    made = books.fold.submit(offer("c", 1000, {"Cu": 200}, version=2))
    assert [(e.from_site, e.dry_mg, e.contained_mg) for o in made for e in o.edges] == [(A, 0, {"Cu": 100})]
    assert [e for o in books.fold.submit(offer("c", 1000, {"Cu": 200}, version=3)) for e in o.edges] == []
    made = books(declared(received))
    assert [(e.from_site, e.dry_mg, e.contained_mg) for o in made for e in o.edges] == [(A, -1000, {"Cu": -200})]


def test_a_withdrawn_offer_is_not_answered() -> None:
    books = after(offer("c", 1000, {"Cu": 100}))
    assert [o.site for o in books(got(1000))] == [B, A]
    assert [o.site for o in books.fold.submit(offer("c", 0, {}, version=2))] == [B]


# -- shares ---------------------------------------------------------------------------------------------------------


def test_the_last_receipt_takes_the_shares_that_are_left() -> None:
    """Of 1 mg from Chile and 1 from Peru the first receipt took Chile's; what is left is Peru's, not the offer's mixture."""
    shares = {"Cu": {"CL - - -": 1, "PE - - -": 1}}
    books = after(offer("c", 2000, {"Cu": 2}, shares=shares))
    books(got(1000), got(1000))
    assert books.lot(B, "x").shares == shares


def test_of_an_element_that_the_sender_does_not_track_the_receipt_says_the_origin() -> None:
    books = after(offer("c", 1000, {"Cu": 100}, shares={"Cu": {"CL - - -": 100}}))
    books(got(1000, cu="10", ni="5", country_of_origin="PE"))
    assert books.lot(B, "x").shares == {"Cu": {"CL - - -": 100}, "Ni": {"PE - - -": 50}}


def test_carbon_that_the_receipt_states_covers_all_of_it() -> None:
    books = after(offer("c", 1000, {"Cu": 100}, embodied_g_co2e=9, uncovered_mg=400))
    books(got(500))
    assert (books.lot(B, "x").embodied_g_co2e, books.lot(B, "x").uncovered_mg) == (4, 200)
    books(got(500, embodied_g_co2e=70))
    assert (books.lot(B, "x").embodied_g_co2e, books.lot(B, "x").uncovered_mg) == (74, 200)


def test_what_touched_an_origin_says_so_in_order_where_something_of_it_came() -> None:
    """A's contacts come with A's metal; C has sent too, but nothing of it is here yet."""
    touched = [f"{country} - - -" for country in ["ZW", "ZA", "PE", "MX", "CD", "CA", "BR", "AU"]]
    first = offer("c", 1000, {"Cu": 100}, contacts=touched, shares={"Cu": {"CL - - -": 100}})
    other = offer(
        "c", 1000, {"Cu": 100}, contacts=["RU - - -"], shares={"Cu": {"CN - - -": 100}}, site=C, shipped_us=START + HOUR
    )
    books = after(first, other)
    books(got(400))
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "x"]
    assert list(lot.shares.contacts) == sorted(touched), "as it is written into the state"
    books(got(1600))
    assert books.lot(B, "x").contacts == sorted([*touched, "RU - - -"])


# -- judged anew ----------------------------------------------------------------------------------------------------


def test_an_older_offer_that_comes_late_takes_the_receipt_without_a_consignment() -> None:
    """400 mg name c1, 600 do not: these were c1's, which they settled, until c0 comes, which was shipped before."""
    books = after(offer("c1", 1000, {"Cu": 100}, shipped_us=START + 1))
    books(got(400, consignment_id="c1"), got(600, consignment_id=None))
    assert books.balance(B, "CUSTODY(c1 x)") == -100
    books.fold.submit(offer("c0", 600, {"Cu": 600}))
    assert [books.balance(B, f"CUSTODY({c} x)") for c in ("c0", "c1")] == [-600, -40]
    assert books.balance(B, "STOCK(x)") == 640


def test_a_refused_receipt_is_not_in_the_lot_and_waits_for_nothing() -> None:
    """One as usual, and one that no moisture of the offer fits: 30 % as received, nine tenths water."""
    for assays in ([], [Assay("Cu", Decimal(30), "P1", "as_received")]):
        books = after(offer("c", 1000, {"Cu": 100}, wet_mg=10_000))
        books(got(1000))
        one = got(10_000, mass_basis="wet")
        books(hashed(replace(one, materials=[replace(one.materials[0], assays=assays)])))
        lot = books.lot(B, "x")
        assert (lot.wet_mg, lot.dry_mg, lot.contained_mg, books.open()) == (10_000, 1000, {"Cu": 100}, {"ALREADY_RESOLVED"})


def test_each_receipt_waits_for_its_own_offer() -> None:
    books = after()
    books(got(100, consignment_id="c"), got(200, consignment_id="d"), add("x", "300", B, uom="MGM"))
    made = books.fold.submit(offer("d", 200, {"Cu": 20}))
    resolved = [(f.code, f.inputs) for o in made for f in o.findings if f.state == "resolved"]
    assert sorted(resolved) == [("UNASSAYED", ["x", "d x"]), ("UNMATCHED", ["d", "x"])]
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "x"]
    assert [(p.origin, p.line.quantity) for p in lot.unassayed] == [("receipt", 100), ("event", 300)]
    assert (lot.dry_mg, lot.contained_mg) == (600, {"Cu": 20})


def test_the_assay_of_a_receipt_is_taken_back_once() -> None:
    books = after()
    assayed = assay("x", B, cu="10")
    books(got(1000), assayed)
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "CUSTODY(c x)")) == (100, -100)
    books(declared(assayed))
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "CUSTODY(c x)")) == (0, 0)


def test_a_finding_of_the_pair_stands_as_long_as_one_receipt_does() -> None:
    books = after()
    first = got(1000, cu="10")
    books(first, got(500, cu="10"))
    books(declared(first))
    assert books.open() == {"UNMATCHED"}


def test_a_draw_follows_both_lines_of_a_receipt() -> None:
    """1,000 and 1,000 mg came with 400 mg Cu, half was shipped: 200. The second offer was of 500 mg: 300 were."""
    books = after(offer("c1", 1000, {"Cu": 100}), offer("c2", 1000, {"Cu": 300}, shipped_us=START + 1))
    one = got(1000, consignment_id=None)
    books(hashed(replace(one, quantities=[*one.quantities, Quantity("x", Decimal(1), "GDW")])))
    books(ship("x", "1000", B, C, uom="MGM", consignment_id="on"))
    assert books.balance(B, "TRANSIT(on x)") == 200
    books.fold.submit(offer("c2", 1000, {"Cu": 500}, version=2, shipped_us=START + 1))
    assert (books.balance(B, "TRANSIT(on x)"), books.balance(B, "STOCK(x)")) == (300, 300)


# -- what an offer says of the lot ----------------------------------------------------------------------------------


def told(books: Books) -> tuple[str | None, str | None, str | None]:
    lot = books.lot(B, "x")
    return lot.product_class, lot.country_of_origin, lot.owner


def test_the_receipt_says_what_the_lot_is_and_else_the_first_offer_that_stands() -> None:
    """A's is withdrawn: then what C says counts; what the receipt says for itself stays."""
    ores = {"product_class": "ore", "country_of_origin": "CL", "owner": "urn:a"}
    salts = {"product_class": "sulphate", "country_of_origin": "PE", "owner": "urn:c"}
    own = {"product_class": "cathode", "country_of_origin": "ZM", "owner": "urn:b"}
    for stated in ({}, own):
        books = after(offer("c", 1000, {"Cu": 100}, **ores), offer("c", 900, {"Cu": 90}, site=C, shipped_us=START + 1, **salts))
        books(got(1900, receipt="final", **stated))
        assert told(books) == tuple((stated or ores).values())
        made = books.fold.submit(offer("c", 0, {}, version=2, **ores))
        assert [e.from_site for o in made for e in o.edges if e.from_site == A] == []
        assert told(books) == tuple((stated or salts).values())
        books.fold.submit(offer("c", 0, {}, version=2, site=C, shipped_us=START + 1, **salts))
        assert told(books) == (tuple(own.values()) if stated else (None, None, None))


def test_an_offer_of_which_nothing_came_says_nothing_of_the_lot() -> None:
    """It was asked back before: its findings and its class are not those of what is refused here."""
    books = after(offer("c", 1000, {"Cu": 100}, void=True, product_class="ore", findings=["f"]))
    assert codes(books(got(1000))) == ["ALREADY_RESOLVED"]
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "x"]
    assert (lot.product_class, lot.inherited, lot.dry_mg) == (None, {}, 0)


def test_findings_of_the_sender_are_kept_where_there_are_any() -> None:
    for findings in ([], ["f"]):
        books = after(offer("c", 1000, {"Cu": 100}, findings=findings))
        books(got(1000))
        (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "x"]
        assert lot.inherited == ({"c x": findings} if findings else {})


def test_a_later_assay_of_what_was_received_is_its_variance() -> None:
    """1,000 mg came as 10 %; assayed again at 9 % they are 90 mg, and 10 were lost on the way."""
    books = after(offer("c", 1000, {"Cu": 100}))
    books(got(1000, cu="10"))
    later = assay("x", B, cu="9")
    made = books(later)
    assert (made[0].kind, posted(made)) == ("assay", {"STOCK(x) Cu": -10, "TRANSIT_VAR Cu": 10})
    books(declared(later))
    assert (books.balance(B, "STOCK(x)"), books.balance(B, "TRANSIT_VAR")) == (100, 0)

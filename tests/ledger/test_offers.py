"""What a shipment offers to its receiver, field by field, and under which consignment."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, Event, Material, TypedRef
from lodestream.ledger.book import SiteBook
from lodestream.ledger.moving import Bound, Outbound
from lodestream.ledger.records import Offer, Parcel
from lodestream.ledger.ship import consignment_of
from tests.ledger.making import HOUR, START, Books, T, add, assay, codes, declared, entry, event, hashed, item, ship, transform
from tests.ledger.test_containment import aggregation
from tests.ledger.test_receipts import after, got, offer

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def offers(books: Books, made: Event, **more: Any) -> list[Offer]:
    """The offers that an event at A makes."""
    return [one.offer for one in books.fold.apply(entry(made, **more))[1] if one.offer is not None]


def out(mg: int, to: str | None = B, hours: int = 1, **more: Any) -> Event:
    """A wet mass in mg of x leaves A."""
    fields = {"moisture": "8", "consignment_id": "c", "event_time_us": START + hours * HOUR} | more
    return ship("x", str(mg), A, to, uom="MGM", **fields)


def stocked(**book: Any) -> Books:
    """1,000,000 mg wet, 920,000 dry, 92,000 Cu from Chile, 1,000 g CO2e."""
    books = Books(**{A: SiteBook(**book)})
    said: dict[str, Any] = {"embodied_g_co2e": 1000, "country_of_origin": "CL", "owner": "urn:o", "product_class": "ore"}
    books(add("x", "1000000", A, uom="MGM", moisture="8", cu="10", event_time_us=START, **said))
    return books


PARCEL = Parcel(
    "x", 1, 276_000, 300_000, True, {"Cu": 27_600}, {"Cu": 417}, START + HOUR, "ore", "CL", "urn:o",
    embodied_g_co2e=300, lot_seq=2, shares={"Cu": {"CL - - -": 27_600}},
)  # fmt: skip


def test_an_offer_says_all_of_what_was_sent() -> None:
    """300,000 mg wet; then 400,000 more, told late: u = root(417^2 + 556^2) = 695, shipped when the first was."""
    books, first = stocked(), out(300_000, hours=1)
    assert offers(books, first) == [Offer("c", A, A, B, ["Cu"], [PARCEL])]
    both = replace(
        PARCEL, version=2, dry_mg=644_000, wet_mg=700_000, contained_mg={"Cu": 64_400}, u_mg={"Cu": 695}, embodied_g_co2e=700,
        lot_seq=3, shares={"Cu": {"CL - - -": 64_400}},
    )  # fmt: skip
    second = out(400_000, hours=3)
    assert offers(books, second) == [Offer("c", A, A, B, ["Cu"], [both])]
    (withdrawn,) = offers(books, declared(second))
    assert withdrawn.parcels == [replace(PARCEL, version=3, lot_seq=4)]
    (nothing,) = offers(books, declared(first))
    assert nothing.parcels == [Parcel("x", 4, 0, 0, True, {}, {}, 0, "ore", "CL", "urn:o", embodied_g_co2e=0, lot_seq=5)]


def test_places_elements_and_the_owner_that_the_last_shipment_names() -> None:
    books = stocked(elements=["Ni", "Cu"])
    made = out(1000)
    made = hashed(replace(made, destinations=[TypedRef("urn:buyer", "owning_party"), *made.destinations]))
    (first,) = offers(books, made)
    assert (first.elements, first.parcels[0].owner) == (["Ni", "Cu"], "urn:buyer")
    (second,) = offers(books, out(1000, hours=2))
    assert second.parcels[0].owner == "urn:buyer"
    (moved,) = offers(books, hashed(replace(out(1000, hours=3), biz_location=B)))
    assert (moved.from_location, moved.to_location) == (A, B)


def test_one_offer_a_site_with_all_lots_of_the_shipment() -> None:
    books = stocked()
    books(add("w", "500", A, uom="MGM", ni="50"))
    both = [item("object", "x", "1000", uom="MGM"), item("object", "w", "100", uom="MGM")]
    fields: dict[str, Any] = {"biz_step": "shipping", "read_point": A, "action": "OBSERVE", "consignment_id": "c"}
    made = event("ObjectEvent", both, destinations=[TypedRef(B, "location")], **fields)
    (told,) = offers(books, made)
    assert told.elements == ["Cu", "Ni"], "without a book those that were sent, in order"
    assert [(p.lot, p.dry_mg, p.contained_mg) for p in told.parcels] == [("x", 1000, {"Cu": 100}), ("w", 100, {"Ni": 50})]


def test_an_offer_carries_the_open_findings_of_what_the_lot_was_made_of() -> None:
    """OPENING_UNPROVEN on y and on z; x is made of y, y of z, and z of x too: a cycle is walked once."""
    books = Books()
    for lot in ("z", "y"):
        books(add(lot, "100", A, uom="MGM", cu="10", opening=True))
    books(transform(A, [("z", "50", {"uom": "MGM"})], [("y", "50", {"uom": "MGM", "cu": "10"})]))
    books(transform(A, [("y", "50", {"uom": "MGM"})], [("x", "50", {"uom": "MGM", "cu": "10"})]))
    books(transform(A, [("x", "10", {"uom": "MGM"})], [("z", "10", {"uom": "MGM", "cu": "10"})]))
    unproven = sorted(f.id for _, f in books.fold.open_findings() if f.code == "OPENING_UNPROVEN")
    (told,) = offers(books, out(10, moisture=None, mass_basis="dry"))
    assert (told.parcels[0].findings, len(unproven)) == (unproven, 2)
    ((_, _, pair),) = books.fold.every(Outbound)
    assert pair.bound[B].findings == unproven, "so that it is told again when they end"


def test_of_an_element_that_one_shipment_does_not_hold_nothing_is_added() -> None:
    """x is 10 % Cu, and all of it gone; then 5 % Ni. Half of the 1 mg that they are uncertain by is none."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="10"), out(1000, moisture=None, mass_basis="dry"))
    books(add("x", "1000", A, uom="MGM", ni="5"))
    (told,) = offers(books, out(1000, hours=2, moisture=None, mass_basis="dry"))
    assert list(told.parcels[0].contained_mg.items()) == [("Cu", 100), ("Ni", 50)]
    assert told.parcels[0].u_mg == {"Cu": 1, "Ni": 0}


def test_an_offer_names_what_was_touched_in_order() -> None:
    """ZW came first, AU with what was mixed in before the second shipment."""
    books = after(offer("c", 1000, {"Cu": 100}, contacts=["ZW - - -"], shares={"Cu": {"CL - - -": 100}}))
    books(got(1000), ship("x", "100", B, C, uom="MGM", consignment_id="on"))
    books.fold.submit(offer("d", 1000, {"Cu": 100}, contacts=["AU - - -"], shares={"Cu": {"CL - - -": 100}}))
    books(got(1000, consignment_id="d"))
    (told,) = offers(books, ship("x", "100", B, C, uom="MGM", consignment_id="on"))
    assert told.parcels[0].contacts == ["AU - - -", "ZW - - -"]


def test_more_than_an_amount_can_be_is_not_offered() -> None:
    """9.2 * 10^18 mg, and 3 * 10^16 above the book within its tolerance: together more than 2^63."""
    books = Books()
    books(add("x", str(92 * 10**17), A, uom="MGM", cu="10"), out(92 * 10**17, moisture=None, mass_basis="dry"))
    made = books(out(3 * 10**16, hours=2, moisture=None, mass_basis="dry"))
    assert codes(made) == ["TOO_LARGE"]
    assert "what c holds of x" in made[0].findings[0].arithmetic


def test_what_was_told_anew_is_offered_anew_in_order_with_its_path() -> None:
    """Of 10 % Cu, then 20 %, then 30 %: each time one version more of both consignments, d's and c's."""
    books = stocked()
    books(out(1000, consignment_id="d"), out(1000))
    for version, grade in ((2, "20"), (3, "30")):
        told = offers(books, assay("x", A, cu=grade))
        assert [(one.consignment, one.parcels[0].version) for one in told] == [("c", version), ("d", version)]
        assert [one.parcels[0].contained_mg["Cu"] for one in told] == [92 * version, 92 * version]
        assert [one.parcels[0].path for one in told] == [[f"{A} {version + 2}"]] * 2


def test_a_restatement_that_comes_back_goes_no_further() -> None:
    """100 mg Cu came and a tenth was shipped on; 200 are told anew by a way that went through here: C is told nothing."""
    for path, sites in (([], [A, C]), ([f"{B} 1"], [A])):
        books = after(offer("c", 1000, {"Cu": 100}))
        books(got(1000), ship("x", "100", B, C, uom="MGM", consignment_id="on"))
        outcomes, entries = books.fold.apply(offer("c", 1000, {"Cu": 200}, version=2, path=path))
        assert sorted(one.site for one in entries) == sites
        assert codes(outcomes) == (["CYCLE"] if path else [])


# -- where it goes --------------------------------------------------------------------------------------------------


def test_nothing_is_offered_to_oneself_to_nobody_or_to_an_external_party() -> None:
    books = stocked()
    (same,) = books(out(1000, to=A))
    assert (same.kind, same.reason, same.postings) == ("link", "from a site to itself: kept, moves nothing", [])
    assert offers(books, out(1000, to=None, hours=2)) == []
    assert offers(books, out(1000, to=C, hours=3, consignment_id="d"), external=[C]) == []
    assert books.open(A) == {"TRANSIT_OPEN"}
    assert [books.balance(A, f"TRANSIT({c} x)") for c in "cd"] == [92, 92]


def test_what_goes_where_no_book_answers_is_kept_with_its_party_and_place() -> None:
    books = stocked()
    nowhere, outside = out(1000, to=None), out(1000, to=C, consignment_id="d")
    (first,) = books(nowhere)
    assert [(f.code, f.inputs) for f in first.findings if f.code != "NO_BOOK"] == [("TRANSIT_OPEN", ["c", nowhere.identity])]
    offers(books, outside, external=[C])
    pairs = {pair.consignment: pair for _, _, pair in books.fold.every(Outbound)}
    assert pairs["c"].bound == {"": Bound(from_location=A, version=1)}
    assert pairs["d"].bound == {"": Bound(from_location=A, to_location=C, version=1)}
    assert [[one.party for one in pairs[c].shipments] for c in "cd"] == [[""], [C]]


def test_a_place_that_the_gate_knew_no_site_of_is_offered_nothing() -> None:
    books = stocked()
    assert books.fold.apply(replace(entry(out(1000)), locations={A: A}))[1] == []
    assert books.open(A) == {"TRANSIT_OPEN"}


def test_an_instance_that_is_weighed_is_drawn_by_that_mass_and_one_that_is_not_whole() -> None:
    books = Books()
    fields: dict[str, Any] = {"read_point": A, "biz_location": A}
    bare = event("ObjectEvent", [], **fields, epcs=["urn:bag"])

    def bag(mg: str) -> Event:
        tenth = [Assay("Cu", Decimal(10), "P1")]
        weighed = Material("object", "urn:bag", mass=Decimal(mg), uom="MGM", mass_basis="dry", assays=tenth)
        return replace(bare, event_id=f"urn:{mg}", materials=[weighed])

    books(hashed(replace(bag("100"), action="ADD")))
    left = {"action": "OBSERVE", "biz_step": "shipping", "destinations": [TypedRef(B, "location")], "consignment_id": "c"}
    (told,) = offers(books, hashed(replace(bag("40"), **left)))
    assert [(p.lot, p.dry_mg) for p in told.parcels] == [("urn:bag", 40)]
    (told,) = offers(books, hashed(replace(bare, **left, event_id="urn:whole")))
    assert [(p.lot, p.dry_mg) for p in told.parcels] == [("urn:bag", 100)]


def test_an_offer_comes_from_the_read_point_the_place_of_business_or_the_site() -> None:
    books = stocked()
    made = out(1000)
    places = []
    for number, fields in enumerate(
        ({"biz_location": "urn:dock"}, {"read_point": None, "biz_location": "urn:dock"}, {"read_point": None})
    ):
        one = hashed(replace(made, event_id=f"urn:{number}", consignment_id=f"c{number}", **fields))
        given = replace(entry(one), site=A, locations={B: B, "urn:dock": A})
        places += [m.offer.from_location for m in books.fold.apply(given)[1] if m.offer is not None]
    assert places == [A, "urn:dock", A]


def test_a_shipment_of_what_was_asked_back_is_refused_by_consignment_lot_and_event() -> None:
    books = stocked()
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": A, "action": "OBSERVE", "consignment_id": "c"}
    again = out(1000, hours=3)
    books(out(1000), event("ObjectEvent", [item("object", "x", None)], **fields))
    made = books(again)
    assert [(f.code, f.inputs) for o in made for f in o.findings] == [("ALREADY_RESOLVED", ["c", "x", again.identity])]


def test_a_move_of_nothing_is_refused() -> None:
    books = stocked()
    made = event("ObjectEvent", [], action="OBSERVE", biz_step="shipping", read_point=A, consignment_id="c")
    assert codes(books(made)) == ["NO_QUANTITY"]


def test_a_container_without_a_consignment_is_confirmed_by_another_source() -> None:
    """The hash of the event names the consignment then: what left in the container is known under it."""
    books = Books()
    books(add("x", "100", A, cu="10"), aggregation("ADD", "urn:pallet", ("x", "25")))
    fields: dict[str, Any] = {"biz_step": "shipping", "read_point": A, "action": "OBSERVE", "epcs": ["urn:pallet"]}
    one = event("ObjectEvent", [], destinations=[TypedRef(B, "location")], **fields)
    (told,) = offers(books, one)
    assert (told.consignment, [(p.lot, p.dry_mg) for p in told.parcels]) == (one.event_hash, [("x", 25 * T)])
    (again,) = books(replace(one, event_id="urn:carrier"), source="carrier")
    assert (again.kind, again.postings) == ("link", [])
    assert again.reason == "another source sent this shipment before: confirmed, nothing posted"


# -- the consignment ------------------------------------------------------------------------------------------------

GSIN, SSCC = "https://id.gs1.org/402/" + "1" * 17, "https://id.gs1.org/00/" + "2" * 18
SAID: dict[str, Any] = {
    "own": {"consignment_id": "own"},
    GSIN: {"biz_transactions": [TypedRef(GSIN, "po")]},
    "urn:bol": {"biz_transactions": [TypedRef("urn:desadv", "desadv"), TypedRef("urn:bol", "bol")]},
    "urn:desadv": {"biz_transactions": [TypedRef("urn:po", "po"), TypedRef("urn:desadv", "desadv")]},
    SSCC: {"parent_id": SSCC},
}


@pytest.mark.parametrize("first", SAID)
def test_a_consignment_is_named_by_the_first_of_these(first: str) -> None:
    """The extension, a GSIN, `bol`, `desadv`, the parent's SSCC: each alone, and with all that come after it."""
    rest = list(SAID)[list(SAID).index(first) :]
    together: dict[str, Any] = {}
    for name in rest:
        for field, value in SAID[name].items():
            together[field] = [*together.get(field, []), *value] if isinstance(value, list) else value
    for fields in (SAID[first], together):
        assert consignment_of(event("ObjectEvent", [], **fields)) == first


def test_ids_among_the_instances_name_a_consignment_too_and_others_do_not() -> None:
    assert consignment_of(event("ObjectEvent", [], epcs=["urn:bag", SSCC])) == SSCC
    assert consignment_of(event("ObjectEvent", [], epcs=[SSCC, GSIN])) == GSIN
    for other in (GSIN + "1", GSIN[:-1], SSCC + "2", SSCC[:-1], "x" + SSCC, "urn:epc:id:sscc:1"):
        assert consignment_of(event("ObjectEvent", [], epcs=[other], parent_id=other)) is None

"""What an offer leaves in the receiver's book: versions, what was asked back and when, what came round (R29, R31, R36, R47)."""

from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.ledger.draft import Draft
from lodestream.ledger.held import Manifest, Pack
from lodestream.ledger.moving import Inbound, Offered
from lodestream.ledger.records import Entry, Offer, Outcome, Parcel
from lodestream.ledger.ship import upstream_findings
from lodestream.ledger.state import Lot
from lodestream.ledger.view import View
from tests.ledger.making import START, Books, add, codes, entry, ship
from tests.ledger.test_receipts import got

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"


def parcel(version: int = 1, lot: str = "x", **more: Any) -> Parcel:
    fields = {"dry_mg": 1000, "wet_mg": 1000, "assayed": True, "contained_mg": {"Cu": 100}, "u_mg": {}, "shipped_us": START}
    return Parcel(lot, version, **(fields | more))


def told(*parcels: Parcel, site: str = A, elements: tuple[str, ...] = ("Cu",)) -> Entry:
    content = Offer("c", site, site, B, list(elements), list(parcels))
    return Entry(f"{site} {parcels}", B, "OFFER", START, offer=content)


def offered(books: Books, lot: str = "x") -> list[Offered]:
    return next(pair.offers for _, _, pair in books.fold.every(Inbound) if pair.lot == lot)


def take(books: Books, *entries: Entry) -> list[Outcome]:
    return [o for one in entries for o in books.fold.apply(one)[0]]


def test_the_first_version_is_kept_as_it_is() -> None:
    books = Books()
    (outcome,) = take(books, told(parcel(), elements=("Co", "Cu")))
    assert (outcome.kind, outcome.reason, outcome.postings) == ("offer", "", [])
    assert offered(books) == [Offered(A, ["Co", "Cu"], parcel())]


def test_an_older_or_equal_version_of_a_sender_changes_nothing() -> None:
    """Version 2 stands; 1 and another 2 are ignored, 3 is taken with the elements that it names. Each lot has its own."""
    books = Books()
    made = take(
        books,
        told(parcel(2), elements=("Cu", "Ni")),
        told(parcel(1, dry_mg=1)),
        told(parcel(2, dry_mg=2)),
        told(parcel(1, dry_mg=5), parcel(1, "y")),
        told(parcel(3, dry_mg=3)),
    )
    ignored = "an older version of the offer: ignored"
    assert [o.reason for o in made] == ["", ignored, ignored, ignored, ""]
    assert offered(books) == [Offered(A, ["Cu"], parcel(3, dry_mg=3))]
    assert offered(books, "y") == [Offered(A, ["Cu"], parcel(1, "y"))], "what comes after what is ignored counts"


def test_each_sender_has_his_own_and_they_stand_in_the_order_of_shipping() -> None:
    """C shipped first, though it told last; a tie is broken by the sender. A new version of one leaves the other."""
    books = Books()
    take(books, told(parcel()), told(parcel(shipped_us=START - 1), site=C))
    assert [one.from_site for one in offered(books)] == [C, A]
    take(books, told(parcel(2), site=C))
    assert [(one.from_site, one.parcel.version) for one in offered(books)] == [(A, 1), (C, 2)]


def test_what_was_asked_back_keeps_when() -> None:
    """Asked as the third entry: receipts before it count. Told again it is as old; withdrawn it was never asked; then anew."""
    books = Books()
    take(books, told(parcel()), told(parcel(1, "y")))
    found = []
    for version, void in ((2, True), (3, True), (4, False), (5, True)):
        take(books, told(parcel(version, void=void)))
        found.append(offered(books)[0].void_at)
    assert found == [2, 2, None, 5]
    books = Books()
    take(books, told(parcel(void=True)))
    assert offered(books)[0].void_at == 0
    take(books, told(parcel(2, void=True)))
    assert offered(books)[0].void_at == 0


def test_containers_are_those_of_the_last_version() -> None:
    """x was said to come in P, then in Q; y comes in P as before."""
    books = Books()
    take(
        books, told(parcel(packed={"urn:p": 1000}), parcel(1, "y", packed={"urn:p": 5})), told(parcel(2, packed={"urn:q": 1000}))
    )
    held = {ref: (one.consignment, one.lots) for _, ref, one in books.fold.every(Manifest)}
    assert held == {"in urn:p": ("c", {"y": 5}), "in urn:q": ("c", {"x": 1000})}


def test_what_came_before_its_offer_is_in_the_container_that_this_names() -> None:
    """Two bags come with 1,000 mg of x, and nobody has told which holds what: the offer does, 400 and 600 mg."""
    books = Books()
    bags = ["urn:p", "urn:q"]
    one = replace(got(1000), epcs=bags, event_hash="bags", content_digest="bags")
    books(one)
    inside = {"urn:p": 400, "urn:q": 600}
    take(books, told(parcel(packed=inside)))
    assert {ref: one.dry_mg for _, ref, one in books.fold.every(Pack)} == {"urn:p x": 400, "urn:q x": 600}


# -- what came round ------------------------------------------------------------------------------------------------

HERE = f"{B} 4"


def test_a_restatement_that_went_through_here_keeps_its_shares() -> None:
    """Its content counts, its origins, carbon, contacts and findings stay as they were told before."""
    books = Books()
    before = {
        "shares": {"Cu": {"CL - - -": 100}}, "embodied_g_co2e": 5, "uncovered_mg": 6, "contacts": ["PE - - -"],
        "findings": ["f1"],
    }  # fmt: skip
    after = {
        "shares": {"Cu": {"ZM - - -": 90}}, "embodied_g_co2e": 7, "uncovered_mg": 8, "contacts": ["CD - - -"],
        "findings": ["f2"],
    }  # fmt: skip
    first = parcel(**before)
    second = parcel(2, contained_mg={"Cu": 90}, path=[f"{A} 1", HERE, f"{C} 2"], **after)
    made = take(books, told(first), told(second))
    assert offered(books)[0].parcel == replace(second, **before)
    ((code, inputs, lots, said),) = [(f.code, f.inputs, f.lots, f.arithmetic) for f in made[1].findings]
    assert (code, inputs, lots) == ("CYCLE", ["c", "x"], ["x"])
    assert said == f"x: a restatement came back by {A} 1 > {HERE} > {C} 2: shares are kept, and nothing is sent on"


def test_what_comes_back_before_it_was_ever_told_counts_as_it_is() -> None:
    books = Books()
    one = parcel(path=[HERE], shares={"Cu": {"ZM - - -": 100}})
    assert codes(take(books, told(one))) == ["CYCLE"]
    assert offered(books)[0].parcel == one


@pytest.mark.parametrize("path", [[], [f"{B}b 4"], [f"{A} 1", f"{C} 2"]])
def test_a_way_that_did_not_lead_here_goes_on(path: list[str]) -> None:
    """A site whose name begins like this one's is another. What C is told then has the way so far, and this site."""
    books = Books()
    take(books, told(parcel()))
    books(got(1000), ship("x", "100", B, C, uom="MGM", consignment_id="on"))
    (outcome, *_), sent = books.fold.apply(told(parcel(2, contained_mg={"Cu": 200}, path=path)))
    assert codes([outcome]) == []
    (on,) = [one.offer for one in sent if one.offer is not None]
    lot = books.lot(B, "x")
    assert on.parcels[0].path == [*path, f"{B} {lot.seq}"]


def test_what_is_open_on_a_lot_and_on_what_it_was_made_of_goes_along_in_order() -> None:
    """Each finding once, sorted by id: the message is the same in each process."""
    made = Draft(View(A, {}), entry(add("e", "1", A, cu="1")))
    own, parents = [f"{n}" for n in (9, 3, 7, 1)], [f"{n}" for n in (8, 2, 7, 4, 6)]
    for name, findings, of in (("x", own, ["y", "z"]), ("y", parents, ["x"]), ("z", ["5"], [])):
        made.view.put(Lot(name, 1, 0, 0, findings=findings, parents=of), name)
    assert upstream_findings(made, "x") == list("123456789")

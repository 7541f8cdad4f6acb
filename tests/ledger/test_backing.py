"""F25 VC_OVERDRAWN: what a supplier's credential backs."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger import backing
from lodestream.ledger.backed import Use
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Finding
from tests.ledger.making import Books, add, codes, declared, event, item, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"


def backed(mass: str, **more: object) -> dict[str, object]:
    return {"credential": "urn:vc:1", "credential_mass": Decimal(mass), **more}


def only(books: Books) -> Finding:
    (finding,) = (f for _, f in books.fold.open_findings() if f.code == "VC_OVERDRAWN")
    return finding


def test_one_credential_for_two_lots() -> None:
    books = Books()
    books(add("H1", "10", A, co="30", **backed("20")))
    assert books.open() == set()
    assert codes(books(add("H2", "10", A, co="30", **backed("20")))) == ["VC_OVERDRAWN"]
    assert only(books).arithmetic == "urn:vc:1 backs 2 lots: H1, H2; a credential backs one"
    assert (only(books).severity, only(books).lots) == ("hold", ["H1", "H2"])
    third = books(add("H3", "10", A, co="30", **backed("20")))
    assert (codes(third, "superseded"), codes(third)) == (["VC_OVERDRAWN"], ["VC_OVERDRAWN"]), "the third lot is held too"
    assert only(books).lots == ["H1", "H2", "H3"]


def test_more_of_a_lot_than_it_states() -> None:
    """It states 20 t; 10 + 10.1 t are within 0.5 % of 20 t (0.1 t) and 3u; with 0.3 t more 20.4 t are not."""
    books = Books()
    books(add("H1", "10", A, co="30", **backed("20")), add("H1", "10.1", A, co="30", **backed("20")))
    assert books.open() == set()
    assert codes(books(add("H1", "0.3", A, co="30", **backed("20")))) == ["VC_OVERDRAWN"]
    assert only(books).arithmetic == (
        "urn:vc:1 states 20,000 kg and backs 20,400 kg of H1 in 3 events: "
        "20,400 kg - 3u 73.613178 kg > 20,000 kg + tolerance 100 kg"
    )


def test_a_receipt_and_the_run_that_takes_it_are_one_use() -> None:
    books = Books()
    books(add("H1", "20", B, co="30"), ship("H1", "20", B, A, consignment_id="c"))
    books(receive("H1", "20", A, consignment_id="c", receipt="final", **backed("20")))
    books(transform(A, [("H1", "20", backed("20"))], [("P", "20", {"co": "30"})]))
    assert books.open() == set()


def test_a_run_may_draw_what_the_credential_does_not_back() -> None:
    books = Books()
    books(add("H1", "30", A, co="30"))
    books(transform(A, [("H1", "15", backed("20"))], [("P", "15", {"co": "30"})]))
    assert books.open() == set()
    assert codes(books(transform(A, [("H1", "15", backed("20"))], [("Q", "15", {"co": "30"})]))) == ["VC_OVERDRAWN"]
    assert "backs 30,000 kg of H1 in 2 events" in only(books).arithmetic


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_declaration_takes_its_use_back(order: tuple[int, ...]) -> None:
    books = Books()
    uses = [add(lot, "10", A, co="30", **backed("20")) for lot in ("H1", "H2", "H3")]
    books(*uses)
    first, second, third = (uses[n] for n in order)
    books(declared(first))
    assert only(books).lots == sorted(e.quantities[0].epc_class for e in (second, third))
    assert codes(books(declared(second)), "superseded") == ["VC_OVERDRAWN"]
    books(declared(third))
    assert books.open() == set()


def test_what_it_is_not_judged_by() -> None:
    """A shipment (the sender's own), an assay, an output; a mass without a unit of mass; a refused event."""
    books = Books()
    books(add("H1", "10", A, co="30", **backed("10")))
    books(ship("H1", "10", A, B, consignment_id="c", **backed("1")))
    books(add("H1", "1", A, co="101", **backed("10")))
    books(add("H4", "10", A, co="30"), transform(A, [("H4", "10", {})], [("P", "10", {"co": "30"} | backed("1"))]))
    assert books.open() == {"GRADE_IMPOSSIBLE"}


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.integers(1, 1000), min_size=1, max_size=6), error=st.integers(-100, 100))
def test_an_honest_supplier_is_never_overdrawn(parts: list[int], error: int) -> None:
    """The credential states what was sent; each part is weighed again to within 2u (0.2 %)."""
    books = Books()
    total = str(sum(parts))
    for part in parts:
        books(add("H1", str(part * (1 + Decimal(error) / 50_000)), A, co="30", **backed(total)))
    assert books.open() == set()


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.integers(1, 1000), min_size=1, max_size=6), more=st.integers(13, 1000))
def test_an_overdraft_beyond_both_tolerances_is_always_found(parts: list[int], more: int) -> None:
    """0.5 % and 3u, which is at most 3 x 0.1 % x sqrt(2): from 1.3 % on none is missed."""
    books = Books()
    stated = str(sum(parts) / (1 + Decimal(more) / 1000))
    for part in parts:
        books(add("H1", str(part), A, co="30", **backed(stated)))
    assert books.open() == {"VC_OVERDRAWN"}


def test_the_edge_is_exact_and_the_least_stated_mass_counts() -> None:
    """1,000,000 mg stated (u 1,000) and 10,000 of tolerance; 3u of both masses is 4,243: the edge is 1,014,243 mg."""

    def one(mass: int, stated: int) -> Use:
        return Use("e", "H1", False, mass, 1000, stated)

    assert backing.said("vc", [one(1_014_242, 1_000_000)], 10_000) is None
    assert backing.said("vc", [one(1_014_243, 1_000_000)], 10_000) is not None
    assert backing.said("vc", [one(500_000, 1_000_000), one(500_000, 2_000_000)], 0) is None
    assert backing.said("vc", [one(900_000, 1_000_000), one(900_000, 2_000_000)], 0) is not None


def test_masses_are_compared_as_stated() -> None:
    """10 t wet with 50 % moisture against a credential of 10 t, and of 6 t: wet against wet."""
    for stated, found in (("10", set()), ("6", {"VC_OVERDRAWN"})):
        for book, basis in ((SiteBook(mass_basis="dry"), "wet"), (SiteBook(mass_basis="wet"), None)):
            books = Books(**{A: book})
            books(add("H1", "10", A, co="30", moisture="50", **backed(stated, mass_basis=basis)))  # type: ignore[arg-type]
            assert books.open() == found
    books = Books(**{A: SiteBook(mass_basis="dry")})
    books(add("H1", "10", A, co="30", moisture="50", **backed("10", mass_basis=None)))  # type: ignore[arg-type]
    assert books.open() == set()


def parcels(**lots: dict[str, object]) -> Event:
    """One event that brings 10 t of each of these lots."""
    items = [item("object", lot, "10", co="30", **more) for lot, more in lots.items()]
    return event("ObjectEvent", items, biz_location=A, action="ADD")


def test_several_credentials_of_an_event_are_taken_back_in_order() -> None:
    """And a lot without one is none of them."""
    books = Books()
    named = {lot: {"credential": f"urn:vc:{lot}", "credential_mass": Decimal(1)} for lot in ("d", "b", "a", "c")}
    made = parcels(**named, plain={})
    opened = [f.inputs for o in books(made) for f in o.findings if f.code == "VC_OVERDRAWN"]
    assert opened == [[f"urn:vc:{lot}"] for lot in ("d", "b", "a", "c")]
    ended = [f.inputs for o in books(declared(made)) for f in o.findings if f.code == "VC_OVERDRAWN"]
    assert ended == [[f"urn:vc:{lot}"] for lot in ("a", "b", "c", "d")]


def test_each_lot_of_an_event_is_held_against_its_own_credential() -> None:
    books = Books()
    small = item("object", "H1", "1", co="30", **(backed("1") | {"credential": "urn:vc:1"}))
    large = item("object", "H2", "10", co="30", **(backed("1") | {"credential": "urn:vc:2"}))
    books(event("ObjectEvent", [small, large], action="ADD", biz_location=A))
    assert only(books).inputs == ["urn:vc:2"]


def test_what_is_received_is_backed_too() -> None:
    books = Books()
    books(add("H1", "20", B, co="30"), ship("H1", "20", B, A, consignment_id="c"))
    books(receive("H1", "20", A, consignment_id="c", receipt="final", **backed("10")))
    assert "states 10,000 kg and backs 20,000 kg of H1 in 1 events" in only(books).arithmetic


def test_a_credential_states_its_mass_in_the_unit_of_its_item() -> None:
    """10 t by the quantity, 10,000 kg by the item, whose credential is over 5,000 of the same: half of it."""
    books = Books()
    quantity, made = item("object", "H1", "10", co="30", **backed("5000"))
    assert made is not None
    books(event("ObjectEvent", [(quantity, replace(made, mass=Decimal(10_000), uom="KGM"))], action="ADD", biz_location=A))
    assert "urn:vc:1 states 5,000 kg" in only(books).arithmetic


def test_who_states_no_mass_says_nothing_of_it() -> None:
    """The bound is what others state; five lots are told in order."""
    books = Books()
    books(add("H1", "10", A, co="30", credential="urn:vc:1"))
    assert books.open() == set()
    books(add("H1", "11", A, co="30", **backed("20")))
    assert "urn:vc:1 states 20,000 kg and backs 21,000 kg of H1 in 2 events" in only(books).arithmetic
    uses = [Use("e", lot, False, 1, 0, None) for lot in ("L4", "L2", "L5", "L1", "L3")]
    found = backing.said("vc", uses, 0)
    assert found is not None
    assert found.arithmetic == "vc backs 5 lots: L1, L2, L3, L4, L5; a credential backs one"


def test_what_is_void_backs_nothing_any_more() -> None:
    books = Books()
    wrong = add("H1", "10", A, co="30", **backed("10"))
    books(wrong, declared(wrong), add("H2", "10", A, co="30", **backed("10")))
    assert books.open() == set()

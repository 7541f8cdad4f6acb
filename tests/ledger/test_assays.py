"""First and later assays: what waits for them, what they post and tell, and what they cannot (rulebook R10, R48)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Event, Quantity
from lodestream.ledger import reassay
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from lodestream.ledger.state import Lot
from lodestream.ledger.variance import entered_u_dry_mg
from tests.ledger import test_receipts
from tests.ledger.making import Books, add, assay, codes, declared, hashed, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"


def came(mg: int, name: str = "x", **more: Any) -> Event:
    return add(name, str(mg), A, uom="MGM", **more)


def sent(mg: int, name: str = "x") -> Event:
    return ship(name, str(mg), A, None, uom="MGM", consignment_id="on")


def got(mg: int, **more: Any) -> Event:
    return receive("x", str(mg), A, **{"uom": "MGM", "consignment_id": "PO 7"} | more)


def graded(made: Event, *assays: Assay) -> Event:
    """The event with these assays in its first item."""
    return hashed(replace(made, materials=[replace(made.materials[0], assays=list(assays)), *made.materials[1:]]))


def said(status: str, percent: str, name: str = "x") -> Event:
    return graded(assay(name, A), Assay("Cu", Decimal(percent), "P1", status=status))


def of(books: Books, name: str = "x") -> Lot:
    return next(lot for site, ref, lot in books.fold.every(Lot) if (site, ref) == (A, name))


def findings(outcomes: list[Outcome]) -> list[tuple[str, list[str], str]]:
    return [(f.code, f.inputs, f.arithmetic) for o in outcomes for f in o.findings if f.state == "open"]


# -- the first ------------------------------------------------------------------------------------------------------


def test_an_assay_of_what_is_not_here_waits_where_there_is_a_book() -> None:
    """By the register, or because something was posted; elsewhere it is kept and moves nothing."""
    here, posted, elsewhere = Books(**{A: SiteBook(booked=True)}), Books(), Books()
    posted(came(1000, "other", cu="10"))
    made = assay("x", A, cu="10")
    (kept,) = elsewhere(made)
    assert (kept.outcome, kept.kind, kept.lines) == ("TRANSACTION", "link", [])
    for books in (here, posted):
        (parked,) = books(made)
        assert (parked.outcome, findings([parked])) == (
            "PARKED",
            [("UNASSAYED", ["x", made.identity], f"an assay of x, which is not at {A} yet")],
        )
        woken = books(came(1000))
        assert [(o.kind, codes([o], "resolved")) for o in woken] == [("create", []), ("assay", ["UNASSAYED", "UNASSAYED"])]
        assert books.balance(A, "STOCK(x)") == 100


def test_an_assay_tells_what_it_states_and_moves_no_mass() -> None:
    books = Books()
    books(came(1000))
    (made,) = books(assay("x", A, cu="10"))
    assert [(x.role, x.lot, x.wet_mg, x.dry_mg, x.contained_mg) for x in made.lines] == [("object", "x", 0, 0, {})]
    assert [(a.substance, a.value) for a in made.lines[0].assays] == [("Cu", Decimal(10))]


def test_a_moisture_that_comes_with_it_tells_the_dry_mass() -> None:
    """1,000 kg wet; 20 % moisture and 10 %: 800 kg dry with 80 kg Cu. u: 0.1 % of the mass and 0.15 points of moisture."""
    books = Books(**{A: SiteBook(elements=["Cu"])})
    books(came(1_000_000_000, mass_basis="wet"))
    assert (of(books).dry_mg, entered_u_dry_mg(of(books))) == (0, 0)
    books(assay("x", A, cu="10", ni="5", moisture="20"))
    lot = of(books)
    assert (lot.wet_mg, lot.dry_mg, lot.entered_dry_mg, lot.contained_mg) == (10**9, 800_000_000, 800_000_000, {"Cu": 80_000_000})
    assert (entered_u_dry_mg(lot), list(lot.entered_u2)) == (1_700_000, ["Cu"])


def test_the_uncertainty_of_a_dry_mass_that_was_known_stays() -> None:
    books = Books()
    books(came(1_000_000_000))
    before = of(books).entered_u2_dry
    books(assay("x", A, cu="10"))
    assert of(books).entered_u2_dry == before == "1000000000000"


def test_of_what_is_known_already_it_says_nothing_new() -> None:
    """Two parcels without a moisture; the assay that one of them states itself is for the other."""
    books = Books()
    wet = {"mass_basis": "wet"}
    books(came(1000, cu="10", **wet))
    (again,) = books(assay("x", A, cu="10"))
    assert (again.kind, again.postings, codes([again])) == ("assay", [], [])


def test_what_an_assay_cannot_say() -> None:
    """More than there can be, a grade on dry basis of what nothing says how wet it is, and nothing of any element."""
    for made, code, arithmetic in (
        (assay("x", A, cu="128"), "GRADE_IMPOSSIBLE", "x: Cu 128 % is not from 0 to 100 %"),
        (assay("x", A, cu="10"), "BASIS_MISSING", "x: Cu: a grade on dry basis needs the moisture"),
        (
            graded(assay("x", A), Assay("Moonstone", Decimal(1), "P1")),
            "BASIS_MISSING",
            "x: Moonstone is neither an element nor a compound of the table: kept as information",
        ),
    ):
        books = Books()
        books(came(1000, mass_basis="wet"))
        refused = books(made)
        assert [(o.kind, o.reason) for o in refused] == [("refuse", code)]
        assert findings(refused) == [(code, [made.identity, "x"], arithmetic)]


def test_an_assay_above_the_chemical_form_is_held() -> None:
    books = Books()
    books(came(1000, chemical_form="CoSO4.7H2O"))
    made = books(assay("x", A, co="21.5"))
    assert codes(made) == ["GRADE_IMPOSSIBLE"]
    assert books.balance(A, "STOCK(x)", "Co") == 215


def test_an_assay_is_for_the_receipt_that_waits() -> None:
    """Of two receipts of a pair the first states its own."""
    books = Books()
    books(got(1000, cu="10"), got(1000))
    books(assay("x", A, cu="30"))
    assert books.balance(A, "STOCK(x)") == 400


def test_what_an_assay_does_not_fit_is_not_inherited() -> None:
    """30 % as received is half of what the original had dry, and three halves of what its corrective has."""
    books = Books()
    wrong = came(1000, moisture="40", event_id="urn:w")
    right = came(1000, moisture="80", event_id="urn:r")
    books(wrong, graded(assay("x", A), Assay("Cu", Decimal(30), "P1", "as_received")))
    assert books.balance(A, "STOCK(x)") == 300
    books(declared(wrong, correctives=("urn:r",)), right)
    assert (books.balance(A, "STOCK(x)"), books.open()) == (0, {"UNASSAYED"})


# -- a later one ----------------------------------------------------------------------------------------------------


def test_only_one_that_is_as_settled_counts() -> None:
    """Without a status it is as settled as a provisional one."""
    for first, later, percent in (
        ("", "provisional", 20),
        ("provisional", "", 20),
        ("exchanged", "", 10),
        ("exchanged", "provisional", 10),
        ("umpire", "umpire", 20),
        ("umpire", "final", 10),
    ):
        for made in (graded(came(1000), Assay("Cu", Decimal(10), "P1", status=first)), None):
            books = Books()
            if made is None:
                made = graded(got(1000), Assay("Cu", Decimal(10), "P1", status=first))
            (kept,) = books(made, said(later, "20"))[1:]
            assert (kept.kind, books.balance(A, "STOCK(x)")) == ("assay" if percent == 20 else "link", percent * 10)
            if percent == 10:
                assert kept.reason == f"a {later} assay after the {first} one: kept, changes nothing"


def test_a_later_assay_counts_for_what_the_book_tracks() -> None:
    books = Books(**{A: SiteBook(elements=["Cu"])})
    books(came(1000, cu="10"))
    (made,) = books(assay("x", A, cu="20", ni="5"))
    assert (made.kind, of(books).contained_mg, list(of(books).entered_u2)) == ("assay", {"Cu": 200}, ["Cu"])


def test_what_came_of_nothing_known_is_a_parcel_too() -> None:
    """Of no tracked element, of no mass, or of a milligram: with 1,000 mg more it is a mixture, and the difference adjusted."""
    solution = came(0, co="1")
    solution = hashed(
        replace(
            solution,
            quantities=[Quantity("x")],
            materials=[replace(solution.materials[0], assays=[], contained=[ContainedMass("Cu", Decimal(100), "MGM")])],
        )
    )
    for first, entered in ((came(1000, ni="5"), 0), (came(1, ni="5"), 0), (solution, 100), (came(1, cu="100"), 1)):
        books = Books(**{A: SiteBook(elements=["Cu"])})
        books(first, came(1000, cu="10"))
        assert books.balance(A, "STOCK(x)") == 100 + entered
        books(assay("x", A, cu="50"))
        assert books.balance(A, "STOCK_ADJ(assay)") == 100 + entered - of(books).dry_mg // 2


def test_what_is_void_was_no_parcel() -> None:
    books = Books()
    made = came(1000, cu="10")
    books(made, declared(made))
    (kept,) = books(assay("x", A, cu="20"))
    assert (kept.kind, kept.reason) == ("link", "x holds nothing that this assay could tell of: kept")


def test_a_lot_of_more_movements_than_are_looked_at_is_a_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parcel and a draw are two; with another draw they are three, and the difference is adjusted, where something is left."""
    assert reassay.MAX_PARCELS == 1_000
    monkeypatch.setattr(reassay, "MAX_PARCELS", 2)
    for draws, adjusted in (([500], 0), ([500, 100], -40), ([500, 500], 0)):
        books = Books()
        books(came(1000, cu="10"), *(sent(mg) for mg in draws))
        (made,) = books(assay("x", A, cu="20"))
        assert books.balance(A, "STOCK_ADJ(assay)") == adjusted
        assert made.kind == ("link" if sum(draws) == 1000 else "assay")
    books = Books()
    books(came(1000, cu="10"), came(1000, cu="30"), assay("x", A, cu="30"))
    assert books.balance(A, "STOCK_ADJ(assay)") == -200, "both are seen"


def test_a_mixture_down_to_its_last_milligram() -> None:
    """Of two parcels of copper 1 mg is left: it turns out to be of half, which rounds to nothing."""
    books = Books()
    books(came(1000, cu="100"), came(1000, cu="100"), sent(1999))
    (made,) = books(assay("x", A, cu="40", ni="60"))
    assert (made.kind, of(books).contained_mg) == ("assay", {"Ni": 1})
    assert (books.balance(A, "STOCK_ADJ(assay)"), books.balance(A, "STOCK_ADJ(assay)", "Ni")) == (1, -1)
    (again,) = books(assay("x", A, cu="40", ni="60"))
    assert (again.kind, again.reason, again.postings) == ("link", "x holds what this assay says", [])


def test_a_mixture_without_a_wet_mass_has_no_moisture() -> None:
    """Draws took all its wet mass, and a void parcel more than that: no dry grade can be read, as received it is nothing."""
    parcels = [came(100, moisture="50", cu="10") for _ in range(3)]
    for void, left in (([], 0), (parcels[:1], -100)):
        books = Books()
        out = ship("x", "300", A, None, uom="MGM", moisture="76", consignment_id="on")
        books(*parcels, out, *(declared(one) for one in void))
        assert (of(books).wet_mg, of(books).dry_mg > 0) == (left, True)
        made = books(assay("x", A, cu="20"))
        assert findings(made)[0][::2] == ("BASIS_MISSING", "x: Cu: a grade on dry basis needs the moisture")
        (made,) = books(graded(assay("x", A), Assay("Cu", Decimal(100), "P1", "as_received")))
        assert (made.kind, books.balance(A, "STOCK(x)")) == ("assay", 0)


def test_what_a_later_assay_cannot_say() -> None:
    """Of a parcel, of a receipt, and of what has no mass to be a part of."""
    solution = came(0, co="1")
    contained = [ContainedMass("Cu", Decimal(100), "MGM")]
    bare = replace(solution.materials[0], assays=[], contained=contained)
    solution = hashed(replace(solution, quantities=[Quantity("x")], materials=[bare]))
    much, moon = assay("x", A, cu="128"), graded(assay("x", A), Assay("Moonstone", Decimal(1), "P1"))
    dry = assay("x", A, cu="10")
    for first, made, code, inputs in (
        (came(1000, cu="10"), much, "GRADE_IMPOSSIBLE", [much.identity, "object", "x"]),
        (got(1000, cu="10"), much, "GRADE_IMPOSSIBLE", [much.identity, "object", "x"]),
        (came(1000, cu="10"), moon, "BASIS_MISSING", [moon.identity, "x"]),
        (solution, dry, "BASIS_MISSING", [dry.identity, "x"]),
    ):
        books = Books()
        books(first)
        refused = books(made)
        assert [(o.kind, o.reason) for o in refused] == [("refuse", code)]
        (found,) = findings(refused)
        assert found[:2] == (code, inputs)
        assert found[2].startswith("x: ")
        assert len(found[2]) > len("x: ")


def test_a_run_is_judged_by_a_later_assay_of_its_output() -> None:
    books = Books()
    books(came(1000, cu="30"), transform(A, [("x", "1000", {"uom": "MGM"})], [("y", "1000", {"uom": "MGM", "cu": "30"})]))
    made = books(assay("y", A, cu="60"))
    assert codes(made) == ["IMPOSSIBLE"]


# -- of what was received -------------------------------------------------------------------------------------------


def test_a_later_assay_of_a_receipt_is_of_the_parcel_that_came() -> None:
    """First nothing came, by another event or on another line of it, of an offer without content: 200 of 1,000 mg are Cu."""
    first = test_receipts.got(0)
    two = hashed(replace(first, quantities=[*first.quantities, Quantity("x", Decimal(1), "GDW")]))
    for events in ([first, test_receipts.got(1000)], [two]):
        books = test_receipts.after(test_receipts.offer("c", 1000, {}))
        books(*events)
        made = books(assay("x", B, cu="20"))
        assert made[0].kind == "assay"
        assert [books.balance(B, x) for x in ("STOCK(x)", "SOURCE(untracked)", "STOCK_ADJ(assay)")] == [200, -200, 0]


def test_a_later_assay_of_one_lot_of_a_receipt_is_not_the_others() -> None:
    """x and y came in one consignment, whose number has a space in it."""
    books = Books()
    one = got(1000, cu="10")
    lots = [replace(one.quantities[0], epc_class=name) for name in "yx"]
    books(hashed(replace(one, quantities=lots, materials=[replace(one.materials[0], id=name) for name in "yx"])))
    books(assay("x", A, cu="20"))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)")) == (200, 100)
    (same,) = books(assay("x", A, cu="20"))
    assert (same.kind, same.postings) == ("link", []), "the same again"


def pair(events: tuple[Event, Event]) -> Event:
    """Two events of one lot each in one, with the other's lot called y."""
    one, other = events
    named = replace(other.quantities[0], epc_class="y"), replace(other.materials[0], id="y")
    return hashed(replace(one, quantities=[*one.quantities, named[0]], materials=[*one.materials, named[1]]))


@pytest.mark.parametrize("together", [True, False])
def test_a_void_assay_of_two_lots_leaves_each_what_was_said_of_it_since(together: bool) -> None:
    """x and y, received in one event or in two: 10 and 20 %, then 11 and 21; without the first, and then without the second."""
    x, y = got(1000), hashed(replace(one := got(1000), quantities=[replace(one.quantities[0], epc_class="y")]))
    y = hashed(replace(y, materials=[replace(y.materials[0], id="y")]))
    received = [pair((x, y))] if together else [x, y]
    first, second = (pair((assay("x", A, cu=f"1{n}"), assay("x", A, cu=f"2{n}"))) for n in "01")
    books = Books()
    books(*received, first, second)
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)")) == (110, 210)
    books(declared(first))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)")) == (110, 210)
    books(declared(second))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "STOCK(y)"), books.open(A) - {"UNMATCHED"}) == (0, 0, {"UNASSAYED"})


def test_a_void_assay_is_taken_off_the_receipt_that_it_was_on() -> None:
    """Of two receipts, or of two lines of one, the first of which was assayed before, or by itself."""
    later = assay("x", A, cu="30")
    two = hashed(replace(one := got(1000, cu="10"), quantities=[*one.quantities, Quantity("x", Decimal(1), "GDW")]))
    for events in ([got(1000), assay("x", A, cu="10"), got(1000)], [two]):
        books = Books()
        books(*events, later)
        assert books.balance(A, "STOCK(x)") == 400
        books(declared(later))
        assert books.balance(A, "STOCK(x)") == 100

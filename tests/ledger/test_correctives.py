"""A corrective stands where its original stood, whichever of it and the declaration came first (rulebook R45)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Event, TypedRef
from lodestream.ledger.moving import Inbound
from lodestream.ledger.running import Run
from lodestream.ledger.state import Lot
from tests.ledger.making import Books, add, assay, declared, entry, hashed, ship, transform
from tests.ledger.test_receipts import after, got, offer
from tests.ledger.test_restatement import CL, ZM, chilean, zambian

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
MG: dict[str, Any] = {"uom": "MGM"}


def came(mg: int, name: str = "x", at: str = A, **more: Any) -> Event:
    return add(name, str(mg), at, uom="MGM", **more)


def sent(mg: int, name: str = "x", origin: str = A) -> Event:
    return ship(name, str(mg), origin, C, uom="MGM", consignment_id="on")


def state(books: Books) -> tuple[Any, ...]:
    """What the books come to; versions of lots and sequences apart."""
    lots = {(o.site, o.lot): (o.wet_mg, o.dry_mg, o.contained_mg, o.shares, o.embodied_g_co2e, o.u_mg) for o in books.fold.lots()}
    slots = {(site, name): (lot.moved, len(lot.unassayed)) for site, name, lot in books.fold.every(Lot)}
    return books.fold.accounts(), lots, {key: parcels for key, (_, parcels) in slots.items()}, sorted(books.open())


def either(books: list[Books], wrong: Event, right: Event) -> Books:
    """Declaration and then corrective, or the other way: gives the books where they end alike."""
    gone = declared(wrong, correctives=(right.identity,))
    books[0](gone, right)
    books[1](right, gone)
    assert state(books[0]) == state(books[1])
    return books[1]


# -- receipts -------------------------------------------------------------------------------------------------------


def test_a_receipt_is_settled_where_its_original_was() -> None:
    """Of 1,000 mg 500 came, and then 300, which were final: it was 600 that came first, so 100 are missing (TRANSIT_LOSS)."""
    wrong, right = got(500, event_id="urn:w", consignment_id="PO 7"), got(600, event_id="urn:r", consignment_id="PO 7")
    plants = []
    for _ in range(2):
        plants.append(after(offer("PO 7", 1000, {"Cu": 100})))
        plants[-1](wrong, sent(100, origin=B), got(300, consignment_id="PO 7", receipt="final"))
    books = either(plants, wrong, right)
    assert books.open() == {"TRANSIT_LOSS"}
    assert [books.balance(B, f"{x}") for x in ("STOCK(x)", "TRANSIT_VAR", "TRANSIT(on x)")] == [80, 10, 10]
    (pair,) = [pair for _, ref, pair in books.fold.every(Inbound) if ref == "PO 7 x"]
    assert [r.identity for r in pair.receipts] == ["urn:r", pair.receipts[1].identity]
    assert pair.receipts[0].arrival < pair.receipts[1].arrival


def test_what_was_drawn_of_a_receipt_follows_its_corrective() -> None:
    """1,000 mg came as 10 %, half went on, 1,000 more came as 30 %: those first were of 20 %, so 100 mg Cu are on their way."""
    wrong, right = got(1000, event_id="urn:w", cu="10"), got(1000, event_id="urn:r", cu="20")
    plants = [Books(), Books()]
    for plant in plants:
        plant(wrong, sent(500, origin=B), got(1000, cu="30"))
    books = either(plants, wrong, right)
    assert (books.balance(B, "TRANSIT(on x)"), books.balance(B, "STOCK(x)")) == (100, 400)
    books(declared(right, correctives=("urn:z",)))
    assert books.balance(B, "STOCK(x)") == 200, "it is taken back from where it stands: 300 came and 100 left"
    books(got(1000, event_id="urn:z", cu="40"))
    assert (books.balance(B, "TRANSIT(on x)"), books.balance(B, "STOCK(x)")) == (200, 500), "and so is what corrects it"


def test_two_lots_of_a_receipt_take_each_their_place() -> None:
    """x and y came together, in one consignment, and something of both went on before more came."""

    def both(grade: str, event_id: str) -> Event:
        one = got(1000, cu=grade, event_id=event_id)
        lots = [replace(one.quantities[0], epc_class=name) for name in "xy"]
        return hashed(replace(one, quantities=lots, materials=[replace(one.materials[0], id=name) for name in "xy"]))

    wrong, right = both("10", "urn:w"), both("20", "urn:r")
    plants = [Books(), Books()]
    for plant in plants:
        plant(wrong, sent(500, origin=B), sent(500, "y", origin=B), got(1000, cu="30"))
    books = either(plants, wrong, right)
    assert [books.balance(B, f"{x}") for x in ("TRANSIT(on x)", "TRANSIT(on y)", "STOCK(x)", "STOCK(y)")] == [100, 100, 400, 100]


def test_a_receipt_from_an_external_party_takes_its_place_too() -> None:
    """It is no part of a pair: what it brought comes from SOURCE, and is drawn of by what came after it."""
    party = "urn:party"
    plants = [Books(), Books()]
    wrong, right = (got(1000, event_id=f"urn:{n}", cu=cu, sources=[TypedRef(party, "owning_party")]) for n, cu in ("w1", "r2"))
    gone = declared(wrong, correctives=("urn:r",))
    for plant, order in zip(plants, ([gone, right], [right, gone]), strict=True):
        for one in (wrong, sent(500, origin=B), came(1000, at=B, cu="3"), *order):
            plant.fold.submit(entry(one, external=[party]))
    assert state(plants[0]) == state(plants[1])
    assert [plants[1].balance(B, x) for x in ("TRANSIT(on x)", "STOCK(x)", f"SOURCE(external:{party})")] == [10, 40, -20]


def test_what_left_is_drawn_where_its_original_was() -> None:
    """400 mg of 30 % before 1,000 of 10 % came were 500; in a shipment, or in a run of their own."""
    shipped = (sent(400), replace(sent(500), event_id="urn:r"))
    made = [
        transform(A, [("x", mass, MG)], [("y", mass, {"uom": "MGM", "cu": "30"})], event_id=name)
        for mass, name in (("400", "urn:w"), ("500", "urn:r"))
    ]
    for wrong, right in (shipped, made):
        plants = [Books(), Books()]
        for plant in plants:
            plant(came(1000, cu="30"), wrong, came(1000, cu="10"))
        books = either(plants, wrong, hashed(right))
        assert (books.balance(A, "STOCK(x)"), books.balance(A, "UNACCOUNTED")) == (250, 0)


# -- campaigns ------------------------------------------------------------------------------------------------------


def half(inputs: list[str], outputs: list[str], grade: str = "30", mass: str = "100", **more: Any) -> Event:
    """Half of a campaign: 100 mg of each."""
    out = [(name, mass, {"uom": "MGM", "cu": grade}) for name in outputs]
    return transform(A, [(name, "100", MG) for name in inputs], out, transformation_id="urn:t", **more)


def test_an_output_of_a_campaign_appears_where_its_original_did() -> None:
    """When p came out there was Zambian in process; Chilean went in after it. p was 20 % and not 30."""
    plants = [Books(), Books()]
    wrong, right = half([], ["p"], event_id="urn:w"), half([], ["p"], "20", event_id="urn:r")
    for plant in plants:
        plant(zambian("z", "100", uom="MGM", cu="30"), chilean("c", "100", uom="MGM", cu="30"))
        plant(came(100, "other", cu="1"), half(["z"], []), wrong, half(["c"], []), half([], ["q"], mass="10"))
    books = either(plants, wrong, right)
    assert books.lot(A, "p").shares == {"Cu": {ZM: 20}}
    assert books.lot(A, "q").shares == {"Cu": {CL: 2, ZM: 1}}
    ((_, _, run),) = books.fold.every(Run)
    assert [(p.identity == "urn:r", p.role, p.lot) for p in run.parts] == [
        (False, "input", "z"),
        (True, "output", "p"),
        (False, "input", "c"),
        (False, "output", "q"),
    ]


def test_a_corrective_of_another_campaign_has_no_place_in_this() -> None:
    """It says that its original was of another campaign: it stands at the end there."""
    plants = [Books(), Books()]
    wrong = half([], ["p"], event_id="urn:w")
    right = transform(A, [], [("p", "100", {"uom": "MGM", "cu": "30"})], transformation_id="urn:u", event_id="urn:r")
    for plant in plants:
        plant(*(came(100, name, cu="30") for name in "xyz"), half(["x"], []), wrong, half(["z"], []))
        plant(transform(A, [("y", "100", MG)], [], transformation_id="urn:u"))
    books = either(plants, wrong, right)
    assert [(name, [p.lot for p in run.parts]) for _, name, run in books.fold.every(Run)] == [
        ("urn:t", ["x", "z"]),
        ("urn:u", ["y", "p"]),
    ]


# -- what had assayed the original ------------------------------------------------------------------------------------


def assayed(*names: str, **grades: str) -> Event:
    """One assay of some lots, each of its own grade."""
    one = assay(names[0], A, cu=grades[names[0]])
    lots = [replace(one.quantities[0], epc_class=name) for name in names]
    (item,) = one.materials
    items = [replace(item, id=n, assays=[replace(item.assays[0], value=Decimal(grades[n]))]) for n in names]
    return hashed(replace(one, quantities=lots, materials=items))


def test_what_assayed_the_original_assays_its_corrective() -> None:
    """1,000 mg of y, assayed as 20 % beside x, were 2,000: 400 mg Cu, 100 of which had left; the other y waits on."""
    plants = [Books(), Books()]
    wrong, right = came(1000, "y", event_id="urn:w"), came(2000, "y", event_id="urn:r")
    said = assayed("x", "y", x="10", y="20")
    for plant in plants:
        plant(came(1000, "x"), wrong, said, sent(500, "y"), came(50, "y"))
    books = either(plants, wrong, right)
    assert [books.balance(A, x) for x in ("STOCK(y)", "TRANSIT(on y)", "STOCK(x)")] == [300, 100, 100]
    (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "y"]
    assert [p.line.quantity for p in lot.unassayed] == [50]
    books(declared(said))
    assert [books.balance(A, x) for x in ("STOCK(y)", "TRANSIT(on y)", "STOCK(x)")] == [-100, 100, 0]


@pytest.mark.parametrize("order", [0, 1])
def test_one_that_has_its_own_or_can_have_none_inherits_none(order: int) -> None:
    """It states 30 % itself; or it is wet, and nothing says how wet; or what had assayed the original is void by then."""
    own = came(1000, "y", event_id="urn:r", cu="30")
    wet = came(1000, "y", event_id="urn:r", mass_basis="wet")
    dry = came(1000, "y", event_id="urn:r")
    for right, stock, waits in ((own, 300, []), (wet, 0, [1000]), (dry, 0, [1000])):
        books = Books()
        wrong, said = came(1000, "y", event_id="urn:w"), assay("y", A, cu="20")
        gone = declared(wrong, correctives=("urn:r",))
        books(wrong, said)
        if right is dry:
            books(gone, declared(said), right)
        else:
            books(*[[gone, right], [right, gone]][order])
        assert books.balance(A, "STOCK(y)") == stock
        (lot,) = [lot for _, name, lot in books.fold.every(Lot) if name == "y"]
        assert [p.line.quantity for p in lot.unassayed] == waits
        if right is wet:
            continue
        books(assay("y", A, cu="25"))
        assert books.balance(A, "STOCK(y)") == 250


def test_what_was_not_assayed_has_nothing_to_hand_on() -> None:
    plants = [Books(), Books()]
    wrong, right = came(1000, event_id="urn:w", cu="10"), came(1000, event_id="urn:r")
    for plant in plants:
        plant(wrong, came(500, cu="30"))
    books = either(plants, wrong, right)
    assert books.balance(A, "STOCK(x)") == 150
    assert books.open() == {"UNASSAYED"}

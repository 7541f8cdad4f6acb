"""What the ledger does already, asked of the ledger itself: what it does not do yet is not compared, and the test says so."""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.epcis.event import ContainedMass, Material, Quantity
from tests.ledger.making import Books, T, add, declared, event, item, ship

A, B = "urn:site:a", "urn:site:b"


def keeps_shares() -> bool:
    """Lots say where their content comes from."""
    books = Books()
    books(add("x", "1", A, cu="10", country_of_origin="ZM"))
    return bool(books.fold.lots()[0].shares)


def posts_campaigns() -> bool:
    """Half of a run goes into work in process."""
    books = Books()
    run = {"biz_location": A, "transformation_id": "urn:run"}
    books(add("x", "1", A, cu="10"), event("TransformationEvent", [item("input", "x", "1")], **run))
    return books.balance(A, "WIP(urn:run)") == T // 10


def opens_with_work_in_process() -> bool:
    """A campaign opens with what it held."""
    books = Books()
    opening = Material("wip_open", "wip", contained=[ContainedMass("Cu", Decimal(1), "TNE")])
    books(event("TransformationEvent", [(Quantity("wip"), opening)], biz_location=A, transformation_id="urn:run"))
    return books.balance(A, "WIP(urn:run)") == T


def restates() -> bool:
    """A correction changes what was drawn since."""
    books = Books()
    wrong = add("x", "10", A, cu="10")
    books(wrong, add("x", "10", A, cu="20"), ship("x", "10", A, B, consignment_id="c"), declared(wrong))
    return books.balance(A, "TRANSIT(c x)") == 2 * T


def stands_in_its_place() -> bool:
    """A corrective of what was drawn from changes the draws."""
    books = Books()
    wrong = add("x", "10", A, cu="10")
    right = replace(add("x", "10", A, cu="9"), event_id="urn:right")
    books(wrong, ship("x", "5", A, B, consignment_id="c"), declared(wrong, 1, ("urn:right",)), right)
    return books.balance(A, "TRANSIT(c x)") == 45 * T // 100

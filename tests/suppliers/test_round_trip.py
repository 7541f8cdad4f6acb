"""What Lodestream issues at one company is what Lodestream at the next takes in: shares, masses and carbon come through."""

from decimal import Decimal

from msgspec.structs import replace

from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.content.passport import passport as issued_passport
from lodestream.credentials.profile import FacilityProfile, Issue, IssuerProfile, VouchedLot
from lodestream.epcis.event import OriginPart
from tests.ledger.making import Books, add, ship, transform
from tests.suppliers.supplying import NOW_US, OURS, REFINERY, WORKS, Office

PROFILE = IssuerProfile(REFINERY, "Refinery", "https://refinery.example.com", {WORKS: FacilityProfile("Works", "JP")})
CATHODE = "https://id.gs1.org/01/09521234000021/10/K1"


def issue(name: str) -> Issue:
    return Issue(f"https://refinery.example.com/credentials/{name}", NOW_US - 10**9)


def theirs() -> Books:
    """The refinery's own books: concentrate of two countries and scrap to a cathode, 2 t of which leave wet."""
    books = Books()
    origins = [
        OriginPart(Decimal(2), "Cu", "ZM", "urn:mine:zm", "mine"),
        OriginPart(Decimal(1), "Cu", "CL", "urn:mine:cl", "mine"),
    ]
    when = {"event_time_us": NOW_US - 10**11}
    books(
        add("urn:conc", "30", WORKS, cu="30", embodied_g_co2e=30_000_000, origins=origins, **when),
        add("urn:scrap", "1.2", WORKS, cu="100", embodied_g_co2e=0, source_class="end_of_life", country_of_origin="JP", **when),
        transform(
            WORKS,
            [("urn:conc", "30", {}), ("urn:scrap", "1.2", {})],
            [(CATHODE, "10.1", {"moisture": "1", "cu": "99.99"})],
            event_time_us=NOW_US - 9 * 10**10,
        ),
        ship(CATHODE, "2.02", WORKS, OURS, moisture="1", consignment_id="urn:c:1", event_time_us=NOW_US - 8 * 10**10),
    )
    return books


def test_a_lot_of_another_lodestream() -> None:
    books = theirs()
    made, shipped = (next(one for one in books.outcomes if one.kind == kind) for kind in ("transform", "ship"))
    shipped = replace(shipped, to_location=OURS)
    state = next(lot for lot in made.lots if lot.lot == CATHODE)
    vouched = VouchedLot(
        WORKS,
        CATHODE,
        state.wet_mg,
        state.dry_mg,
        state.contained_mg,
        state.shares,
        made.valid_time_us,
        location=WORKS,
        embodied_g_co2e=state.embodied_g_co2e,
    )
    office = Office()
    office(
        issued_passport(vouched, PROFILE, issue("dpp")),
        traceability_event(made, PROFILE, issue("make")),
        traceability_event(shipped, PROFILE, issue("move")),
    )
    ours = office.lot(WORKS, CATHODE)
    left = books.lot(WORKS, CATHODE)
    assert (ours.dry_mg, ours.wet_mg, ours.contained_mg) == (left.dry_mg, left.wet_mg, left.contained_mg)
    assert abs(ours.embodied_g_co2e - left.embodied_g_co2e) <= 10
    theirs_by_country = {" ".join(key.split(" ")[::2]): mg for key, mg in left.shares["Cu"].items()}
    ours_by_country = {" ".join(key.split(" ")[::2]): mg for key, mg in ours.shares["Cu"].items()}
    assert ours_by_country.keys() == theirs_by_country.keys()
    assert all(abs(ours_by_country[key] - mg) <= 20 for key, mg in theirs_by_country.items()), (ours.shares, left.shares)
    assert office.open() == set()

"""A supplier's lot in our books: opened by a credential, shipped, received with the supplier's shares and carbon."""

import json
from typing import Any

from msgspec.structs import replace

from tests.suppliers.supplying import LOT, NOW_US, OURS, WORKS, Office, dcc, dpp, dte, make, move

KG = 10**6
SHARES = {"Cu": {"ZZ": 0}}


def received(lot: str = LOT, kg: str = "2000", event: str = "urn:test:receipt:1", **item: Any) -> bytes:
    """Our own receipt."""
    one = {"crm:role": "object", "crm:id": lot, "crm:massBasis": "dry"} | item
    return json.dumps(
        {
            "@context": [
                "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                {"crm": "https://w3id.org/lodestream/crm/v1/"},
            ],
            "type": "ObjectEvent",
            "eventID": event,
            "eventTime": "2025-03-09T10:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": "receiving",
            "quantityList": [{"epcClass": lot, "quantity": float(kg), "uom": "KGM"}],
            "bizLocation": {"id": OURS},
            "bizTransactionList": [{"type": "bol", "bizTransaction": "urn:carrier:BL-0310"}],
            "crm:receipt": "final",
            "crm:materials": [one],
        }
    ).encode()


def test_a_lot_is_received_with_the_suppliers_shares_and_carbon() -> None:
    office = Office()
    office(dpp(), dte(make()), dte(move(), name="2"))
    made = office.lot(WORKS)
    assert made.contained_mg == {"Cu": 7_999_200_000}
    assert made.embodied_g_co2e == 30_400_000
    office.deliver(received(), "local")
    ours = office.lot(OURS)
    assert ours.dry_mg == 2_000 * KG
    assert ours.contained_mg == {"Cu": 1_999_800_000}
    assert ours.shares == {"Cu": {"JP - scrap -": 239_976_000, "ZM - mine -": 1_759_824_000}}
    assert (ours.embodied_g_co2e, ours.uncovered_mg) == (7_600_000, 0)
    assert office.open() == set()

"""A UNTP product as a lot: which id, what mass, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from lodestream.credentials.errors import CredentialError
from lodestream.supplied.products import lot_of, part_of
from tests.suppliers.supplying import product

GTIN = "https://id.gs1.org/01/09521234000021"
PRIVATE = "https://mine.example.com/p/conc"


def told(**fields: Any) -> tuple[str, bool]:
    return lot_of({"id": PRIVATE, "idGranularity": "batch"} | fields, "/product")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"batchNumber": "B1"}, (f"{PRIVATE}/10/B1", False)),
        ({"batchNumber": "B1", "idGranularity": "model"}, (f"{PRIVATE}/10/B1", False)),  # the official samples
        ({"batchNumber": "B 1/2"}, (f"{PRIVATE}/10/B%201%2F2", False)),
        ({"id": f"{PRIVATE}/B1", "batchNumber": "B1"}, (f"{PRIVATE}/B1", False)),  # as Lodestream itself issues it
        ({"id": "urn:mine:conc:B1", "batchNumber": "B1"}, ("urn:mine:conc:B1", False)),
        ({"id": "urn:mine:conc", "batchNumber": "B1"}, ("urn:mine:conc:B1", False)),
        ({"id": f"{PRIVATE}?p=1", "batchNumber": "B1"}, (f"{PRIVATE}?p=1:B1", False)),
        ({}, (PRIVATE, False)),
        ({"id": GTIN, "batchNumber": "B1"}, (f"{GTIN}/10/B1", False)),
        ({"id": GTIN, "batchNumber": "09521234000021"}, (f"{GTIN}/10/09521234000021", False)),
        ({"id": f"{GTIN}/10/B1", "batchNumber": "B1"}, (f"{GTIN}/10/B1", False)),
        ({"id": "https://id.gs1.org/01/9521234000021/10/B1?17=260101"}, (f"{GTIN}/10/B1", False)),
        ({"id": GTIN, "itemNumber": "S1", "idGranularity": "item"}, (f"{GTIN}/21/S1", True)),
        ({"id": f"{GTIN}/21/S1", "idGranularity": "item"}, (f"{GTIN}/21/S1", True)),
        ({"itemNumber": "S1", "batchNumber": "B1", "idGranularity": "item"}, (f"{PRIVATE}/21/S1", True)),
        ({"id": f"{PRIVATE}/S1", "idGranularity": "item"}, (f"{PRIVATE}/S1", True)),
    ],
)
def test_the_lot_of_a_product(fields: dict[str, Any], expected: tuple[str, bool]) -> None:
    assert told(**fields) == expected


def test_two_batches_of_one_product_are_two_lots() -> None:
    assert told(batchNumber="1")[0] != told(batchNumber="2")[0] != told(itemNumber="1", idGranularity="item")[0]


@pytest.mark.parametrize("fields", [{"idGranularity": "model"}, {"id": GTIN}, {"id": GTIN, "idGranularity": "model"}])
def test_a_model_is_no_lot(fields: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        told(**fields)
    assert refused.value.code == "PRODUCT"


def test_the_content_of_a_part_is_what_its_issuer_states() -> None:
    facts = {
        "dryMass": {"value": 9, "unit": "TNE"},
        "cuContainedMass": {"value": Decimal("8.9991"), "unit": "TNE"},
        "color": "red",
    }
    part = part_of(product(kg="10", unit="TNE", characteristics=facts), "")
    assert (part.quantity, part.unit, part.dry_kg, part.contained_kg) == (10, "TNE", 9000, {"Cu": Decimal("8999.1")})
    by_fraction = part_of(product(characteristics={"cuMassFraction": Decimal("0.9999")}), "")
    assert by_fraction.contained_kg == {"Cu": Decimal(9999)}
    assert part_of(product(), "").contained_kg == {}


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({}, "STRUCTURE"),
        ({"product": {"id": 7}}, "STRUCTURE"),
        ({"product": {"id": "x" * 3000, "idGranularity": "batch"}}, "STRUCTURE"),
        (product(kg="-1"), "QUANTITY"),
        (product(kg="1e20"), "QUANTITY"),
        (product() | {"quantity": {"value": "10", "unit": "KGM"}}, "STRUCTURE"),
        (product() | {"quantity": {"value": True, "unit": "KGM"}}, "STRUCTURE"),
        (product() | {"quantity": 10}, "STRUCTURE"),
    ],
)
def test_what_is_no_part(entry: dict[str, Any], code: str) -> None:
    with pytest.raises(CredentialError) as refused:
        part_of(entry, "/outputProduct/0")
    assert refused.value.code == code

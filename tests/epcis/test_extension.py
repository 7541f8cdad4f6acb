"""Our extension: items and event terms into the canonical event, and sensor reports that are assays."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from lodestream.epcis.event import Assay, ContainedMass, Event, Material
from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.sensors import _INCHI_KEYS
from lodestream.epcis.terms import ASSAY, CONTAINED, EVENT, MATERIAL
from tests.epcis.making import CONTEXT

LOT = "urn:epc:class:lgtin:4012345.012345.LOT-7"
NS = "https://example.org/ns/"
CANONICAL_LOT = "https://id.gs1.org/01/04012345123456/10/LOT-7"
EVENT_JSON: dict[str, Any] = {
    "@context": CONTEXT,
    "type": "TransformationEvent",
    "eventTime": "2026-03-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "inputQuantityList": [{"epcClass": LOT, "quantity": 10, "uom": "TNE"}],
    "inputEPCList": ["urn:epc:id:sscc:4012345.0000000333"],
    "outputQuantityList": [{"epcClass": "ex:out", "quantity": 3, "uom": "TNE"}, {"epcClass": LOT, "quantity": 1, "uom": "TNE"}],
}
FULL = {
    "crm:role": "input",
    "crm:id": LOT,
    "crm:mass": "1000.50",
    "crm:uom": "KGM",
    "crm:massBasis": "wet",
    "crm:gross": 1010.5,
    "crm:tare": "10",
    "crm:moisturePercent": "8.5",
    "crm:volume": "2",
    "crm:volumeUom": "MTQ",
    "crm:massMethod": "weighbridge",
    "crm:massUncertaintyPercent": "0.1",
    "crm:moistureUncertaintyPoints": "0.15",
    "crm:tickets": ["T-1", "T-2"],
    "crm:seals": "S-1",
    "crm:assays": [
        {
            "crm:substance": "Li2O",
            "crm:value": "28.50",
            "crm:unit": "P1",
            "crm:basis": "as_received",
            "crm:method": "XRF",
            "crm:laboratory": "ex:lab",
            "crm:certificate": "C-1",
            "crm:status": "umpire",
            "crm:uncertainty": "0.05",
        },
        {"crm:substance": "Cu", "crm:value": 1, "crm:unit": "59", "acme:note": {"any": 1}},
    ],
    "crm:contained": [{"crm:element": "Cu", "crm:mass": "285.1", "crm:uom": "KGM"}],
    "crm:chemicalForm": "CuFeS2",
    "crm:process": "ex:flotation",
    "crm:productClass": "concentrate",
    "crm:sourceClass": "mine",
    "crm:countryOfOrigin": "ZM",
    "crm:siteOfOrigin": "ZM-M1",
    "crm:unfcClass": "E1F1G1",
    "crm:lossClass": "tailings",
    "crm:embodiedGCO2e": "724505764",
    "crm:owner": "urn:epc:id:pgln:4012345.00225",
}


def judge(**fields: Any) -> Accepted | Rejection:
    (item,) = intake(json.dumps({**EVENT_JSON, **fields}).encode())
    return item


def read(**fields: Any) -> Event:
    item = judge(**fields)
    assert isinstance(item, Accepted), item
    return item.event


def test_a_whole_item() -> None:
    event = read(**{"crm:materials": [FULL]})
    assert event.materials == [
        Material(
            role="input",
            id=CANONICAL_LOT,
            mass=Decimal("1000.5"),
            uom="KGM",
            mass_basis="wet",
            gross=Decimal("1010.5"),
            tare=Decimal(10),
            moisture_percent=Decimal("8.5"),
            volume=Decimal(2),
            volume_uom="MTQ",
            mass_method="weighbridge",
            mass_uncertainty_percent=Decimal("0.1"),
            moisture_uncertainty_points=Decimal("0.15"),
            tickets=["T-1", "T-2"],
            seals=["S-1"],
            assays=[
                Assay("Li2O", Decimal("28.5"), "P1", "as_received", "XRF", NS + "lab", "C-1", "umpire", Decimal("0.05")),
                Assay("Cu", Decimal(1), "59"),
            ],
            contained=[ContainedMass("Cu", Decimal("285.1"), "KGM")],
            chemical_form="CuFeS2",
            process=NS + "flotation",
            product_class="concentrate",
            source_class="mine",
            country_of_origin="ZM",
            site_of_origin="ZM-M1",
            unfc_class="E1F1G1",
            loss_class="tailings",
            embodied_g_co2e=724_505_764,
            owner="https://id.gs1.org/417/4012345002256",
        )
    ]
    (kept,) = json.loads(event.content)["https://w3id.org/lodestream/crm/v1/materials"]
    assert kept["https://w3id.org/lodestream/crm/v1/mass"] == "1000.5"
    assert kept["https://w3id.org/lodestream/crm/v1/assays"][1]["acme:note"] == {"any": "1"}


def test_one_lot_as_input_and_output_and_an_instance() -> None:
    roles = [{"crm:role": "output", "crm:id": LOT}, {"crm:role": "input", "crm:id": LOT}]
    bag = {"crm:role": "input", "crm:id": "https://id.gs1.org/00/040123450000003338", "crm:mass": "1", "crm:uom": "TNE"}
    assert [(item.role, item.mass) for item in read(**{"crm:materials": [*roles, bag]}).materials] == [
        ("output", None),
        ("input", None),
        ("input", Decimal(1)),
    ]


def test_event_terms() -> None:
    event = read(
        **{
            "crm:processEmissionsGCO2e": 12,
            "crm:consignmentId": "urn:epc:id:gsin:4012345.999987654",
            "crm:receipt": "final",
            "crm:campaignClose": True,
            "crm:openingBalance": "true",
            "crm:openingEvidence": "count of 2026-01-01",
            "crm:periodClose": "2026-03",
        }
    )
    assert (event.process_emissions_g_co2e, event.consignment_id) == (12, "https://id.gs1.org/402/40123459999876541")
    assert (event.receipt, event.campaign_close, event.opening) == ("final", True, True)
    assert (event.opening_evidence, event.period_close) == ("count of 2026-01-01", "2026-03")


def test_every_field_of_the_structs_has_a_term() -> None:
    for kind, terms in ((Assay, ASSAY), (ContainedMass, CONTAINED), (Material, MATERIAL)):
        assert [term.field for term in terms.values()] == [field.name for field in msgspec.structs.fields(kind)]
    fields = [field.name for field in msgspec.structs.fields(Event)]
    ours = fields[fields.index("process_emissions_g_co2e") : fields.index("content")]
    assert [term.field for term in EVENT.values()] == ours


ASSAY_JSON = {"crm:substance": "Cu", "crm:value": "1", "crm:unit": "P1"}
CONTAINED_JSON = {"crm:element": "Cu", "crm:mass": "1", "crm:uom": "KGM"}
FULL_NAME = "https://w3id.org/lodestream/crm/v1/uom"


@pytest.mark.parametrize(
    ("code", "pointer", "change"),
    [
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": "1,5"}),
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": "-1"}),
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": True}),
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": "1E5"}),
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": "1" * 16}),
        ("BAD_DECIMAL", "/crm:mass", {"crm:mass": "٣"}),
        ("BAD_DECIMAL", "/crm:moisturePercent", {"crm:moisturePercent": "100.1"}),
        ("BAD_DECIMAL", "/crm:embodiedGCO2e", {"crm:embodiedGCO2e": "1.5"}),
        ("BAD_DECIMAL", "/crm:embodiedGCO2e", {"crm:embodiedGCO2e": "-1"}),
        ("BAD_DECIMAL", "/crm:assays/0/crm:value", {"crm:assays": [{**ASSAY_JSON, "crm:value": "x"}]}),
        ("UNKNOWN_VALUE", "/crm:assays/crm:unit", {"crm:assays": {**ASSAY_JSON, "crm:unit": "%"}}),
        ("UNKNOWN_VALUE", "/crm:assays/1/crm:substance", {"crm:assays": [ASSAY_JSON, {**ASSAY_JSON, "crm:substance": "Xx2O"}]}),
        ("UNKNOWN_VALUE", "/crm:assays/0/crm:substance", {"crm:assays": [{**ASSAY_JSON, "crm:substance": "copper"}]}),
        ("MISSING_FIELD", "/crm:assays/0", {"crm:assays": [{"crm:substance": "Cu", "crm:value": "1"}]}),
        ("UNKNOWN_VALUE", "/crm:contained/0/crm:element", {"crm:contained": [{**CONTAINED_JSON, "crm:element": "Li2O"}]}),
        ("UNKNOWN_VALUE", "/crm:uom", {"crm:uom": "kg"}),
        ("UNKNOWN_VALUE", "/crm:massMethod", {"crm:massMethod": "By Eye"}),
        ("UNKNOWN_VALUE", "/crm:lossClass", {"crm:lossClass": "gone"}),
        ("UNKNOWN_VALUE", "/crm:countryOfOrigin", {"crm:countryOfOrigin": "Zambia"}),
        ("UNKNOWN_VALUE", "/crm:owner", {"crm:owner": " "}),
        ("UNKNOWN_VALUE", "/crm:role", {"crm:role": "wip"}),
        ("TOO_LONG", "/crm:owner", {"crm:owner": "x" * 1001}),
        ("UNKNOWN_TERM", "/crm:receipt", {"crm:receipt": "final"}),
        ("DUPLICATE_KEY", "/" + FULL_NAME.replace("/", "~1"), {FULL_NAME: "KGM"}),
        ("UNPREFIXED_KEY", "/mass", {"mass": "1"}),
        ("MATERIAL_WITHOUT_MATCH", "", {"crm:id": "ex:nowhere"}),
        ("MATERIAL_WITHOUT_MATCH", "", {"crm:role": "object"}),
    ],
)
def test_items_that_are_refused(code: str, pointer: str, change: dict[str, Any]) -> None:
    item = judge(**{"crm:materials": [{"crm:role": "output", "crm:id": LOT}, {**FULL, **change}]})
    assert isinstance(item, Rejection)
    assert (item.code, item.pointer) == (code, "/crm:materials/1" + pointer)


@pytest.mark.parametrize(
    ("code", "term", "value"),
    [
        ("UNKNOWN_TERM", "crm:materails", []),
        ("UNKNOWN_VALUE", "crm:receipt", "half"),
        ("UNKNOWN_VALUE", "crm:campaignClose", "yes"),
        ("UNKNOWN_VALUE", "crm:openingBalance", 1),
        ("BAD_DECIMAL", "crm:processEmissionsGCO2e", "1e3"),
    ],
)
def test_event_terms_that_are_refused(code: str, term: str, value: Any) -> None:
    item = judge(**{term: value})
    assert isinstance(item, Rejection)
    assert (item.code, item.pointer) == (code, "/" + term)


def test_an_own_word_is_taken_with_a_warning() -> None:
    item = judge(
        **{"crm:materials": [{"crm:role": "input", "crm:id": LOT, "crm:productClass": "mush", "crm:massMethod": "ex:guess"}]}
    )
    assert isinstance(item, Accepted)
    assert (item.event.materials[0].product_class, item.event.materials[0].mass_method) == (
        "mush",
        "https://example.org/ns/guess",
    )
    assert [warning.split(":")[0] for warning in item.warnings] == ["UNKNOWN_WORD"]


def test_an_undeclared_prefix_is_not_ours() -> None:
    event = {**EVENT_JSON, "@context": CONTEXT[0], "crm:materials": "anything"}
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted)
    assert item.event.materials == []
    assert [warning.split(":")[0] for warning in item.warnings] == ["UNDECLARED_PREFIX"]


def test_our_context_by_its_address_declares_the_prefix() -> None:
    context = [CONTEXT[0], "https://w3id.org/lodestream/crm/v1/context.jsonld"]
    event = {**EVENT_JSON, "@context": context, "crm:materials": [{"crm:role": "input", "crm:id": LOT}]}
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted)
    assert [each.id for each in item.event.materials] == [CANONICAL_LOT]


COPPER = "https://identifiers.org/inchikey:RYGMFSIKBFXOCR-UHFFFAOYSA-N"


def sensed(*reports: dict[str, Any], lots: int = 1) -> Accepted:
    event = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "quantityList": [{"epcClass": f"ex:lot-{n}"} for n in range(lots)],
        "sensorElementList": [{"sensorReport": [{"type": "Dimensionless", **report} for report in reports]}],
    }
    (item,) = intake(json.dumps(event).encode())
    assert isinstance(item, Accepted), item
    return item


def test_sensor_reports_that_are_assays() -> None:
    item = sensed(
        {"chemicalSubstance": COPPER, "value": 28.50, "uom": "P1", "crm:basis": "dry"},
        {"component": "crm:Ni", "value": 3, "uom": "59", "crm:basis": "as_received"},
        {"crm:substance": "Li2O", "value": 6, "uom": "60", "crm:basis": "dry"},
        {"chemicalSubstance": COPPER, "value": 28.50, "uom": "P1"},  # on what basis?
        {"chemicalSubstance": COPPER, "value": 28.50, "uom": "KGM", "crm:basis": "dry"},  # no mass fraction
        {"chemicalSubstance": COPPER, "value": -1, "uom": "P1", "crm:basis": "dry"},
        {"chemicalSubstance": "https://example.org/Cu", "value": 1, "uom": "P1", "crm:basis": "dry"},  # whose Cu?
    )
    assert item.event.sensor_assays == [
        Assay("Cu", Decimal("28.5"), "P1", "dry"),
        Assay("Ni", Decimal(3), "59", "as_received"),
        Assay("Li2O", Decimal(6), "60", "dry"),
    ]
    assert [warning.split(":")[0] for warning in item.warnings] == ["SENSOR_BASIS", "SENSOR_VALUE"]


def test_no_sensor_assay_where_it_is_not_clear_of_which_lot() -> None:
    assert sensed({"chemicalSubstance": COPPER, "value": 28.5, "uom": "P1", "crm:basis": "dry"}, lots=2).event.sensor_assays == []


def inchi_key(symbol: str) -> str:
    """The first block of the InChIKey of an element, by the InChI Trust's algorithm (SHA-256 in base 26)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    triples = [a + b + c for a in letters for b in letters for c in letters if a != "E" and not "TAA" <= a + b + c <= "TTV"]
    pairs = [a + b for a in letters for b in letters]
    number = int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:9], "little")
    return "".join(triples[number >> 14 * place & 0x3FFF] for place in range(4)) + pairs[number >> 56 & 0x1FF]


def test_inchi_keys() -> None:
    assert {key: inchi_key(symbol) for key, symbol in _INCHI_KEYS.items()} == {key: key for key in _INCHI_KEYS}

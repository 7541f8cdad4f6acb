"""What is told of a transaction: the mapping, exact numbers, and the official schema and contexts over all of it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.credentials.bundle import Bundle, JsonLd, JsonSchema
from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.content.text import mass_fraction
from lodestream.credentials.encoding import digest_multibase, from_base58btc
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.policy import Signed
from lodestream.credentials.profile import IssuerProfile
from lodestream.ledger.records import Line
from tests.credentials.telling import CATHODE, CONCENTRATE, NOW_US, PROFILE, SCRAP, SITE, SLAG, line, outcome, smelting


def told(**more: Any) -> dict[str, Any]:
    """The credential as a reader gets it: written, and read back."""
    return parse_object(write(traceability_event(smelting(**more), PROFILE)), "it")


def test_the_copper_sample_is_told_as_a_make_event() -> None:
    made = told()["credentialSubject"][0]
    assert made["type"] == ["MakeEvent", "LifecycleEvent"]
    assert made["activityType"]["code"] == "commissioning"
    assert made["eventDate"] == "2025-03-05T15:00:00+09:00"
    assert made["madeAtFacility"] == {"type": ["Facility"], "id": SITE, "name": "Plant 2"}
    assert [(p["product"]["id"], p["disposition"]) for p in made["inputProduct"]] == [
        (CONCENTRATE, "consumed"),
        (SCRAP, "consumed"),
    ]
    assert [(p["product"]["id"], p["disposition"]) for p in made["outputProduct"]] == [(CATHODE, "new"), (SLAG, "disposed")]


def test_numbers_are_written_digit_by_digit() -> None:
    text = write(traceability_event(smelting(), PROFILE)).decode()
    assert '"quantity":{"value":10000,"unit":"KGM"}' in text
    assert '"cuMassFraction":0.9999' in text
    assert '"quantity":{"value":15000.5,"unit":"KGM"}' in text
    assert '"cuMassFraction":0.010016333' in text  # 150.25 / 15000.5 = 0.01001633279...
    assert '"statedQuantity":{"value":1.2,"unit":"TNE"}' in text


@pytest.mark.parametrize(
    ("contained", "dry", "fraction"),
    [
        (1, 3, "0.333333333"),
        (2, 3, "0.666666667"),
        (5, 10**10, "0"),  # half of the ninth digit, to the even neighbour
        (15, 10**10, "0.000000002"),
        (7, 7, "1"),
    ],
)
def test_a_grade_has_nine_digits_half_to_even(contained: int, dry: int, fraction: str) -> None:
    assert str(mass_fraction(contained, dry)) == fraction


def test_identity_and_dates_are_the_transactions_own() -> None:
    first, again = told(), told()
    assert first == again
    assert first["id"] == f"https://refinery.example/credentials/dte/{smelting().txn_id}"
    assert first["validFrom"] == "2025-03-05T07:00:01.123Z"
    assert first["credentialSubject"][0]["id"] == smelting().event_id


def test_the_event_is_linked_with_its_hash() -> None:
    document, campaign = told(transformation_id="urn:refinery:heat:12")["credentialSubject"][0]["relatedDocument"]
    assert document["linkURL"] == smelting().event_id
    digest = from_base58btc(document["digestMultibase"][1:])
    assert digest[:2] == b"\x12\x20"
    assert digest[2:].hex() in (smelting().event_hash or "")
    assert campaign["linkURL"] == "urn:refinery:heat:12"


def test_a_lot_is_a_batch_and_a_serial_number_an_item() -> None:
    one = outcome(
        line("input", "https://id.gs1.org/01/09521234000014/21/7", "5", {"Cu": "5"}),
        line("output", "https://id.gs1.org/01/09521234000021/10/A%2FB", "5", {"Cu": "5"}),
        line("output", "urn:mine:lots:L-9", "0"),
    )
    event = traceability_event(one, PROFILE)["credentialSubject"][0]
    assert event["inputProduct"][0]["product"]["itemNumber"] == "7"
    assert [p["product"]["batchNumber"] for p in event["outputProduct"]] == ["A/B", "L-9"]


def test_a_product_is_named_by_what_its_lot_was_called_before() -> None:
    made = smelting()
    made = replace(made, lots=[replace(lot, product_class="concentrate") if lot.lot == CONCENTRATE else lot for lot in made.lots])
    event = traceability_event(made, PROFILE)["credentialSubject"][0]
    assert [p["product"]["name"] for p in event["inputProduct"]] == ["Concentrate", SCRAP]


def test_without_an_assay_there_is_no_grade() -> None:
    one = outcome(line("input", CONCENTRATE, "5", {"Cu": "1"}), line("output", CATHODE, "5", wet_mg=6 * 10**6, uom=None))
    product = traceability_event(one, PROFILE)["credentialSubject"][0]["outputProduct"][0]
    assert product["product"]["characteristics"] == {"statedQuantity": {"value": Decimal(5), "unit": "C62"}}
    assert product["quantity"]["value"] == Decimal(6)


def test_what_is_no_transformation_is_refused() -> None:
    with pytest.raises(CredentialError, match="no traceability event"):
        traceability_event(smelting(kind="tick"), PROFILE)


@pytest.mark.parametrize(("did", "url"), [("refinery.example", "https://r.example"), ("did:web:r.example", "ftp://r.example")])
def test_a_profile_that_cannot_be_published_is_refused(did: str, url: str) -> None:
    with pytest.raises(CredentialError):
        IssuerProfile(did, "Refinery", url)


def judged(bundle: Bundle, credential: dict[str, Any]) -> list[tuple[str, str]]:
    """Official schema and strict JSON-LD on the bytes that are signed: result and sentence where not passed."""
    data = write(credential)
    signed = Signed(parse_object(data, "it"), data, NOW_US)
    checks = [policy.check(signed) for policy in (JsonSchema(bundle), JsonLd(bundle))]
    return [(check.name, check.sentence) for check in checks if check.result != "passed"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kind": "split"},
        {"transformation_id": "urn:refinery:heat:12"},
        {"biz_step": None, "event_id": None, "location": None, "event_time_zone_offset": None},
        {"biz_step": "https://refinery.example/steps/electro-refining"},
        {"biz_step": "urn:refinery:step:leach"},
    ],
    ids=str,
)
def test_the_official_schema_and_contexts_accept_it(bundle: Bundle, more: dict[str, Any]) -> None:
    assert judged(bundle, traceability_event(smelting(**more), PROFILE)) == []


def test_strict_json_ld_keeps_every_fact(bundle: Bundle) -> None:
    """The expansion holds the grade under a name of the UNTP vocabulary: nothing was dropped on the way."""
    expanded = json.dumps(JsonLd(bundle).expand(traceability_event(smelting(), PROFILE)))
    assert "https://vocabulary.uncefact.org/untp/Characteristics#cuMassFraction" in expanded
    assert "https://vocabulary.uncefact.org/untp/Characteristics#cuContainedMass" in expanded


ids = st.one_of(
    st.builds("https://id.gs1.org/01/09521234000014/10/{}".format, st.text("ABCabc019-._%2F", min_size=1, max_size=12)),
    st.builds("urn:{}:{}".format, st.text("abcxyz", min_size=2, max_size=5), st.text(min_size=1, max_size=15)),
    st.builds("https://mine.example/lots/{}".format, st.text(min_size=1, max_size=15)),
)
masses = st.integers(0, 10**18)
elements = st.dictionaries(st.sampled_from(["Cu", "Ni", "Co", "Li", "W"]), masses, max_size=3)
lines = st.builds(
    Line,
    role=st.sampled_from(["input", "output"]),
    lot=ids,
    wet_mg=masses,
    dry_mg=masses,
    contained_mg=elements,
    quantity=st.none() | st.decimals(0, 10**9, allow_nan=False, places=3),
    uom=st.none() | st.sampled_from(["KGM", "TNE", "LTR", "C62"]),
    product_class=st.none() | st.sampled_from(["cathode", "concentrate"]),
    loss_class=st.none() | st.sampled_from(["slag", "tailings"]),
)


@settings(max_examples=120, deadline=None)
@given(
    parts=st.lists(lines, min_size=1, max_size=5),
    number=st.integers(1, 10**6),
    offset=st.sampled_from(["+00:00", "-05:30", "+14:00", None]),
    step=st.sampled_from(["commissioning", "creating_class_instance", None]),
    event_id=st.none() | ids,
)
def test_whatever_the_ledger_says_is_told_validly(
    shared: Path, bundle: Bundle, parts: list[Line], number: int, offset: str | None, step: str | None, event_id: str | None
) -> None:
    parts = [replace(parts[0], role="input"), *parts[1:]]
    one = outcome(*parts, number=number, event_time_zone_offset=offset, biz_step=step, event_id=event_id)
    assert judged(bundle, traceability_event(one, PROFILE)) == []


def test_the_digest_is_a_multihash() -> None:
    assert digest_multibase("00" * 32).startswith("zQm")  # every SHA-256 multihash in base58btc begins so

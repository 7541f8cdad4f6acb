"""JSON put together as text is the JSON of its values, whatever stands in it."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.credentials.content.event import event_text, traceability_event
from lodestream.credentials.content.text import Json, kg, mass_fraction, number, quoted, values
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.profile import FacilityProfile, IssuerProfile, ProductProfile, Scheme
from tests.credentials.content.test_events import shipped
from tests.credentials.content.worked import PROFILE, issue, told
from tests.credentials.telling import CATHODE, SITE, line, outcome, smelting

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BREAKING = ['"', "\\", '","id":"urn:mine', '"}],"proof":{', "\n", "\u2028", "\x00", "ü", "{}", "%22"]
hostile = st.one_of(names, st.sampled_from(BREAKING))


def shape(value: Any) -> Any:
    """Which names stand where, and how many are in a list; what is said there does not count."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else type(value).__name__


def test_the_text_of_each_scenario_is_the_compact_json_of_its_values() -> None:
    texts = [event_text(one, PROFILE, issue("dte", one.txn_id, one.record_time_us, version=2)) for one in told()]
    assert len(texts) > 100
    for name, text in texts:
        known = parse_object(text, "it")
        assert write(known) == text
        assert known["name"] == name


@given(hostile, hostile, hostile, hostile, hostile)
def test_what_others_named_stays_a_name(product_class: str, loss: str, uom: str, place: str, who: str) -> None:
    """Nothing that is named, here or by a partner, adds a member to a credential or takes one away."""
    profile = IssuerProfile(
        PROFILE.did,
        who,
        PROFILE.base_url,
        facilities={SITE: FacilityProfile(place)},
        products={"cathode": ProductProfile(product_class)},
        registered_id="1",
        register=Scheme("https://register.example", who),
    )

    def event(known: IssuerProfile, kind: str, unit: str, lost: str) -> dict[str, Any]:
        made = line("output", CATHODE, "1", {"Cu": "1"}, quantity=Decimal(5), uom=unit, product_class=kind)
        waste = line("output", "https://x.example/slag", "1", {"Cu": "1"}, loss_class=lost)
        return traceability_event(outcome(line("input", "https://x.example/c", "2", {"Cu": "2"}), made, waste), known)

    plain = replace(profile, name="A", facilities={}, products={}, register=Scheme("https://register.example", "A"))
    said = event(profile, product_class, uom, loss)
    assert shape(said) == shape(event(plain, "cathode", "TNE", "slag"))
    assert said["issuer"]["name"] == said["issuer"]["issuerAlsoKnownAs"][0]["idScheme"]["name"] == who
    assert said["credentialSubject"][0]["outputProduct"][0]["product"]["characteristics"]["statedQuantity"]["unit"] == uom


@given(hostile)
def test_an_identifier_is_escaped_or_refused(made_up: str) -> None:
    """As a lot, a step, a place, a consignment, an event: it is a URI in the credential, or there is none."""
    changes: list[dict[str, Any]] = [
        {"biz_step": made_up},
        {"biz_step": f"https://x.example/{made_up}"},
        {"location": made_up},
        {"event_id": f"urn:x:{made_up}"},
        {"transformation_id": f"https://x.example/{made_up}"},
    ]
    outcomes = [smelting(**change) for change in changes]
    outcomes += [shipped(consignment=f"https://x.example/{made_up}"), shipped(to_location=f"urn:x:{made_up}")]
    outcomes += [outcome(line("input", "urn:x:1", "1"), line("output", f"https://x.example/10/{made_up}", "1"))]
    for one in outcomes:
        try:
            text = event_text(one, PROFILE)[1]
        except CredentialError:
            continue
        known = parse_object(text, "it")
        assert write(known) == text
        assert set(known) == {"@context", "type", "id", "issuer", "validFrom", "name", "credentialSubject"}


@given(names)
def test_a_quoted_text_reads_back(text: str) -> None:
    assert json.loads(quoted(text)) == text


@given(st.integers(-(10**30), 10**30), st.integers(0, 9))
def test_a_number_is_exact_and_in_its_shortest_form(units: int, digits: int) -> None:
    text = number(units, digits)
    assert Fraction(text) == Fraction(units, 10**digits)
    assert "E" not in text.upper()
    assert not text.startswith("-0") or "." in text
    assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(
    ("units", "digits", "text"),
    [(0, 6, "0"), (1, 6, "0.000001"), (-1, 6, "-0.000001"), (1_500_000, 6, "1.5"), (-2_000_000, 6, "-2"), (7, 0, "7")],
)
def test_numbers(units: int, digits: int, text: str) -> None:
    assert number(units, digits) == text


def test_a_mass() -> None:
    assert kg(12_345_600) == '{"value":12.3456,"unit":"KGM"}'


@given(st.integers(0, 10**18), st.integers(1, 10**18))
def test_a_mass_fraction_is_rounded_half_to_even(contained: int, dry: int) -> None:
    assert Fraction(mass_fraction(contained, dry)) == Fraction(round(Fraction(contained, dry) * 10**9), 10**9)


def test_members_are_an_object() -> None:
    assert values([Json('"a":1'), Json('"b":0.5')]) == {"a": 1, "b": Decimal("0.5")}

"""What a field of the book file may be: the first value that it takes and the first that it does not."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lodestream.ledger import bookfields, bookfile
from lodestream.ledger.bookfields import Model

STRICT = ConfigDict(strict=True)  # as the tables of the file are
MANY = "9" * 18


def read(kind: Any, value: object) -> object:
    """A value of a field as it is kept, or what is wrong with it."""
    try:
        if isinstance(kind, type) and issubclass(kind, Model):
            return kind.model_validate(value)
        return TypeAdapter(kind, config=STRICT).validate_python(value)
    except ValidationError as error:
        (first,) = error.errors()
        assert (first["type"] == "mismatch") == first["msg"].startswith("should "), "what we say ourselves has one name"
        return first["msg"]


@pytest.mark.parametrize("value", [0, 100, Decimal("0.30"), Decimal("1.5"), Decimal("99.9999999"), "12.5"])
def test_a_percentage_is_from_nothing_to_all(value: Any) -> None:
    assert read(bookfields.Percent, value) == Decimal(value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (Decimal("-0.000001"), "greater than or equal to 0"),
        (Decimal("100.000001"), "less than or equal to 100"),
        (Decimal("99.99999999"), "no more than 9 digits"),
        ("half", "valid decimal"),
    ],
)
def test_what_is_none(value: object, what: str) -> None:
    assert what in str(read(bookfields.Percent, value))


def test_an_amount_is_not_below_zero_and_has_eighteen_digits() -> None:
    for value in (0, 1, int(MANY), Decimal("0.5"), f"{MANY[:9]}.{MANY[9:]}"):
        assert read(bookfields.Amount, value) == Decimal(value)
    assert "greater than or equal to 0" in str(read(bookfields.Amount, -1))
    assert "no more than 18 digits" in str(read(bookfields.Amount, 10 * int(MANY)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Uri", "urn:a:b"),
        ("Uri", "https://id.gs1.org/414/9501101530003"),
        ("Element", "Cu"),
        ("Element", "W"),
        ("SourceName", "mes-2"),
        ("SourceName", "0" + "a" * 62),
        ("InboxTopic", "epcis.inbox.v1"),
        ("InboxTopic", "epcis.inbox.mes-2.v1"),
        ("Party", "CD"),
        ("Party", "urn:party:x"),
        ("Zone", "Africa/Lusaka"),
        ("Zone", "UTC"),
    ],
)
def test_names_that_are_taken(kind: str, value: str) -> None:
    assert read(getattr(bookfields, kind), value) == value


@pytest.mark.parametrize(
    ("kind", "values", "what"),
    [
        ("Uri", ["mine", "urn:", "urn:a b", ":a", "1a:b", "x:" + "a" * 2041], "should be a URI, as the events write it"),
        ("Element", ["cu", "CU", "Copper", "", "C1"], "should be the symbol of an element, such as Cu"),
        ("SourceName", ["MES", "-a", "", "a" * 64], "should be a source's name: small letters, digits and -"),
        ("InboxTopic", ["orders", "epcis.inbox.v2", "epcis.inbox..v1"], "should be epcis.inbox.v1 or epcis.inbox.<source>.v1"),
        ("Party", ["cd", "CDX", "C", "a party"], "should be a country code or a URI"),
        ("Zone", ["Mars/Olympus", ""], "should be an IANA time zone, such as Africa/Lusaka"),
    ],
)
def test_names_that_are_not(kind: str, values: list[str], what: str) -> None:
    assert {str(read(getattr(bookfields, kind), value)) for value in values} == {what}


def test_a_pattern_is_of_the_whole_text() -> None:
    kind = Annotated[str, bookfields.matching("ab?", "should be ab, or a alone")]
    assert [read(kind, text) for text in ("a", "ab", "abb", "xa", "")] == ["a", "ab", *["should be ab, or a alone"] * 3]


def test_identifiers_are_made_canonical() -> None:
    for kind in (bookfields.Uri, bookfields.Party):
        assert read(kind, "urn:epc:id:sgln:9521321.00001.0") == "https://id.gs1.org/414/9521321000018"


def test_a_time_says_its_offset() -> None:
    assert bookfields.EPOCH == bookfile.EPOCH == datetime(1970, 1, 1, tzinfo=UTC)
    assert read(bookfields.Time, bookfields.EPOCH) == bookfields.EPOCH
    bare = datetime(2026, 7, 1)  # noqa: DTZ001  # as a file may have it
    assert read(bookfields.Time, bare) == "should say its offset from UTC, as in 2026-07-01T00:00:00Z"


@pytest.mark.parametrize(
    ("place", "taken"),
    [
        ([Decimal(90), Decimal(180)], True),
        ([Decimal(-90), Decimal(-180)], True),
        ([0, Decimal("-0.0000000001")], True),
        ([Decimal("90.000001"), Decimal(0)], False),
        ([Decimal("-90.000001"), Decimal(0)], False),
        ([Decimal(0), Decimal("180.000001")], False),
        ([Decimal(0), Decimal("-180.000001")], False),
        ([Decimal(0)], False),
        ([Decimal(0)] * 3, False),
        ([], False),
    ],
)
def test_a_place_is_on_the_earth(place: list[Any], taken: bool) -> None:
    wrong = "should be [latitude, longitude] in degrees, such as [-11.664, 27.479]"
    assert read(bookfile._Coordinates, place) == (place if taken else wrong)


def test_a_coordinate_has_twelve_digits() -> None:
    fits = Decimal("12.3456789012")
    assert read(bookfile._Coordinates, [fits, 0]) == [fits, 0]
    assert "no more than 12 digits" in str(read(bookfile._Coordinates, [fits + Decimal("1e-11"), 0]))


def test_what_two_fields_say_together_has_the_same_name() -> None:
    price = "should name an element or a product_class, and not both"
    key = "should have prices and their source where its key is economic, and only there"
    assert read(bookfile._Price, {"per_kg": 1}) == price
    assert read(bookfile._CarbonKey, {"key": "economic"}) == key


def test_a_table_has_its_own_settings_and_no_others() -> None:
    class One(Model):
        count: int = 0

    assert One(count=1).count == 1
    for wrong in ({"count": "1"}, {"other": 1}):
        with pytest.raises(ValidationError):
            One.model_validate(wrong)

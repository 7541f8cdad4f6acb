"""Bitstring status lists: the example of the Recommendation, exact bits, and what strangers write."""

import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.bundle import bundle_policies
from lodestream.credentials.encoding import to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.permutation import ENTRIES
from lodestream.credentials.policy import Signed
from lodestream.credentials.status import LARGEST_LIST_BYTES, Bitstring, StatusEntry, check_entry, entry_of, status_list
from tests.credentials.telling import official

EXAMPLE = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
"""Bitstring Status List 1.0, section 2.2: 131,072 entries, none of them set."""
URL = "https://refinery.example/status/1"
INDEXES = st.integers(0, ENTRIES - 1)


def listed(*indexes: int, **changed: Any) -> dict[str, Any]:
    credential = status_list(URL, "did:web:refinery.example", Bitstring.empty().set(*indexes), 1_741_200_000_000_000)
    return credential | changed


def code(error: pytest.ExceptionInfo[CredentialError]) -> str:
    return error.value.code


def test_the_example_of_the_recommendation() -> None:
    assert Bitstring.decode(EXAMPLE) == Bitstring.empty()
    assert len(Bitstring.decode(EXAMPLE)) == 131_072
    assert Bitstring.empty().encode() == EXAMPLE


def test_index_0_is_the_most_significant_bit_of_the_first_byte() -> None:
    assert Bitstring.empty().set(0).data[:2] == b"\x80\x00"
    assert Bitstring.empty().set(7, 8).data[:2] == b"\x01\x80"
    assert Bitstring.empty().set(ENTRIES - 1).data[-1:] == b"\x01"


@given(st.sets(INDEXES, max_size=20), INDEXES)
def test_what_was_set_is_read_back(indexes: set[int], other: int) -> None:
    bits = Bitstring.decode(Bitstring.empty().set(*indexes).encode())
    assert bits.get(other) == (other in indexes)
    assert all(map(bits.get, indexes))
    assert bits == Bitstring.empty().set(*sorted(indexes, reverse=True))


def test_the_text_states_no_time_and_the_prefix_may_be_missing() -> None:
    text = Bitstring.empty().set(94_567).encode()
    assert text == Bitstring.empty().set(94_567).encode()
    assert Bitstring.decode(text.removeprefix("u")).get(94_567)


def packed(data: bytes) -> str:
    return "u" + to_base64url(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "MALFORMED_VALUE_ERROR"),
        ("u", "MALFORMED_VALUE_ERROR"),
        ("z" + EXAMPLE[1:], "MALFORMED_VALUE_ERROR"),
        (EXAMPLE + "=", "MALFORMED_VALUE_ERROR"),
        (EXAMPLE[:-8], "MALFORMED_VALUE_ERROR"),
        (packed(zlib.compress(bytes(16_384))), "MALFORMED_VALUE_ERROR"),
        (packed(gzip.compress(bytes(16_384), mtime=0) + b"more"), "MALFORMED_VALUE_ERROR"),
        (packed(gzip.compress(bytes(LARGEST_LIST_BYTES + 1), mtime=0)), "MALFORMED_VALUE_ERROR"),
        (packed(gzip.compress(bytes(16_383), mtime=0)), "STATUS_LIST_LENGTH_ERROR"),
    ],
)
def test_what_is_no_list_is_refused_by_name(text: str, expected: str) -> None:
    with pytest.raises(CredentialError) as error:
        Bitstring.decode(text)
    assert code(error) == expected


@given(st.text(max_size=200) | st.binary(max_size=200).map(packed))
def test_whatever_a_stranger_writes_raises_nothing_else(text: str) -> None:
    with pytest.raises(CredentialError):
        Bitstring.decode(text)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join([bomb.compress(bytes(1 << 20)) for _ in range(200)]) + bomb.flush()
    assert len(data) < 300_000
    with pytest.raises(CredentialError, match="more than 4194304 bytes"):
        Bitstring.decode(packed(data))


def test_a_list_credential_says_what_is_revoked() -> None:
    credential = listed(94_567)
    assert credential["validFrom"] == "2025-03-05T18:40:00Z"
    assert credential["credentialSubject"]["id"] == f"{URL}#list"
    assert check_entry(credential, StatusEntry(URL, 94_567, "revocation")) is True
    assert check_entry(credential, StatusEntry(URL, 94_568, "revocation")) is False


@pytest.mark.parametrize("index", [94567, "94567"])
@pytest.mark.parametrize("wrap", [lambda entry: entry, lambda entry: [entry]])
def test_an_entry_in_the_spelling_of_w3c_and_of_untp(index: object, wrap: Any) -> None:
    stated = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": index,
        "statusListCredential": URL,
    }
    assert entry_of({"credentialStatus": wrap(stated)}) == [StatusEntry(URL, 94_567, "revocation")]


def test_no_status_is_none_and_many_are_refused() -> None:
    assert entry_of({}) == []
    with pytest.raises(CredentialError) as error:
        entry_of({"credentialStatus": [{}] * 17})
    assert code(error) == "MALFORMED_VALUE_ERROR"


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "StatusList2021Entry"},
        {"statusListIndex": -1},
        {"statusListIndex": True},
        {"statusListIndex": "1_0"},
        {"statusListIndex": "٣"},
        {"statusListIndex": "9" * 21},
        {"statusListIndex": None},
        {"statusListCredential": 7},
        {"statusPurpose": ""},
        {"statusSize": 0},
    ],
)
def test_a_malformed_entry_is_not_passed_over(changed: dict[str, object]) -> None:
    entry = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": 1,
        "statusListCredential": URL,
    }
    with pytest.raises(CredentialError) as error:
        entry_of({"credentialStatus": entry | changed})
    assert code(error) == "MALFORMED_VALUE_ERROR"


@pytest.mark.parametrize(
    ("credential", "entry", "expected"),
    [
        (listed(), StatusEntry(URL, ENTRIES, "revocation"), "RANGE_ERROR"),
        (listed(), StatusEntry(URL, 1, "suspension"), "STATUS_VERIFICATION_ERROR"),
        (listed(), StatusEntry(URL + "2", 1, "revocation"), "STATUS_VERIFICATION_ERROR"),
        (listed(type=["VerifiableCredential"]), StatusEntry(URL, 1, "revocation"), "STATUS_VERIFICATION_ERROR"),
        (listed(credentialSubject={"type": "Other"}), StatusEntry(URL, 1, "revocation"), "STATUS_VERIFICATION_ERROR"),
        (listed(), StatusEntry(URL, 1, "revocation", 2), "MALFORMED_VALUE_ERROR"),
        (
            listed(credentialSubject={"type": "BitstringStatusList", "statusPurpose": "revocation"}),
            StatusEntry(URL, 1, "revocation"),
            "MALFORMED_VALUE_ERROR",
        ),
    ],
)
def test_a_list_that_cannot_answer_is_refused_by_name(credential: dict[str, Any], entry: StatusEntry, expected: str) -> None:
    with pytest.raises(CredentialError) as error:
        check_entry(credential, entry)
    assert code(error) == expected


def test_a_list_for_several_purposes_answers_each() -> None:
    credential = listed(5)
    credential["credentialSubject"]["statusPurpose"] = ["suspension", "revocation"]
    assert check_entry(credential, StatusEntry(URL, 5, "suspension"))


def test_it_is_valid_by_the_official_schema_and_strict_json_ld(shared: Path) -> None:
    credential = listed(94_567)
    signed = Signed(credential, write(credential), 1_741_200_000_000_000)
    checks = {policy.name: policy.check(signed) for policy in bundle_policies(official(shared))}
    assert checks["JSON-LD"].result == "passed", checks
    assert checks["JSON Schema"].sentence.startswith("It satisfies W3C's schema"), checks  # UNTP has none for lists

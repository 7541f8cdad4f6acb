"""The history of an issuer's keys: who signs what, what stays published, what a verifier then accepts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.did import DidDocument, parse_document
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.keyring import History, Key, parse_history, told
from lodestream.credentials.securing import secure
from lodestream.credentials.signer import Signer, thumbprint
from lodestream.credentials.untp import time_us
from lodestream.credentials.verify import verify
from tests.credentials.telling import DID, p256_signer, signer

A, B, C = signer(), signer(bytes(32)), p256_signer()
NAMES = {thumbprint(one.public_jwk()): name for name, one in (("A", A), ("B", B), ("C", C))}
JANUARY, MARCH, MAY, JULY = (time_us(f"2025-{month:02}-01T00:00:00Z") for month in (1, 3, 5, 7))
HISTORY = History().begun(A.public_jwk(), JANUARY).begun(B.public_jwk(), MARCH).begun(C.public_jwk(), MAY)


def name_of(one: Signer) -> str:
    return thumbprint(one.public_jwk())


def signing(history: History, moment_us: int) -> str:
    return NAMES[history.signing(moment_us).name]


def credential(moment_us: int | None, **more: Any) -> dict[str, Any]:
    dates = {} if moment_us is None else {"validFrom": told(moment_us)}
    subject = {"credentialSubject": {"id": "urn:a:b"}}
    return (
        {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], "issuer": DID}
        | dates
        | subject
        | more
    )


def code(data: bytes, document: DidDocument) -> str:
    report = verify(data, document, JULY, ())
    return next((one.code for one in report.checks if one.result == "failed"), "verified")


def document(history: History) -> DidDocument:
    return parse_document(history.document(DID))


@pytest.mark.parametrize(
    ("moment_us", "name"),
    [(0, "A"), (JANUARY, "A"), (MARCH - 1, "A"), (MARCH, "B"), (MAY - 1, "B"), (MAY, "C"), (JULY, "C")],
)
def test_each_time_has_its_key(moment_us: int, name: str) -> None:
    assert signing(HISTORY, moment_us) == name


def test_a_key_that_is_retired_or_withdrawn_signs_no_more_and_the_next_does() -> None:
    retired = HISTORY.retired(name_of(B), JULY)
    assert [signing(retired, moment) for moment in (JANUARY, MARCH, MAY)] == ["A", "C", "C"]
    withdrawn = HISTORY.withdrawn(name_of(A), JULY)
    assert [signing(withdrawn, moment) for moment in (0, JANUARY, MARCH)] == ["B", "B", "B"]


def test_old_credentials_verify_after_rotation() -> None:
    both = document(HISTORY)
    for one, moment in ((A, JANUARY), (B, MARCH), (C, MAY)):
        assert code(secure(credential(moment), one, "vc+jwt", moment), both) == "verified"
    assert code(secure(credential(JANUARY), A, "eddsa-jcs-2022", JANUARY), both) == "verified"
    assert both.assertion[0].id == C.kid  # the latest first


def test_a_retired_key_counts_for_what_is_of_an_earlier_time_only() -> None:
    keys = document(HISTORY.retired(name_of(A), JULY))
    assert code(secure(credential(JANUARY), A, "vc+jwt", 0), keys) == "verified"
    assert code(secure(credential(JULY - 1_000_000), A, "vc+jwt", 0), keys) == "verified"
    assert code(secure(credential(JULY), A, "vc+jwt", 0), keys) == "KEY_RETIRED"
    assert code(secure(credential(None), A, "vc+jwt", 0), keys) == "KEY_RETIRED"
    assert code(secure(credential(None, validFrom="long ago"), A, "vc+jwt", 0), keys) == "KEY_RETIRED"
    assert code(secure(credential(JULY), B, "vc+jwt", 0), keys) == "verified"


def test_a_proof_that_was_made_after_its_key_retired_is_refused_whatever_the_credential_says() -> None:
    keys = document(HISTORY.retired(name_of(A), JULY))
    assert code(secure(credential(JANUARY), A, "eddsa-jcs-2022", JANUARY), keys) == "verified"
    assert code(secure(credential(JANUARY), A, "eddsa-jcs-2022", JULY), keys) == "KEY_RETIRED"
    assert code(secure(credential(None), A, "eddsa-jcs-2022", JANUARY), keys) == "verified"


def test_nothing_of_a_withdrawn_key_counts() -> None:
    history = HISTORY.withdrawn(name_of(A), JULY)
    assert code(secure(credential(JANUARY), A, "vc+jwt", 0), document(history)) == "KEY"
    assert A.public_jwk()["x"] not in history.document(DID).decode()


@pytest.mark.parametrize("end", ["2025-03-01", "soon", 7, {}])
def test_an_end_that_cannot_be_read_is_an_end(end: Any) -> None:
    method = {"id": A.kid, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": A.public_jwk(), "expires": end}
    keys = parse_document(write({"id": DID, "verificationMethod": [method], "assertionMethod": [A.kid]}))
    assert code(secure(credential(JANUARY), A, "vc+jwt", 0), keys) == "KEY_RETIRED"


def test_the_earlier_of_two_ends_counts() -> None:
    ends = {"expires": "2025-01-01T00:00:00Z", "revoked": "2025-03-01T00:00:00Z"}
    method = {"id": A.kid, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": A.public_jwk()} | ends
    keys = parse_document(write({"id": DID, "assertionMethod": [method]}))
    assert keys.assertion[0].until_us == JANUARY


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: HISTORY.retired(name_of(C), JULY), "none would sign"),
        (lambda: HISTORY.withdrawn(name_of(C), JULY), "none would sign"),
        (lambda: HISTORY.retired("nobody", JULY), "no key 'nobody'"),
        (lambda: HISTORY.withdrawn(name_of(A), JULY).retired(name_of(A), JULY), "ended already"),
        (lambda: HISTORY.retired(name_of(A), MAY).retired(name_of(A), JULY), "ended already: 2025-05-01"),
        (lambda: HISTORY.begun(A.public_jwk(), JULY), "in the history already"),
        (lambda: HISTORY.begun(signer(b"x" * 32).public_jwk(), MAY), "the next can only begin later"),
        (lambda: History().signing(0), "no key that signs"),
    ],
)
def test_changes_that_make_no_sense_are_refused(change: Any, said: str) -> None:
    with pytest.raises(CredentialError, match=said) as raised:
        change()
    assert raised.value.code == "KEYRING"


def test_a_key_to_come_is_published_before_it_signs() -> None:
    history = History().begun(A.public_jwk(), JANUARY).begun(B.public_jwk(), JULY)
    assert signing(history, MAY) == "A"
    assert {method.id for method in document(history).assertion} >= {A.kid, B.kid}
    assert history.retired(name_of(A), MAY).signing(MAY).name == name_of(B)  # which then signs at once
    at_once = history.withdrawn(name_of(B), JULY)  # at the very time at which it would have begun
    assert [signing(at_once, moment) for moment in (MAY, JULY)] == ["A", "A"]
    given_up = history.withdrawn(name_of(B), MAY)
    assert [signing(given_up, moment) for moment in (MAY, JULY)] == ["A", "A"]
    after = given_up.begun(C.public_jwk(), JULY + 2_000_000)
    assert [signing(after, moment) for moment in (MAY, JULY, JULY + 2_000_000)] == ["A", "A", "C"]


def test_the_file_returns_and_holds_no_secret() -> None:
    history = HISTORY.retired(name_of(A), JULY).withdrawn(name_of(B), JULY)
    data = history.to_bytes()
    assert parse_history(data) == history
    value = json.loads(data)
    assert value["version"] == 1
    assert value["keys"][0] == {
        "publicKeyJwk": A.public_jwk(),
        "since": "2025-01-01T00:00:00Z",
        "place": "",
        "retired": "2025-07-01T00:00:00Z",
        "withdrawn": "",
    }
    assert '"d"' not in data.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"keys": 7},
        {"keys": [{"since": "2025-01-01T00:00:00Z"}]},
        {"keys": [{"publicKeyJwk": A.public_jwk(), "since": "2025-01-01"}]},
        {"keys": [{"publicKeyJwk": A.public_jwk() | {"x": "AA"}, "since": "2025-01-01T00:00:00Z"}]},
        {"keys": [{"publicKeyJwk": A.public_jwk(), "since": "2025-01-01T00:00:00Z", "retired": "x"}]},
        {"keys": [{"publicKeyJwk": one.public_jwk(), "since": "2025-01-01T00:00:00Z"} for one in (A, B)]},
    ],
    ids=str,
)
def test_a_file_that_is_no_history_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CredentialError):
        parse_history(write(json.loads(HISTORY.to_bytes()) | change))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8, unique=True), st.integers(0, 2 * 10**9))
def test_the_latest_that_has_begun_signs(seconds: list[int], moment: int) -> None:
    history = History()
    for n, second in enumerate(sorted(seconds)):
        history = history.begun(signer(bytes([n]) * 32).public_jwk(), second * 1_000_000)
    found: Key = history.signing(moment * 1_000_000)
    begun = [second for second in seconds if second <= moment]
    assert found.since == told((max(begun) if begun else min(seconds)) * 1_000_000)


def test_services_name_the_resolver() -> None:
    (service,) = parse_document(HISTORY.document(DID, "https://refinery.example")).services
    assert service == (f"{DID}#resolver", ("untp:idr",), ("https://refinery.example",))
    assert parse_document(HISTORY.document(DID)).services == ()


def test_services_and_other_names_of_anyones_document() -> None:
    raw = {
        "id": DID,
        "alsoKnownAs": ["https://refinery.example", 7],
        "service": [
            7,
            {"id": "#a", "type": ["x", 7, "y"], "serviceEndpoint": ["https://a", {"uri": "https://b", "more": ["https://c", 7]}]},
            {"type": "z"},
        ],
    }
    found = parse_document(write(raw))
    assert found.also_known_as == ("https://refinery.example",)
    assert found.services == ((f"{DID}#a", ("x", "y"), ("https://a", "https://b", "https://c")), ("", ("z",), ()))

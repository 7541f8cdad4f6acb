"""The list of suppliers, and where their DID documents come from."""

from pathlib import Path

import pytest

from connectors.credentials.sources import Documents
from lodestream.credentials.did import document_bytes
from lodestream.credentials.errors import CredentialError
from lodestream.supplied.suppliers import Suppliers, parse_suppliers
from tests.credentials.telling import signer
from tests.suppliers.desks import SmallWeb
from tests.suppliers.supplying import CAB, KEYS, LIST, REFINERY, WORKS

PINNED = LIST.replace("facilities =", 'did_document = "refinery.json"\nfacilities =')


def test_an_issuer_speaks_for_its_own_facilities_in_any_spelling() -> None:
    listed = parse_suppliers(LIST.replace(WORKS, "urn:epc:id:sgln:9521321.00001.0"))
    assert listed.speaks_for(REFINERY, "https://id.gs1.org/414/9521321000018")
    assert not listed.speaks_for(REFINERY, WORKS)
    assert not listed.speaks_for(CAB, "https://id.gs1.org/414/9521321000018")


def test_a_facility_may_have_another_name_in_our_register() -> None:
    listed = parse_suppliers(LIST + f'\n[locations]\n"{WORKS}" = "urn:epc:id:sgln:9521321.00001.0"\n')
    assert listed.location(WORKS) == "https://id.gs1.org/414/9521321000018"
    assert listed.location("https://other.example/f") == "https://other.example/f"


def test_what_may_be_asked_is_what_is_listed() -> None:
    listed = parse_suppliers('allow = ["status.example"]\n' + LIST)
    assert listed.hosts() == ["status.example", "sample-cab.example.com", "sample-refinery.example.com"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "is not TOML"),
        ("suppliers = 7", "suppliers"),
        ('[suppliers.x]\nname = "X"\nfacilities = []', "is no DID"),
        ('[suppliers."did:web:a/b"]\nname = "X"\nfacilities = []', "is no did:web identifier"),
        ('[suppliers."did:web:a"]\nfacilities = []', "name"),
        ('[suppliers."did:web:a"]\nname = "X"\nfacilities = []\nfacility = "y"', "facility"),
        (LIST + f'\n[suppliers."did:web:b"]\nname = "B"\nfacilities = ["{WORKS}"]', "one of them speaks for it"),
        ("x" * 5_000_000, "at most"),
    ],
)
def test_a_list_that_cannot_be_used_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(CredentialError, match=said) as refused:
        parse_suppliers(text)
    assert refused.value.code == "SUPPLIERS"


def test_a_pinned_document_is_not_asked_for(tmp_path: Path) -> None:
    web = SmallWeb()
    (tmp_path / "refinery.json").write_bytes(document_bytes(signer(KEYS[REFINERY], REFINERY)))
    assert Documents(parse_suppliers(PINNED), tmp_path, web)(REFINERY).id == REFINERY
    assert web.asked == []


def test_a_document_of_somebody_else_or_none_is_refused(tmp_path: Path) -> None:
    documents = Documents(parse_suppliers(PINNED), tmp_path, SmallWeb())
    with pytest.raises(CredentialError, match="No such file"):
        documents(REFINERY)
    (tmp_path / "refinery.json").write_bytes(document_bytes(signer(KEYS[CAB], CAB)))
    with pytest.raises(CredentialError, match="is the DID document of"):
        documents(REFINERY)


def test_nobody_who_is_not_listed_is_asked_about(tmp_path: Path) -> None:
    web = SmallWeb()
    documents = Documents(parse_suppliers(LIST), tmp_path, web)
    for did in ("", "did:web:evil.example", "did:web:localhost%3A22"):
        with pytest.raises(CredentialError) as refused:
            documents(did)
        assert refused.value.code == "ISSUER"
    assert web.asked == []
    assert documents(CAB).id == CAB
    assert web.asked == ["https://sample-cab.example.com/.well-known/did.json"]


def test_the_default_list_believes_nobody() -> None:
    assert Suppliers().issuers() == frozenset()
    assert not Suppliers().speaks_for("", "")

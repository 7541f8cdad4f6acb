"""Linksets: valid by UNTP's schema, the same in any order, and what a resolver makes of them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.linkset import (
    MANY_CONTEXTS,
    Link,
    Linkset,
    anchor,
    anchor_path,
    choose,
    is_malformed,
    levels,
    linkset,
    merge,
    parse,
    path_of_request,
    placed,
    relation_of,
    resolver_description,
    to_bytes,
)
from lodestream.credentials.record import CredentialRecord
from tests.publication.making import CATHODE, ROOT, SLAG, credential

PRODUCT = "https://id.gs1.org/01/09521321102026"


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        (CATHODE, "/01/09521321102026/10/K1"),
        ("urn:epc:class:lgtin:9521321.010202.K1", "/01/09521321102026/10/K1"),
        ("https://brand.example/gtin/9521321102026/lot/K1?x=1", "/01/09521321102026/10/K1"),
        (PRODUCT, "/01/09521321102026"),
        ("https://id.gs1.org/414/9521321000001/254/7", "/414/9521321000001/254/7"),
        ("https://id.gs1.org/01/09521321102026/10/A%2CB", "/01/09521321102026/10/A%2CB"),
    ],
)
def test_where_a_gs1_identifier_is_found(identifier: str, path: str) -> None:
    assert anchor_path(identifier) == path
    assert path_of_request(path) == path
    assert not is_malformed(path)


@pytest.mark.parametrize(
    "identifier",
    [
        SLAG,
        "https://site.example/lots/A",
        # what no file name can hold
        "https://id.gs1.org/01/09521321102026/10/A%2FB",
        "https://id.gs1.org/01/09521321102026/10/..",
    ],
)
def test_others_are_found_by_their_digest(identifier: str) -> None:
    path = "/id/" + sha256(identifier.encode()).hexdigest()[:32]
    assert anchor_path(identifier) == path
    assert path_of_request(path) == path


def test_what_a_linkset_calls_an_identifier() -> None:
    assert anchor(SLAG, ROOT) == ROOT + anchor_path(SLAG)
    assert anchor("urn:epc:class:lgtin:9521321.010202.K1", ROOT) == CATHODE
    assert anchor("https://site.example/lots/A", ROOT + "/") == "https://site.example/lots/A"


@given(st.text(max_size=100) | st.from_regex(r"https://id\.gs1\.org/[0-9]{2}/[0-9]{14}/(10|21)/\S{1,30}", fullmatch=True))
def test_no_identifier_leads_out_of_the_folder(identifier: str) -> None:
    steps = anchor_path(identifier).split("/")
    assert steps[0] == ""
    assert not {"", ".", ".."} & set(steps[1:])
    assert not any(step.startswith(".") or "%2F" in step or "\\" in step or "\0" in step for step in steps[1:])


def test_requests_in_other_spellings_and_malformed_ones() -> None:
    assert path_of_request("/gtin/9521321102026/lot/K1") == "/01/09521321102026/10/K1"
    assert not is_malformed("/01/09521321102026/10/K1")
    assert is_malformed("/01/09521321102027/10/K1")  # the check digit
    assert is_malformed("/01/123")
    assert is_malformed("/01")
    assert not is_malformed("/credentials/dpp/1")


def test_less_granular_identifiers() -> None:
    assert levels("/01/09521321102026/10/K1") == ["/01/09521321102026/10/K1", "/01/09521321102026"]
    assert levels("/01/09521321102026") == ["/01/09521321102026"]
    assert levels(anchor_path(SLAG)) == [anchor_path(SLAG)]


def of(*records: CredentialRecord) -> Linkset:
    found = Linkset()
    for record in records:
        for each in placed(record):
            found = merge(found, linkset(anchor(each.identifier, ROOT), [(each.relation, each.link)]))
    return found


def test_a_public_and_a_private_credential() -> None:
    document = json.loads(to_bytes(of(credential(1), credential(2, "dte", access="private"))))
    assert document == {
        "linkset": [
            {
                "anchor": CATHODE,
                "dpp": [
                    {
                        "href": f"{ROOT}/credentials/dpp/1",
                        "title": "Credential 1",
                        "type": "application/vc",
                        "hreflang": ["en"],
                    }
                ],
                "dte": [
                    {
                        "href": f"{ROOT}/credentials/dte/2/f3d2dc449eef15ec",
                        "title": "Digital Traceability Event",
                        "type": "application/json",
                        "hreflang": ["en"],
                        "encryptionMethod": "AES-256-GCM",
                        "accessRole": ["untp:accessRole#Anonymous"],
                    }
                ],
            }
        ]
    }


def test_a_facility_has_its_record_and_its_conformity_and_not_every_event() -> None:
    place = "https://refinery.example/f/2"
    kinds = [("dfr", ()), ("dcc", (CATHODE,)), ("dte", (CATHODE,))]
    found = of(*(credential(n, kind, about, facility=place) for n, (kind, about) in enumerate(kinds)))
    by_anchor = {each.anchor: set(each.links) for each in found.contexts}
    assert by_anchor == {place: {"dfr", "dcc"}, CATHODE: {"dcc", "dte"}}


def test_what_was_replaced_is_said_in_rel() -> None:
    [first] = placed(credential(1))
    then = first.link.superseded()
    assert (then.rel, then.old, then.superseded()) == (("predecessor-version",), True, then)
    name = anchor(first.identifier, ROOT)
    both = merge(linkset(name, [("dpp", then)]), linkset(name, [("dpp", first.link)]))
    assert both == linkset(name, [("dpp", then)])


def schema(shared: Path) -> Any:
    return json.loads((shared / "data/untp/schemas/0.7.0/linkset.april.json").read_text())


def test_it_is_valid_by_the_schema_of_untp(shared: Path) -> None:
    records = [
        credential(1),
        credential(2, "dte", (CATHODE, SLAG), access="private"),
        credential(3, "dfr", (), facility="urn:refinery:place:2"),
        credential(4, "dcc", facility="https://refinery.example/f/2"),
    ]
    document = json.loads(to_bytes(merge(of(*records), linkset(CATHODE, [("dpp", placed(credential(5))[0].link.superseded())]))))
    validator = jsonschema_rs.validator_for(schema(shared), validate_formats=True)
    assert [error.message for error in validator.iter_errors(document)] == []
    document["linkset"][0]["untp:dpp"] = []
    assert not validator.is_valid(document)  # the test can fail


LINKS = st.builds(
    Link,
    st.sampled_from([f"{ROOT}/1", f"{ROOT}/2"]),
    st.sampled_from(["a", "b"]),
    rel=st.sampled_from([(), ("predecessor-version",), ("edit",), ("edit", "predecessor-version")]),
)
SETS = st.builds(
    linkset, st.sampled_from([CATHODE, PRODUCT]), st.lists(st.tuples(st.sampled_from(["dpp", "dte"]), LINKS), max_size=4)
)


@given(SETS, SETS, SETS)
def test_merging_is_in_no_order_and_idempotent(a: Linkset, b: Linkset, c: Linkset) -> None:
    assert to_bytes(merge(a, b)) == to_bytes(merge(b, a))
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert parse(to_bytes(a)) == a


def test_linksets_of_others_are_read() -> None:
    document = parse(
        b'{"linkset":[{"anchor":"https://a.example/1","description":"x","untp:dpp":[{"href":"https://a.example/d"}],'
        b'"https://gs1.org/voc/pip":[{"href":"https://a.example/p","title":"P","hreflang":"en"}]}]}'
    )
    [context] = document.contexts
    assert context.links["dpp"] == (Link("https://a.example/d", ""),)
    assert context.links["https://gs1.org/voc/pip"] == (Link("https://a.example/p", "P", hreflang=("en",)),)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"linkset":{}}',
        '{"linkset":[7]}',
        '{"linkset":[{"dpp":[]}]}',
        '{"linkset":[{"anchor":"a","dpp":[{"title":"t"}]}]}',
        '{"linkset":[{"anchor":"a","dpp":[{"href":"javascript:alert(1)"}]}]}',
        json.dumps({"linkset": [{"anchor": "a"}] * (MANY_CONTEXTS + 1)}),
    ],
)
def test_what_is_no_linkset_is_told(text: str) -> None:
    with pytest.raises(CredentialError) as error:
        parse(text.encode())
    assert error.value.code in ("LINKSET", "NOT_JSON")


def link(name: str, *rel: str, method: str = "", language: str = "en") -> Link:
    return Link(f"{ROOT}/{name}", name, "application/vc", (language,), rel, method)


def chosen(link_type: str, *documents: Linkset, language: str = "") -> str | None:
    found = choose(documents, link_type, language)
    return found.title if found else None


def test_what_a_resolver_redirects_to() -> None:
    lot = linkset(
        CATHODE,
        [("dpp", link("new")), ("dpp", link("old", "predecessor-version")), ("dte", link("one")), ("dte", link("two"))],
    )
    product = linkset(PRODUCT, [("dcc", link("certificate")), ("dpp", link("of the class"))])
    assert chosen("", lot, product) == "new"
    assert chosen("dpp", lot, product) == "new"
    assert chosen("untp:dpp", lot, product) == "new"
    assert chosen("https://test.uncefact.org/vocabulary/linkTypes/dpp", lot, product) == "new"
    assert chosen("dcc", lot, product) == "certificate"  # at the next level
    assert chosen("dfr", lot, product) == "new"  # the default
    assert chosen("dte", lot, product) is None  # two: the linkset says which
    assert chosen("dpp") is None


def test_revoked_encrypted_and_in_another_language() -> None:
    assert chosen("dpp", linkset(CATHODE, [("dpp", link("old", "predecessor-version"))])) == "old"
    locked = linkset(CATHODE, [("dte", link("locked", method="AES-256-GCM")), ("dte", link("open"))])
    assert chosen("dte", locked) == "open"
    alone = linkset(CATHODE, [("dte", link("locked", method="AES-256-GCM"))])
    assert chosen("dte", alone) == "locked"
    assert chosen("", alone) is None
    spoken = linkset(CATHODE, [("dpp", link("en")), ("dpp", link("de", language="de"))])
    assert chosen("dpp", spoken, language="de") == "de"
    assert chosen("dpp", spoken) is None


def test_names_of_link_types() -> None:
    assert [*map(relation_of, ("dpp", "untp:dte", "https://a.example/vocabulary/linkTypes/dcc", "gs1:pip"))] == [
        "dpp",
        "dte",
        "dcc",
        "gs1:pip",
    ]


def test_the_resolver_describes_itself() -> None:
    assert json.loads(resolver_description("Example Refinery Ltd", ROOT + "/")) == {
        "name": "Example Refinery Ltd",
        "resolverRoot": ROOT,
        "supportedLinkType": [{"namespace": "https://test.uncefact.org/vocabulary/linkTypes/", "prefix": "untp:"}],
        "supportedPrimaryKeys": ["all"],
        "linkTypeDefaultCanBeLinkset": True,
    }

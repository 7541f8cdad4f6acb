"""Verdicts of strict JSON-LD that are remembered by shape are the verdicts that expansion gives."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestream.credentials.bundle import Bundle, JsonLd, Remembered
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.policy import Signed
from tests.credentials.telling import official

FOLDER = Path(__file__).parents[3] / "shared"
SAMPLES = ("0.7.0/DigitalTraceabilityEvent_smelter_make", "0.7.0/DigitalIdentityAnchor_mine", "0.6.1/untp-dia-instance")


@cache
def bundle() -> Bundle:
    return official(FOLDER)


@cache
def remembering() -> JsonLd:
    return JsonLd(bundle())


def samples() -> list[dict[str, Any]]:
    folder = FOLDER / "data/untp/samples"
    paths = [folder / f"{name}{'' if name.endswith('instance') else '_instance'}.json" for name in SAMPLES]
    return [parse_object(path.read_bytes(), path.name) for path in paths]


def verdict(policy: JsonLd, document: dict[str, Any]) -> str:
    return policy.check(Signed(document, write(document), 0)).result


def truth(document: dict[str, Any]) -> str:
    try:
        JsonLd(bundle()).expand(deepcopy(document))
    except CredentialError:
        return "failed"
    return "passed"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [path, *(place for name, item in items for place in places(item, (*path, name)))]


TEXTS = [
    *(
        "",
        "x",
        "Product",
        "id",
        "type",
        "name",
        "@id",
        "@type",
        "@none",
        "@nonsense",
        "a:b",
        "a b:c",
        ":x",
        "x:",
        "_:b0",
        "//host/x",
    ),
    *("https://x.example/y", "https://relative.invalid/z", "schema:name", "untp:x", "a/b: c", "urn:x:y", "x\n", "a:b\n", "../x"),
    *(
        "#f",
        "?q",
        "Note: with a colon",
        "[x]: y",
        "a b://c",
        "xsd:date",
        "untp:",
        "a:b c",
        "1",
        "did:web:x",
        "MakeEvent",
        "a\tb:c",
    ),
]
KEYS = [
    "id",
    "type",
    "name",
    "@id",
    "@type",
    "@value",
    "@context",
    "x",
    "untp:x",
    "https://x.example/p",
    "credentialSubject",
    "unit",
]
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(TEXTS) | st.text(max_size=4)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_leaves=5
)


def mutate(document: dict[str, Any], draw: Any) -> None:
    """One change anywhere: another value, a new or renamed key, one item more or less."""
    path = draw(st.sampled_from(places(document)[1:]))
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    change = draw(st.sampled_from(["value", "text", "key", "drop", "twice"]))
    if change == "drop":
        del holder[path[-1]]
    elif change == "key" and isinstance(holder, dict):
        holder[draw(st.sampled_from(KEYS))] = draw(values)
    elif change == "twice" and isinstance(holder, list):
        holder.append(deepcopy(holder[path[-1]]))
    elif change == "text" and isinstance(holder[path[-1]], str):
        holder[path[-1]] = draw(st.sampled_from(TEXTS))
    else:
        holder[path[-1]] = draw(values)


@pytest.mark.skipif(not (FOLDER / "data").is_dir(), reason="no reference data: ../shared/data is not beside this checkout")
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_remembered_verdicts_are_those_of_expansion(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(samples()))
    document.pop("renderMethod", None)
    for _ in range(data.draw(st.integers(1, 2))):
        mutate(document, data.draw)
        assert verdict(remembering(), document) == truth(document)


def test_literal_values_share_a_shape_and_types_do_not(shared: Path) -> None:
    policy = JsonLd(official(shared))
    document = samples()[0]
    event = document["credentialSubject"][0]
    event["name"] = "A run"
    assert verdict(policy, document) == "passed"
    event["name"], event["id"] = "Another run of the plant", "urn:uuid:1"
    event["inputProduct"][0]["quantity"]["value"] = 7
    event["relatedDocument"] *= 3
    assert policy._shapes.of(document) in policy._accepted
    event["id"] = "relative"
    assert policy._shapes.of(document) not in policy._accepted
    assert verdict(policy, document) == "failed"


@pytest.mark.parametrize("change", [{"@context": [{"x": "https://x.example"}]}, {"issuer": {"@id": "https://x.example"}}])
def test_contexts_and_keywords_of_its_own_are_never_remembered(shared: Path, change: dict[str, Any]) -> None:
    policy = JsonLd(official(shared))
    verdict(policy, samples()[0] | change)
    assert len(policy._accepted) == 0


def test_what_is_remembered_is_bounded() -> None:
    few = Remembered(2)
    for each in (b"a", b"b", b"c"):
        few.add(each)
    assert [each in few for each in (b"a", b"b", b"c")] == [False, True, True]

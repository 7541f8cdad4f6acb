"""Our models against the official schemas: on the samples, and on the samples with one thing changed."""

import copy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lodestream.credentials.bundle import Bundle, JsonSchema
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.policy import Signed
from lodestream.credentials.untp import DCC, DFR, DIA, DPP, DTE, MODELS, UNTP_CONTEXT, model_for

NAMES = (
    "ConformityCredential_smelter_instance", "DigitalFacilityRecord_smelter_instance", "DigitalIdentityAnchor_smelter_instance",
    "DigitalProductPassport_cathode_instance", "DigitalTraceabilityEvent_smelter_make_instance",
    "DigitalTraceabilityEvent_cathode_move_instance",
)  # fmt: skip


def sample(shared: Path, name: str) -> dict[str, Any]:
    """An official sample."""
    return parse_object((shared / "data" / "untp" / "samples" / "0.7.0" / f"{name}.json").read_bytes(), "it")


def by_model(credential: dict[str, Any]) -> bool:
    model = model_for(credential)
    assert model is not None
    try:
        model.model_validate(credential)
    except ValidationError:
        return False
    return True


def by_schema(bundle: Bundle, credential: dict[str, Any]) -> bool:
    data = write(credential)
    return JsonSchema(bundle).check(Signed(parse_object(data, "it"), data, 0)).result == "passed"


def test_every_sample_of_the_five_kinds_is_one(shared: Path) -> None:
    folder = shared / "data" / "untp" / "samples"
    paths = [*(folder / "0.7.0").glob("*.json"), *(folder / "minimal-0.7.0").glob("*.json")]
    known = [(path, found) for path in paths if model_for(found := parse_object(path.read_bytes(), "it"))]
    assert len(known) == 17 + 6
    assert [path.name for path, found in known if not by_model(found)] == []


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path to every property of every object."""
    if isinstance(value, dict):
        return [(*path, name) for name in value] + [one for name, item in value.items() for one in places(item, (*path, name))]
    return [one for n, item in enumerate(value) for one in places(item, (*path, n))] if isinstance(value, list) else []


def parent(credential: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        credential = credential[step]
    return credential


@pytest.mark.parametrize("name", NAMES)
def test_without_what_the_schema_requires_it_is_refused(shared: Path, bundle: Bundle, name: str) -> None:
    """Where the schema refuses, the model does. It is stricter in one thing: `type`, which JSON-LD needs."""
    whole, refused = sample(shared, name), 0
    for path in places(whole):
        less = copy.deepcopy(whole)
        del parent(less, path)[path[-1]]
        if path[-1] == "type" or path in (("@context",), ("id",)):
            continue
        assert by_model(less) == by_schema(bundle, less), path
        refused += not by_model(less)
    assert refused > 5


@pytest.mark.parametrize("name", NAMES)
def test_what_is_of_another_kind_than_the_schema_says_is_refused(shared: Path, bundle: Bundle, name: str) -> None:
    """Every value becomes `true`, which few may be."""
    whole = sample(shared, name)
    for path in places(whole):
        wrong = copy.deepcopy(whole)
        parent(wrong, path)[path[-1]] = True
        if path[0] in ("@context", "type") or not by_schema(bundle, wrong):
            assert path in (("@context",), ("type",)) or not by_model(wrong), path


def test_more_is_refused_where_the_class_is_closed(shared: Path, bundle: Bundle) -> None:
    for name in NAMES:
        whole = sample(shared, name)
        for path in {path[:-1] for path in places(whole)}:
            more = copy.deepcopy(whole)
            holder: Any = more
            for step in path:
                holder = holder[step]
            holder["somethingElse"] = 1
            assert by_model(more) == by_schema(bundle, more), path


def test_which_model() -> None:
    assert set(MODELS) == {DTE, DPP, DCC, DFR, DIA}
    assert model_for({"@context": [UNTP_CONTEXT], "type": ["x", DPP]}) is MODELS[DPP]
    for other in (
        {},
        {"type": DPP, "@context": [UNTP_CONTEXT]},
        {"type": [DPP], "@context": []},
        {"type": [DPP]},
        {"type": [[]]},
    ):
        assert model_for(other) is None

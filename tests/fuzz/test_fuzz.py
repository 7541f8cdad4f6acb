"""A short slice of the fuzzing with fixed seeds, structured inputs by Hypothesis, and sets made to be slow."""

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.conformance.harness import check_set
from tests.conformance.sets import credential, make
from tests.credentials.telling import NOW_US
from tests.fuzz.big import SHAPES
from tests.fuzz.corpus import locked, secured, starts
from tests.fuzz.mutate import NAMES, ODD
from tests.fuzz.running import campaign, once
from tests.fuzz.targets import CODES, TARGETS

ROUNDS = {"official": 60, "signed": 100, "conformance": 200, "walk": 150}

values = st.recursive(
    st.sampled_from([each for each in ODD if not isinstance(each, list | dict)]) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
"""JSON values with the names that credentials use."""


def test_every_target_has_valid_inputs_that_it_takes() -> None:
    assert starts().keys() == TARGETS.keys()
    assert {"SIGNATURE", "LOCKED", "RANGE_ERROR", "QR", "JCS", "DID"} <= CODES
    assert "credential" not in CODES
    for data in secured():
        assert "signaturep" in once("verify", data)
    assert once("unlock", locked()) == "True/opened"
    assert once("balance", starts()["balance"][0]) == "total massconsistent/Cuconsistent"


@pytest.mark.parametrize("target", TARGETS)
def test_slice(target: str) -> None:
    behaviours = campaign(seed=1, rounds=ROUNDS.get(target, 400), only=target)
    assert behaviours[target] > 1


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A credential in which values anywhere stand for others."""
    kinds = st.sampled_from(["DigitalProductPassport", "DigitalTraceabilityEvent", "DigitalConformityCredential"])
    its: Any = credential(1, type=[draw(kinds), "VerifiableCredential"], credentialSubject=[make()])
    for _ in range(draw(st.integers(1, 3))):
        place = its
        while draw(st.booleans()) and isinstance(place, dict | list) and place:
            inner = place[draw(st.sampled_from(sorted(place)))] if isinstance(place, dict) else place[0]
            if not isinstance(inner, dict | list) or not inner:
                break
            place = inner
        if isinstance(place, dict):
            place[draw(st.sampled_from(NAMES))] = draw(values)
        else:
            place.append(draw(values))
    return json.dumps(its).encode()


@settings(max_examples=80, deadline=None, derandomize=True)
@given(changed())
def test_structured(data: bytes) -> None:
    for target in ("conformance", "signed", "verify", "balance", "status"):
        once(target, data)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_bytes(data: bytes) -> None:
    for target in TARGETS:
        if target not in ("official", "walk"):
            once(target, data)


@pytest.mark.parametrize("shape", SHAPES)
def test_large_sets_end(shape: str) -> None:
    """Twice the size is about twice the work; the bounds are wide, since machines differ, and a square would break them."""
    took = []
    for number in (150, 600):
        files = SHAPES[shape](number)
        began = time.process_time()
        check_set(files, None, NOW_US)
        took.append(time.process_time() - began)
    assert took[1] < max(8 * took[0], 0.5), f"four times the size took {took[1] / took[0]:.1f} times as long"


def test_memory_is_bounded_by_the_size_of_the_input() -> None:
    files = SHAPES["claims"](2_000)
    size = sum(map(len, files.values()))
    tracemalloc.start()
    try:
        check_set(files, None, NOW_US)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 * size, f"{peak} bytes for files of {size}"

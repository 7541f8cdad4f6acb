"""What strangers send to make a walk long, deep or large: it ends, in time, and says so."""

import time
from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.credentials.jsontext import write
from lodestream.credentials.linkset import FILE, anchor_path
from lodestream.credentials.walk import Absent, Limits, WalkReport, walk
from lodestream.credentials.walk.ports import Answer
from tests.walk.chain import (
    CATHODE,
    CONCENTRATE,
    NOW_US,
    PACK,
    START,
    TRUST,
    Chain,
    World,
    event,
    facility,
    found,
    measure,
    product,
    walked,
)

LINKSET = f"https://resolver.example{anchor_path(PACK)}/{FILE}"


def quickly(world: World, limits: Limits | None = None) -> WalkReport:
    began = time.process_time()
    report = walked(world, limits=limits)
    assert time.process_time() - began < 10
    assert not report.verified
    return report


def test_ten_thousand_links_are_followed_to_the_limit_and_no_further() -> None:
    world = Chain().publish()
    links = [{"href": f"https://battery.example/dte-{number}", "title": "x"} for number in range(9_999)]
    world.places[LINKSET] = write({"linkset": [{"anchor": PACK, "dte": links}]})
    assert ("missing upstream", "LINKS") in found(quickly(world, Limits(links=500)))
    assert len(world.asked) < 600
    world.places[LINKSET] = write({"linkset": [{"anchor": PACK, "dte": [*links, *links]}]})
    assert ("missing upstream", "MAKING") in found(quickly(world))  # more than a linkset may have: it is none


def test_ten_thousand_inputs_are_looked_for_to_the_limit() -> None:
    chain = Chain()
    inputs = [product(f"https://id.gs1.org/01/09521234000013/10/X{number}", 1, "consumed") for number in range(9_000)]
    chain.subjects["https://battery.example/dte"][0]["inputProduct"] = inputs
    report = quickly(chain.publish(), Limits(links=50))
    assert sum(finding.rule == "MAKING" for finding in report.findings) > 0


def test_a_list_too_long_to_be_read_does_not_pass_for_an_empty_one() -> None:
    chain = Chain()
    made = chain.subjects["https://smelter.example/dte"][1]
    made["inputProduct"] = [product(CONCENTRATE, 1, "consumed")] * 10_001
    report = quickly(chain.publish())
    assert {("failed", "TOO_LARGE"), ("missing upstream", "MAKING")} <= found(report)


def test_a_chain_without_end_is_left_at_its_depth() -> None:
    """Each batch is made of the next one, invented as it is asked for."""

    class Endless(World):
        def __init__(self, chain: Chain) -> None:
            super().__init__({})
            self.chain, self.made = chain, 0

        def get(self, url: str) -> Answer:
            self.asked.append(url)
            if url.endswith(FILE) and "/10/B" in url:
                number = int(url.split("/10/B")[1].split("/")[0])
                return write(
                    {"linkset": [{"anchor": "https://x", "dte": [{"href": f"https://mine.example/dte-{number}", "title": "x"}]}]}
                )
            if "/dte-" in url and "mine.example" in url:
                number = int(url.rpartition("-")[2])
                self.chain.subjects = {url: [make(number)]}
                return self.chain.publish().places[url]
            return Chain().publish().places.get(url, Absent("missing"))

    def lot(number: int) -> str:
        return f"https://id.gs1.org/01/09521234000013/10/B{number}"

    def make(number: int) -> dict[str, Any]:
        sides = {"inputProduct": [product(lot(number + 1), 1, "consumed")], "outputProduct": [product(lot(number), 1, "new")]}
        for entry in (*sides["inputProduct"], *sides["outputProduct"]):
            entry["product"]["batchNumber"] = entry["product"]["id"].rpartition("/")[2]
        return event("MakeEvent", f"m{number}", "2025-02-01T00:00:00Z", "commissioning", **sides, madeAtFacility=facility("mine"))

    chain = Chain()
    chain.subjects = {"https://mine.example/dte-0": [make(0)]}
    first = chain.publish().places["https://mine.example/dte-0"]
    assert isinstance(first, bytes)
    report = walk(first, Endless(Chain()), TRUST, Limits(depth=12), NOW_US)
    assert ("missing upstream", "DEPTH") in found(report)
    assert sum(each.kind == "dte" for each in report.visited) == 13


def test_deep_and_large_documents_are_refused() -> None:
    world = Chain().publish()
    for bomb in (b"[" * 100_000, b'{"a":' * 100_000, b'{"@context":["' + b"x" * 9_000_000 + b'"]}', b"e.e.e", b"\xff\xfe", b""):
        world.places["https://smelter.example/dte"] = bomb
        assert ("missing upstream", "MAKING") in found(quickly(world))


def test_a_walk_that_is_out_of_time_says_so() -> None:
    world = Chain().publish()
    left = iter([True] * 5)
    first = world.places[START]
    assert isinstance(first, bytes)
    report = walk(first, world, TRUST, None, NOW_US, patience=lambda: next(left, False))
    assert "its limit of time" in report.stopped
    assert len(world.asked) == 5
    assert not report.verified


def test_huge_numbers_make_exact_sums_and_no_trouble() -> None:
    chain = Chain()
    made = chain.subjects["https://smelter.example/dte"][1]
    made["outputProduct"][0]["quantity"] = measure(Decimal("1E+300"))
    assert ("mass-balance inconsistency", "BALANCE") in found(quickly(chain.publish()))


def test_many_makers_of_one_batch_are_no_cycle_but_one_of_itself_is() -> None:
    chain = Chain()
    made = chain.subjects["https://smelter.example/dte"][1]
    made["inputProduct"].append(product(CATHODE, 1, "consumed"))
    assert ("cycle", "CYCLE") in found(quickly(chain.publish()))
    again = deepcopy(made) | {"id": "urn:event:again", "inputProduct": [product(CONCENTRATE, 1, "consumed")]}
    chain.subjects["https://smelter.example/dte"].append(again)
    assert ("cycle", "CYCLE") not in found(quickly(chain.publish()))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "type", "product", "quantity", "value", "unit", "inputProduct", "outputProduct", "relatedDocument"),
                    *(
                        "linkURL",
                        "linkType",
                        "performanceClaim",
                        "conformityTopic",
                        "locationInformation",
                        "geoLocation",
                        "latitude",
                    ),
                    *(
                        "materialProvenance",
                        "massFraction",
                        "relatedParty",
                        "party",
                        "issuerAlsoKnownAs",
                        "idScheme",
                        "registerType",
                    ),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(Chain().subjects)), junk)
def test_whatever_a_party_signs_the_walk_ends_with_a_report(url: str, subject: Any) -> None:
    """Without structure policies, so that the rules themselves see it."""
    chain = Chain()
    chain.subjects[url] = subject
    world = chain.publish()
    first = world.places[START]
    assert isinstance(first, bytes)
    assert walk(first, world, TRUST, None, NOW_US, policies=()).to_json()["outcomes"]

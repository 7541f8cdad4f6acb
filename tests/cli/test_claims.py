"""`lodestream claims`: every number of a profile is shown with its source."""

import json

from lodestream.claims.library import profiles
from tests.cli.conftest import Run


def test_all_profiles_are_listed(lodestream: Run) -> None:
    said = lodestream("claims", "profiles")
    assert said.code == 0
    assert all(name in said.out for name in profiles())


def test_a_profile_is_shown_with_its_sources(lodestream: Run) -> None:
    said = lodestream("claims", "profiles", "asi-coc")
    assert said.code == 0
    [line] = [line for line in said.out.splitlines() if line.startswith("overdraft.max_percent_of_input")]
    assert line.split()[1] == "20"
    assert line.rstrip().endswith("from memory: not checked against the text")


def test_as_json_no_number_is_without_a_source(lodestream: Run) -> None:
    said = lodestream("claims", "profiles", "--json")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert {row["profile"] for row in rows} == profiles().keys()
    assert all(row["source"] for row in rows if str(row["value"]).replace(".", "").isdigit())
    [tolerance] = [r for r in rows if (r["profile"], r["setting"]) == ("iscc-plus", "book_vs_physical_tolerance_percent")]
    assert tolerance["value"] == "0.5"
    assert tolerance["source"]


def test_an_unknown_profile_is_wrong_usage(lodestream: Run) -> None:
    said = lodestream("claims", "profiles", "fair-trade")
    assert said.code == 2
    assert "no profile 'fair-trade'" in said.err

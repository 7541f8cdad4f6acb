"""Profiles are data: every number in every one of them says where it is from."""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from lodestream.claims.library import ProfileError, profiles, read_profile

FILES = {one.name: one.read_text() for one in (files("lodestream.claims") / "profiles").iterdir() if one.name.endswith(".toml")}
MINIMAL = """
name = "p"
version = "1"
title = "P"
model = "segregated"
attributes = ["country"]
boundary = "lot"
product_group_key = ["element"]
[period]
max_months = 3
[sources]
"period.max_months" = "site default"
"""


def numbers(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every number of a document, found without the reader's own walk."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from numbers(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers(inner, (*at, str(index)))
    elif type(value) in (int, Decimal, float):
        yield at


@pytest.mark.parametrize("name", FILES)
def test_every_number_has_a_source(name: str) -> None:
    raw = tomllib.loads(FILES[name], parse_float=Decimal)
    found = list(numbers(raw))
    assert found
    for at in found:
        assert len(raw["sources"][".".join(at)]) >= len("site default"), at


@pytest.mark.parametrize("name", FILES)
def test_a_profile_is_named_like_its_file_and_has_a_version(name: str) -> None:
    read = profiles()[name.removesuffix(".toml")]
    assert read.name == name.removesuffix(".toml")
    assert read.version
    assert read.title


def test_the_schemes_are_there() -> None:
    asked = "identity-preserved segregated controlled-blending rolling-average credit-strict iscc-plus asi-coc copper-mark"
    assert {*asked.split(), "irma-coc", "rjc-coc", "eu-battery-art8", "book-and-claim"} <= profiles().keys()
    assert all(one.from_ in profiles() and one.to in profiles() for p in profiles().values() for one in p.transfers.one_way)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"period.max_months" = "site default"', "", "no source for period.max_months"),
        ('"period.max_months" = "site default"', '"period.max_months" = " "', "no source for period.max_months"),
        ('"site default"', '"site default"\n"overdraft.max" = "x"', "overdraft.max, which the profile does not set"),
        ('"segregated"', '"segregation"', "Invalid enum value"),
        ("max_months = 3", "maximum = 3", "unknown field"),
        ('name = "p"', "name = ", "Invalid value"),
    ],
)
def test_what_is_no_profile_is_refused(old: str, new: str, says: str) -> None:
    assert read_profile(MINIMAL, "p.toml").period.max_months == 3
    with pytest.raises(ProfileError, match=says):
        read_profile(MINIMAL.replace(old, new), "p.toml")

"""Which metal has which attribute."""

import pytest

from lodestream.claims.attribute import credited, has
from tests.claims.making import profile


@pytest.mark.parametrize(
    ("name", "attribute", "key", "expected"),
    [
        ("segregated", "country:ZM", "ZM M1 mine -", True),
        ("segregated", "country:ZM", "ZM OTHER - -", True),
        ("segregated", "country:ZM", "ZZ M1 mine -", False),
        ("segregated", "site:M1", "ZM M1 mine -", True),
        ("segregated", "class:mine", "ZM M1 mine -", True),
        ("segregated", "recycled", "ZZ - end_of_life -", True),
        ("segregated", "recycled", "ZZ - manufacturing_waste -", True),
        ("segregated", "recycled", "ZZ - run_around -", False),
        ("segregated", "recycled", "ZZ - scrap -", False),
        ("segregated", "scheme:b", "ZZ - - a,b", True),
        ("segregated", "scheme:irma-50", "ZM M1 mine irma-75", False),  # only a profile with levels knows that 75 is more
        ("irma-coc", "scheme:irma-50", "ZM M1 mine irma-75", True),
        ("irma-coc", "scheme:irma-75", "ZM M1 mine irma-75", True),
        ("irma-coc", "scheme:irma-75", "ZM M1 mine irma-50", False),
    ],
)
def test_has(name: str, attribute: str, key: str, expected: bool) -> None:
    assert has(profile(name), attribute, key) is expected


def test_metal_is_credited_once_for_each_kind_that_the_profile_speaks_of() -> None:
    key = "ZM M1 end_of_life b,irma-50,irma-75"
    strict = profile("credit-strict")
    assert credited(strict, key) == ["country:ZM", "site:M1", "class:end_of_life", "recycled", "scheme:b"]
    assert credited(profile("irma-coc"), key) == ["scheme:irma-75"]
    assert credited(profile("asi-coc"), key) == []
    assert credited(strict, "ZZ OTHER - -") == []

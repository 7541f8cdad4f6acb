"""Exact arithmetic, case by case: ties, signs, the edges of what is a number."""

from decimal import Decimal

import pytest

from lodestream.measures.exact import (
    INT64_MAX,
    NotExactError,
    complement,
    decimal,
    kg,
    percent,
    percent_of,
    quadrature,
    ratio,
    root,
    rounded,
    share,
    times,
    tonnes,
)


@pytest.mark.parametrize(
    ("n", "d", "whole"),
    [
        (1, 2, 0),
        (3, 2, 2),
        (5, 2, 2),
        (-1, 2, 0),
        (-3, 2, -2),
        (-5, 2, -2),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (-1, 3, 0),
        (6, 3, 2),
    ],
)
def test_half_to_even_whatever_the_sign(n: int, d: int, whole: int) -> None:
    assert rounded((n, d)) == whole


def test_a_share_of_a_negative_whole() -> None:
    """What a correction left below zero is shared out by its size: 5 x 1 / -2 is -2.5, so -2."""
    assert [share(5, 1, 2), share(5, 1, -2), share(5, -1, -2), share(-5, 1, 2), share(7, 1, -2), share(7, 3, -2)] == [
        2,
        -2,
        2,
        -2,
        -4,
        -10,
    ]
    assert [share(7, 1, 1), share(7, 1, -1)] == [7, -7]
    with pytest.raises(ZeroDivisionError):
        share(1, 1, 0)


def test_a_percentage_is_rounded_once() -> None:
    """0.5 % of 100 and of 300 mg are 0.5 and 1.5 mg: 0 and 2; of 101 mg 0.505: 1."""
    assert [percent_of(Decimal("0.5"), mg) for mg in (100, 300, 101, -300)] == [0, 2, 1, -2]
    assert percent_of(Decimal(100), 7) == 7


def test_roots_are_the_nearest_integer() -> None:
    """The root of 2 is 1.41, of 3 1.73, of 6 2.45, of 7 2.65."""
    assert [root(n) for n in (0, 1, 2, 3, 4, 6, 7, 9)] == [0, 1, 1, 2, 2, 2, 3, 3]
    assert [quadrature(3, 4), quadrature(), quadrature(-5), quadrature(1, 1), quadrature(5, 12, 84)] == [5, 0, 5, 1, 85]


def test_ratios() -> None:
    assert times((1, 2), (3, 4), (5, 1)) == (15, 8)
    assert times() == (1, 1)
    assert complement((1, 4)) == (3, 4)
    assert ratio(Decimal("0.25")) == (1, 4)
    assert INT64_MAX == 9_223_372_036_854_775_807


@pytest.mark.parametrize("value", ["1E+120", "9.99E+120", "1E-120", "-1E+120", "0"])
def test_a_quantity_has_at_most_120_digits_on_a_side(value: str) -> None:
    n, d = ratio(Decimal(value))
    assert Decimal(n) / Decimal(d) == Decimal(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1E+121", "1.000000E+121 has more digits than a quantity can have"),
        ("-1E+121", "-1.000000E+121 has more digits than a quantity can have"),
        ("1E-121", "1.000000E-121 has more digits than a quantity can have"),
        ("NaN", "NaN is not a number"),
        ("-Infinity", "-Infinity is not a number"),
    ],
)
def test_what_is_no_quantity(value: str, said: str) -> None:
    with pytest.raises(NotExactError) as refused:
        ratio(Decimal(value))
    assert str(refused.value) == said


def test_how_they_read() -> None:
    assert [kg(1), kg(-1_500_000), kg(0), kg(10**12), kg(1_000_000)] == ["0.000001 kg", "-1.5 kg", "0 kg", "1,000,000 kg", "1 kg"]
    assert [tonnes(1), tonnes(-(10**9)), tonnes(517_504_117_600)] == ["0.000000001 t", "-1 t", "517.5041176 t"]
    assert [percent(1, 3), percent(1, 3, 1), percent(1, 0), percent(0, 5), percent(-1, 8)] == [
        "33.3333 %",
        "33.3 %",
        "- %",
        "0 %",
        "-12.5 %",
    ]
    assert percent(5, 1) == "500 %"
    assert [decimal((2, 3)), decimal((2, 3), 2), decimal((-1, 8)), decimal((7, 1))] == ["0.666667", "0.67", "-0.125", "7"]

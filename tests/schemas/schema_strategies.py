"""Hypothesis strategies for the Structs that travel, made from their annotations: a new field is covered without being named."""

import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # a lone surrogate is not UTF-8
DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: -300 < d.adjusted() < 300),
    st.sampled_from(
        [Decimal("1E+3"), Decimal("1E-7"), Decimal("0.10"), Decimal("-0"), Decimal("12345678901234567890.123456789")]
    ),
)


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it is annotated."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(st.none() if each is type(None) else of(each) for each in arguments))
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(of(arguments[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(TEXT, of(arguments[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return struct(kind)
    return {str: TEXT, bool: st.booleans(), int: INT64, bytes: st.binary(max_size=12), Decimal: DECIMALS}[kind]


def struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Values of a Struct: any optional field may be left to its default, or be that value outright."""
    fields = msgspec.structs.fields(kind)
    return st.fixed_dictionaries(
        {field.name: of(field.type) for field in fields if field.required},
        optional={field.name: of(field.type) for field in fields if not field.required},
    ).map(lambda values: kind(**values))

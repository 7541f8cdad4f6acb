"""A cache for pure functions of one text that hostile input cannot fill with megabytes."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")
LONGEST = 256


def remembered(entries: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Keep the latest results of a function of a text; longer texts than `LONGEST` characters are computed each time."""

    def decorate(function: Callable[[str], T]) -> Callable[[str], T]:
        kept = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def call(text: str) -> T:
            return kept(text) if len(text) <= LONGEST else function(text)

        return call

    return decorate

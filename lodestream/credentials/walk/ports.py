"""What a walk needs from outside: documents by URL, and whether it may go on."""

from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct

Reason = Literal["missing", "withheld", "refused", "too large", "unreachable"]
"""missing: there is nothing. withheld: there is, but not for us. refused: our own list does not allow to ask there."""


class Absent(Struct, frozen=True):
    """Why there is no document; `detail` is for a person."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


Answer = bytes | Absent


class Sources(Protocol):
    """Where documents come from: the web, a folder, or a simulator."""

    def get(self, url: str) -> Answer:
        """The bytes that stand at the URL, or why there are none. Raises nothing for any URL that a stranger may write."""
        ...


Patience = Callable[[], bool]
"""Whether a walk may go on: the core has no clock, so whoever has one is asked before each fetch."""


class Limits(Struct, frozen=True):
    """How far a walk goes. `depth` counts steps upstream; `links` are those followed of one document."""

    documents: int = 5_000
    fetches: int = 20_000
    total_bytes: int = 256 * 1024 * 1024
    depth: int = 64
    links: int = 1_000


def always() -> bool:
    """No deadline: the other limits are enough."""
    return True

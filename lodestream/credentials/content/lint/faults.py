"""What the lint finds: a fault has a stable code, where it is, a sentence for a person, and the clause that it goes against."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from msgspec import Struct

Scope = Literal["ours", "anyone"]
"""anyone: UNTP or W3C says so, in prose at least. ours: our own profile is stricter."""
MOST_FAULTS = 200
DEEPEST = 64


class Fault(Struct, frozen=True):
    """One fault. `pointer` is a JSON pointer (RFC 6901) into the credential, `scope` that of the rule."""

    code: str
    pointer: str
    sentence: str
    clause: str
    scope: Scope = "anyone"


class Node(NamedTuple):
    """An object within a credential: where it is, and the name of the property that holds it (of a list: the list's)."""

    pointer: str
    key: str
    value: dict[str, Any]

    def at(self, *steps: str | int) -> str:
        """The pointer to something in it."""
        return self.pointer + "".join(f"/{escaped(step)}" for step in steps)

    def objects(self, key: str) -> Iterator["Node"]:
        """The objects that a property holds, one or a list of them."""
        value = self.value.get(key)
        for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(item, dict):
                yield Node(self.at(key) if index is None else self.at(key, index), key, item)


def escaped(step: str | int) -> str:
    """A step of a JSON pointer."""
    return str(step).replace("~", "~0").replace("/", "~1")


def nodes(value: Any, pointer: str = "", key: str = "", depth: int = 0) -> Iterator[Node]:
    """Every object in a value, outermost first; what is nested beyond DEEPEST is not looked at."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        yield Node(pointer, key, value)
        for name, item in value.items():
            yield from nodes(item, f"{pointer}/{escaped(name)}", name, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, f"{pointer}/{index}", key, depth + 1)


def last_segment(iri: Any) -> str:
    """The last part of the path of an IRI: how terms of UNTP are told, since its samples write their namespaces in two ways."""
    return str(iri).rstrip("/#").replace("#", "/").rpartition("/")[2]


def same_term(one: str, other: str) -> bool:
    """Whether two IRIs name the same topic or metric: compared by their last segment."""
    return last_segment(one) == last_segment(other)

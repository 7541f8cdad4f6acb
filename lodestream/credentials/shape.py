"""The shape of a JSON-LD document: all that decides whether strict expansion accepts it, and nothing else.

Whether every name in a document has a meaning depends on its keys, nesting, types and contexts; of any other text only on how
an IRI processor would read it where an identifier stands. Expansion is slow and documents of one issuer are alike, so that
a verdict is remembered by shape (bundle.py). What is not certain to be covered by this has no shape.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

_ABSOLUTE = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*|_):[^\s]*$")
"""An absolute IRI as the expansion algorithm's library tells one (JSON-LD 1.1 API, section 5.2)."""
_SCHEME_LIKE = re.compile(r"[^:/?#]+:")

Shape = bytes
MANY_REMEMBERED = 16_384
LONGEST_REMEMBERED = 256


class Shapes:
    """Shapes of documents under known contexts.

    `terms` are all names that any of these contexts defines, `type_names` those that stand for `@type`, `forbidden` those that
    stand for another keyword than `@id`. `base` is what relative names are resolved against.
    """

    def __init__(self, contexts: Iterable[Any], base: str) -> None:
        self.terms: set[str] = set()
        self.type_names: set[str] = set()
        self.forbidden: set[str] = set()
        self._base = base
        self._read: dict[str, str] = {}
        self._quoted: dict[str, str] = {}
        for context in contexts:
            self._learn(context)

    def of(self, document: dict[str, Any]) -> Shape | None:
        """The shape; None where the document has contexts of its own, or keywords as keys anywhere but for the root's context."""
        stated = document.get("@context")
        contexts = stated if isinstance(stated, list) else [stated]
        if not all(isinstance(each, str) for each in contexts):
            return None
        try:
            body = self._shape({name: value for name, value in document.items() if name != "@context"})
        except _NoShapeError:
            return None
        return sha256(f"{contexts!r}{body}".encode("utf-8", "surrogatepass")).digest()

    def _learn(self, context: Any) -> None:
        if isinstance(context, list):
            for each in context:
                self._learn(each)
        elif isinstance(context, dict):
            for name, value in context.items():
                if name == "@context":
                    self._learn(value)
                elif not name.startswith("@"):
                    self._learn_term(name, value)

    def _learn_term(self, name: str, value: Any) -> None:
        self.terms.add(name)
        meant = value.get("@id") if isinstance(value, dict) else value
        if meant == "@type":
            self.type_names.add(name)
        elif isinstance(meant, str) and meant.startswith("@") and meant != "@id":
            self.forbidden.add(name)
        if isinstance(value, dict):
            self._learn(value.get("@context"))

    def _shape(self, value: Any) -> str:
        """Texts in it are quoted, so that no two shapes are written alike."""
        if isinstance(value, str):
            return self._read.get(value) or self._remember(self._read, value, self._text(value))
        if isinstance(value, dict):
            return f"{{{','.join([self._member(name, item) for name, item in value.items()])}}}"
        if isinstance(value, list):
            # Items are expanded one by one: which different ones there are counts, and whether there is none, one or several.
            return f"[{min(len(value), 2)}{','.join(dict.fromkeys([self._shape(item) for item in value]))}]"
        return f"{type(value).__name__} {bool(value)}"

    def _member(self, name: str, item: Any) -> str:
        head = self._quoted.get(name)
        if head is None:
            if name.startswith("@") or name in self.forbidden:
                raise _NoShapeError
            head = self._remember(self._quoted, name, repr(name))
        return f"{head}:{item!r}" if name in self.type_names else f"{head}:{self._shape(item)}"

    def _remember(self, where: dict[str, str], text: str, meaning: str) -> str:
        """Most texts come again in the next document; strangers cannot fill the memory with theirs."""
        if len(text) <= LONGEST_REMEMBERED:
            if len(where) >= MANY_REMEMBERED:
                where.clear()
            where[text] = meaning
        return meaning

    def _text(self, text: str) -> str:
        """How a text would be read where an identifier or a term stands; in doubt, the text itself."""
        if text.startswith(("@", "//", self._base)) or text in self.terms or not text:
            return f"text {text!r}"
        prefix, colon, suffix = text.partition(":")
        if not colon:
            return "name"
        if prefix in self.terms:
            return f"prefix {prefix!r} {suffix.startswith('//')} {_ABSOLUTE.match(text) is not None}"
        if _ABSOLUTE.match(text):
            return "absolute"
        if "[" in text or "]" in text or not prefix:
            return f"text {text!r}"
        return f"colon {suffix.startswith('//')} {_SCHEME_LIKE.match(text) is not None}"


class _NoShapeError(Exception):
    """The document has something whose meaning a shape does not cover."""

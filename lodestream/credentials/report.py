"""What a verification found: named checks, each passed, failed or not done, with a sentence for a person."""

from typing import Any, Literal

from msgspec import Struct

Result = Literal["passed", "failed", "not checked"]


class Check(Struct, frozen=True):
    """One check. `code` is stable and set only where it failed."""

    name: str
    result: Result
    sentence: str
    code: str = ""


def passed(name: str, sentence: str) -> Check:
    """A check that found what it looked for."""
    return Check(name, "passed", sentence)


def failed(name: str, sentence: str, code: str) -> Check:
    """A check that found a fault."""
    return Check(name, "failed", sentence, code)


def not_checked(name: str, sentence: str) -> Check:
    """A check that was not made, and why."""
    return Check(name, "not checked", sentence)


class Report(Struct, frozen=True):
    """The result of one verification. What is not checked is said too, since a reader would else take it for granted.

    `credential` is the signed content, numbers as int and Decimal, and only where the proof holds: None otherwise. `digest` is
    the SHA-256 (hex) of the bytes that were signed, likewise.
    """

    checks: list[Check]
    credential: dict[str, Any] | None = None
    digest: str = ""

    @property
    def verified(self) -> bool:
        """The proof holds and nothing that was checked failed. It says nothing about what was not checked."""
        return self.credential is not None and all(check.result != "failed" for check in self.checks)

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, result and sentence of every check, for a table."""
        return [(check.name, check.result, check.sentence) for check in self.checks]

    def to_json(self) -> dict[str, Any]:
        """For programs. The credential is not repeated; its id and issuer are."""
        credential = self.credential or {}
        return {
            "verified": self.verified,
            "id": credential.get("id"),
            "issuer": credential.get("issuer"),
            "checks": [
                {"name": check.name, "result": check.result, "sentence": check.sentence}
                | ({"code": check.code} if check.code else {})
                for check in self.checks
            ],
        }

"""Why a line cannot be measured: the findings of measures that stop the posting of their event."""

from msgspec import Struct

RULES = {"UNIT_REFUSED": "F44", "BASIS_MISSING": "F41", "NO_QUANTITY": "F46", "GRADE_IMPOSSIBLE": "F13", "TOO_LARGE": "F49"}


class Refusal(Struct, frozen=True, gc=False):
    """Why a line cannot be measured, as a finding: nothing of its event posts. `mass_mg` is its weight, if that is known."""

    code: str
    rule: str
    arithmetic: str
    mass_mg: int | None = None


class RefusedError(Exception):
    """Ends a measurement; `measure` hands its refusal to the caller."""

    def __init__(self, code: str, arithmetic: str, mass_mg: int | None = None) -> None:
        super().__init__(arithmetic)
        self.refusal = Refusal(code, RULES[code], arithmetic, mass_mg)

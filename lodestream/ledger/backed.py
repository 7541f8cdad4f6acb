"""What a site's book remembers of suppliers' credentials; a part of state.py with a subject of its own."""

from msgspec import Struct


class Use(Struct, frozen=True, gc=False):
    """One event's use of a supplier's credential for a lot, masses in mg as stated; `drawn`: a run's input, else it entered."""

    identity: str
    lot: str
    drawn: bool
    mass_mg: int
    u_mg: int
    credential_mg: int | None


class Backing(Struct, frozen=True, gc=False):
    """All that one credential backs at the site, in order of arrival."""

    uses: list[Use]

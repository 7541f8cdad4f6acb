"""A site's book settings: what `lodestream book apply` writes and the ledger keeps by site.

A book file is TOML with the register (sites and their locations, external parties), the sources, and settings by
site (ledger-rules section 1). Without a file the default book is open: every location that posts is a site.
"""

from decimal import Decimal

from msgspec import Struct


class SiteBook(Struct, frozen=True, gc=False, omit_defaults=True):
    """Settings of one site. The defaults are those of the default book.

    `elements` empty: an element is balanced where inputs and outputs both state it. `sources` empty: any source
    may write. `mass_basis` is used where an item states none. Tolerances are percentages.
    """

    name: str = ""
    elements: list[str] = []
    sources: list[str] = []
    mass_basis: str | None = None
    transit_tolerance_percent: Decimal = Decimal("0.5")
    lot_tolerance_percent: Decimal = Decimal("0.5")
    clock_skew_minutes: int = 15
    booked: bool = False  # written by a BOOK entry; a default book is not


class Register(Struct, frozen=True, gc=False, omit_defaults=True):
    """Who is where: `locations` maps a canonical location id to its site. An open register takes other places as sites."""

    open: bool = True
    locations: dict[str, str] = {}
    sites: list[str] = []
    external_parties: list[str] = []


class BookFile(Struct, frozen=True, gc=False, omit_defaults=True):
    """A whole book file: the register, the sources that may send (by name: their inbox topic) and the sites' settings."""

    register: Register = Register()
    sources: dict[str, str] = {}
    sites: dict[str, SiteBook] = {}

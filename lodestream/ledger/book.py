"""A site's book settings: what `lodestream book apply` writes and the ledger keeps by site (rulebook R60).

A book file is TOML with the register (sites and their locations, external parties), the sources, and settings by
site (ledger-rules section 1). Without a file the default book is open: every location that posts is a site.
"""

from decimal import Decimal

from msgspec import Struct


class Process(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a process of a site can do for one element: its yield (product over input, contained) and its capacity.

    Yields are percentages, the nameplate is kg of contained element an hour. `name` is what `crm:process` says.
    """

    name: str
    element: str
    min_yield_percent: Decimal | None = None
    max_yield_percent: Decimal | None = None
    nameplate_kg_per_hour: Decimal | None = None


class ConversionFactor(Struct, frozen=True, gc=False, omit_defaults=True):
    """What of a certified input a profile may credit: percent of its contained element, at most the measured recovery (I4)."""

    profile: str
    element: str
    percent: Decimal


class Licence(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a mine may bring out of one element, in kg contained a calendar year, from a time on."""

    element: str
    kg_per_year: Decimal
    from_us: int = 0


class Exclusion(Struct, frozen=True, gc=False, omit_defaults=True):
    """A country (code), site or party (URI) that nothing may have touched, from a time until another (0: without end)."""

    id: str
    from_us: int = 0
    until_us: int = 0


class ProvisionalGrade(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a lot is taken to hold that is drawn before its assay: percent of its dry mass, and u of that in percentage points.

    `product_class` empty: of lots that state none. Rulebook R97.
    """

    element: str
    percent: Decimal
    uncertainty_points: Decimal
    product_class: str = ""


class Price(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a kg is worth: of an element, contained, or of a product class, dry. In any currency, one for all of a key."""

    per_kg: Decimal
    element: str = ""
    product_class: str = ""


class CarbonKey(Struct, frozen=True, gc=False, omit_defaults=True):
    """By what the carbon of a process goes to its products: `contained` mass of the main element, dry `mass` or `economic` value.

    `process` is what `crm:process` says; empty: of every process that has no key of its own. `source` says whose prices
    they are. Rulebook R98.
    """

    key: str
    process: str = ""
    prices: list[Price] = []
    source: str = ""


class SiteBook(Struct, frozen=True, gc=False, omit_defaults=True):
    """Settings of one site. The defaults are those of the default book.

    `elements` empty: an element is balanced where inputs and outputs both state it. `sources` empty: any source
    may write. `mass_basis` is used where an item states none. Tolerances are percentages. `main_element` empty: carbon
    goes by the element of which most went in. `effective_us` 0: from the BOOK entry on. `declared_loss_percent`: of what goes
    into a run, what the site says it loses unseen; F21 is centred on it. An event that is older than
    `horizon_days` when it is recorded is refused; for so long the book knows what it has seen. `voyage_hours` are the
    grace of what goes by sea. `group` is the company group to whose sites credits may go.
    """

    name: str = ""
    elements: list[str] = []
    sources: list[str] = []
    mass_basis: str | None = None
    transit_tolerance_percent: Decimal = Decimal("0.5")
    lot_tolerance_percent: Decimal = Decimal("0.5")
    clock_skew_minutes: int = 15
    time_zone: str = "UTC"
    grace_hours: int = 336
    lateness_days: int = 60
    stock_tolerance_percent: Decimal = Decimal("0.5")
    main_element: str = ""
    running_attribution: bool = False
    counting_source: str = ""
    profiles: list[str] = []
    processes: list[Process] = []
    licences: list[Licence] = []
    exclusions: list[Exclusion] = []
    conversion_factors: list[ConversionFactor] = []
    effective_us: int = 0
    booked: bool = False  # written by a BOOK entry; a default book is not
    declared_loss_percent: Decimal = Decimal(0)
    horizon_days: int = 400
    voyage_hours: int = 840
    provisional_grades: list[ProvisionalGrade] = []
    carbon_keys: list[CarbonKey] = []
    group: str = ""


class Register(Struct, frozen=True, gc=False, omit_defaults=True):
    """Who is where: `locations` maps a canonical location id to its site. An open register takes other places as sites.

    `coordinates` of a location or site: latitude and longitude (WGS 84) in millionths of a degree.
    """

    open: bool = True
    locations: dict[str, str] = {}
    sites: list[str] = []
    external_parties: list[str] = []
    coordinates: dict[str, tuple[int, int]] = {}


class BookFile(Struct, frozen=True, gc=False, omit_defaults=True):
    """A whole book file: the register, the sources that may send (by name: their inbox topic) and the sites' settings."""

    register: Register = Register()
    sources: dict[str, str] = {}
    sites: dict[str, SiteBook] = {}

"""The book file: a TOML text with the register, the sources and the settings of each site, read into a `BookFile`.

    [register]
    open = false                              # other places than those below are external parties
    external_parties = ["https://id.gs1.org/417/9501101539992"]

    [coordinates]                             # of locations or sites: latitude, longitude in degrees (WGS 84)
    "https://id.gs1.org/414/9501101530003" = [-11.664, 27.479]

    [sources]
    mes = "epcis.inbox.mes.v1"                # a source may write to this topic, and only it may

    [sites."https://id.gs1.org/414/9501101530003"]
    name = "Concentrator"
    locations = ["https://id.gs1.org/414/9501101530003/254/A"]
    elements = ["Cu"]
    sources = ["mes"]
    mass_basis = "dry"
    transit_tolerance_percent = 0.5           # read as an exact decimal
    lot_tolerance_percent = 0.5
    clock_skew_minutes = 15
    stock_tolerance_percent = 0.5
    time_zone = "Africa/Lusaka"               # of its periods, which are calendar months
    grace_hours = 336                         # what is parked or in transit for longer is a finding
    voyage_hours = 840                        # the same for what a shipment says goes by ship
    lateness_days = 60                        # an event recorded later than that after it happened is a finding
    horizon_days = 400                        # an older event is refused; for so long the book knows what it has seen
    main_element = "Cu"                       # carbon goes by its contained mass
    running_attribution = false
    counting_source = "mes"                   # whose moves count where two sources report them
    profiles = ["iscc-plus"]
    group = "Example Metals"                  # between its sites credits may move, where the profile allows
    declared_loss_percent = 0.4               # of what goes into a run, what it loses unseen as a rule
    effective = 2026-07-01T00:00:00+02:00     # without it: from now on

    [[sites."https://id.gs1.org/414/9501101530003".processes]]
    name = "flotation"                        # what crm:process says
    element = "Cu"
    min_yield_percent = 70
    max_yield_percent = 97
    nameplate_kg_per_hour = 12000

    [[sites."https://id.gs1.org/414/9501101530003".licences]]
    element = "Cu"
    kg_per_year = 12000000
    from = 2026-01-01T00:00:00Z

    [[sites."https://id.gs1.org/414/9501101530003".conversion_factors]]
    profile = "credit-strict-input"           # of certified input so much is credited
    element = "Cu"
    percent = 96

    [[sites."https://id.gs1.org/414/9501101530003".provisional_grades]]
    product_class = "ore"                     # without it: of lots that state no class
    element = "Cu"
    percent = 1.2                             # of dry mass, for draws before the first assay
    uncertainty_points = 0.2

    [[sites."https://id.gs1.org/414/9501101530003".carbon_keys]]
    process = "leaching"                      # without it: of every process that has no key of its own
    key = "economic"                          # or "mass", or "contained", which is the default
    prices = [{element = "Ni", per_kg = 16.5}, {element = "Co", per_kg = 33}, {product_class = "residue", per_kg = 0}]
    source = "LME and Fastmarkets, mean of 2025, USD"

    [[sites."https://id.gs1.org/414/9501101530003".exclusions]]
    id = "XX"                                 # a country, or the URI of a site or party
    from = 2026-01-01T00:00:00Z
    until = 2027-01-01T00:00:00Z

Everything is optional; what is not said is the default book's (ledger-rules section 1). Identifiers may be in any
spelling that events may use; they are made canonical.
"""

import re
import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from lodestream.epcis.identifiers import canonical_id
from lodestream.ids import derive
from lodestream.ledger.book import (
    BookFile,
    CarbonKey,
    ConversionFactor,
    Exclusion,
    Licence,
    Price,
    Process,
    ProvisionalGrade,
    Register,
    SiteBook,
)
from lodestream.ledger.bookfields import EPOCH, Amount, Element, InboxTopic, Model, Party, Percent, SourceName, Time, Uri, Zone
from lodestream.ledger.records import Entry


class BookError(ValueError):
    """A book file that cannot be used. `problems` are (where, what) pairs, all of them at once."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep the problems and say them one a line."""
        self.problems = problems
        super().__init__("\n".join(f"{where}: {what}" if where else what for where, what in problems))


class _Register(Model):
    open: bool = True
    external_parties: list[Uri] = []


def _within_the_earth(place: list[Decimal]) -> list[Decimal]:
    if len(place) != 2 or abs(place[0]) > 90 or abs(place[1]) > 180:
        raise PydanticCustomError("mismatch", "should be [latitude, longitude] in degrees, such as [-11.664, 27.479]")
    return place


_Coordinates = Annotated[list[Annotated[Decimal, Field(max_digits=12, strict=False)]], AfterValidator(_within_the_earth)]


class _Process(Model):
    name: str = Field(max_length=200)
    element: Element
    min_yield_percent: Percent | None = None
    max_yield_percent: Percent | None = None
    nameplate_kg_per_hour: Amount | None = None


class _ConversionFactor(Model):
    profile: str = Field(max_length=200)
    element: Element
    percent: Percent


class _Licence(Model):
    element: Element
    kg_per_year: Amount
    from_: Time = Field(default=EPOCH, alias="from")


class _ProvisionalGrade(Model):
    element: Element
    percent: Percent
    uncertainty_points: Percent
    product_class: str = Field(default="", max_length=200)


class _Price(Model):
    per_kg: Amount
    element: Element | Literal[""] = ""
    product_class: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if bool(self.element) == bool(self.product_class):
            raise PydanticCustomError("mismatch", "should name an element or a product_class, and not both")
        return self


class _CarbonKey(Model):
    key: Literal["contained", "mass", "economic"]
    process: str = Field(default="", max_length=200)
    prices: list[_Price] = []
    source: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if (self.key == "economic") != bool(self.prices) or bool(self.prices) != bool(self.source):
            raise PydanticCustomError("mismatch", "should have prices and their source where its key is economic, and only there")
        return self


class _Exclusion(Model):
    id: Party
    from_: Time = Field(default=EPOCH, alias="from")
    until: Time = EPOCH


class _Site(Model):
    name: str = Field(default="", max_length=200)
    locations: list[Uri] = []
    elements: list[Element] = []
    sources: list[SourceName] = []
    mass_basis: Literal["wet", "dry", "as_received"] | None = None
    transit_tolerance_percent: Percent = Decimal("0.5")
    lot_tolerance_percent: Percent = Decimal("0.5")
    clock_skew_minutes: int = Field(default=15, ge=0, le=1440)
    stock_tolerance_percent: Percent = Decimal("0.5")
    time_zone: Zone = "UTC"
    grace_hours: int = Field(default=336, ge=1, le=87_600)
    lateness_days: int = Field(default=60, ge=0, le=3_650)
    voyage_hours: int = Field(default=840, ge=1, le=87_600)
    horizon_days: int = Field(default=400, ge=31, le=36_500)
    main_element: Element | Literal[""] = ""
    running_attribution: bool = False
    counting_source: SourceName | Literal[""] = ""
    profiles: list[str] = []
    group: str = ""
    processes: list[_Process] = []
    licences: list[_Licence] = []
    exclusions: list[_Exclusion] = []
    conversion_factors: list[_ConversionFactor] = []
    provisional_grades: list[_ProvisionalGrade] = []
    carbon_keys: list[_CarbonKey] = []
    effective: Time = EPOCH
    declared_loss_percent: Percent = Decimal(0)


class _Book(Model):
    register_: _Register = Field(default=_Register(), alias="register")
    coordinates: dict[Uri, _Coordinates] = {}
    sources: dict[SourceName, InboxTopic] = {}
    sites: dict[Uri, _Site] = {}


# The longest key of a book file has three parts. The time of the TOML reader is quadratic in them: 16,000 took it 2 s.
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_MANY_PARTS = re.compile(rf"(?:^|[{{,])[ \t\[]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{16}}", re.MULTILINE)


def read_book(text: str) -> BookFile:
    """The book file in `text`. Raises BookError, which names every place that is wrong and says what is."""
    if _MANY_PARTS.search(text):
        raise BookError([("", "a key in it has more than 16 parts: a book file has tables in tables, no more")])
    try:
        # Decimal, not float: a tolerance is part of the arithmetic of a finding.
        raw = tomllib.loads(text, parse_float=Decimal)
        book = _Book.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise BookError([("", f"not TOML: {error}")]) from None
    except ValidationError as error:
        raise BookError([(_where(e["loc"]), _what(e["type"], e["msg"], e["input"])) for e in error.errors()]) from None
    except RecursionError:
        raise BookError([("", "nested too deep: a book file has tables in tables, no more")]) from None
    except (ValueError, ArithmeticError):  # an integer of thousands of digits, an exponent that no decimal has
        raise BookError([("", "a number in it has too many digits to be a setting")]) from None
    # What no field can see alone: a place has one site, a site's source is declared, a source's own topic is its own.
    problems = [*_double_sites(raw), *_double_locations(book.sites), *_unknown_sources(book), *_shared_topics(book.sources)]
    if problems:
        raise BookError(problems)
    locations = {location: site for site, settings in book.sites.items() for location in settings.locations}
    register = Register(
        open=book.register_.open,
        locations=locations | {site: site for site in book.sites},
        sites=sorted(book.sites),
        external_parties=sorted(book.register_.external_parties),
        coordinates={place: (_millionths(lat), _millionths(lon)) for place, (lat, lon) in book.coordinates.items()},
    )
    return BookFile(register=register, sources=dict(book.sources), sites={site: _site_book(s) for site, s in book.sites.items()})


def site_digest(book: SiteBook) -> str:
    """SHA-256 (hex) over one site's settings in canonical JSON, a part of its BOOK entry's id (runtime-rules section 2)."""
    settings = msgspec.structs.asdict(book)  # by value: what is at its default is written like anything else
    return sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


def book_entries(book: BookFile, record_time_us: int) -> list[Entry]:
    """One BOOK entry a site, in the order of the sites (runtime-rules section 2)."""
    return [
        Entry(
            entry_id=derive("book", site, site_digest(settings), str(record_time_us)),
            site=site,
            kind="BOOK",
            record_time_us=record_time_us,
            book=settings,
        )
        for site, settings in sorted(book.sites.items())
    ]


def _site_book(site: _Site) -> SiteBook:
    own = {"processes", "licences", "exclusions", "conversion_factors", "provisional_grades", "carbon_keys"}
    plain = site.model_dump(exclude={"locations", "effective", *own})
    return SiteBook(
        **plain,
        processes=[Process(**one.model_dump()) for one in site.processes],
        conversion_factors=[ConversionFactor(**one.model_dump()) for one in site.conversion_factors],
        provisional_grades=[ProvisionalGrade(**one.model_dump()) for one in site.provisional_grades],
        carbon_keys=[_carbon_key(one) for one in site.carbon_keys],
        licences=[Licence(one.element, one.kg_per_year, _us(one.from_)) for one in site.licences],
        exclusions=[Exclusion(one.id, _us(one.from_), _us(one.until)) for one in site.exclusions],
        effective_us=_us(site.effective),
        booked=True,
    )


def _carbon_key(one: _CarbonKey) -> CarbonKey:
    return CarbonKey(one.key, one.process, [Price(**price.model_dump()) for price in one.prices], one.source)


def _us(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def _millionths(degrees: Decimal) -> int:
    return int(degrees.scaleb(6).to_integral_value())


def _double_sites(raw: dict[str, Any]) -> list[tuple[str, str]]:
    """One site in two spellings (EPC URN and Digital Link): reading has kept one of the two settings."""
    first: dict[str, str] = {}
    return [
        (_where(("sites", site)), f"is the site {first[canonical_id(site)]} in another spelling")
        for site in raw.get("sites", {})
        if first.setdefault(canonical_id(site), site) != site
    ]


def _double_locations(sites: dict[str, _Site]) -> list[tuple[str, str]]:
    """A location belongs to one site, or routing would depend on the order of the file."""
    owner = {site: site for site in sites}
    problems = []
    for site, settings in sites.items():
        for index, location in enumerate(settings.locations):
            if owner.setdefault(location, site) != site:
                problems.append(
                    (_where(("sites", site, "locations", index)), f"{location} already belongs to the site {owner[location]}")
                )
    return problems


def _unknown_sources(book: _Book) -> list[tuple[str, str]]:
    return [
        (_where(("sites", site, "sources", index)), f"the source {source!r} is not in [sources]")
        for site, settings in book.sites.items()
        for index, source in enumerate(settings.sources)
        if source not in book.sources
    ]


def _shared_topics(sources: dict[str, str]) -> list[tuple[str, str]]:
    """Only connectors share a topic (`epcis.inbox.v1`, keyed by source); elsewhere the topic is what proves the source."""
    owner: dict[str, str] = {}
    return [
        (
            _where(("sources", source)),
            f"{topic} already is the topic of the source {owner[topic]!r}; each direct source has its own",
        )
        for source, topic in sources.items()
        if topic != "epcis.inbox.v1" and owner.setdefault(topic, source) != source
    ]


def _where(path: tuple[int | str, ...]) -> str:
    """A place in the file as its author would write it: sites."https://…".locations[2]."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":
            name = part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'
            text += f".{name}" if text else name
    return text


def _what(kind: str, message: str, given: object) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting"
    shown = (
        str(given) if isinstance(given, Decimal) else repr(given) if isinstance(given, str | int) else f"a {type(given).__name__}"
    )
    return f"{message} (it is {shown:.120})"

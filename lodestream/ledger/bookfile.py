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

    [[sites."https://id.gs1.org/414/9501101530003".exclusions]]
    id = "XX"                                 # a country, or the URI of a site or party
    from = 2026-01-01T00:00:00Z
    until = 2027-01-01T00:00:00Z

Everything is optional; what is not said is the default book's (ledger-rules section 1). Identifiers may be in any
spelling that events may use; they are made canonical.
"""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from lodestream.epcis.identifiers import canonical_id
from lodestream.ids import derive
from lodestream.ledger.book import BookFile, ConversionFactor, Exclusion, Licence, Process, Register, SiteBook
from lodestream.ledger.records import Entry


def _matching(pattern: str, what: str) -> AfterValidator:
    """A check by regular expression that says in words what was expected."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError("mismatch", what)
        return text

    return AfterValidator(check)


Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, strict=False)]
Uri = Annotated[
    str,
    _matching(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2040}", "should be a URI, as the events write it"),
    AfterValidator(canonical_id),
]
Element = Annotated[str, _matching(r"[A-Z][a-z]?", "should be the symbol of an element, such as Cu")]
SourceName = Annotated[str, _matching(r"[a-z0-9][a-z0-9-]{0,62}", "should be a source's name: small letters, digits and -")]
InboxTopic = Annotated[
    str, _matching(r"epcis\.inbox\.([a-z0-9][a-z0-9-]*\.)?v1", "should be epcis.inbox.v1 or epcis.inbox.<source>.v1")
]


Party = Annotated[
    str,
    _matching(r"[A-Z]{2}|[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2040}", "should be a country code or a URI"),
    AfterValidator(canonical_id),
]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, strict=False)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _zoned(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise PydanticCustomError("mismatch", "should say its offset from UTC, as in 2026-07-01T00:00:00Z")
    return time


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("mismatch", "should be an IANA time zone, such as Africa/Lusaka")
    return name


Time = Annotated[datetime, AfterValidator(_zoned)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class BookError(ValueError):
    """A book file that cannot be used. `problems` are (where, what) pairs, all of them at once."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep the problems and say them one a line."""
        self.problems = problems
        super().__init__("\n".join(f"{where}: {what}" if where else what for where, what in problems))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Register(_Model):
    open: bool = True
    external_parties: list[Uri] = []


def _within_the_earth(place: list[Decimal]) -> list[Decimal]:
    if len(place) != 2 or abs(place[0]) > 90 or abs(place[1]) > 180:
        raise PydanticCustomError("mismatch", "should be [latitude, longitude] in degrees, such as [-11.664, 27.479]")
    return place


_Coordinates = Annotated[list[Annotated[Decimal, Field(max_digits=12, strict=False)]], AfterValidator(_within_the_earth)]


class _Process(_Model):
    name: str = Field(max_length=200)
    element: Element
    min_yield_percent: Percent | None = None
    max_yield_percent: Percent | None = None
    nameplate_kg_per_hour: Amount | None = None


class _ConversionFactor(_Model):
    profile: str = Field(max_length=200)
    element: Element
    percent: Percent


class _Licence(_Model):
    element: Element
    kg_per_year: Amount
    from_: Time = Field(default=_EPOCH, alias="from")


class _Exclusion(_Model):
    id: Party
    from_: Time = Field(default=_EPOCH, alias="from")
    until: Time = _EPOCH


class _Site(_Model):
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
    effective: Time = _EPOCH
    declared_loss_percent: Percent = Decimal(0)


class _Book(_Model):
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
        raise BookError(
            [(_where(e["loc"]), _what(e["type"], e["msg"], e["input"])) for e in error.errors(include_url=False)]
        ) from None
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
    plain = site.model_dump(exclude={"locations", "processes", "licences", "exclusions", "conversion_factors", "effective"})
    return SiteBook(
        **plain,
        processes=[Process(**one.model_dump()) for one in site.processes],
        conversion_factors=[ConversionFactor(**one.model_dump()) for one in site.conversion_factors],
        licences=[Licence(one.element, one.kg_per_year, _us(one.from_)) for one in site.licences],
        exclusions=[Exclusion(one.id, _us(one.from_), _us(one.until)) for one in site.exclusions],
        effective_us=_us(site.effective),
        booked=True,
    )


def _us(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


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

"""The whole book file of the documentation, setting by setting, and every mistake that it can have."""

import json
import re
import textwrap
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import asdict, fields

from lodestream.ids import derive
from lodestream.ledger import bookfile
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
from lodestream.ledger.bookfile import BookError, book_entries, read_book, site_digest

SITE = "https://id.gs1.org/414/9501101530003"
EXAMPLE = textwrap.dedent("\n".join(re.findall(r"^    .*|^$", bookfile.__doc__ or "", re.MULTILINE)))


def us(*date: int) -> int:
    """The first moment of a day (UTC) in microseconds since 1970."""
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 10**6  # type: ignore[arg-type, misc]


def test_the_example_of_the_documentation() -> None:
    """It has every setting that there is."""
    book = read_book(EXAMPLE)
    assert book.sites == {
        SITE: SiteBook(
            name="Concentrator",
            elements=["Cu"],
            sources=["mes"],
            mass_basis="dry",
            transit_tolerance_percent=Decimal("0.5"),
            lot_tolerance_percent=Decimal("0.5"),
            clock_skew_minutes=15,
            stock_tolerance_percent=Decimal("0.5"),
            time_zone="Africa/Lusaka",
            grace_hours=336,
            voyage_hours=840,
            lateness_days=60,
            horizon_days=400,
            main_element="Cu",
            running_attribution=False,
            counting_source="mes",
            profiles=["iscc-plus"],
            group="Example Metals",
            declared_loss_percent=Decimal("0.4"),
            effective_us=us(2026, 6, 30) + 22 * 3_600_000_000,
            processes=[Process("flotation", "Cu", Decimal(70), Decimal(97), Decimal(12_000))],
            licences=[Licence("Cu", Decimal(12_000_000), us(2026, 1, 1))],
            conversion_factors=[ConversionFactor("credit-strict-input", "Cu", Decimal(96))],
            provisional_grades=[ProvisionalGrade("Cu", Decimal("1.2"), Decimal("0.2"), "ore")],
            carbon_keys=[
                CarbonKey(
                    "economic",
                    "leaching",
                    [Price(Decimal("16.5"), "Ni"), Price(Decimal(33), "Co"), Price(Decimal(0), product_class="residue")],
                    "LME and Fastmarkets, mean of 2025, USD",
                )
            ],
            exclusions=[Exclusion("XX", us(2026, 1, 1), us(2027, 1, 1))],
            booked=True,
        )
    }
    party = "https://id.gs1.org/417/9501101539992"
    places = {SITE: SITE, f"{SITE}/254/A": SITE}
    assert book.register == Register(False, places, [SITE], [party], {SITE: (-11_664_000, 27_479_000)})
    assert book.sources == {"mes": "epcis.inbox.mes.v1"}
    said = {line.split("=")[0].strip() for line in EXAMPLE.splitlines() if "=" in line}
    tables = set(re.findall(r"\.(\w+)\]\]", EXAMPLE))
    assert {field.name for field in fields(SiteBook)} <= said | tables | {"booked", "effective_us"}


def test_what_is_not_said_has_its_default() -> None:
    """A licence and an exclusion without times hold from the first moment on, and without end."""
    text = f"""
        sites."{SITE}".licences = [{{element = "Cu", kg_per_year = 1}}]
        sites."{SITE}".exclusions = [{{id = "CD"}}]
        sites."{SITE}".processes = [{{name = "p", element = "Cu"}}]
        sites."{SITE}".provisional_grades = [{{element = "Cu", percent = 1, uncertainty_points = 0}}]
        sites."{SITE}".carbon_keys = [{{key = "mass"}}]
    """
    assert read_book(text).sites[SITE] == SiteBook(
        licences=[Licence("Cu", Decimal(1))],
        exclusions=[Exclusion("CD")],
        processes=[Process("p", "Cu")],
        provisional_grades=[ProvisionalGrade("Cu", Decimal(1), Decimal(0))],
        carbon_keys=[CarbonKey("mass")],
        booked=True,
    )
    assert read_book(f'[sites."{SITE}"]') == BookFile(
        Register(locations={SITE: SITE}, sites=[SITE]), sites={SITE: SiteBook(booked=True)}
    )


def test_lists_of_the_register_are_in_order_and_places_to_the_millionth_of_a_degree() -> None:
    text = """
        register.external_parties = ["urn:party:z", "urn:party:a"]
        coordinates."urn:s:z" = [-11.6640005, 27.4790015]
        [sites."urn:s:z"]
        [sites."urn:s:a"]
    """
    register = read_book(text).register
    assert (register.sites, register.external_parties) == (["urn:s:a", "urn:s:z"], ["urn:party:a", "urn:party:z"])
    assert register.coordinates == {"urn:s:z": (-11_664_000, 27_479_002)}, "half to even"


def test_the_digest_is_of_all_settings_in_canonical_json() -> None:
    book = read_book(EXAMPLE).sites[SITE]

    def plain(value: Any) -> Any:
        return {k: plain(v) for k, v in asdict(value).items()} if hasattr(value, "__struct_fields__") else value

    for settings in (SiteBook(), SiteBook(name="Ä", profiles=["b", "a"])):
        text = json.dumps(plain(settings), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        assert site_digest(settings) == sha256(text.encode()).hexdigest()
    assert site_digest(book) != site_digest(SiteBook())


def test_the_id_of_an_entry_is_of_its_site_settings_and_time() -> None:
    book = read_book('[sites."urn:s:z"]\n[sites."urn:s:a"]\nname = "A"')
    made = book_entries(book, 7)
    assert [entry.site for entry in made] == ["urn:s:a", "urn:s:z"]
    for entry in made:
        settings = book.sites[entry.site]
        assert entry.entry_id == derive("book", entry.site, site_digest(settings), "7")
        assert (entry.kind, entry.record_time_us, entry.book) == ("BOOK", 7, settings)


# -- what is wrong --------------------------------------------------------------------------------------------------


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(BookError) as caught:
        read_book(text)
    return caught.value.problems


A = '[sites."urn:s:a"]\n'


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (f"{A}colour = 1", 'sites."urn:s:a".colour', "there is no such setting"),
        (f"{A}elements = ['cu']", 'sites."urn:s:a".elements[0]', "should be the symbol of an element, such as Cu (it is 'cu')"),
        (f"{A}clock_skew_minutes = 1441", 'sites."urn:s:a".clock_skew_minutes', "less than or equal to 1440 (it is 1441)"),
        (f"{A}lot_tolerance_percent = 100.5", 'sites."urn:s:a".lot_tolerance_percent', "equal to 100 (it is 100.5)"),
        (f"{A}name = ['x']", 'sites."urn:s:a".name', "should be a valid string (it is a list)"),
        (f"{A}elements = ['{'x' * 300}']", 'sites."urn:s:a".elements[0]', f"such as Cu (it is '{'x' * 119})"),
        ("[sites.mine-1_a]", "sites.mine-1_a", "should be a URI, as the events write it (it is 'mine-1_a')"),
        ("[sources]\nMES = 'epcis.inbox.v1'", "sources.MES", "small letters, digits and - (it is 'MES')"),
        (f"{A}sources = ['mes']", 'sites."urn:s:a".sources[0]', "the source 'mes' is not in [sources]"),
        (
            "[sources]\na = 'epcis.inbox.x.v1'\nb = 'epcis.inbox.x.v1'",
            "sources.b",
            "epcis.inbox.x.v1 already is the topic of the source 'a'; each direct source has its own",
        ),
        (
            f"{A}locations = ['urn:gate']\n[sites.\"urn:s:b\"]\nlocations = ['urn:door', 'urn:gate']",
            'sites."urn:s:b".locations[1]',
            "urn:gate already belongs to the site urn:s:a",
        ),
        (
            '[sites."urn:epc:id:sgln:9521321.00001.0"]\n[sites."https://id.gs1.org/414/9521321000018"]',
            'sites."https://id.gs1.org/414/9521321000018"',
            "is the site urn:epc:id:sgln:9521321.00001.0 in another spelling",
        ),
        ("a = ?", "", "not TOML: Invalid value (at line 1, column 5)"),
        ("a = " + "[" * 100_000, "", "nested too deep: a book file has tables in tables, no more"),
        ("a = " + "9" * 5_000, "", "a number in it has too many digits to be a setting"),
        ("a = 1e-99999999999999999999", "", "a number in it has too many digits to be a setting"),
    ],
)
def test_each_mistake_says_where_and_what(text: str, where: str, what: str) -> None:
    ((place, said),) = problems(text)
    assert place == where
    assert said.endswith(what)


def test_a_reader_that_gives_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep it comes: a newer reader counts its tables itself."""

    def loads(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(bookfile.tomllib, "loads", loads)
    assert problems("a = 1") == [("", "nested too deep: a book file has tables in tables, no more")]


def test_all_that_no_field_sees_alone_is_told_together() -> None:
    text = """
        sources = {a = "epcis.inbox.x.v1", b = "epcis.inbox.x.v1", c = "epcis.inbox.v1", d = "epcis.inbox.v1"}
        [sites."urn:s:a"]
        sources = ["a", "ghost"]
        locations = ["urn:s:a", "urn:s:b"]
        [sites."urn:s:b"]
    """
    assert [where for where, _ in problems(text)] == [
        'sites."urn:s:a".locations[1]',
        'sites."urn:s:a".sources[1]',
        "sources.b",
    ]


def test_an_error_has_a_line_for_each_problem() -> None:
    assert str(BookError([("register.open", "no"), ("", "not TOML")])) == "register.open: no\nnot TOML"


def key(parts: int, part: str = "a") -> str:
    return ".".join([part] * parts)


@pytest.mark.parametrize("part", ["a", '"a b"', "'a.b'", "A-9_z"])
@pytest.mark.parametrize("before", ["", "x = 1\n", "[", "[[", "x = {", "x = {y = 1,", " \t"])
def test_a_key_has_at_most_sixteen_parts(before: str, part: str) -> None:
    """Else the time of the reader is quadratic in them. What is wrong with one of sixteen is something else."""
    after = {"[": "]", "[[": "]]", "x = {": " = 1}", "x = {y = 1,": " = 1}"}.get(before, " = 1")
    many = ("", "a key in it has more than 16 parts: a book file has tables in tables, no more")
    assert problems(f"{before}{key(17, part)}{after}") == [many]
    assert problems(f"{before}{key(9, part)} . {key(8, part)}{after}") == [many]
    assert many not in problems(f"{before}{key(16, part)}{after}")

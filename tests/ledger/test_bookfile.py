"""The book file: what its TOML becomes, and that a wrong one says where it is wrong."""

from decimal import Decimal

import pytest

from lodestream.ledger.book import BookFile, SiteBook
from lodestream.ledger.bookfile import BookError, book_entries, read_book, site_digest

MINE = "https://id.gs1.org/414/9501101530003"
SMELTER = "https://id.gs1.org/414/9501101530010"

WHOLE = f"""
[register]
open = false
external_parties = ["https://id.gs1.org/417/9501101539992"]

[sources]
local = "epcis.inbox.v1"
mes = "epcis.inbox.mes.v1"

[sites."{MINE}"]
name = "Mine"
locations = ["{MINE}/254/A", "https://example.org/places/gate-4"]
elements = ["Cu", "Au"]
sources = ["local", "mes"]
mass_basis = "dry"
transit_tolerance_percent = 0.35
lot_tolerance_percent = 1
clock_skew_minutes = 5

[sites."{SMELTER}"]
"""


def test_a_whole_book() -> None:
    book = read_book(WHOLE)
    assert book.register.open is False
    assert book.register.sites == [MINE, SMELTER]
    assert book.register.external_parties == ["https://id.gs1.org/417/9501101539992"]
    assert book.register.locations == {
        MINE: MINE,
        f"{MINE}/254/A": MINE,
        "https://example.org/places/gate-4": MINE,
        SMELTER: SMELTER,
    }
    assert book.sources == {"local": "epcis.inbox.v1", "mes": "epcis.inbox.mes.v1"}
    assert book.sites[MINE] == SiteBook(
        name="Mine",
        elements=["Cu", "Au"],
        sources=["local", "mes"],
        mass_basis="dry",
        transit_tolerance_percent=Decimal("0.35"),
        lot_tolerance_percent=Decimal(1),
        clock_skew_minutes=5,
        booked=True,
    )
    assert book.sites[SMELTER] == SiteBook(booked=True)


def test_an_empty_text_is_the_default_book() -> None:
    assert read_book("") == BookFile()


def test_tolerances_are_exact() -> None:
    book = read_book('[sites."urn:a:b"]\ntransit_tolerance_percent = 0.1\nlot_tolerance_percent = "0.30"')
    assert book.sites["urn:a:b"].transit_tolerance_percent * 3 == Decimal("0.3")
    assert book.sites["urn:a:b"].lot_tolerance_percent == Decimal("0.30")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[register\n", "", "line 1, column 10"),
        ("[register]\nfree = true", "register.free", "no such setting"),
        ("[register]\nopen = 'yes'", "register.open", "boolean"),
        ("[site]\n", "site", "no such setting"),
        ("[sites.mine]", "sites.mine", "URI"),
        ('[sites."urn:a:b"]\nelements = ["Cu", "copper"]', 'sites."urn:a:b".elements[1]', "symbol"),
        ('[sites."urn:a:b"]\nmass_basis = "damp"', 'sites."urn:a:b".mass_basis', "'damp'"),
        ('[sites."urn:a:b"]\ntransit_tolerance_percent = 100.1', 'sites."urn:a:b".transit_tolerance_percent', "100.1"),
        ('[sites."urn:a:b"]\nlot_tolerance_percent = nan', 'sites."urn:a:b".lot_tolerance_percent', "finite"),
        ('[sites."urn:a:b"]\nclock_skew_minutes = -1', 'sites."urn:a:b".clock_skew_minutes', "-1"),
        ('[sites."urn:a:b"]\nsources = ["ghost"]', 'sites."urn:a:b".sources[0]', "ghost"),
        ('[sources]\nmes = "orders"', "sources.mes", "epcis.inbox.<source>.v1"),
        ('[sources]\na = "epcis.inbox.x.v1"\nb = "epcis.inbox.x.v1"', "sources.b", "'a'"),
        ('[sites."urn:a:b"]\n[sites."urn:a:c"]\nlocations = ["urn:a:b"]', 'sites."urn:a:c".locations[0]', "urn:a:b"),
    ],
)
def test_a_wrong_book_says_where(text: str, where: str, what: str) -> None:
    with pytest.raises(BookError) as caught:
        read_book(text)
    place, said = caught.value.problems[0]
    assert place == where
    assert what in said


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(BookError) as caught:
        read_book('[register]\nopen = 1\n[sites."urn:a:b"]\nmass_basis = "x"\nelements = ["cu"]')
    assert [where for where, _ in caught.value.problems] == [
        "register.open",
        'sites."urn:a:b".elements[0]',
        'sites."urn:a:b".mass_basis',
    ]


def test_connectors_share_the_inbox() -> None:
    assert read_book('[sources]\na = "epcis.inbox.v1"\nb = "epcis.inbox.v1"').sources.keys() == {"a", "b"}


def test_a_site_digest_follows_the_settings() -> None:
    one, same, other = SiteBook(elements=["Cu"]), SiteBook(elements=["Cu"]), SiteBook(elements=["Ni"])
    assert site_digest(one) == site_digest(same) != site_digest(other)
    assert len(site_digest(one)) == 64


def test_a_book_becomes_one_entry_a_site_with_an_id_of_what_it_says() -> None:
    book = read_book(WHOLE)
    entries = book_entries(book, 1_700_000_000_000_000)
    assert [(entry.site, entry.kind, entry.book) for entry in entries] == [
        (MINE, "BOOK", book.sites[MINE]),
        (SMELTER, "BOOK", book.sites[SMELTER]),
    ]
    assert entries == book_entries(book, 1_700_000_000_000_000)
    later = book_entries(book, 1_700_000_000_000_001)
    assert len({entry.entry_id for entry in [*entries, *later]}) == 4


def test_identifiers_are_made_canonical() -> None:
    book = read_book('[sites."urn:epc:id:sgln:9521321.00001.0"]\nlocations = ["https://example.com/414/9521321000018/254/A"]')
    assert book.register.sites == ["https://id.gs1.org/414/9521321000018"]
    assert book.register.locations["https://id.gs1.org/414/9521321000018/254/A"] == "https://id.gs1.org/414/9521321000018"


def test_one_site_in_two_spellings_is_told() -> None:
    with pytest.raises(BookError, match="another spelling"):
        read_book(
            '[sites."urn:epc:id:sgln:9521321.00001.0"]\nname = "A"\n[sites."https://id.gs1.org/414/9521321000018"]\nname = "B"'
        )


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "9" * 5_000,
        '[sites."https://x.example/a"]\nlot_tolerance_percent = 1e-99999999999999999999',
        '[sites."https://x.example/a\\u0000b"]',
        '[sites."x:\\u001b[2J"]',
        '[sites."https://x.example/\\u0430"]',
    ],
)
def test_a_hostile_book_is_refused_as_any_other(text: str) -> None:
    with pytest.raises(BookError):
        read_book(text)

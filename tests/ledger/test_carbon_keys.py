"""By what the carbon of a run goes to its products where the book declares it: contained, mass or economic (rulebook R98)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.epcis.event import ContainedMass, Material, Quantity
from lodestream.ledger.book import CarbonKey, Price, SiteBook
from lodestream.ledger.bookfile import BookError, read_book
from tests.ledger.making import Books, add, event, item, transform
from tests.ledger.page import says

A = "urn:site:a"
PRICES = [Price(Decimal(16), "Ni"), Price(Decimal(32), "Co")]
BY_VALUE = CarbonKey("economic", prices=PRICES, source="a price list")
NI = ("ni", "2.7", {"ni": "22.222222", "product_class": "sulphate", "process": "leaching"})
CO = ("co", "0.5", {"co": "20", "process": "leaching"})
RESIDUE = ("residue", "1", {"ni": "1", "loss_class": "residue"})


def refined(*keys: CarbonKey, outputs: Any = (NI, CO, RESIDUE), upstream: int = 1_000_000, emitted: int = 100_000) -> list[int]:
    """The g CO2e of each output."""
    books = Books(**{A: SiteBook(elements=["Ni", "Co"], carbon_keys=list(keys))})
    books(add("mhp", "10", A, ni="6.5", co="1.1", embodied_g_co2e=upstream))
    books(transform(A, [("mhp", "10", {})], list(outputs), process_emissions_g_co2e=emitted))
    return [books.lot(A, name).embodied_g_co2e for name, _, _ in outputs]


def test_r98_the_worked_line() -> None:
    """R98: 600 kg Ni in 2,700 kg and 100 kg Co in 500 kg, 1,000,000 g with the feed and 100,000 g emitted."""
    exact = (("ni", "2.7", {"contained": [ContainedMass("Ni", Decimal(600), "KGM")]}), CO)
    assert refined(outputs=exact) == [1_100_000, 0]
    assert refined(CarbonKey("contained"), outputs=exact) == [1_100_000, 0]
    assert refined(CarbonKey("mass"), outputs=exact) == [928_125, 171_875]
    assert refined(BY_VALUE, outputs=exact) == [825_000, 275_000]
    says("R98", 1_100_000, 928_125, 171_875, 825_000, 275_000, "16 per kg", "32 per kg")


def test_losses_bear_none_and_grams_are_whole() -> None:
    """2,700 : 500 of 1,000,001 and 100,001 g: 843,750.84 and 84,375.84 round up, the others down."""
    assert refined(CarbonKey("mass"), upstream=1_000_001, emitted=100_001) == [843_751 + 84_376, 156_250 + 15_625, 0]


def test_a_class_has_a_price_before_its_elements() -> None:
    """2,700 kg of sulphate at 0.5 and 100 kg Co at 13.5: equal."""
    by_class = CarbonKey("economic", prices=[Price(Decimal("0.5"), product_class="sulphate"), Price(Decimal("13.5"), "Co")])
    assert refined(by_class) == [550_000, 550_000, 0]


@pytest.mark.parametrize("prices", [PRICES[:1], [Price(Decimal(0), "Ni"), Price(Decimal(0), "Co")]])
def test_prices_that_do_not_answer_leave_it_at_content(prices: list[Price]) -> None:
    """A product without a price, or products that are all worth nothing."""
    assert refined(CarbonKey("economic", prices=prices)) == [1_100_000, 0, 0]


def test_no_price_is_not_a_price_of_zero() -> None:
    """Cobalt alone has a price: nickel is not worth nothing for that, so all goes by content."""
    assert refined(CarbonKey("economic", prices=PRICES[1:])) == [1_100_000, 0, 0]
    assert refined(CarbonKey("contained", prices=PRICES)) == [1_100_000, 0, 0], "and where content is the key, no price counts"


def test_prices_of_any_fraction_keep_their_proportion() -> None:
    """2,700 kg at 0.5, 500 kg at 2.125 and 1,062.5 kg at 2: 1,350 and 1,062.5 and 2,125 of 4,537.5."""
    prices = [
        Price(Decimal("0.5"), product_class="sulphate"),
        Price(Decimal("2.125"), product_class="cake"),
        Price(Decimal(2), "Co"),
    ]
    outputs = (NI, ("cake", "0.5", {"co": "1", "product_class": "cake"}), ("co", "10.625", {"co": "10"}))
    assert refined(CarbonKey("economic", prices=prices), outputs=outputs, upstream=4_537_500, emitted=0) == [
        1_350_000,
        1_062_500,
        2_125_000,
    ]


def test_an_output_without_a_mass_bears_nothing_by_mass_and_none_by_the_price_of_its_class() -> None:
    """Contained mass alone is stated of a bleed: of a tonne of CO2e for each mg that the other weighs, it has no gram."""
    bleed = ("bleed", None, {"contained": [ContainedMass("Ni", Decimal(1), "KGM")], "product_class": "bleed"})
    by_class = CarbonKey("economic", prices=[Price(Decimal(1), product_class=name) for name in ("bleed", "sulphate")])
    for key in (CarbonKey("mass"), by_class):
        assert refined(key, outputs=(NI, bleed, RESIDUE), upstream=27 * 10**14, emitted=0) == [27 * 10**14, 0, 0]


def test_a_price_of_zero_is_one() -> None:
    assert refined(CarbonKey("economic", prices=[Price(Decimal(0), "Ni"), PRICES[1]])) == [0, 1_100_000, 0]


def test_the_process_that_the_items_name_has_its_own() -> None:
    site, own, other = CarbonKey("mass"), replaced("leaching"), replaced("roasting")
    assert refined(site, own) == refined(BY_VALUE)
    assert refined(site, other) == refined(CarbonKey("mass"))
    assert refined(other) == refined()
    mixed = (NI, ("co", "0.5", {"co": "20", "process": "drying"}), RESIDUE)
    assert refined(own, outputs=mixed) == refined(), "two processes, and no key for all"
    assert refined(own, CarbonKey("contained", "drying"), CarbonKey("mass"), outputs=mixed) == refined(CarbonKey("mass"))


def replaced(process: str) -> CarbonKey:
    return CarbonKey("economic", process, PRICES, "a price list")


def test_a_split_divides_by_content_whatever_the_key() -> None:
    prices = [Price(Decimal(9), product_class="powder"), Price(Decimal(1), product_class="lumps")]
    books = Books(**{A: SiteBook(carbon_keys=[CarbonKey("economic", prices=prices)])})
    books(add("x", "10", A, ni="20", embodied_g_co2e=1_000))
    books(transform(A, [("x", "10", {})], [("p", "4", {"product_class": "powder"}), ("q", "6", {"product_class": "lumps"})]))
    assert [books.lot(A, name).embodied_g_co2e for name in "pq"] == [400, 600]


@pytest.mark.parametrize("mass", [None, "20"])
def test_work_in_process_keeps_its_part_by_content(mass: str | None) -> None:
    """1,000 g of 10 t Ni; 2 t stay in process: 200 g, whatever the two products share of 800 g, and whatever it weighs."""
    content = [ContainedMass("Ni", Decimal(2), "TNE")]
    closing = Material("wip_close", "urn:wip", mass and Decimal(mass), "TNE", mass_basis="dry", contained=content)
    made = [item("output", "p", "10", ni="40"), item("output", "q", "30", ni="13.33333333", co="1")]
    for key, p, q in ((None, 400, 400), (CarbonKey("mass"), 200, 600)):
        books = Books(**{A: SiteBook(elements=["Ni", "Co"], carbon_keys=[key] if key else [])})
        books(add("x", "50", A, ni="20", co="1", embodied_g_co2e=1_000))
        left = (Quantity(closing.id), closing)
        books(event("TransformationEvent", [item("input", "x", "50"), *made, left],
                    biz_location=A, transformation_id="urn:run", campaign_close=True))  # fmt: skip
        assert [books.lot(A, name).embodied_g_co2e for name in "pq"] == [p, q]


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.decimals("0", "99999", places=4), st.sampled_from(["mass", "economic"]))
def test_no_gram_is_lost_or_made(upstream: int, emitted: int, price: Decimal, key: str) -> None:
    prices = [Price(price, "Ni"), Price(Decimal("33.333"), "Co")] if key == "economic" else []
    assert sum(refined(CarbonKey(key, prices=prices), upstream=upstream, emitted=emitted)) == upstream + emitted


TABLE = f'[[sites."{A}".carbon_keys]]\n'


def test_the_book_file_says_it() -> None:
    text = (
        TABLE
        + """
        process = "leaching"
        key = "economic"
        prices = [{element = "Ni", per_kg = 16}, {element = "Co", per_kg = 32}]
        source = "a price list"
    """
    )
    assert read_book(text).sites[A].carbon_keys == [replaced("leaching")]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('key = "economic"', "should have prices and their source where its key is economic, and only there"),
        ('key = "economic"\nprices = [{element = "Ni", per_kg = 1}]', "should have prices and their source"),
        ('key = "mass"\nprices = [{element = "Ni", per_kg = 1}]\nsource = "x"', "should have prices and their source"),
        ('key = "economic"\nprices = [{per_kg = 1}]\nsource = "x"', "should name an element or a product_class, and not both"),
        ('key = "economic"\nprices = [{element = "Ni", per_kg = -1}]\nsource = "x"', "greater than or equal to 0"),
        ('key = "value"', "'contained', 'mass' or 'economic'"),
    ],
)
def test_a_key_that_cannot_be(text: str, what: str) -> None:
    with pytest.raises(BookError, match="carbon_keys") as error:
        read_book(TABLE + text)
    assert what in str(error.value)

"""The worked scenarios among the examples, to the milligram, and the lies about them."""

from fractions import Fraction

from lodestream.ledger.records import LotState
from tests.examples.test_example_books import Books, of

T = 10**9
KG = 10**6


def lot(books: Books, name: str, at: str = "") -> LotState:
    """The lot whose id ends so, at the site whose name has this in it."""
    return next(one for one in books.fold.lots() if one.lot.endswith(f"/{name}") and at in one.site)


def origins(state: LotState, element: str) -> dict[str, int]:
    """Its vector by country and source class."""
    return {" ".join(key.split(" ")[::2]): mg for key, mg in state.shares[element].items()}


def account(books: Books, kind: str, element: str, at: str) -> int:
    """The balance of the accounts of a kind at a site, in mg."""
    return sum(mg for site, e, name, mg in books.fold.accounts() if (e, name.split("(")[0]) == (element, kind) and at in site)


def test_copper_cathode() -> None:
    books = Books(*of("10-copper-smelter"))
    assert account(books, "UNACCOUNTED", "Cu", "smelter") == 2_925_525_160
    assert account(books, "WIP", "Cu", "smelter") == 412 * T
    assert origins(lot(books, "L1"), "Cu") == {
        "ZM mine": 316_457_157_079,
        "CL mine": 166_831_660_387,
        "JP end_of_life": 16_661_182_534,
    }
    assert origins(lot(books, "L2"), "Cu") == {
        "ZM mine": 503_799_794_071,
        "CL mine": 265_596_003_335,
        "JP end_of_life": 26_524_602_594,
    }


def test_copper_carbon() -> None:
    books = Books(*of("10-copper-smelter"))
    carbon = sum(lot(books, name).embodied_g_co2e for name in ("L1", "L2"))
    assert carbon == 3_492_751_975
    assert f"{float(Fraction(carbon * KG, 1_295_870_400_000)):.6f}" == "2695.294201"


def test_cobalt_sulphate() -> None:
    books = Books(*of("11-cobalt-sulphate"))
    assert account(books, "UNACCOUNTED", "Co", "cobalt") == 295 * KG
    product = [mg for _, mg in sorted(lot(books, "COSO4-26-03").shares["Co"].items())]
    assert product == [25_218_253_968, 9_924_603_175, 732_142_857]


def test_precursor() -> None:
    books = Books(*of("12-precursor"))
    assert (account(books, "UNACCOUNTED", "Ni", ""), account(books, "UNACCOUNTED", "Co", "")) == (269 * KG, 66_800_000)
    made = lot(books, "PCAM-811-26-03")
    for element, share in (("Ni", "35.411021"), ("Co", "70.377020")):
        recycled = sum(mg for key, mg in origins(made, element).items() if "mine" not in key)
        assert f"{100 * recycled / made.contained_mg[element]:.6f}" == share


def test_correction_after_shipment() -> None:
    documents = of("13-corrected-after-shipment")
    assert account(Books(*documents[:1]), "STOCK", "Ni", "//nickel") == 20 * KG
    books = Books(*documents[:3])
    assert account(books, "STOCK", "Ni", "//nickel") == -30 * KG
    assert account(books, "TRANSIT", "Ni", "//nickel") == 32 * KG


def test_dry_taken_for_wet() -> None:
    books = Books(*(one for one in of("14-copper-frauds") if "dry-or-wet" in one))
    assert account(books, "UNACCOUNTED", "Cu", "smelter") == 39_165_525_160
    gain = next(f for o in books.outcomes for f in o.findings if f.code == "TRANSIT_GAIN")
    assert "108.6957 %" in gain.arithmetic


def test_what_is_consumed_twice_is_short_of_all_of_it() -> None:
    for folder, element in (("14-copper-frauds", "517,504.1176 kg Cu"), ("15-cobalt-frauds", "27,000 kg Co")):
        books = Books(*of(folder))
        assert any(element in f.arithmetic for o in books.outcomes for f in o.findings if f.code == "DOUBLE_SPEND")


def test_more_than_there_was() -> None:
    books = Books(*of("15-cobalt-frauds"))
    assert account(books, "UNACCOUNTED", "Co", "//more") == -3_805 * KG


def test_what_goes_round_stays_primary() -> None:
    books = Books(*of("16-recycled-frauds"))
    for n in range(1, 5):
        assert origins(lot(books, f"SOLD-{n}"), "Ni") == {"ID mine": 4_000 * KG}

"""Worked scenario S1 of the mass-balance reference: copper from the ore feed to the smelter's gate, to the milligram."""

from tests.ledger.making import Books, T, add, codes, receive, ship, transform

MINE, SMELTER = "urn:m1", "urn:r"


def copper() -> Books:
    books = Books()
    books(
        add("ore", "120000", MINE, moisture="3.0", cu="0.85", product_class="ore", source_class="mine"),
        transform(
            MINE,
            [("ore", "120000", {"moisture": "3.0"})],
            [
                ("K1", "3300", {"moisture": "9.00", "cu": "28.50", "product_class": "concentrate"}),
                ("tails", "113397", {"cu": "0.1180", "product_class": "tailings", "loss_class": "tailings"}),
            ],
        ),
        transform(
            MINE,
            [("K1", "3300", {"mass_basis": "wet"})],
            [("A", "2000", {"mass_basis": "wet"}), ("B", "1300", {"mass_basis": "wet"})],
        ),
        ship("A", "2000", MINE, SMELTER, consignment_id="C-A", mass_basis="wet"),
        ship("B", "1300", MINE, SMELTER, consignment_id="C-B", mass_basis="wet"),
        receive("A", "1996.000", SMELTER, consignment_id="C-A", receipt="final", moisture="8.90", cu="28.46"),
        receive("B", "1297.400", SMELTER, consignment_id="C-B", receipt="final", moisture="9.05", cu="28.52"),
    )
    return books


def test_concentrator() -> None:
    books = copper()
    made = next(o for o in books.outcomes if o.kind == "transform")
    posted = {(p.account, p.amount_mg) for p in made.postings}
    assert ("STOCK(ore)", -989_400_000_000) in posted
    assert ("STOCK(K1)", 855_855_000_000) in posted
    assert ("LOSS(tailings tails)", 133_808_460_000) in posted
    assert books.balance(MINE, "UNACCOUNTED") == -263_460_000
    assert codes([made]) == [], "negative, but inside u: PASS"


def test_split_is_a_draw() -> None:
    split = next(o for o in copper().outcomes if o.kind == "split")
    assert {p.account: p.amount_mg for p in split.postings if p.account in {"STOCK(A)", "STOCK(B)"}} == {
        "STOCK(A)": 518_700_000_000,
        "STOCK(B)": 337_155_000_000,
    }


def test_receipts_and_transit_variance() -> None:
    books = copper()
    assert books.balance(SMELTER, "STOCK(A)") == 517_504_117_600
    assert books.balance(SMELTER, "STOCK(B)") == 336_531_807_560
    assert books.balance(SMELTER, "TRANSIT_VAR") == 1_195_882_400 + 623_192_440
    for consignment, lot in (("C-A", "A"), ("C-B", "B")):
        assert books.balance(MINE, f"TRANSIT({consignment} {lot})") == 0
        custody = f"CUSTODY({consignment} {lot})"
        assert books.balance(MINE, custody) == -books.balance(SMELTER, custody) != 0
    assert books.open() == set(), "transit PASS, balance PASS"
    assert T == 10**9

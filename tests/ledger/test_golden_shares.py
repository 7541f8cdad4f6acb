"""Shares, carbon and balances of the worked scenarios S1, S2 and S4 of the mass-balance reference, to the milligram."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Event, Material, OriginPart
from lodestream.ledger.book import SiteBook
from tests.ledger.making import Books, add, declared, event, hashed, item, receive, ship, transform

MINE, SMELTER, OTHER_MINE = "urn:m1", "urn:r", "urn:m2"
ZM, CL, REC = "ZM urn:m1 mine -", "CL urn:m2 mine -", "ZZ - end_of_life -"


def in_process(role: str, name: str, **contained: str) -> tuple[Any, Material]:
    """Work in process by contained mass in tonnes."""
    made = [ContainedMass(e.capitalize(), Decimal(mass), "TNE") for e, mass in contained.items()]
    return None, Material(role, name, contained=made)  # type: ignore[arg-type]


def campaign(at: str, name: str, parts: list[Any], process: list[Material], **fields: Any) -> Event:
    """A part of a campaign: items of `making.item`, and work in process."""
    made = event("TransformationEvent", parts, biz_location=at, transformation_id=name, **fields)
    return hashed(replace(made, materials=[*made.materials, *process]))


# -- S1: copper ---------------------------------------------------------------------------------------------------

MATTE = [
    ("output", "cathode", "1296.000", {"cu": "99.99", "product_class": "cathode"}),
    ("output", "slag", "2150", {"loss_class": "slag", "product_class": "slag"}),
    ("output", "slimes", "6.0", {"cu": "18", "loss_class": "other", "product_class": "slime"}),
    ("output", "bleed", None, {"loss_class": "effluent"}),
]


def received() -> Books:
    """The smelter's receipts and scrap of S1, with their carbon."""
    books = Books(**{SMELTER: SiteBook(elements=["Cu"])})
    books(
        add("K1", "3300", MINE, moisture="9.00", cu="28.50", country_of_origin="ZM", source_class="mine"),
        transform(
            MINE,
            [("K1", "3300", {"mass_basis": "wet"})],
            [("A", "2000", {"mass_basis": "wet"}), ("B", "1300", {"mass_basis": "wet"})],
        ),
        ship("A", "2000", MINE, SMELTER, consignment_id="C-A", mass_basis="wet"),
        ship("B", "1300", MINE, SMELTER, consignment_id="C-B", mass_basis="wet"),
        add("C", "1500.000", OTHER_MINE, moisture="8.00", cu="30.20", country_of_origin="CL", source_class="mine"),
        ship("C", "1500.000", OTHER_MINE, SMELTER, consignment_id="C-C", mass_basis="wet"),
    )
    got = {"receipt": "final"}
    books(
        receive("A", "1996.000", SMELTER, consignment_id="C-A", moisture="8.90", cu="28.46", embodied_g_co2e=724_505_764, **got),
        receive("B", "1297.400", SMELTER, consignment_id="C-B", moisture="9.05", cu="28.52", embodied_g_co2e=471_144_531, **got),
        receive("C", "1500.000", SMELTER, consignment_id="C-C", moisture="8.00", cu="30.20", embodied_g_co2e=833_520_000, **got),
    )
    scrap = add("scrap", "60.000", SMELTER, source_class="end_of_life", embodied_g_co2e=23_040_000)
    assays = [Assay("Cu", Decimal("96.00"), "P1", "as_received", uncertainty=Decimal("0.50"))]
    material = replace(scrap.materials[0], assays=assays, mass_basis="as_received")
    books(hashed(replace(scrap, materials=[material])))
    return books


def opening() -> Material:
    _, wip = in_process("wip_open", "urn:wip:2025", cu="400.000")
    origins = [
        OriginPart(Decimal(240), country="ZM", site=MINE, source_class="mine"),
        OriginPart(Decimal(160), country="CL", site=OTHER_MINE, source_class="mine"),
    ]
    return replace(wip, origins=origins, embodied_g_co2e=640_000_000)


def inputs() -> list[Any]:
    return [
        item("input", "A", "1996.000", mass_basis="wet"),
        item("input", "B", "1297.400", mass_basis="wet"),
        item("input", "C", "1500.000", mass_basis="wet"),
        item("input", "scrap", "60.000", mass_basis="as_received"),
    ]


def outputs() -> list[Any]:
    made = [item(role, name, mass, **more) for role, name, mass, more in MATTE]
    slag = replace(made[1][1], assays=[Assay("Cu", Decimal("0.68"), "P1", uncertainty=Decimal("0.03"))])
    bleed = replace(made[3][1], contained=[ContainedMass("Cu", Decimal("1.900"), "TNE")], mass_basis=None)
    made[1], made[3] = (made[1][0], slag), (made[3][0], bleed)
    return made


def closing() -> Material:
    return in_process("wip_close", "urn:wip:2026", cu="412.000")[1]


EVIDENCE: dict[str, Any] = {"opening_evidence": "urn:stock-take"}
CARBON: dict[str, Any] = {"process_emissions_g_co2e": 1_450_000_000}


def check_s1(books: Books) -> None:
    """The golden figures of the smelter."""
    cathode = books.lot(SMELTER, "cathode")
    assert cathode.shares == {"Cu": {ZM: 820_256_951_150, CL: 432_427_663_722, REC: 43_185_785_128}}
    assert cathode.contained_mg == {"Cu": 1_295_870_400_000}
    assert cathode.embodied_g_co2e == 3_492_751_975
    assert books.balance(SMELTER, "UNACCOUNTED") == 2_925_525_160
    assert books.balance(SMELTER, "WIP(urn:campaign)") == 412_000_000_000
    assert books.open(SMELTER) == set(), "PASS"
    assert books.lot(SMELTER, "slag").embodied_g_co2e == 0


def test_the_smelter_as_one_event() -> None:
    books = received()
    books(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE, **CARBON))
    check_s1(books)


def test_the_smelter_as_a_campaign() -> None:
    """Halves in any order; outputs have the running pool until the close, and then that of the whole campaign."""
    books = received()
    books(campaign(SMELTER, "urn:campaign", inputs()[:2], [opening()], **EVIDENCE))
    books(campaign(SMELTER, "urn:campaign", outputs()[:1], []))
    running = books.lot(SMELTER, "cathode").shares["Cu"]
    assert set(running) == {ZM, CL}, "provisionally what had gone in by then"
    assert sum(running.values()) == 1_295_870_400_000
    assert books.open(SMELTER) == set(), "nothing is judged while the campaign is open"
    books(campaign(SMELTER, "urn:campaign", inputs()[2:], []))
    books(campaign(SMELTER, "urn:campaign", outputs()[1:], [closing()], campaign_close=True, **CARBON))
    check_s1(books)


def test_the_cathode_lots() -> None:
    """L1 is drawn first, L2 takes the rest; what the closed campaign tells anew follows into both."""
    books = received()
    books(campaign(SMELTER, "urn:campaign", inputs()[:2], [opening()], **EVIDENCE))
    books(campaign(SMELTER, "urn:campaign", outputs()[:1], []))
    books(transform(SMELTER, [("cathode", "1296.000", {})], [("L1", "500", {}), ("L2", "796", {})]))
    books(campaign(SMELTER, "urn:campaign", [*inputs()[2:], *outputs()[1:]], [closing()], campaign_close=True, **CARBON))
    one, two = books.lot(SMELTER, "L1"), books.lot(SMELTER, "L2")
    assert one.shares == {"Cu": {ZM: 316_457_157_079, CL: 166_831_660_387, REC: 16_661_182_534}}
    assert two.shares == {"Cu": {ZM: 503_799_794_071, CL: 265_596_003_335, REC: 26_524_602_594}}
    assert one.embodied_g_co2e + two.embodied_g_co2e == 3_492_751_975
    assert books.open(SMELTER) == set()


def test_what_stays_in_process_goes_into_the_next_campaign() -> None:
    """The closing work in process keeps its shares and carbon: 260.786776111, 137.483036462 and 13.730187427 t."""
    books = received()
    books(campaign(SMELTER, "urn:campaign", [*inputs(), *outputs()], [opening(), closing()], **EVIDENCE, **CARBON))
    _, again = in_process("wip_open", "urn:campaign", cu="412.000")
    made = item("output", "next", "412.0412", cu="99.99", product_class="cathode")
    books(campaign(SMELTER, "urn:next", [made], [again], campaign_close=True))
    assert books.balance(SMELTER, "WIP(urn:campaign)") == 0
    shares = books.lot(SMELTER, "next").shares["Cu"]
    assert sum(shares.values()) == books.lot(SMELTER, "next").contained_mg["Cu"] == 411_999_995_880
    near = {ZM: 260_786_776_111, CL: 137_483_036_462, REC: 13_730_187_427}
    assert all(abs(shares[k] - mg) < 5_000_000 for k, mg in near.items()), "all but 4.12 kg of it"
    assert books.lot(SMELTER, "next").embodied_g_co2e == 649_458_320
    assert books.open(SMELTER) == set()


def test_a_void_half_is_as_if_it_never_was() -> None:
    books, plain = received(), received()
    wrong = campaign(SMELTER, "urn:campaign", [item("output", "ghost", "10", cu="99")], [])
    halves = [
        campaign(SMELTER, "urn:campaign", inputs(), [opening()], **EVIDENCE),
        campaign(SMELTER, "urn:campaign", outputs(), [closing()], campaign_close=True, **CARBON),
    ]
    books(halves[0], wrong, halves[1])
    assert books.lot(SMELTER, "ghost").contained_mg == {"Cu": 9_900_000_000}
    books(declared(wrong))
    check_s1(books)
    plain(*halves)
    gone = [a for a in books.fold.accounts() if a not in plain.fold.accounts()]
    assert gone == []


def test_a_balance_waits_for_a_parked_half() -> None:
    """A closed campaign of which one input waits for its lot is not judged yet; declared void, it is."""
    books = received()
    late = campaign(SMELTER, "urn:campaign", [item("input", "D", "100", mass_basis="dry")], [])
    books(campaign(SMELTER, "urn:campaign", inputs(), []))
    books(late, campaign(SMELTER, "urn:campaign", outputs(), [closing()], campaign_close=True))
    assert books.open(SMELTER) == {"PHANTOM_STOCK"}
    books(declared(late))
    assert books.open(SMELTER) == {"IMPOSSIBLE"}, "without the opening work in process"


# -- S2: cobalt ---------------------------------------------------------------------------------------------------

X, Y, Z = "CD urn:x mine -", "CD urn:y mine -", "ID urn:z mine -"
PLANT = "urn:refinery"


def test_s2_cobalt_sulphate() -> None:
    books = Books(**{PLANT: SiteBook(elements=["Co"])})
    mined: dict[str, Any] = {"uom": "KGM", "source_class": "mine"}
    books(
        add("H1", "200000", PLANT, moisture="55", co="30.00", country_of_origin="CD", site_of_origin="urn:x", **mined),
        add("H2", "80000", PLANT, moisture="50", co="28.00", country_of_origin="CD", site_of_origin="urn:y", **mined),
        add("M3", "50000", PLANT, moisture="40", co="3.00", country_of_origin="ID", site_of_origin="urn:z", **mined),
    )
    wip = Material(
        "wip_open",
        "urn:old",
        contained=[ContainedMass("Co", Decimal(5000), "KGM")],
        origins=[
            OriginPart(Decimal(4), country="CD", site="urn:x", source_class="mine"),
            OriginPart(Decimal(1), country="CD", site="urn:y", source_class="mine"),
        ],
    )
    close = Material("wip_close", "urn:now", contained=[ContainedMass("Co", Decimal(7300), "KGM")])
    kg: dict[str, Any] = {"uom": "KGM"}
    nickel = item("output", "nickel sulphate", None, **kg)
    nickel = nickel[0], replace(nickel[1], contained=[ContainedMass("Co", Decimal(30), "KGM")], mass_basis=None)
    raffinate = item("output", "raffinate", None, loss_class="effluent", volume=Decimal(1200), volume_uom="MTQ", **kg)
    raffinate = raffinate[0], replace(raffinate[1], assays=[Assay("Co", Decimal("0.05"), "GL")], mass_basis=None)
    books(
        campaign(
            PLANT,
            "urn:co",
            [
                item("input", "H1", "200000", mass_basis="wet", **kg),
                item("input", "H2", "80000", mass_basis="wet", **kg),
                item("input", "M3", "50000", mass_basis="wet", **kg),
                item("output", "product", "175000", co="20.50", product_class="sulphate", **kg),
                nickel,
                item("output", "residue", "60000", co="0.90", loss_class="residue", **kg),
                raffinate,
            ],
            [wip, close],
            **EVIDENCE,
        )
    )
    expected = {
        "product": {X: 25_218_253_968, Y: 9_924_603_175, Z: 732_142_857},
        "nickel sulphate": {X: 21_088_435, Y: 8_299_320, Z: 612_245},
        "residue": {X: 379_591_837, Y: 149_387_755, Z: 11_020_408},
        "raffinate": {X: 42_176_871, Y: 16_598_639, Z: 1_224_490},
    }
    assert {name: books.lot(PLANT, name).shares["Co"] for name in expected} == expected
    assert books.balance(PLANT, "UNACCOUNTED", "Co") == 295_000_000
    assert books.open(PLANT) == set()


# -- S4: black mass and MHP ---------------------------------------------------------------------------------------

EOL, MFG, PRI = "ZZ - end_of_life -", "ZZ - manufacturing_waste -", "ID - mine -"


def test_s4_recycled_content_of_pcam() -> None:
    books = Books(**{PLANT: SiteBook(elements=["Ni", "Co"])})
    kg: dict[str, Any] = {"uom": "KGM"}
    black = [
        OriginPart(Decimal("0.7"), source_class="end_of_life"),
        OriginPart(Decimal("0.3"), source_class="manufacturing_waste"),
    ]
    primary = [OriginPart(Decimal(1), country="ID", source_class="mine")]
    books(
        add("BM", "100000", PLANT, moisture="2.00", ni="18.00", co="6.00", origins=black, **kg),
        add("MHP", "150000", PLANT, moisture="45", ni="39.00", co="3.00", origins=primary, **kg),
    )
    close = Material(
        "wip_close",
        "urn:now",
        contained=[ContainedMass("Ni", Decimal(2450), "KGM"), ContainedMass("Co", Decimal(160), "KGM")],
    )
    books(
        campaign(
            PLANT,
            "urn:pcam",
            [
                item("input", "BM", "100000", mass_basis="wet", **kg),
                item("input", "MHP", "150000", mass_basis="wet", **kg),
                item("output", "pCAM", "92000", ni="50.80", co="6.38", product_class="precursor", **kg),
                item("output", "CoSO4", "10600", co="20.60", product_class="sulphate", **kg),
                item("output", "residue", "30000", ni="1.20", co="0.25", loss_class="residue", **kg),
            ],
            [close],
        )
    )
    shares = books.lot(PLANT, "pCAM").shares
    assert shares["Ni"] == {EOL: 11_584_786_269, MFG: 4_964_908_401, PRI: 30_186_305_330}
    assert shares["Co"] == {EOL: 2_891_594_686, MFG: 1_239_254_865, PRI: 1_738_750_449}
    assert books.balance(PLANT, "UNACCOUNTED", "Ni") == 269_000_000
    assert books.balance(PLANT, "UNACCOUNTED", "Co") == 66_800_000
    assert books.open(PLANT) == set()

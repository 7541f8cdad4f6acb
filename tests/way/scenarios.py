"""The worked scenarios of examples/10 to 16 as questions to ClickHouse, each with its exact integer."""

# ruff: noqa: S608  # every name in these queries is our own

from typing import NamedTuple

T, KG = 10**9, 10**6


class Number(NamedTuple):
    """A number in mg (carbon: g; findings: how many), the question that gives it, and where the reference data have it.

    `golden` is a key of golden.json, and the key or place within it; empty: it is not there. `unit` is what that counts in.
    """

    value: int
    sql: str
    golden: tuple[str, str] = ("", "")
    unit: int = 1


def account(site: str, kind: str, element: str, lot: str = "") -> str:
    """The balance of the accounts of a kind at a site."""
    where = f"site = '{site}' AND account_kind = '{kind}' AND element = '{element}' AND account LIKE '%{lot}%'"
    return f"SELECT sum(toInt128(amount_mg)) FROM postings WHERE {where}"


def origin(lots: tuple[str, ...], element: str, of: str) -> str:
    """What of some lots comes from where `of` says."""
    return f"SELECT sum(toInt128(mg)) FROM lot_origins WHERE lot IN {(*lots, '')} AND element = '{element}' AND {of}"


def findings(site: str, code: str) -> str:
    """How many findings of a code are open at a site."""
    return f"SELECT count() FROM open_findings WHERE site = '{site}' AND code = '{code}'"


def smelter(name: str) -> str:
    return f"https://smelter.{name}.example.com/loc/works"


def refinery(name: str) -> str:
    return f"https://{name}.example.com/loc/refinery"


MINED = "https://mine.copper.example.com/loc/concentrator"
COPPER, COBALT = "https://smelter.copper.example.com/class/lot/", "https://cobalt.example.com/class/lot/"
L1, L2, PRODUCT, SULPHATE = COPPER + "L1", COPPER + "L2", COBALT + "COSO4-26-03", COBALT + "NISO4-26-03"
RESIDUE, RAFFINATE = COBALT + "RESIDUE-26-03", COBALT + "RAFFINATE-26-03"
PRECURSOR = "https://precursor.example.com/loc/precursor-plant"
PCAM = "https://precursor.example.com/class/lot/PCAM-811-26-03"
S1 = {"ZM-M1": "country = 'ZM'", "CL-M2": "country = 'CL'", "REC": "source_class = 'end_of_life'"}
S2 = {name: f"site_of_origin LIKE '%{site}%'" for name, site in (("CD-X", "mine-x"), ("CD-Y", "mine-y"), ("ID-Z", "hpal-z"))}
S4 = {
    "PRI-ID": "source_class = 'mine'",
    "REC-EOL": "source_class = 'end_of_life'",
    "REC-MFG": "source_class = 'manufacturing_waste'",
}


def vector(golden: str, unit: int, lots: tuple[str, ...], element: str, of: dict[str, str], mg: tuple[int, ...]) -> list[Number]:
    """A vector of the reference data, in the order of its keys."""
    return [
        Number(value, origin(lots, element, where), (golden, name), unit)
        for (name, where), value in zip(of.items(), mg, strict=True)
    ]


def _step(n: int) -> str:
    """What the stock of the nickel came to after each transaction that moved it (S5)."""
    steps = (
        "SELECT txn_seq, sum(toInt128(amount_mg)) AS mg FROM postings"
        " WHERE site = 'https://nickel.example.com/loc/refinery' AND account LIKE 'STOCK(%/P1)' GROUP BY txn_seq ORDER BY txn_seq"
    )
    return f"SELECT arrayCumSum(groupArray(mg))[{n + 1}] FROM ({steps})"


NUMBERS = [
    Number(-263_460_000, account(MINED, "UNACCOUNTED", "Cu"), ("S1.concentrator.unaccounted", ""), T),
    Number(133_808_460_000, account(MINED, "LOSS", "Cu"), ("S1.tail.Cu", ""), T),
    Number(518_700_000_000, account(MINED, "CUSTODY", "Cu", "consignment/A "), ("S1.ship.A.Cu", ""), T),
    Number(337_155_000_000, account(MINED, "CUSTODY", "Cu", "consignment/B "), ("S1.ship.B.Cu", ""), T),
    Number(0, "SELECT sum(toInt128(amount_mg)) FROM postings WHERE account_kind = 'CUSTODY' AND account LIKE '%mine.copper.%'"),
    Number(1_819_074_840, account(smelter("copper"), "TRANSIT_VAR", "Cu")),
    Number(2_925_525_160, account(smelter("copper"), "UNACCOUNTED", "Cu"), ("S1.smelter.unaccounted", ""), T),
    Number(14_620_000_000, account(smelter("copper"), "LOSS", "Cu", "slag"), ("S1.slag.Cu", ""), T),
    Number(412 * T, account(smelter("copper"), "WIP", "Cu")),
    Number(
        3_492_751_975,
        f"SELECT sum(embodied_g_co2e) FROM current_lots WHERE lot IN ('{L1}', '{L2}')",
        ("S1.carbon.cathode_total_g", ""),
    ),
    *vector("S1.lot1.vector", T, (L1,), "Cu", S1, (316_457_157_079, 166_831_660_387, 16_661_182_534)),
    *vector("S1.lot2.vector", T, (L2,), "Cu", S1, (503_799_794_071, 265_596_003_335, 26_524_602_594)),
    *vector("S1.cathode.vector", T, (L1, L2), "Cu", S1, (820_256_951_150, 432_427_663_722, 43_185_785_128)),
    Number(295 * KG, account(refinery("cobalt"), "UNACCOUNTED", "Co"), ("S2.unaccounted", ""), KG),
    Number(35_875 * KG, account(refinery("cobalt"), "STOCK", "Co", "COSO4"), ("S2.CoSO4.Co", ""), KG),
    *vector("S2.product.vector", KG, (PRODUCT,), "Co", S2, (25_218_253_968, 9_924_603_175, 732_142_857)),
    *vector("S2.vec.niS", KG, (SULPHATE,), "Co", S2, (21_088_435, 8_299_320, 612_245)),
    *vector("S2.vec.res", KG, (RESIDUE,), "Co", S2, (379_591_837, 149_387_755, 11_020_408)),
    *vector("S2.vec.raf", KG, (RAFFINATE,), "Co", S2, (42_176_871, 16_598_639, 1_224_490)),
    Number(269 * KG, account(PRECURSOR, "UNACCOUNTED", "Ni"), ("S4.Ni.unaccounted", ""), KG),
    Number(66_800_000, account(PRECURSOR, "UNACCOUNTED", "Co"), ("S4.Co.unaccounted", ""), KG),
    Number(46_736 * KG, account(PRECURSOR, "STOCK", "Ni"), ("S4.pCAM", "Ni"), KG),
    *vector("S4.pCAM.Ni.vector", KG, (PCAM,), "Ni", S4, (30_186_305_330, 11_584_786_269, 4_964_908_401)),
    *vector("S4.pCAM.Co.vector", KG, (PCAM,), "Co", S4, (1_738_750_449, 2_891_594_686, 1_239_254_865)),
    *(Number(mg * KG, _step(n), ("S5.steps", str(n)), KG) for n, mg in enumerate((1_000, 20, -980, -30))),
    Number(2 * KG, account("https://nickel.example.com/loc/refinery", "STOCK", "Ni")),
    Number(39_165_525_160, account(smelter("dry-or-wet"), "UNACCOUNTED", "Cu"), ("F1b.unaccounted", ""), T),
    Number(1, findings(smelter("dry-or-wet"), "UNIT_BASIS")),
    Number(1, findings(smelter("consumed-again"), "DOUBLE_SPEND")),
    Number(-3_805 * KG, account(refinery("more"), "UNACCOUNTED", "Co"), ("F2a.unaccounted", ""), KG),
    Number(1, findings(refinery("more"), "IMPOSSIBLE")),
    Number(1, findings(refinery("h1-again"), "DOUBLE_SPEND")),
    Number(1, findings(refinery("stoichiometry"), "GRADE_IMPOSSIBLE")),
    Number(0, "SELECT sum(toInt128(recycled_mg)) FROM lot_recycled WHERE lot LIKE 'https://run-around.%'"),
    Number(
        16_000 * KG, "SELECT sum(toInt128(mg)) FROM lot_origins WHERE lot LIKE 'https://run-around.%/SOLD-_' AND country = 'ID'"
    ),
]
QUESTION = "\nUNION ALL\n".join(f"SELECT {n} AS n, toInt128(({one.sql})) AS value" for n, one in enumerate(NUMBERS))
"""All of them at once: the number of each, and what the tables say."""

"""What plants do: processes with their recoveries and losses, and kinds of plants.

Shares are in ten-thousandths of the contained element of the feed. They lie within the yield envelopes of mass-balance 2.4,
which the book states as the site's own (`envelope`: element, least and most percent). What neither product nor loss takes
is never measured: splashes, dust, handling (`unmeasured`).
"""

from typing import NamedTuple

from connectors.economy import materials as m
from connectors.economy.materials import Assay, Material


class Product(NamedTuple):
    """A product: the shares that it takes of its elements. The first sets its mass, by the grade that it is made to."""

    material: Material
    shares: dict[str, tuple[int, int]]


class Loss(NamedTuple):
    """A declared loss: its part of what is left (in percent) and its dry mass in per mille of the feed's, 0: what is left."""

    material: Material
    loss_class: str
    part: int = 100
    mass: int = 0


class Reagent(NamedTuple):
    """A reagent with a tracked element, drawn from its lots as much as it takes: `mg` for each 1,000 mg of the elements `of`."""

    materials: tuple[Material, ...]
    element: str
    mg: int
    of: tuple[str, ...]


class Process(NamedTuple):
    """A process: at most `lots` lots of feed become one lot of each product and of each loss."""

    name: str
    feeds: tuple[Material, ...]
    products: tuple[Product, ...]
    losses: tuple[Loss, ...]
    unmeasured: tuple[int, int] = (0, 0)
    envelope: tuple[tuple[str, int, str], ...] = ()
    reagent: Reagent | None = None
    lots: int = 2


class Kind(NamedTuple):
    """A kind of plant. `wins` is what a mine brings out or a recycler collects, in `lots` a day of `kg` (dry) each."""

    name: str
    countries: tuple[str, ...]
    elements: tuple[str, ...]
    processes: tuple[Process, ...] = ()
    wins: Material | None = None
    source_class: str = "mine"
    kg: tuple[int, int] = (0, 0)
    lots: int = 2
    campaigns: bool = False


_CU = (Assay("Cu", "Cu", 4),)
_NI_CO = (Assay("Ni", "Ni", 3), Assay("Co", "Co", 4))
_ALL = (*_NI_CO, Assay("Li", "Li", 3))

CU_FLOTATION = Process(
    "flotation",
    (m.CU_ORE,),
    (Product(m.CU_CONCENTRATE, {"Cu": (8600, 9200)}),),
    (Loss(m.tailings(*_CU), "tailings"),),
    envelope=(("Cu", 70, "97"),),
)
SMELTING = Process(
    "smelting",
    (m.CU_CONCENTRATE, m.CU_SCRAP),
    (Product(m.CATHODE, {"Cu": (9650, 9830)}),),
    (Loss(m.residue("slag", "090201", *_CU), "slag", 80, 650), Loss(m.residue("flue dust", "090202", *_CU), "dust", 100, 20)),
    (5, 30),
    (("Cu", 94, "99.5"),),
)
LEACHING = Process(
    "hpal",
    (m.LATERITE,),
    (Product(m.HYDROXIDE, {"Ni": (9050, 9450), "Co": (8950, 9400)}),),
    (Loss(m.residue("leach residue", "090301", *_NI_CO), "residue", 100, 1000),),
    envelope=(("Ni", 85, "97"),),
)
REFINING = Process(
    "sulphate-refining",
    (m.HYDROXIDE,),
    (Product(m.NI_SULPHATE, {"Ni": (9650, 9830)}), Product(m.CO_SULPHATE, {"Co": (9450, 9750)})),
    (Loss(m.residue("refinery residue", "090302", *_NI_CO), "residue", 100, 100),),
    (10, 40),
    (("Ni", 93, "99.5"), ("Co", 90, "99.5")),
)
LI_FLOTATION = Process(
    "spodumene-flotation",
    (m.LI_ORE,),
    (Product(m.SPODUMENE, {"Li": (7000, 8000)}),),
    (Loss(m.tailings(Assay("Li2O", "Li", 4)), "tailings"),),
)
CONVERSION = Process(
    "lithium-conversion",
    (m.SPODUMENE,),
    (Product(m.LI_HYDROXIDE, {"Li": (8200, 8900)}),),
    (Loss(m.residue("leach residue", "090401", Assay("Li2O", "Li", 3)), "residue", 100, 900),),
    (10, 40),
    (("Li", 70, "95"),),
)
SHREDDING = Process(
    "shredding",
    (m.BATTERIES,),
    (
        Product(m.BLACK_MASS, {"Ni": (9500, 9750), "Co": (9500, 9750), "Li": (9200, 9600)}),
        Product(m.CU_SCRAP, {"Cu": (9200, 9550)}),
    ),
    (Loss(m.residue("shredder residue", "090501", *_ALL, *_CU), "residue", 100, 300),),
    (10, 60),
)
HYDROMET = Process(
    "black-mass-hydromet",
    (m.BLACK_MASS,),
    (
        Product(m.NI_SULPHATE, {"Ni": (9450, 9750)}),
        Product(m.CO_SULPHATE, {"Co": (9450, 9700)}),
        Product(m.LI_CARBONATE, {"Li": (8000, 8900)}),
    ),
    (Loss(m.residue("leach residue", "090502", *_ALL), "residue", 100, 350),),
    (20, 80),
    (("Ni", 88, "99.5"), ("Co", 88, "99.5"), ("Li", 60, "98")),
)
PRECIPITATION = Process(
    "precipitation",
    (m.NI_SULPHATE,),
    (Product(m.PRECURSOR, {"Ni": (9880, 9950), "Co": (9880, 9950)}),),
    (Loss(m.residue("filter residue", "090601", *_NI_CO), "residue", 100, 30),),
    (5, 20),
    reagent=Reagent((m.CO_SULPHATE,), "Co", 126, ("Ni",)),
)
LITHIATION = Process(
    "lithiation",
    (m.PRECURSOR,),
    (Product(m.ACTIVE, {"Ni": (9960, 9985), "Co": (9960, 9985), "Li": (9700, 9850)}),),
    (Loss(m.residue("kiln dust", "090602", *_ALL), "dust", 100, 15),),
    (2, 8),
    reagent=Reagent((m.LI_HYDROXIDE, m.LI_CARBONATE), "Li", 122, ("Ni", "Co")),
)

KINDS = (
    Kind("copper-mine", ("ZM", "CL", "PE"), ("Cu",), wins=m.CU_ORE, kg=(8_000_000, 14_000_000)),
    Kind("copper-concentrator", ("ZM", "CL", "PE"), ("Cu",), (CU_FLOTATION,)),
    Kind("copper-smelter", ("JP", "FI", "DE"), ("Cu",), (SMELTING,), campaigns=True),
    Kind("laterite-mine", ("ID", "PH"), ("Ni", "Co"), wins=m.LATERITE, kg=(3_000_000, 5_000_000)),
    Kind("hpal-plant", ("ID", "PH"), ("Ni", "Co"), (LEACHING,)),
    Kind("nickel-cobalt-refinery", ("FI", "JP", "KR"), ("Ni", "Co"), (REFINING,)),
    Kind("lithium-mine", ("AU", "BR"), ("Li",), wins=m.LI_ORE, kg=(1_500_000, 2_500_000)),
    Kind("lithium-concentrator", ("AU", "BR"), ("Li",), (LI_FLOTATION,)),
    Kind("lithium-refinery", ("KR", "DE"), ("Li",), (CONVERSION,)),
    Kind("recycler", ("DE", "BE", "KR"), ("Ni", "Co", "Li", "Cu"), (SHREDDING,), m.BATTERIES, "end_of_life", (60_000, 120_000)),
    Kind("black-mass-refinery", ("DE", "BE", "KR"), ("Ni", "Co", "Li"), (HYDROMET,)),
    Kind("battery-maker", ("DE", "KR", "JP"), ("Ni", "Co", "Li"), (PRECIPITATION, LITHIATION)),
)

OFFSETS = {"ZM": 2, "CL": -4, "PE": -5, "JP": 9, "FI": 2, "DE": 1, "BE": 1, "KR": 9, "ID": 8, "PH": 8, "AU": 8, "BR": -3}
"""Hours from UTC that a country's clocks show; no summer time."""

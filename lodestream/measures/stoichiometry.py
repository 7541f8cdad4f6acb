"""How much of its element a compound holds: the versioned table behind oxide grades and the bounds of rule F13.

Factors are mass of the element over mass of the compound, from the IUPAC standard atomic weights of 2021 (the
conventional value where IUPAC gives an interval), rounded to six digits (mass-balance 2.2) and kept as rationals; a
test computes each of them again from its formula. A change of a factor changes ledgers: it is a new table version.
"""

from lodestream.measures.exact import Ratio

TABLE_VERSION = 1

_PERIODS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo
Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th Pa U
"""
ELEMENTS = frozenset(_PERIODS.split())

# element: {compound: millionths of the compound's mass that are the element}
_MILLIONTHS: dict[str, dict[str, int]] = {
    "Li": {
        "Li2O": 464_540,
        "LiOH": 289_807,
        "LiOH.H2O": 165_388,
        "Li2CO3": 187_852,
        "LiCl": 163_718,
        "Li2SO4": 126_255,
        "LiF": 267_557,
        "LiPF6": 45_687,
    },
    "Co": {
        "CoO": 786_487,
        "Co3O4": 734_231,
        "Co(OH)2": 634_050,
        "CoCO3": 495_482,
        "CoCl2.6H2O": 247_698,
        "CoSO4": 380_241,
        "CoSO4.7H2O": 209_656,
    },
    "Ni": {"NiO": 785_802, "Ni(OH)2": 633_104, "NiCO3": 494_463, "NiSO4": 379_280, "NiSO4.6H2O": 223_305, "NiSO4.7H2O": 208_982},
    "Mn": {"MnO": 774_462, "MnO2": 631_936, "Mn3O4": 720_310, "MnCO3": 477_946, "MnSO4": 363_842, "MnSO4.H2O": 325_060},
    "Cu": {
        "Cu2O": 888_190,
        "CuO": 798_869,
        "Cu2S": 798_557,
        "CuS": 664_665,
        "CuFeS2": 346_279,
        "CuSO4": 398_153,
        "CuSO4.5H2O": 254_513,
    },
    "Y": {"Y2O3": 787_444},
    "La": {"La2O3": 852_683},
    "Ce": {"CeO2": 814_088},
    "Pr": {"Pr6O11": 827_704},
    "Nd": {"Nd2O3": 857_356},
    "Sm": {"Sm2O3": 862_361},
    "Eu": {"Eu2O3": 863_616},
    "Gd": {"Gd2O3": 867_593},
    "Tb": {"Tb4O7": 850_216},
    "Dy": {"Dy2O3": 871_321},
    "Ho": {"Ho2O3": 872_976},
    "Er": {"Er2O3": 874_523},
    "Tm": {"Tm2O3": 875_612},
    "Yb": {"Yb2O3": 878_207},
    "Lu": {"Lu2O3": 879_383},
    "Sc": {"Sc2O3": 651_966},
    "W": {"WO3": 792_971, "CaWO4": 638_524},
    "Ta": {"Ta2O5": 818_971},
    "Nb": {"Nb2O5": 699_049},
    "V": {"V2O5": 560_172, "V2O3": 679_764},
    "Ti": {"TiO2": 599_349, "FeTiO3": 315_519},
    "Mo": {"MoO3": 666_565, "MoS2": 599_425},
    "Sn": {"SnO2": 787_682},
    "Sb": {"Sb2O3": 835_354, "Sb2S3": 716_868},
    "Bi": {"Bi2O3": 896_993},
    "Ga": {"Ga2O3": 743_938},
    "Ge": {"GeO2": 694_174},
    "As": {"As2O3": 757_395},
    "Be": {"BeO": 360_326},
    "B": {"B2O3": 310_556},
    "Mg": {"MgO": 603_042, "MgCO3": 288_271},
    "Al": {"Al2O3": 529_257, "Al(OH)3": 345_906},
    "Si": {"SiO2": 467_437},
    "P": {"P2O5": 436_427},
    "S": {"SO3": 400_465},
    "F": {"CaF2": 486_672},
    "Ba": {"BaSO4": 588_419, "BaO": 895_654},
    "Sr": {"SrCO3": 593_519, "SrSO4": 477_036},
    "Hf": {"HfO2": 847_979},
    "Zr": {"ZrO2": 740_322},
    "Cr": {"Cr2O3": 684_208},
    "Fe": {"FeO": 777_309, "Fe2O3": 699_431, "Fe3O4": 723_596, "FeS2": 465_511},
    "Zn": {"ZnO": 803_401, "ZnS": 670_977},
    "Pb": {"PbO": 928_320, "PbS": 866_004},
    "Ca": {"CaO": 714_696, "CaCO3": 400_436},
    "Na": {"Na2O": 741_862},
    "K": {"K2O": 830_151},
}

FACTORS: dict[str, tuple[str, Ratio]] = {
    compound: (element, (millionths, 1_000_000))
    for element, compounds in _MILLIONTHS.items()
    for compound, millionths in compounds.items()
}


def formula(text: str) -> str:
    """A formula as the table spells it: the dot of a hydrate may be a full stop, a middle dot or an asterisk."""
    return text.replace(" ", "").replace("\u00b7", ".").replace("\u2022", ".").replace("\u22c5", ".").replace("*", ".")


def element_of(substance: str) -> tuple[str, Ratio] | None:
    """The element of an assay's substance, an element symbol or a compound, and its factor. None: not in the table."""
    if substance in ELEMENTS:
        return substance, (1, 1)
    return FACTORS.get(substance) or FACTORS.get(formula(substance))


def upper_bound(chemical_form: str, element: str) -> Ratio | None:
    """The highest mass fraction of an element in a declared chemical form (F13). None: a solid solution, or not in the table."""
    found = element_of(chemical_form)
    return found[1] if found is not None and found[0] == element else None

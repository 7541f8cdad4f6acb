"""What was received against what was sent, where the ratio looks like a mistake of basis (F14) or of unit (F15; rulebook R84).

Judged over a settled pair, by its dry masses, and by contained lithium for its compounds (mass-balance section 3). A
ratio within 3u of 1 is no mistake (ledger-rules section 9): it is what two honest weighings differ by.
"""

from lodestream.ledger.records import Parcel
from lodestream.ledger.values import Judged, Said
from lodestream.measures import decimal, kg, quadrature, uncertainty
from lodestream.measures.exact import Ratio

BASIS_WITHIN: Ratio = (2, 1000)
UNIT_WITHIN: Ratio = (5, 1000)

# Ratio received over sent, by what was mixed up. 1/1.016047 is not here: it cannot be told from a common transit loss.
MASS_UNITS: tuple[tuple[str, Ratio], ...] = (
    ("a thousandfold unit (kg, t)", (1000, 1)),
    ("a thousandfold unit (kg, t)", (1, 1000)),
    ("short ton and tonne", (90_718_474, 100_000_000)),
    ("short ton and tonne", (100_000_000, 90_718_474)),
    ("long ton and tonne", (10_160_469_088, 10_000_000_000)),
    ("pound and kilogram", (100_000_000, 45_359_237)),
    ("pound and kilogram", (45_359_237, 100_000_000)),
    ("troy ounce and gram", (311_034_768, 10_000_000)),
    ("troy ounce and gram", (10_000_000, 311_034_768)),
)
LITHIUM: tuple[tuple[str, Ratio], ...] = (
    ("Li2O and Li", (1_000_000, 464_540)),
    ("Li2O and Li", (464_540, 1_000_000)),
    ("Li2CO3 and Li", (1_000_000, 187_852)),
    ("Li2CO3 and Li", (187_852, 1_000_000)),
    ("LiOH.H2O and Li2CO3", (165_388, 187_852)),
    ("LiOH.H2O and Li2CO3", (187_852, 165_388)),
)


def said(consignment: str, lot: str, offer: Parcel, taken: list[Judged]) -> list[Said]:
    """F14 and F15 of a pair whose receipts are final: offered against all that was taken."""
    sent, came = offer.dry_mg, sum(j.dry_mg for j in taken)
    found = []
    if sent > 0 and came > 0 and _differs(came, quadrature(*(j.u_dry_mg for j in taken)), sent, _u_sent(offer)):
        found += _bases(consignment, lot, offer, taken, (came, sent))
        found += _units(consignment, lot, MASS_UNITS, (came, sent), "dry")
    lithium = [j.got_mg.get("Li", 0) for j in taken]
    sent, came = offer.contained_mg.get("Li", 0), sum(lithium)
    u_came = quadrature(*(j.u_mg.get("Li", 0) for j in taken))
    if sent > 0 and all(lithium) and _differs(came, u_came, sent, offer.u_mg.get("Li", 0)):
        found += _units(consignment, lot, LITHIUM, (came, sent), "Li")
    return found


def near(ratio: Ratio, target: Ratio, within: Ratio) -> bool:
    """Whether a ratio is its target, to within a part of it: |ratio / target - 1| <= within."""
    n, d = ratio[0] * target[1], ratio[1] * target[0]
    return abs(n - d) * within[1] <= within[0] * d


def _differs(came: int, u_came: int, sent: int, u_sent: int) -> bool:
    """|came/sent - 1| > 3u of that ratio, by partial derivatives and without a division."""
    square = (u_came * sent) ** 2 + (came * u_sent) ** 2
    return ((came - sent) * sent) ** 2 > 9 * square


def _u_sent(offer: Parcel) -> int:
    """The sender's dry mass by the defaults of mass-balance 2.4: an offer does not say how it was weighed."""
    by_mass = offer.dry_mg * uncertainty.PLAIN_MASS // uncertainty.SCALE
    return quadrature(by_mass, offer.wet_mg * uncertainty.MOISTURE // uncertainty.SCALE if offer.wet_mg > offer.dry_mg else 0)


def _bases(consignment: str, lot: str, offer: Parcel, taken: list[Judged], ratio: Ratio) -> list[Said]:
    """F14: the one's moisture M explains the difference, as if a wet mass had been taken for a dry one or a dry one for a wet."""
    came, sent = ratio
    own = [j for j in taken if j.receipt.line.material is not None and j.receipt.line.material.moisture_percent is not None]
    for whose, wet, dry in (
        ("sender", offer.wet_mg, offer.dry_mg),
        ("receiver", sum(j.wet_mg for j in own), sum(j.dry_mg for j in own)),
    ):
        if not 0 < dry < wet:
            continue
        for name, target in (("1/(1-M)", (wet, dry)), ("(1-M)", (dry, wet))):
            if near(ratio, target, BASIS_WITHIN):
                percents = decimal((100 * (wet - dry), wet))
                arithmetic = (
                    f"dry: received {kg(came)} / shipped {kg(sent)} = {decimal(ratio)}, within 0.2 % of {name} "
                    f"= {decimal(target)}, M = {percents} % by the {whose}: a wet mass taken for a dry one?"
                )
                return [Said("UNIT_BASIS", (consignment, lot), arithmetic, [lot])]
    return []


def _units(consignment: str, lot: str, table: tuple[tuple[str, Ratio], ...], ratio: Ratio, what: str) -> list[Said]:
    """F15: the ratio is one of the table."""
    for name, target in table:
        if near(ratio, target, UNIT_WITHIN):
            arithmetic = (
                f"{what}: received {kg(ratio[0])} / shipped {kg(ratio[1])} = {decimal(ratio)}, "
                f"within 0.5 % of {decimal(target)}: {name} mixed up?"
            )
            return [Said("UNIT_SUSPECT", (consignment, lot, what), arithmetic, [lot])]
    return []

"""One unit of input backs one claim (I3): a register of which method claimed what, and when (DOUBLE_CLAIM, F31; rulebook R94).

In a product group and period one mass-balance method claims, along one kind of attribute; and what it claims, no physical
method claims too. Physical methods do not bar each other: each is judged by what is in the lot.
"""

from msgspec.structs import replace

from lodestream.claims.attribute import kind_of
from lodestream.claims.months import span
from lodestream.claims.physical import PHYSICAL, needed
from lodestream.claims.profile import Profile
from lodestream.claims.values import Period, Refusal, Use
from lodestream.epcis.event import Claim
from lodestream.measures import kg

FAMILY = {"recycled": "class"}


def clash(profile: Profile, kind: str, period: Period, uses: list[Use], known: dict[str, Profile]) -> Use | None:
    """The first use by another method that counts the same input. `uses` are those of one boundary and product group."""
    for use in uses:
        other = known[use.profile]
        if use.claimed_mg <= 0 or (use.profile, use.kind) == (profile.name, kind):
            continue
        if not set(profile.exclusivity) & set(other.exclusivity) or not _overlap(period, use):
            continue
        balanced = [one for one in (profile, other) if one.model not in PHYSICAL]
        alike = FAMILY.get(kind, kind) == FAMILY.get(use.kind, use.kind)
        if len(balanced) == 2 or (balanced and alike):
            return use
    return None


def judge(
    profile: Profile, asked: Claim, whole_mg: int, period: Period, uses: list[Use], known: dict[str, Profile]
) -> Refusal | None:
    """DOUBLE_CLAIM where another method already claims from the input of this period."""
    use = clash(profile, kind_of(asked.attribute), period, uses, known)
    if use is None:
        return None
    said = (
        f"{use.profile} already claims {kg(use.claimed_mg)} {asked.element} by {use.kind} in {span(_period(use))}; "
        f"{profile.name} would claim {kg(needed(asked.percent, whole_mg))} more of the same input by "
        f"{kind_of(asked.attribute)}: one method per product group and period"
    )
    return Refusal("DOUBLE_CLAIM", said)


def judge_lot(attribute: str, need_mg: int, whole_mg: int, before_mg: int) -> Refusal | None:
    """DOUBLE_CLAIM where a lot would be claimed, by credits of one kind of attribute, for more than there is of it."""
    over = before_mg + need_mg - whole_mg
    if over <= 0:
        return None
    said = (
        f"{kg(before_mg)} of the lot are claimed already, {attribute} needs {kg(need_mg)} more, there are {kg(whole_mg)}: "
        f"{kg(over)} would be claimed twice"
    )
    return Refusal("DOUBLE_CLAIM", said)


def note(uses: list[Use], profile: Profile, kind: str, period: Period, mg: int) -> list[Use]:
    """The register with a claim in it, or without it where `mg` is negative. Uses of one method and period add up."""
    new = Use(profile.name, kind, period.first_month, period.months, mg)
    same = [use for use in uses if replace(use, claimed_mg=mg) == new]
    if same:
        new = replace(new, claimed_mg=same[0].claimed_mg + mg)
    others = [use for use in uses if use not in same]
    return sorted(
        [*others, new] if new.claimed_mg else others, key=lambda use: (use.first_month, use.profile, use.kind, use.months)
    )


def _overlap(period: Period, use: Use) -> bool:
    return period.first_month < use.first_month + use.months and use.first_month < period.first_month + period.months


def _period(use: Use) -> Period:
    return Period(0, use.first_month, use.months)

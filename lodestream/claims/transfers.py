"""Whether credits may move from one account to another (I5, I9): within the profile's scope, the product group, the direction.

A move is two-sided: `credit.transfer_out` of the giver under a reference, `credit.transfer_in` of the taker under the same.
"""

from decimal import Decimal

from lodestream.claims.physical import unsupported
from lodestream.claims.profile import Profile
from lodestream.claims.values import Account, Refusal


def judge(
    giver: tuple[Account, Decimal], taker: tuple[Account, Decimal], profiles: dict[str, Profile], *, same_group: bool
) -> Refusal | None:
    """Refuse a transfer between two accounts, each with its conversion factor. `same_group`: one company, group or joint venture.

    Within one boundary and profile, credits of a level may be claimed as a lower one, never as a higher one.
    """
    (one, one_factor), (other, other_factor) = giver, taker
    theirs, ours = profiles[one.profile], profiles[other.profile]
    if (one.element, one.product_class) != (other.element, other.product_class):
        return _refuse(one, other, "no credit leaves its element or its product group")
    if "conversion_factor" in ours.product_group_key and one_factor != other_factor:
        return _refuse(one, other, f"conversion factors {one_factor} and {other_factor} are two product groups")
    if one.profile != other.profile:
        open_way = any((way.from_, way.to) == (one.profile, other.profile) for way in ours.transfers.one_way)
        if not open_way:
            return _refuse(one, other, f"{ours.name} takes no credits of {theirs.name}")
    elif one.attribute != other.attribute and not _lower(ours, one.attribute, other.attribute):
        return _refuse(one, other, "only a higher level counts as a lower one")
    if one.boundary != other.boundary and not (same_group and ours.transfers.within == "same_group"):
        return _refuse(one, other, f"{ours.name} moves credits {ours.transfers.within.replace('_', ' ')}")
    return None


def _lower(profile: Profile, giver: str, taker: str) -> bool:
    rank = {f"scheme:{name}": place for place, name in enumerate(profile.levels)}
    return giver in rank and taker in rank and rank[taker] < rank[giver]


def _refuse(giver: Account, taker: Account, because: str) -> Refusal:
    named = [f"{one.boundary} {one.profile} {one.element} {one.product_class} {one.attribute}" for one in (giver, taker)]
    return unsupported(f"{named[0]} -> {named[1]}: {because}")

"""Claims that are judged against what a lot is made of: identity preserved, segregated, controlled blending, proportional.

Refused as ORIGIN_UNSUPPORTED (F5) with the arithmetic. A claim of 0 % says that nothing of the kind is in the lot.

Rulebook R91.
"""

from decimal import Decimal

from lodestream.claims.attribute import amount, has, may_have, speaks_of
from lodestream.claims.profile import Profile
from lodestream.claims.values import Refusal
from lodestream.epcis.event import Claim
from lodestream.measures import kg, percent
from lodestream.measures.exact import ratio

PHYSICAL = frozenset({"identity_preserved", "segregated", "controlled_blending", "physical_proportional"})
PLACES = 6
HUNDRED = Decimal(100)


def unsupported(arithmetic: str) -> Refusal:
    """F5: the claim is more than what is behind it."""
    return Refusal("ORIGIN_UNSUPPORTED", arithmetic)


def judge_form(profile: Profile, claim: Claim) -> Refusal | None:
    """Whether a profile lets anybody say such a thing at all: of that attribute, and in parts."""
    if not speaks_of(profile, claim.attribute):
        return unsupported(f"{profile.name} certifies {', '.join(profile.attributes)}: nothing in it backs {claim.attribute}")
    if profile.claim_granularity == "whole_only" and claim.percent not in (HUNDRED, 0):
        return unsupported(f"{claim.percent} % {claim.attribute}: {profile.name} claims 100 % of a lot or nothing of it")
    return None


def judge_lot(profile: Profile, claim: Claim, shares: dict[str, int], contacts: list[str]) -> Refusal | None:
    """Judge a claim on one lot by the shares of the claimed element (mg by origin key) and what the lot touched."""
    refused = judge_form(profile, claim)
    if refused is not None:
        return refused
    if claim.percent == 0:
        return _judge_absence(profile, claim, shares, contacts)
    if profile.model == "identity_preserved":
        origins = sorted({key for key, mg in shares.items() if mg} | set(contacts))
        if len(origins) > 1:
            named = ", ".join(origins[:3]) + (", ..." if len(origins) > 3 else "")
            return unsupported(f"identity preserved is one origin and no contact with another; here are {len(origins)}: {named}")
    return judge_share(profile, claim, amount(profile, claim.attribute, shares), sum(shares.values()))


def judge_share(profile: Profile, claim: Claim, have_mg: int, whole_mg: int) -> Refusal | None:
    """F5 by amounts: claimed percent of the whole, less than eps above what has the attribute."""
    claimed, eps = ratio(claim.percent), ratio(profile.share_tolerance_points or Decimal(0))
    over = (claimed[0] * eps[1] - eps[0] * claimed[1]) * whole_mg > 100 * have_mg * claimed[1] * eps[1]
    if whole_mg > 0 and not over:
        return None
    need_mg = needed(claim.percent, whole_mg)
    return unsupported(
        f"{claim.percent} % {claim.attribute} of {kg(whole_mg)} {claim.element} needs {kg(need_mg)}, "
        f"have {kg(have_mg)} ({percent(have_mg, whole_mg, PLACES)}), short {kg(need_mg - have_mg)}"
    )


def needed(share_percent: Decimal, whole_mg: int) -> int:
    """What a claim of so many percent takes of what backs it, in mg: rounded up, so that rounding never makes any."""
    n, d = ratio(share_percent)
    return -(-n * whole_mg // (100 * d))


def _judge_absence(profile: Profile, claim: Claim, shares: dict[str, int], contacts: list[str]) -> Refusal | None:
    """A claim of 0 %: no mg with the attribute, none of unknown origin, and no contact."""
    whole = sum(shares.values())
    have = amount(profile, claim.attribute, shares)
    unknown = sum(mg for key, mg in shares.items() if may_have(claim.attribute, key))
    touched = [key for key in contacts if has(profile, claim.attribute, key) or may_have(claim.attribute, key)]
    if whole > 0 and not have and not unknown and not touched:
        return None
    parts = [f"have {kg(have)} ({percent(have, whole, PLACES)})"]
    if unknown:
        parts.append(f"{kg(unknown)} of unknown origin")
    if touched:
        parts.append(f"contact with {touched[0]}")
    return unsupported(f"0 % {claim.attribute} of {kg(whole)} {claim.element} allows 0 kg, {', '.join(parts)}")

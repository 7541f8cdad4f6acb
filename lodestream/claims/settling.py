"""What the flows of a period are worth, and who draws from which period's credits.

Draws are settled over whole periods, not claim by claim, so they do not hang on the order of a period's events.
"""

from decimal import Decimal

from lodestream.claims.profile import Profile
from lodestream.claims.values import Credits, Layer, Open, Sums
from lodestream.measures.exact import ratio


def credited_mg(profile: Profile, sums: Sums, factor: Decimal) -> int:
    """What the flows of a period are worth in credits, by the profile's credit basis (ledger-rules section 10).

    Never more than came in (I2). Below zero where more of what carries the credits was used up than was made.
    """
    n, d = 0, 1
    match profile.credit_basis:
        case "output_share":
            n = sums.certified_output_mg
        case "input_cf":
            f = ratio(factor)
            n, d = sums.certified_mg * f[0], f[1]
        case "input_percent" if sums.input_mg > 0:
            n, d = sums.certified_mg * max(0, min(sums.output_mg, sums.input_mg)), sums.input_mg
    unit = profile.rounding_unit_mg or 1
    return n // (d * unit) * unit


def supply(profile: Profile, one: Open, factor: Decimal) -> int:
    """What an open period brings: credits of its flows, restatements of older ones, transfers."""
    return credited_mg(profile, one.sums, factor) + one.restated_mg + one.moved_mg


def settle(
    profile: Profile, layers: list[Layer], owed: list[Layer], now: Open, factor: Decimal
) -> tuple[list[Layer], list[Layer]]:
    """What is left of each period's credits after the claims of `now`, and what is still owed, oldest first.

    What was owed is cleared first; claims draw in the profile's order.
    """
    number, brought = now.period.number, supply(profile, now, factor)
    left = [*layers, Layer(number, max(0, brought))]
    short = []
    for debt in owed:
        left, missing_mg = draw(left, debt.mg)
        short.append(Layer(debt.number, missing_mg))
    newest = profile.draw_order == "newest_first"
    left, missing_mg = draw(left[::-1] if newest else left, now.claimed_mg + max(0, -brought))
    short.append(Layer(number, missing_mg))
    left.sort(key=lambda layer: layer.number)
    return [layer for layer in left if layer.mg], [debt for debt in short if debt.mg]


def draw(layers: list[Layer], mg: int) -> tuple[list[Layer], int]:
    """Draw from layers in their order: what is left of them, and what they could not give."""
    left = []
    for layer in layers:
        taken = min(layer.mg, mg)
        mg -= taken
        left.append(Layer(layer.number, layer.mg - taken))
    return left, mg


def fresh(profile: Profile, number: int, left: list[Layer]) -> list[Layer]:
    """Of what is left at the close of a period, what is young enough to be carried."""
    rule = profile.carry_forward
    age = rule.expires_after_periods
    return [layer for layer in left if rule.allowed and (age is None or number - layer.number < age)]


def project(profile: Profile, credits_: Credits) -> list[tuple[list[Layer], list[Layer]]]:
    """What would be left and owed at the close of each open period, if nothing else came."""
    layers, owed, found = credits_.layers, credits_.owed, []
    for one in credits_.open:
        left, owed = settle(profile, layers, owed, one, credits_.factor)
        found.append((left, owed))
        layers = fresh(profile, one.period.number, left)
    return found


def missing(profile: Profile, credits_: Credits) -> list[int]:
    """By open period, how far below zero its balance is, in mg."""
    return [total(owed) for _, owed in project(profile, credits_)]


def balance(profile: Profile, credits_: Credits) -> int:
    """What the first open period holds, in mg; below zero where more was claimed than there is."""
    left, owed = project(profile, credits_)[0]
    return total(left) - total(owed)


def total(layers: list[Layer]) -> int:
    """The sum of layers, in mg."""
    return sum(layer.mg for layer in layers)

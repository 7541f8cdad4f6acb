"""A scheme's profile: the rules of one chain-of-custody scheme as data (mass-balance section 1.3).

What a scheme asks is never a constant in code: it is a TOML file in `profiles/`, with a version, and `sources` says for
every number where it is from, or that it is a "site default".
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

Model = Literal[
    "identity_preserved",
    "segregated",
    "controlled_blending",
    "rolling_average",
    "mass_balance_credit",
    "book_and_claim",
    "physical_proportional",
]
"""The models of ISO 22095, mass balance in its two methods; `physical_proportional` is the pool's share, over plant and year."""


class PeriodRule(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a balance period may be, in calendar months, and whether the next one begins where it ends.

    For the rolling average it is the window, which is made of whole periods.
    """

    max_months: int
    contiguous: bool = True


class NegativeRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the balance may be below zero while a period runs, and when it closes."""

    mid_period: bool = False
    at_close: bool = False


class OverdraftRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What a close below zero may be excused with: percent of the period's certified input, on which condition, cleared when.

    `clear_within_periods` counts the periods after the one that was overdrawn.
    """

    max_percent_of_input: Decimal = Decimal(0)
    condition: str = ""
    clear_within_periods: int = 0


class CarryRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether what is left at close is carried, up to what, and after how many further periods it expires (None: never)."""

    allowed: bool = False
    cap: Literal["none", "physical_stock"] = "none"
    expires_after_periods: int | None = None


class MergeRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What lots that merge keep: the greenhouse gas value and the level of achievement. The origin is always proportional."""

    ghg: Literal["max", "weighted"] = "weighted"
    level: Literal["min", "none"] = "none"


class OneWay(Struct, frozen=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    """Credits of one profile may become credits of another; the way back is closed unless it is listed too."""

    from_: str
    to: str


class TransferRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Between which boundaries credits may move (`same_group` or nowhere), and out of which other profiles."""

    within: Literal["nowhere", "same_group"] = "nowhere"
    one_way: list[OneWay] = []


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a scheme's rules.

    `attributes` are the kinds of attribute it can speak of (`country`, `site`, `class`, `recycled`) or single ones
    (`scheme:asi`). `levels` are schemes from the lowest achievement to the highest. `exclusivity` names the sets in which
    one unit of input backs one claim. `share_tolerance_points` is the eps of F5, in percentage points. `rounding_unit_mg`
    is what credits are floored to. `sources` maps the dotted name of a field to where its value is from.
    """

    name: str
    version: str
    title: str
    model: Model
    attributes: list[str]
    boundary: Literal["lot", "site", "company", "group", "plant", "registry"]
    period: PeriodRule
    sources: dict[str, str]
    product_group_key: list[Literal["element", "product_class", "conversion_factor"]]
    negative: NegativeRule = NegativeRule()
    overdraft: OverdraftRule = OverdraftRule()
    carry_forward: CarryRule = CarryRule()
    draw_order: Literal["oldest_first", "newest_first"] = "oldest_first"
    claim_granularity: Literal["fractional", "whole_only"] = "fractional"
    merge_rule: MergeRule = MergeRule()
    book_vs_physical_tolerance_percent: Decimal | None = None
    transfers: TransferRule = TransferRule()
    exclusivity: list[str] = []
    conversion_factor: Literal["none", "at_most_measured_recovery"] = "none"
    credit_basis: Literal["none", "output_share", "input_cf", "input_percent"] = "none"
    rounding_unit_mg: int | None = None
    share_tolerance_points: Decimal | None = None
    levels: list[str] = []
    minimum_percent: dict[str, dict[str, Decimal]] = {}

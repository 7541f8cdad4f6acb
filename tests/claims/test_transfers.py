"""Where credits may move to, and that a move has two sides."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.claims.credit import record, start, transfer_in, transfer_out
from lodestream.claims.library import profiles
from lodestream.claims.settling import balance
from lodestream.claims.transfers import judge
from lodestream.claims.values import Account, Refusal, Sums
from tests.claims.making import KG, Q1, posted, profile, refused

HERE = Account("site A", "iscc-plus", "Ni", "precursor", "recycled")
THERE = replace(HERE, boundary="site B")
LEVEL = Account("site A", "irma-coc", "Ni", "hydroxide", "scheme:irma-75")
ONE = Decimal(1)


@pytest.mark.parametrize(
    ("giver", "taker", "factors", "same_group", "because"),
    [
        (HERE, THERE, (ONE, ONE), True, None),
        (HERE, THERE, (ONE, ONE), False, "moves credits same group"),
        (HERE, THERE, (ONE, Decimal("0.96")), True, "two product groups"),
        (HERE, replace(THERE, element="Co"), (ONE, ONE), True, "no credit leaves its element"),
        (HERE, replace(THERE, product_class="sulphate"), (ONE, ONE), True, "no credit leaves its element"),
        (replace(HERE, profile="iscc-eu"), THERE, (ONE, ONE), True, None),
        (HERE, replace(THERE, profile="iscc-eu"), (ONE, ONE), True, "iscc-eu takes no credits of iscc-plus"),
        (HERE, replace(THERE, attribute="scheme:iscc-plus"), (ONE, ONE), True, "only a higher level"),
        (LEVEL, replace(LEVEL, attribute="scheme:irma-50"), (ONE, ONE), True, None),
        (LEVEL, replace(LEVEL, attribute="scheme:irma-100"), (ONE, ONE), True, "only a higher level"),
        (LEVEL, replace(LEVEL, boundary="site B"), (ONE, ONE), True, "moves credits nowhere"),
    ],
)
def test_where_credits_may_go(
    giver: Account, taker: Account, factors: tuple[Decimal, Decimal], same_group: bool, because: str | None
) -> None:
    found = judge((giver, factors[0]), (taker, factors[1]), profiles(), same_group=same_group)
    if because is None:
        assert found is None
    else:
        assert because in refused(found).arithmetic


def test_a_move_takes_here_what_it_gives_there() -> None:
    rules = profile("credit-strict-input")
    here = posted(record(rules, start(rules, Q1, 3), Q1, Sums(10 * KG, 10 * KG), "in"))
    there = start(rules, Q1, 3)
    after = posted(transfer_out(rules, here, Q1, 4 * KG, "move", "a transfer"))
    taken = posted(transfer_in(there, Q1, 4 * KG, "move"))
    assert (balance(rules, after), balance(rules, taken)) == (6 * KG, 4 * KG)
    short = transfer_out(rules, after, Q1, 7 * KG, "move", "a transfer")
    assert isinstance(short, Refusal)
    assert short.arithmetic == "a transfer needs 7 kg, have 6 kg in 2026-01 to 2026-03, short 1 kg"

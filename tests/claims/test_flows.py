"""The flows that credits are counted from, against the lots themselves: whatever happens, both tell of the same metal."""

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.claims import library
from lodestream.claims.attribute import creditable
from lodestream.claims.values import Credits
from lodestream.epcis.event import Claim, Event
from lodestream.ledger.claimed import FlowIndex, MonthFlow
from lodestream.ledger.draft import Refused, Unready
from lodestream.ledger.state import Lot
from tests.claims.book import Book
from tests.ledger.making import add, declared, ship, transform

R = "urn:site"
LOTS = [f"lot{n}" for n in range(4)]
KINDS = ["add", "add", "run", "ship", "declare"]
ACTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 5), st.integers(1, 9), st.integers(1, 6)),
    min_size=3,
    max_size=20,
)


def event_of(act: tuple[str, int, int, int, int], number: int, done: list[Event]) -> Event | None:
    what, one, other, mass, _ = act
    if what == "add":
        more: dict[str, Any] = {
            "country_of_origin": "ZM" if one % 2 else "CL",
            "product_class": "matte" if one < 2 else "cathode",
        }
        return add(LOTS[one], f"{mass}.{other}", R, cu=str(10 * mass), **more)
    if what == "run":
        made = {"cu": str(5 * mass), "product_class": "cathode" if other > 2 else "matte"}
        return transform(R, [(LOTS[one], "0.7", {})], [(f"made{number}", str(mass), made)])
    if what == "ship":
        claims = [Claim("credit-strict", "Cu", "country:ZM", Decimal(10 * mass))]
        return ship(LOTS[one], f"0.{mass}", R, "urn:buyer", consignment_id=f"C{number}", claims=claims)
    return declared(done[other % len(done)]) if done else None


def played(acts: list[tuple[str, int, int, int, int]]) -> Book:
    book = Book(R, "credit-strict")
    done: list[Event] = []
    for number, act in enumerate(acts):
        made = event_of(act, number, done)
        if made is None:
            continue
        try:
            book.post(made, f"2026-{act[4]:02}")
        except (Refused, Unready):  # nothing of it stands
            book.view.roll_back()
            continue
        if made.error_declaration is None:
            done.append(made)
        else:
            done = [one for one in done if one.event_id != made.event_id]
    return book


def counted(book: Book) -> tuple[Counter[str], Counter[str], int]:
    """By product class and origin what was made, by origin what came, and what left, over all months."""
    index = book.view.get(FlowIndex, "Cu") or FlowIndex()
    flows = [flow for month in index.months if (flow := book.view.get(MonthFlow, f"Cu {month}")) is not None]
    made: Counter[str] = Counter()
    came: Counter[str] = Counter()
    for flow in flows:
        came.update(flow.came_mg)
        for product_class, vector in flow.made_mg.items():
            made.update({f"{product_class} {key}": mg for key, mg in vector.items()})
    return made, came, sum(flow.left_mg for flow in flows)


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_what_was_made_is_what_is_there_and_what_has_left(acts: list[tuple[str, int, int, int, int]]) -> None:
    book = played(acts)
    made, came, left = counted(book)
    names = [*LOTS, *(f"made{number}" for number in range(len(acts)))]
    stock: Counter[str] = Counter()
    for lot in (lot for name in names if (lot := book.view.get(Lot, name)) is not None):
        stock.update(lot.shares.vectors.get("Cu", {}))
    assert sum(made.values()) == sum(stock.values()) + left
    assert all(mg >= 0 for mg in came.values())
    for key, mg in stock.items():
        assert sum(m for name, m in made.items() if name.endswith(key)) >= mg  # the rest of it has left


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_an_account_follows_the_flows(acts: list[tuple[str, int, int, int, int]]) -> None:
    """Made at its first claim, and fed by every movement since, an account is what all flows together say."""
    book = played(acts)
    rules = library.profiles()["credit-strict"]
    made, _, _ = counted(book)
    index = book.view.get(FlowIndex, "Cu") or FlowIndex()
    for name in index.accounts:
        account = book.view.get(Credits, name)
        assert account is not None
        _, _, product_class, attribute = name.split(" ")
        vector = {key.partition(" ")[2]: mg for key, mg in made.items() if key.partition(" ")[0] == product_class}
        assert sum(one.sums.certified_output_mg for one in account.open) == creditable(rules, attribute, vector)
        taken = sum(use.claimed_mg for use in index.uses if use.profile == "credit-strict")
        assert sum(one.claimed_mg for one in account.open) <= taken

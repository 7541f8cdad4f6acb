"""What a pair at the receiver is said to be, from its offers and receipts as values: F4, F8, F20, F27 and F35 at their edges."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.ledger import verdict
from lodestream.ledger.book import SiteBook
from lodestream.ledger.draft import Draft
from lodestream.ledger.moving import Inbound, Offered, Receipt
from lodestream.ledger.pending import whole
from lodestream.ledger.records import Parcel
from lodestream.ledger.state import Head
from lodestream.ledger.values import Judged, Said, Settled, Weighed
from lodestream.ledger.variance import plus_squares, squared
from lodestream.ledger.view import View
from lodestream.measures import Line
from tests.ledger.making import START, tick

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
MINUTE = 60_000_000


def offered(site: str = A, dry: int = 1000, cu: int = 100, **more: Any) -> Offered:
    void_at = more.pop("void_at", None)
    elements = more.pop("elements", ["Cu"])
    parcel = Parcel("x", 1, dry, dry, True, {"Cu": cu}, more.pop("u_mg", {"Cu": 3}), START, **more)
    return Offered(site, elements, parcel, void_at=void_at)


def judged(name: str = "r", got: dict[str, int] | None = None, **more: Any) -> Judged:
    """A final receipt of all that A offers, with a content of 100 mg Cu and u 4."""
    us, arrival = more.pop("received_us", START), more.pop("arrival", 1)
    receipt = Receipt(name, "local", True, us, Line("object", "x"), f"hash {name}", True, arrival)
    got = {"Cu": 100} if got is None else got
    settles = [Settled(site, 1000, got, got, True) for site in more.pop("settles", [A])]
    fields: dict[str, Any] = {"u_mg": {"Cu": 4}, "u_dry_mg": 0, "refused": False, "known": True} | more
    return Judged(receipt, 1000, 1000, got, settles=settles, **fields)


def said(pair: Inbound, *receipts: Judged, **book: Any) -> list[Said]:
    view = View(B, {})
    view.put(Head(book=SiteBook(**book)))
    offer = whole(pair)
    both = verdict.weighed(pair, offer, list(receipts))
    return verdict.said(Draft(view, tick(B, START)), pair, offer, list(receipts), both)


# -- what was sent and what came --------------------------------------------------------------------------------------


def test_of_two_receipts_what_came_is_the_sum_and_u_that_of_both_ends() -> None:
    """Sent 100 with u 3; 40 with u 4 and 59 with u 12 came: 13."""
    both = [judged("r1", {"Cu": 40}, settles=[]), judged("r2", {"Cu": 59}, u_mg={"Cu": 12})]
    pair = Inbound("c", "x", [offered()])
    assert verdict.weighed(pair, whole(pair), both) == {"Cu": Weighed(100, 99, 13)}
    refused = judged("r3", {"Cu": 7}, refused=True, settles=[])
    assert verdict.weighed(pair, whole(pair), [*both, refused]) == {"Cu": Weighed(100, 99, 13)}
    assert verdict.weighed(pair, whole(pair), both[:1]) == {}, "not final"
    assert verdict.weighed(Inbound("c", "x", []), None, [judged(settles=[])]) == {}, "not offered"


def test_an_element_counts_that_every_receipt_knows() -> None:
    """Ni is tracked, and there is none: 0 of 0, with no u. Of an element that one receipt did not state nothing is said."""
    pair = Inbound("c", "x", [offered(elements=["Cu", "Ni"])])
    one, other = judged("r1", {"Cu": 50, "Ni": 0}, settles=[]), judged("r2", {"Cu": 50})
    assert verdict.weighed(pair, whole(pair), [one, other]) == {"Cu": Weighed(100, 100, 6)}
    knows = replace(other, got_mg={"Cu": 50, "Ni": 0})
    assert verdict.weighed(pair, whole(pair), [one, knows]) == {"Cu": Weighed(100, 100, 6), "Ni": Weighed(0, 0, 0)}


def test_variances_add_up_and_are_kept_where_there_is_one() -> None:
    assert squared({"Ni": 0, "Cu": 3}) == {"Cu": "9"}
    assert list(plus_squares({"Ni": "1"}, {"Cu": "9", "Co": "2"}).items()) == [("Co", "2"), ("Cu", "9"), ("Ni", "1")]
    assert plus_squares({"Ni": "1", "Cu": "9"}, {"Cu": "9"}, -1) == {"Ni": "1"}
    assert plus_squares({"Cu": "9"}, {"Cu": "4"}) == {"Cu": "13"}
    assert plus_squares({}, {"Cu": "4"}, -1) == {"Cu": "-4"}
    assert plus_squares({"Cu": "4"}, {}) == {"Cu": "4"}


# -- F20 and F35 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "code"),
    [(1_000_016, "TRANSIT_GAIN"), (1_000_015, ""), (999_985, ""), (994_985, ""), (994_984, "TRANSIT_LOSS")],
)
def test_more_than_3u_is_a_gain_and_less_than_the_tolerance_and_3u_a_loss(came: int, code: str) -> None:
    """1 kg sent, u 3 and 4: 5, so 15 mg up, and 5,000 + 15 mg down."""
    found = said(Inbound("c", "x", [offered(cu=1_000_000)]), judged(got={"Cu": came}))
    assert [(one.code, one.inputs, one.lots) for one in found] == ([(code, ("c", "x", "Cu"), ["x"])] if code else [])
    told = {
        "TRANSIT_GAIN": "Cu: received 1.000016 kg > shipped 1 kg + 3u 0.000015 kg (100.0016 %)",
        "TRANSIT_LOSS": "Cu: shipped 1 kg - received 0.994984 kg = 0.005016 kg > 0.5 % + 3u = 0.005015 kg",
    }
    assert [one.arithmetic for one in found] == ([told[code]] if code else [])


def test_by_the_tolerance_of_the_book() -> None:
    pair, one = Inbound("c", "x", [offered(cu=1_000_000)]), judged(got={"Cu": 998_984})
    assert [f.code for f in said(pair, one, transit_tolerance_percent=Decimal("0.1"))] == ["TRANSIT_LOSS"]
    assert said(pair, judged(got={"Cu": 998_985}), transit_tolerance_percent=Decimal("0.1")) == []


# -- F27, F4 and F8 ---------------------------------------------------------------------------------------------------


def test_what_no_offer_tells_of_is_unmatched_once_it_came() -> None:
    pair, refused = Inbound("c", "x"), judged(refused=True, settles=[])
    (found,) = said(pair, judged(settles=[]))
    assert found == Said("UNMATCHED", ("c", "x"), "received x of consignment c, no offer of it yet", ["x"])
    assert said(pair) == []
    assert [f.code for f in said(pair, refused)] == ["ALREADY_RESOLVED"]


@pytest.mark.parametrize(
    ("arrival", "offers", "before"),
    [
        (7, [offered()], "received in full"),
        (7, [offered(void_at=7)], "given back to its sender"),
        (8, [offered(void_at=7)], "given back to its sender"),
        (6, [offered(void_at=7)], "received in full"),
        (7, [offered(), offered(C, void_at=7)], "given back to its sender"),
        (7, [offered(void_at=0), offered(C)], "given back to its sender"),
    ],
)
def test_why_a_receipt_comes_too_late(arrival: int, offers: list[Offered], before: str) -> None:
    """A receipt at 7 of what was asked back at 7 is too late; before that, all of it had come."""
    found = said(Inbound("c", "x", offers), judged("late", refused=True, settles=[], arrival=arrival))
    arithmetic = f"x of consignment c was {before} before late: pending 0 kg"
    assert found == [Said("ALREADY_RESOLVED", ("c", "x", "late"), arithmetic, ["x"])]


@pytest.mark.parametrize("minutes", [15, 100_000, 0])
def test_a_receipt_before_its_shipment_by_more_than_clocks_may_differ(minutes: int) -> None:
    pair, edge = Inbound("c", "x", [offered()]), START - minutes * MINUTE
    assert said(pair, judged(received_us=edge), clock_skew_minutes=minutes) == []
    (found,) = said(pair, judged("early", received_us=edge - 1), clock_skew_minutes=minutes)
    assert (found.code, found.inputs, found.lots) == ("TIME_ORDER", ("c", "x", "early"), ["x"])
    assert found.arithmetic == (
        f"received at {edge - 1} us, shipped at {START} us (microseconds since 1970, UTC); clocks may differ by {minutes} min"
    )


def test_a_receipt_that_is_refused_is_not_early_too() -> None:
    late = judged("late", refused=True, settles=[], received_us=0)
    assert [f.code for f in said(Inbound("c", "x", [offered()]), judged(), late)] == ["ALREADY_RESOLVED"]

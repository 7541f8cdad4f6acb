"""F1 and F28 to the milligram, what they say and with which ids; and the names of the accounts that the legs stand on."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.ledger import accounts, balance
from lodestream.ledger.accounts import NEVER_NEGATIVE
from lodestream.ledger.book import Process, SiteBook
from lodestream.ledger.records import Closure
from lodestream.ledger.values import Balanced
from lodestream.ledger.yields import envelope, judge
from lodestream.ledger.yields import said as of_yield


def run(came: int, went: int, u: int = 10, **more: object) -> Balanced:
    """A run of copper with these sums in mg."""
    amounts = {"inputs_mg": {"Cu": came}, "outputs_mg": {"Cu": went}, "products_mg": {"Cu": went}, "feed_mg": {"Cu": came}}
    fields = {**amounts, "u_mg": {"Cu": u}, "u_products_mg": {"Cu": u}, "u_feed_mg": {"Cu": u}, **more}
    return Balanced(identity="run", elements=["Cu"], lots=["y", "z"], processes=[], **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("came", "went", "found"),
    [
        (1_000, 970, []),
        (1_000, 969, [("LOSS_UNEXPLAINED", None)]),
        (1_000, 1_000, []),
        (1_000, 1_030, []),
        (1_000, 1_031, [("IMPOSSIBLE", "hold")]),
        (1_000, 1_040, [("IMPOSSIBLE", "hold")]),
        (1_000, 1_041, [("IMPOSSIBLE", "hard")]),
    ],
)
def test_three_u_and_four_u_are_still_within(came: int, went: int, found: list[tuple[str, str | None]]) -> None:
    said = balance.judge(run(came, went), SiteBook())
    assert [(one.code, one.severity) for one in said] == found
    assert all((one.inputs, one.lots) == (("run", "Cu"), ["y", "z"]) for one in said)


def test_where_everything_is_known_a_milligram_counts() -> None:
    """Without an uncertainty 1 mg missing is a loss, 1 mg more is impossible, and nothing is nothing."""
    found = [[one.code for one in balance.judge(run(1_000, went, 0), SiteBook())] for went in (999, 1_000, 1_001)]
    assert found == [["LOSS_UNEXPLAINED"], [], ["IMPOSSIBLE"]]


def test_the_sums_are_said() -> None:
    """In tonnes, with the recovery in percent."""
    t = 10**9
    (one,) = balance.judge(run(9 * t, 8 * t, t // 4), SiteBook())
    assert one.arithmetic == "Cu: in 9 t - out 8 t = U 1 t (out 88.89 % of in); u_U 0.25 t, |U| > 3u_U 0.75 t"
    (one,) = balance.judge(run(0, t, 0), SiteBook())
    assert one.arithmetic == "Cu: in 0 t - out 1 t = U -1 t (nothing in); u_U 0 t, |U| > 3u_U 0 t"


def test_an_element_on_one_side_alone() -> None:
    """Nothing of it went in: impossible. Nothing came out: a loss."""
    created = run(0, 0, inputs_mg={}, outputs_mg={"Cu": 41})
    assert [one.severity for one in balance.judge(created, SiteBook())] == ["hard"]
    lost = run(0, 0, inputs_mg={"Cu": 31}, outputs_mg={})
    assert [one.code for one in balance.judge(lost, SiteBook())] == ["LOSS_UNEXPLAINED"]
    assert balance.told("c", {}, created) == {"Cu": Closure("c", "Cu", 0, 41, 10)}
    assert balance.told("c", {}, lost) == {"Cu": Closure("c", "Cu", 31, 0, 10)}


def test_what_is_judged_no_more_is_told_as_zero() -> None:
    before = {element: Closure("c", element, 5, 4, 1) for element in ("Cu", "Ni")}
    zero = {element: Closure("c", element, 0, 0, 0) for element in ("Cu", "Ni")}
    assert balance.told("c", before, None) == zero
    assert balance.told("c", before, run(9, 8)) == {**zero, "Cu": Closure("c", "Cu", 9, 8, 10)}


# -- yields -----------------------------------------------------------------------------------------------------------


def limits(low: str | None, high: str | None, name: str = "p") -> Process:
    return Process(name, "Cu", None if low is None else Decimal(low), None if high is None else Decimal(high))


def test_the_uncertainty_of_a_yield_is_of_both_sums() -> None:
    """900 of 1000, u 30 and 40: u_R is the root of 30^2 + (40 x 0.9)^2, 46.86, so 47 mg or 4.7 %; 3u are 141 mg."""
    bounds = envelope(SiteBook(processes=[limits("10", "75.9")]), ["p"], "Cu")
    assert bounds is not None
    assert judge(bounds, "Cu", (900, 30), (1_000, 40)) is None, "900 - 759 = 141 is within"
    code, said = judge(bounds, "Cu", (901, 30), (1_000, 40)) or ("", "")
    assert code == "OVERCLAIM"
    assert said.endswith("R 90.1 %, u_R 4.7 %; p, book: R - 3u_R = 76 % > 75.9 %")
    low = envelope(SiteBook(processes=[limits("80", None)]), ["p"], "Cu")
    assert low is not None
    assert judge(low, "Cu", (770, 0), (1_000, 13)) is None, "13 x 0.77 is 10 mg: 30 mg below are within"
    code, said = judge(low, "Cu", (769, 0), (1_000, 13)) or ("", "")
    assert code == "UNDER_YIELD"
    assert said.endswith("R 76.9 %, u_R 1 %; p, book: R + 3u_R = 79.9 % < 80 %")


def test_of_nothing_there_is_no_yield() -> None:
    bounds = envelope(SiteBook(processes=[limits("80", "90")]), ["p"], "Cu")
    assert bounds is not None
    assert judge(bounds, "Cu", (5, 0), (0, 0)) is None
    assert judge(bounds, "Cu", (5, 0), (-1, 0)) is None
    assert (judge(bounds, "Cu", (2, 0), (1, 0)) or ("",))[0] == "OVERCLAIM"


def test_a_missing_bound_binds_nobody() -> None:
    """Of two processes the wider bound counts on each side; where one has none, there is none."""
    book = SiteBook(
        processes=[limits("80", "90", "a"), limits("70", "95", "b"), limits("75", None, "c"), limits(None, "85", "d")]
    )
    found = {
        names: envelope(book, names.split(), "Cu") for names in ("a b", "b a", "a c", "c a", "a d", "d a", "a none", "none a")
    }
    assert {n: (e.name, e.min_percent, e.max_percent) for n, e in found.items() if e} == {
        "a b": ("a, book; b, book", 70, 95),
        "b a": ("b, book; a, book", 70, 95),
        "a c": ("a, book; c, book", 75, None),
        "c a": ("c, book; a, book", 75, None),
        "a d": ("a, book; d, book", None, 90),
        "d a": ("d, book; a, book", None, 90),
        "a none": ("a, book", 80, 90),
        "none a": ("a, book", 80, 90),
    }
    above, below = found["a c"], found["a d"]
    assert above is not None
    assert below is not None
    assert [judge(above, "Cu", (made, 0), (1_000, 0)) for made in (750, 2_000)] == [None, None]
    assert [judge(below, "Cu", (made, 0), (1_000, 0)) for made in (0, 900)] == [None, None]
    assert envelope(book, ["none"], "Cu") is None
    assert envelope(book, ["a"], "Ni") is None
    assert envelope(book, [], "Cu") is None


def test_a_bound_that_the_book_does_not_state_is_the_default_one() -> None:
    """smelting_refining has 94 to 99.5 % for copper by default."""
    stated = {n: SiteBook(processes=[limits(*n, name="smelting_refining")]) for n in (("90", None), (None, "98"), (None, None))}
    found = [envelope(book, ["smelting_refining"], "Cu") for book in stated.values()]
    assert [(e.name, e.min_percent, e.max_percent) for e in found if e] == [
        ("smelting_refining, book", 90, Decimal("99.5")),
        ("smelting_refining, book", 94, 98),
        ("smelting_refining, default", 94, Decimal("99.5")),
    ]


def test_the_finding_on_a_yield_is_the_runs_and_the_elements() -> None:
    book = SiteBook(processes=[limits("80", "90")])
    made = replace(run(1_000, 990, 1), processes=["p"], products_mg={})
    (one,) = of_yield(book, made, "Cu")
    assert (one.code, one.inputs, one.lots) == ("UNDER_YIELD", ("run", "Cu"), ["y", "z"])
    assert one.arithmetic.startswith("Cu: product 0 t / feed 0.000001 t = R 0 %")
    assert of_yield(book, run(1_000, 990, 1), "Cu") == [], "no process is named"
    (one,) = of_yield(book, replace(made, products_mg={"Cu": 990}), "Cu")
    assert one.code == "OVERCLAIM"


# -- accounts ---------------------------------------------------------------------------------------------------------


def test_the_names_of_the_accounts() -> None:
    of_lots = [accounts.stock("x"), accounts.stock("x", "slag")]
    assert [(str(one), one.lot) for one in of_lots] == [("STOCK(x)", "x"), ("LOSS(slag x)", "x")]
    others = [
        accounts.loss("slag", "x"),
        accounts.source("mine"),
        accounts.sink("external:p"),
        accounts.wip("run"),
        accounts.transit("c", "x"),
        accounts.custody("c", "x"),
        accounts.UNACCOUNTED,
        accounts.TRANSIT_VAR,
        accounts.STOCK_ADJ,
        accounts.STOCK_ADJ_ASSAY,
        accounts.SOURCE_UNTRACKED,
        accounts.SINK_UNTRACKED,
    ]
    assert [str(one) for one in others] == [
        "LOSS(slag x destroyed)",
        "SOURCE(mine)",
        "SINK(external:p)",
        "WIP(run)",
        "TRANSIT(c x)",
        "CUSTODY(c x)",
        "UNACCOUNTED",
        "TRANSIT_VAR",
        "STOCK_ADJ",
        "STOCK_ADJ(assay)",
        "SOURCE(untracked)",
        "SINK(untracked)",
    ]
    assert {one.lot for one in others} == {None}


def test_metal_that_is_somewhere_cannot_be_less_than_none() -> None:
    assert {"STOCK", "TRANSIT", "LOSS"} == NEVER_NEGATIVE

"""F2 OVERCLAIM and F36 UNDER_YIELD: the yield of a run against what its process can do."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ledger import envelopes, yields
from lodestream.ledger.book import Process, SiteBook
from lodestream.ledger.envelopes import ENVELOPES
from lodestream.ledger.records import Finding
from lodestream.ledger.values import Envelope
from tests.ledger.making import Books, add, assay, codes, declared, transform

A = "urn:site:a"
KG = 10**6
SMELTING = {"process": "smelting_refining"}


def smelted(books: Books, cathode: str, **more: str) -> list[str]:
    """30 t of concentrate at 30 % (9 t Cu) into cathode and 1 t of slag at 1 %."""
    books(add("conc", "30", A, cu="30", product_class="concentrate"))
    outputs = [
        ("cathode", cathode, {"cu": "99.99", "product_class": "cathode"}),
        ("slag", "1", {"cu": "1", "loss_class": "slag"}),
    ]
    return codes(books(transform(A, [("conc", "30", SMELTING | more)], outputs)))


def found(books: Books, code: str) -> Finding:
    return next(f for o in books.outcomes for f in o.findings if f.code == code)


# -- worked examples ----------------------------------------------------------------------------------------------


def test_scenario_f2a_is_above_the_default_envelope() -> None:
    """S2 with 195,000 kg of sulphate: 39,975 kg of 39,100 + 5,000 - 7,300, the golden 108.627717 %."""
    bounds = yields.envelope(SiteBook(), ["hydroxide_to_sulphate"], "Co")
    assert bounds == Envelope("hydroxide_to_sulphate, default", Decimal(90), Decimal("99.5"))
    feed = (39_100 + 5_000 - 7_300) * KG
    code, arithmetic = yields.judge(bounds, "Co", (39_975 * KG, 195 * KG), (feed, 150 * KG)) or ("", "")
    assert code == "OVERCLAIM"
    assert "product 39.975 t / feed 36.8 t = R 108.627717 %" in arithmetic
    assert yields.judge(bounds, "Co", (35_875 * KG, 195 * KG), (feed, 150 * KG)) is None, "S2 itself: 97.486413 %"


def test_above_what_smelting_can_do_and_below() -> None:
    """9 t in, u_R about 0.35 %: 8.98 t of cathode are 99.77 %, within 3u of 99.5 %; 8.4 t are 93.32 %, within 3u of 94 %."""
    assert smelted(Books(), "8.98") == []
    assert smelted(Books(), "8.4") == ["LOSS_UNEXPLAINED"]
    books = Books()
    assert smelted(books, "9.06") == ["OVERCLAIM"]
    arithmetic = found(books, "OVERCLAIM").arithmetic
    assert arithmetic.startswith("Cu: product 9.059094 t / feed 9 t = R 100.6566 %, u_R 0.")
    assert arithmetic.endswith("> 99.5 %")
    low = Books()
    assert smelted(low, "8.2") == ["LOSS_UNEXPLAINED", "UNDER_YIELD"]
    assert found(low, "UNDER_YIELD").lots == ["cathode", "slag"]
    assert low.balance(A, "STOCK(cathode)") == 8_199_180_000, "both are posted"


def test_the_books_own_envelope_wins() -> None:
    book = SiteBook(processes=[Process("smelting_refining", "Cu", Decimal(80), Decimal("97"))], booked=True)
    books = Books(**{A: book})
    assert smelted(books, "8.98") == ["OVERCLAIM"]
    assert "smelting_refining, book: R - 3u_R = " in found(books, "OVERCLAIM").arithmetic
    assert yields.envelope(SiteBook(processes=[Process("smelting_refining", "Cu")]), ["smelting_refining"], "Cu") == Envelope(
        "smelting_refining, default", Decimal(94), Decimal("99.5")
    ), "a process of the book without yields of its own has the default ones"


def test_of_several_processes_the_widest_counts_and_of_none_nothing() -> None:
    both = yields.envelope(SiteBook(), ["flotation", "smelting_refining", "unheard_of"], "Cu")
    assert both == Envelope("flotation, default; smelting_refining, default", Decimal(70), Decimal("99.5"))
    open_ended = SiteBook(processes=[Process("leaching", "Cu", max_yield_percent=Decimal(99))])
    assert yields.envelope(open_ended, ["flotation", "leaching"], "Cu") == Envelope(
        "flotation, default; leaching, book", None, Decimal(99)
    )
    topless = SiteBook(processes=[Process("leaching", "Cu", min_yield_percent=Decimal(60))])
    assert yields.envelope(topless, ["flotation", "leaching"], "Cu") == Envelope(
        "flotation, default; leaching, book", Decimal(60), None
    )
    assert yields.envelope(SiteBook(), ["unheard_of"], "Cu") is None
    assert smelted(Books(), "9.06", process="unheard_of") == []
    assert yields.judge(Envelope("x", Decimal(1), Decimal(2)), "Cu", (1, 0), (0, 0)) is None, "no feed, no yield"


def test_losses_are_no_product_and_a_split_is_no_process() -> None:
    books = Books()
    books(add("conc", "30", A, cu="30"))
    half = [("half", "15", {"cu": "30"}), ("tails", "15", {"cu": "30", "loss_class": "tailings"})]
    assert codes(books(transform(A, [("conc", "30", {"process": "flotation"})], half))) == ["UNDER_YIELD"]
    assert "R 50 %" in found(books, "UNDER_YIELD").arithmetic
    books(add("lot", "30", A, cu="30"))
    assert codes(books(transform(A, [("lot", "30", {"process": "flotation"})], [("a", "10", {}), ("b", "20", {})]))) == []


def test_it_waits_for_the_last_assay_and_ends_with_it() -> None:
    books = Books()
    books(add("conc", "30", A, cu="30"))
    made = transform(
        A, [("conc", "30", SMELTING)], [("anode", "9", {"cu": "50"}), ("rest", "9", {}), ("slag", "1", {"loss_class": "slag"})]
    )
    assert codes(books(made)) == ["UNASSAYED", "UNASSAYED"]
    slag, last = assay("slag", A, cu="1"), assay("rest", A, cu="51")
    books(slag)
    assert codes(books(last)) == ["OVERCLAIM"]
    assert "product 9.09 t / feed 9 t" in found(books, "OVERCLAIM").arithmetic, "slag is none of it"
    assert codes(books(declared(last)), "superseded") == ["OVERCLAIM"]
    assert codes(books(assay("rest", A, cu="49"))) == []
    assert books.open() == set()


def test_it_ends_with_its_event() -> None:
    books = Books()
    books(add("conc", "30", A, cu="30"))
    made = transform(A, [("conc", "30", SMELTING)], [("cathode", "9.1", {"cu": "99.99"})])
    assert codes(books(made)) == ["OVERCLAIM"]
    assert codes(books(declared(made)), "superseded") == ["OVERCLAIM"]


def test_the_table_has_an_order_in_each_row() -> None:
    for (name, element), one in ENVELOPES.items():
        assert (one.name, one.element) == (name, element)
        assert one.min_yield_percent is not None
        assert one.max_yield_percent is not None
        assert 0 < one.min_yield_percent < one.max_yield_percent < 100


def test_every_rare_earth_has_the_same() -> None:
    """The fifteen that are separated: the lanthanides but for promethium, and yttrium."""
    separated = {element: one for (name, element), one in envelopes.ENVELOPES.items() if name == "rare_earth_separation"}
    assert list(separated) == ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y"]
    assert {(one.min_yield_percent, one.max_yield_percent) for one in separated.values()} == {(Decimal(80), Decimal(99))}


# -- properties ---------------------------------------------------------------------------------------------------

part = st.integers(-1000, 1000)


@settings(max_examples=300, deadline=None)
@given(
    process=st.sampled_from(sorted(ENVELOPES)),
    feed=st.integers(10**6, 10**15),
    where=st.integers(0, 1000),
    u=st.tuples(st.integers(1, 1000), st.integers(1, 1000)),
    errors=st.tuples(part, part),
)
def test_an_honest_plant_is_within_its_envelope(process, feed, where, u, errors) -> None:  # type: ignore[no-untyped-def]
    """A true yield inside the envelope, u up to 1 % and errors up to 2u in each sum (2.83u together): no finding."""
    one = ENVELOPES[process]
    least, most = one.min_yield_percent, one.max_yield_percent
    true = int(feed * (least + (most - least) * where / 1000) / 100)
    u_feed, u_made = feed * u[0] // 100_000, true * u[1] // 100_000
    seen = (true + 2 * u_made * errors[0] // 1000, feed + 2 * u_feed * errors[1] // 1000)
    bounds = yields.envelope(SiteBook(), [process[0]], process[1])
    assert bounds is not None
    assert yields.judge(bounds, process[1], (seen[0], u_made), (seen[1], u_feed)) is None


@settings(max_examples=200, deadline=None)
@given(feed=st.integers(10**9, 10**15), permille=st.integers(0, 1500), u=st.integers(0, 20))
def test_beyond_three_u_it_is_always_found(feed: int, permille: int, u: int) -> None:
    """By rational arithmetic of its own: R = p/f, u_R^2 = (u_p/f)^2 + (R u_f/f)^2."""
    made, u_made, u_fed = feed * permille // 1000, feed * u // 1000, feed * u // 1000
    ratio = Decimal(made) / feed
    u_ratio = ((Decimal(u_made) / feed) ** 2 + (ratio * u_fed / feed) ** 2).sqrt()
    found = yields.judge(Envelope("x", Decimal(70), Decimal(97)), "Cu", (made, u_made), (feed, u_fed))
    margin = Decimal("0.000001")
    if ratio - 3 * u_ratio > Decimal("0.97") + margin:
        assert found is not None
        assert found[0] == "OVERCLAIM"
    elif ratio + 3 * u_ratio < Decimal("0.70") - margin:
        assert found is not None
        assert found[0] == "UNDER_YIELD"
    elif Decimal("0.70") + margin < ratio + 3 * u_ratio and ratio - 3 * u_ratio < Decimal("0.97") - margin:
        assert found is None


@pytest.mark.parametrize(("product", "code"), [(100, None), (101, "OVERCLAIM"), (60, None), (59, "UNDER_YIELD")])
def test_the_edges_are_exact(product: int, code: str | None) -> None:
    """Feed 1,000 mg without an uncertainty, product u 1 mg: 97 + 3 is the edge above, 63 - 3 the one below."""
    bounds = Envelope("x", Decimal("6.3"), Decimal("9.7"))
    found = yields.judge(bounds, "Cu", (product, 1), (1000, 0))
    assert (found[0] if found else None) == code

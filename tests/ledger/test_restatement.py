"""What a correction changes in all that was built on it: contents, shares and carbon follow, across runs and sites."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.epcis.event import OriginPart
from lodestream.ledger import restate
from lodestream.measures import share
from tests.ledger.making import Books, T, add, assay, declared, hashed, receive, ship, transform

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
ZM, CL = "ZM - mine -", "CL - mine -"


def zambian(name: str, mass: str, at: str = A, **more: Any) -> Any:
    return add(name, mass, at, origins=[OriginPart(Decimal(1), country="ZM", source_class="mine")], **more)


def chilean(name: str, mass: str, at: str = A, **more: Any) -> Any:
    return add(name, mass, at, origins=[OriginPart(Decimal(1), country="CL", source_class="mine")], **more)


def test_a_corrected_grade_follows_the_draws() -> None:
    """10 t at 30 %, 4 t of them drawn; the corrective says 25 %: 1.2 t Cu drawn become 1 t, and 1.5 t are left."""
    books = Books()
    wrong = add("x", "10", A, cu="30")
    right = add("x", "10", A, cu="25")
    books(wrong, transform(A, [("x", "4", {})], [("y", "4", {"cu": "30"})]))
    assert books.balance(A, "STOCK(x)") == 1_800_000_000
    books(declared(wrong, correctives=(right.event_id or "",)))
    assert books.balance(A, "STOCK(x)") == -1_200_000_000, "until the corrective comes, the draw keeps its grade"
    assert books.open() == {"RETRO_OVERDRAFT"}
    books(right)
    assert books.balance(A, "STOCK(x)") == 1_500_000_000
    assert books.balance(A, "UNACCOUNTED") == T - 1_200_000_000
    assert books.open() == {"IMPOSSIBLE"}, "y was assayed at 30 %: it cannot come of 25 %"


def test_the_corrective_may_come_first() -> None:
    """Either order of declaration and corrective ends alike: accounts, lots, findings."""
    states = []
    wrong, right = zambian("x", "10", cu="30", event_id="urn:w"), chilean("x", "10", cu="25", event_id="urn:r")
    drawn = transform(A, [("x", "4", {})], [("y", "4", {"cu": "27"})])
    gone = declared(wrong, correctives=("urn:r",))
    for order in ([wrong, drawn, gone, right], [wrong, drawn, right, gone], [wrong, drawn, right, gone, right, gone]):
        books = Books()
        books(*order)
        lots = {one.lot: (one.contained_mg, one.shares, one.dry_mg) for one in books.fold.lots()}
        states.append((books.fold.accounts(), lots, books.open()))
    assert states[0] == states[1] == states[2]
    assert states[0][1]["y"][1] == {"Cu": {CL: 1_080_000_000}}


def test_shares_follow_through_runs_and_splits() -> None:
    """x is half of the feed; it turns out to be Chilean: the product, its halves and what was made of one of them follow."""
    books = Books()
    wrong, right = zambian("x", "10", cu="30", event_id="urn:w"), chilean("x", "10", cu="30", event_id="urn:r")
    books(wrong, zambian("z", "10", cu="30"))
    books(transform(A, [("x", "10", {}), ("z", "10", {})], [("p", "20", {"cu": "30"})]))
    books(transform(A, [("p", "20", {})], [("p1", "5", {}), ("p2", "15", {})]))
    books(transform(A, [("p1", "5", {})], [("q", "1.515", {"cu": "99"})]))
    assert books.lot(A, "q").shares == {"Cu": {ZM: 1_499_850_000}}
    books(declared(wrong, correctives=("urn:r",)), right)
    assert books.lot(A, "p2").shares == {"Cu": {CL: 2_250_000_000, ZM: 2_250_000_000}}
    assert books.lot(A, "q").shares == {"Cu": {CL: 749_925_000, ZM: 749_925_000}}
    assert books.open() == set()


def chain() -> tuple[Books, Any, Any]:
    """A ships to B, B makes something of it and ships that to C."""
    books = Books()
    wrong = zambian("x", "10", cu="30", event_id="urn:w", embodied_g_co2e=1000)
    right = chilean("x", "10", cu="30", event_id="urn:r", embodied_g_co2e=4000)
    books(wrong, ship("x", "10", A, B, consignment_id="c1"), receive("x", "10", B, consignment_id="c1", receipt="final"))
    books(transform(B, [("x", "10", {})], [("y", "3", {"cu": "99.9"})]))
    books(ship("y", "3", B, C, consignment_id="c2"), receive("y", "3", C, consignment_id="c2", receipt="final"))
    return books, wrong, right


def test_what_has_left_is_restated_at_its_receivers_and_on() -> None:
    books, wrong, right = chain()
    assert books.lot(C, "y").shares == {"Cu": {ZM: 2_997_000_000}}
    assert books.lot(C, "y").embodied_g_co2e == 1000
    books(declared(wrong, correctives=("urn:r",)), right)
    assert books.lot(C, "y").shares == {"Cu": {CL: 2_997_000_000}}
    assert books.lot(C, "y").embodied_g_co2e == 4000
    assert books.lot(B, "x").contained_mg == {}
    assert books.balance(A, "TRANSIT(c1 x)") == books.balance(B, "TRANSIT(c2 y)") == 0
    assert books.open() == set()


def test_a_hold_follows_what_has_left_and_ends_with_it() -> None:
    """A finding on A's lot after it has left holds what B got, what B made of it and what C got of that; and then no longer."""
    books, wrong, right = chain()
    other = replace(wrong, materials=[replace(wrong.materials[0], country_of_origin="CL")])
    books(hashed(other))
    mutated = next(f.id for s, f in books.fold.open_findings() if f.code == "MUTATED_EVENT")
    assert books.lot(B, "x").inherited == [mutated]
    assert books.lot(C, "y").inherited == [mutated]
    books(declared(wrong, correctives=("urn:r",)))
    overdraft = next(f.id for s, f in books.fold.open_findings() if f.code == "RETRO_OVERDRAFT")
    assert books.lot(B, "x").inherited == books.lot(C, "y").inherited == [overdraft]
    books(right)
    assert books.lot(B, "x").inherited == books.lot(C, "y").inherited == []


def test_a_circle_ends_where_it_began() -> None:
    """A ships to B and B ships it back: a restatement that comes round keeps the shares there, and says CYCLE."""
    books = Books()
    wrong, right = zambian("x", "10", cu="30", event_id="urn:w"), chilean("x", "10", cu="30", event_id="urn:r")
    books(wrong)
    for n in range(2):
        books(ship("x", "10", A, B, consignment_id=f"to{n}"), receive("x", "10", B, consignment_id=f"to{n}", receipt="final"))
        books(ship("x", "10", B, A, consignment_id=f"fro{n}"), receive("x", "10", A, consignment_id=f"fro{n}", receipt="final"))
    books(declared(wrong, correctives=("urn:r",)), right)
    assert books.open() <= {"CYCLE"}
    assert "CYCLE" in books.open()


def test_a_long_tail_of_work_goes_on_by_entries(monkeypatch: Any) -> None:
    """With one movement an entry the same end is reached, in more entries."""
    whole, _, _ = restated_tree()
    monkeypatch.setattr(restate, "MAX_MOVES", 1)
    pieces, _, _ = restated_tree()
    assert [o for o in pieces.outcomes if o.kind == "restate"]
    assert {(o.lot, str(o.shares)) for o in whole.fold.lots()} == {(o.lot, str(o.shares)) for o in pieces.fold.lots()}
    assert whole.fold.accounts() == pieces.fold.accounts()


def test_findings_spread_in_bounded_steps(monkeypatch: Any) -> None:
    monkeypatch.setattr(restate, "MAX_MOVES", 1)
    test_a_hold_follows_what_has_left_and_ends_with_it()


def restated_tree() -> tuple[Books, Any, Any]:
    books = Books()
    wrong, right = zambian("x", "16", cu="30", event_id="urn:w"), chilean("x", "16", cu="28", event_id="urn:r")
    books(wrong)
    names = [("x", 16)]
    while names:
        name, mass = names.pop(0)
        if mass > 1:
            parts = [(f"{name}{n}", mass // 2) for n in (0, 1)]
            books(transform(A, [(name, str(mass), {})], [(p, str(m), {}) for p, m in parts]))
            names += parts
    books(declared(wrong, correctives=("urn:r",)), right)
    return books, wrong, right


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(1, 30), st.booleans()), min_size=1, max_size=8), st.integers(0, 2))
def test_a_correction_is_as_if_it_had_been_right_at_once(steps: list[tuple[str, int, bool]], which: int) -> None:
    """Corrected in mass-neutral ways (origin and carbon), every lot is what it is when the right event came first."""
    names = "xyz"
    wrong = [zambian(n, "100", cu="20", event_id=f"urn:w{n}", embodied_g_co2e=10) for n in names]
    right = [chilean(n, "100", cu="20", event_id=f"urn:r{n}", embodied_g_co2e=70) for n in names]
    moves = []
    for n, (name, mass, split) in enumerate(steps):
        parts = [(f"o{n}", str(mass), {} if split else {"cu": "20"})]
        inputs = [(name, str(mass), {})] if split else [(name, str(mass), {}), (names[(n + 1) % 3], "1", {})]
        moves.append(transform(A, inputs, parts))
    late, early = Books(), Books()
    late(*wrong, *moves, declared(wrong[which], correctives=(right[which].event_id or "",)), right[which])
    early(*[right[n] if n == which else wrong[n] for n in range(3)], *moves)
    shown = [
        {one.lot: (one.contained_mg, one.shares, one.embodied_g_co2e, one.contacts) for one in b.fold.lots()}
        for b in (late, early)
    ]
    assert shown[0] == shown[1]
    assert late.fold.accounts() == early.fold.accounts()


def test_a_thousand_origins() -> None:
    """A pool of 1,000 origins: the parts still sum to the mg; the long tail is shown as OTHER by country, and stays a contact."""
    books = Books()
    tail = [OriginPart(Decimal("0.0001"), country="CD", site=f"urn:pit:{n}", source_class="mine") for n in range(999)]
    many = [OriginPart(Decimal(1000), country="ZM", source_class="mine"), *tail]
    books(add("pool", "100", A, cu="30", origins=many), transform(A, [("pool", "50", {})], [("p", "15", {"cu": "99.9"})]))
    shares = books.lot(A, "p").shares["Cu"]
    assert sum(shares.values()) == books.lot(A, "p").contained_mg["Cu"] == 14_985_000_000
    assert set(shares) == {"ZM - mine -", "CD OTHER - -"}
    assert len(books.lot(A, "p").contacts) == 999


def test_rebagged_lots_are_one_parcel() -> None:
    """10 t at 30 % and 5 t at 15 % put into bags of 6 and 9 t: 1.5 t and 2.25 t Cu, of both origins alike."""
    books = Books()
    books(zambian("x", "10", cu="30"), chilean("z", "5", cu="15"))
    books(transform(A, [("x", "10", {}), ("z", "5", {})], [("b1", "6", {}), ("b2", "9", {})], biz_step="repackaging"))
    assert books.lot(A, "b1").shares == {"Cu": {ZM: 1_200_000_000, CL: 300_000_000}}
    assert books.lot(A, "b2").shares == {"Cu": {ZM: 1_800_000_000, CL: 450_000_000}}
    assert books.open() == set()


def test_a_part_is_as_sure_as_the_whole() -> None:
    """A draw has the lot's relative u (ledger-rules section 9)."""
    books = Books()
    books(add("x", "10", A, cu="30"), transform(A, [("x", "10", {})], [("p", "4", {}), ("q", "6", {})]))
    entered = books.outcomes[0].lots[0].u_mg["Cu"]
    assert books.lot(A, "p").u_mg["Cu"] == share(entered, 4, 10)


# -- later assays -------------------------------------------------------------------------------------------------


def assayed(name: str, at: str, percent: str, status: str) -> Any:
    made = assay(name, at, cu=percent)
    item = made.materials[0]
    return hashed(replace(made, materials=[replace(item, assays=[replace(a, status=status) for a in item.assays])]))


def provisional(name: str, mass: str, percent: str) -> Any:
    made = add(name, mass, A, cu=percent, source_class="mine")
    item = made.materials[0]
    return hashed(replace(made, materials=[replace(item, assays=[replace(a, status="provisional") for a in item.assays])]))


def test_a_final_assay_posts_the_difference_and_follows_what_has_left() -> None:
    """10 t at 30 % provisional, 4 t shipped; final 29 %: 2.9 t in all, of which 1.16 t had left: so much the receiver has."""
    books = Books()
    books(provisional("x", "10", "30"), ship("x", "4", A, B, consignment_id="c"), receive("x", "4", B, consignment_id="c"))
    assert books.balance(B, "STOCK(x)") == 1_200_000_000
    books(assayed("x", A, "29", "final"))
    assert books.balance(A, "SOURCE(mine)") == -2_900_000_000
    assert books.balance(A, "STOCK(x)") == 1_740_000_000
    assert books.balance(B, "STOCK(x)") == 1_160_000_000, "it takes the offer's content, having no assay of its own"
    assert books.balance(A, "TRANSIT(c x)") == 0
    assert books.balance(A, "CUSTODY(c x)") == -books.balance(B, "CUSTODY(c x)") == 1_160_000_000
    assert books.open() == set()


def test_a_less_settled_assay_changes_nothing_and_a_void_one_is_taken_back() -> None:
    books = Books()
    umpire = assayed("x", A, "28", "umpire")
    books(provisional("x", "10", "30"), assayed("x", A, "29", "exchanged"), umpire)
    assert books.balance(A, "STOCK(x)") == 2_800_000_000
    kept = books(assayed("x", A, "31", "final"))
    assert books.balance(A, "STOCK(x)") == 2_800_000_000
    assert "less" not in kept[0].reason
    assert "changes nothing" in kept[0].reason
    books(declared(umpire))
    assert books.balance(A, "STOCK(x)") == 2_900_000_000


def test_an_assay_of_a_runs_output_goes_to_unaccounted() -> None:
    books = Books()
    books(
        add("f", "10", A, cu="30"),
        transform(A, [("f", "10", {})], [("p", "10", {"cu": "30"})]),
        assayed("p", A, "29.9", "umpire"),
    )
    assert books.balance(A, "STOCK(p)") == 2_990_000_000
    assert books.balance(A, "UNACCOUNTED") == 10_000_000


def test_an_assay_of_a_mixture_is_an_adjustment() -> None:
    """Two parcels of 10 t at 30 and 20 %, half drawn; the mixture is 26 %: 2.6 t there instead of 2.5 t."""
    books = Books()
    books(zambian("x", "10", cu="30"), chilean("x", "10", cu="20"), transform(A, [("x", "10", {})], [("y", "10", {"cu": "25"})]))
    books(found := assayed("x", A, "26", "umpire"))
    assert books.balance(A, "STOCK(x)") == 2_600_000_000
    assert books.balance(A, "STOCK_ADJ(assay)") == -100_000_000
    assert books.lot(A, "x").shares == {"Cu": {ZM: 1_560_000_000, CL: 1_040_000_000}}
    books(declared(found))
    assert books.balance(A, "STOCK(x)") == 2_500_000_000


def test_an_assay_of_a_mixture_that_has_left_is_kept() -> None:
    """Two wet parcels, all drawn: their final certificate finds nothing there, and no moisture to read its grade on."""
    books = Books()
    books(
        zambian("x", "10", cu="30", moisture="8"),
        chilean("x", "10", cu="20", moisture="9"),
        transform(A, [("x", "20", {"mass_basis": "wet"})], [("y", "18", {"cu": "25.4"})]),
    )
    assert books.balance(A, "STOCK(x)") == 0
    (kept,) = books(assayed("x", A, "26", "final"))
    assert "kept" in kept.reason
    assert not kept.postings
    assert books.open() == set()

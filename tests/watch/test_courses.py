"""F16 ASSAY_CLONED, F21 DRIFT, F22 TOO_PERFECT and F23 CORRECTION_ABUSE with their numbers."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ErrorDeclaration, Event
from lodestream.ledger.book import BookFile, SiteBook
from lodestream.ledger.records import Line, Outcome, StatedAssay
from lodestream.watch.reading import significant_digits
from lodestream.watch.watch import Watch
from tests.ledger.making import START, add, assay, declared, hashed, ship, transform
from tests.watch.watching import Watched, found_by, outcome, run, said

A, B = "urn:a", "urn:b"
FULL = {"Cu": "28.51", "As": "0.1204", "Fe": "22.47", "S": "31.0"}
MG = 1_000_000


@pytest.mark.parametrize(("text", "digits"), [("1000", 1), ("24320", 4), ("28.50", 4), ("0.0123", 3), ("0", 0), ("1E+3", 1)])
def test_significant_digits(text: str, digits: int) -> None:
    assert significant_digits(Decimal(text)) == digits


def assayed(site: str, seq: int, lot: str, certificate: str | None, values: dict[str, str] = FULL) -> Outcome:
    assays = [StatedAssay(name, Decimal(value), "P1", "dry", "final", certificate) for name, value in values.items()]
    return outcome(site, seq, lines=[Line("object", lot, 0, 0, {}, assays=assays)])


def test_three_lots_with_one_vector_and_certificates_of_their_own() -> None:
    watch = Watch(BookFile())
    assert found_by(watch, assayed(A, 1, "x", "c1"), assayed(B, 1, "y", "c2")) == []
    found = found_by(watch, assayed(A, 2, "z", "c3"))
    assert sorted(said(found)) == [("ASSAY_CLONED", "warn", A), ("ASSAY_CLONED", "warn", B)]
    assert {one.rule for one in found} == {"F16"}
    assert [one.lots for one in sorted(found, key=lambda one: one.inputs[0])] == [["x", "z"], ["y"]]
    assert found[0].arithmetic == (
        "3 lots with certificates of their own state the same As 0.1204 P1 dry, Cu 28.51 P1 dry, Fe 22.47 P1 dry, S 31 P1 dry: "
        "x by c1; y by c2; z by c3"
    )


def test_assays_that_come_later_are_seen_too() -> None:
    """The normal day: lots without an assay, then a laboratory's event for each."""
    watched = Watched()
    found = watched(*(add(lot, "40", A) for lot in "xyz"))
    assert found == []
    for n, lot in enumerate("xyz"):
        inspected = assay(lot, A, cu="28.51")
        values = [Assay(name, Decimal(value), "P1", certificate=f"c{n}") for name, value in FULL.items()]
        found = watched(hashed(replace(inspected, materials=[replace(inspected.materials[0], assays=values)])))
    assert said(found) == [("ASSAY_CLONED", "warn", A)]
    assert found[0].lots == ["x", "y", "z"]


@pytest.mark.parametrize(
    "third",
    [
        assayed(A, 3, "z", "c2"),  # the certificate of a batch
        assayed(A, 3, "y", "c3"),  # a lot that was assayed again
        assayed(A, 3, "z", None),
        assayed(A, 3, "z", "c3", FULL | {"S": "31.1"}),
    ],
)
def test_no_clone(third: Outcome) -> None:
    assert found_by(Watch(BookFile()), assayed(A, 1, "x", "c1"), assayed(A, 2, "y", "c2"), third) == []


def test_few_or_coarse_values_clone_nothing() -> None:
    for values in ({"Cu": "28.51", "As": "0.1204"}, {"Cu": "28.5", "As": "0.12", "Fe": "22.4"}):
        made = [assayed(A, n, f"lot{n}", f"c{n}", values) for n in range(1, 5)]
        assert found_by(Watch(BookFile()), *made) == []


def test_a_slow_skim() -> None:
    """U = 2 u, again and again: S+ grows by 1.5 a run, 1.5, 3, 4.5, and at the fourth run it is 6 > 5. Then it begins anew."""
    watch = Watch(BookFile())
    runs = [run(A, n, 1_000 * MG, 990 * MG, 5 * MG) for n in range(1, 9)]
    assert found_by(watch, *runs[:3]) == []
    (found,) = found_by(watch, runs[3])
    assert said([found]) == [("DRIFT", "warn", A)]
    assert found.arithmetic == (
        "Cu: z = (U 10 kg - declared loss 0 kg) / u 5 kg = 2; S+ = 4.5 + z - 0.5 = 6 > 5: it keeps missing"
    )
    assert [one.inputs[3] for one in found_by(watch, *runs[4:])] == ["run-8"]


def test_a_slow_creation() -> None:
    (found,) = found_by(Watch(BookFile()), *[run(A, n, 990 * MG, 1_000 * MG, 5 * MG) for n in range(1, 5)])
    assert found.arithmetic.endswith("= -2; S- = 4.5 - z - 0.5 = 6 > 5: it keeps appearing")


def test_the_declared_loss_is_the_centre() -> None:
    """1 % of 1,000 kg is 10 kg: a loss of that is no drift, and its absence is one."""
    book = BookFile(sites={A: SiteBook(declared_loss_percent=Decimal(1))})
    assert found_by(Watch(book), *[run(A, n, 1_000 * MG, 990 * MG, 5 * MG) for n in range(1, 50)]) == []
    (found,) = found_by(Watch(book), *[run(A, n, 1_000 * MG, 1_000 * MG, 5 * MG) for n in range(1, 5)])
    assert "z = (U 0 kg - declared loss 10 kg) / u 5 kg = -2" in found.arithmetic


def test_one_balance_is_no_drift() -> None:
    """A gap of 31 u is F1 or F28 by itself, and counts for 3 here: 2.5 and 5 are no alarm, the third such run makes 7.5."""
    watch = Watch(BookFile())
    runs = [run(A, n, 9_000 * MG, 9_999 * MG, 32 * MG) for n in range(1, 4)]
    assert found_by(watch, *runs[:2]) == []
    (found,) = found_by(watch, runs[2])
    assert "= -3 at most; S- = 5 - z - 0.5 = 7.5 > 5" in found.arithmetic


def test_elements_and_sites_do_not_mix() -> None:
    runs = [
        run(site, n, 1_000 * MG, 990 * MG, 5 * MG, element) for n in range(1, 4) for site in (A, B) for element in ("Cu", "Co")
    ]
    numbered = [replace(one, seq=n + 1) for n, one in enumerate(runs)]
    assert found_by(Watch(BookFile()), *numbered) == []


def test_ten_balances_that_close_too_well() -> None:
    """|U| < 0.05 u ten times in a row, said once; at 0.05 u exactly the row is broken."""
    watch = Watch(BookFile())
    perfect = [run(A, n, 1_000 * MG, 1_000 * MG - 249_999, 5 * MG) for n in range(1, 10)]
    assert found_by(watch, *perfect) == []
    (found,) = found_by(watch, *[run(A, n, 1_000 * MG, 1_000 * MG, 5 * MG) for n in range(10, 25)])
    assert said([found]) == [("TOO_PERFECT", "info", A)]
    assert found.inputs == [A, "Cu", "run-10"]
    assert found.arithmetic == "Cu: 10 balances in a row with |U| < 0.05 u; the last has |U| 0 kg, u 5 kg"
    broken = [run(A, n, 1_000 * MG, 1_000 * MG - (250_000 if n == 5 else 0), 5 * MG) for n in range(1, 15)]
    assert found_by(Watch(BookFile()), *broken) == []


def test_what_is_divided_and_keeps_its_grade_is_no_batch() -> None:
    """U is 0 by construction: neither too good, nor less than the declared loss, nor a break in a row of those that are."""
    assay = StatedAssay("Cu", Decimal("28.51"), "P1", "dry", "final", "c1")

    def divided(n: int, *assays: StatedAssay) -> Outcome:
        line = Line("output", f"part{n}", 2_000 * MG, 2_000 * MG, {"Cu": 1_000 * MG}, assays=list(assays))
        return replace(run(A, n, 1_000 * MG, 1_000 * MG, 5 * MG), lines=[line])

    watch = Watch(BookFile(sites={A: SiteBook(declared_loss_percent=Decimal(1))}))
    assert found_by(watch, *[divided(n) for n in range(1, 30)]) == []
    found = found_by(watch, *[divided(n, assay) for n in range(30, 34)])
    assert said(found) == [("DRIFT", "warn", A)]


def test_the_ledger_tells_every_balance() -> None:
    """U and u of a run come with its transaction, also where it closes well."""
    watched = Watched()
    watched(add("x", "100", A, cu="10"), transform(A, [("x", "100", {})], [("y", "40", {"cu": "25"})]))
    (closure,) = watched.outcomes[-1].closures
    assert (closure.element, closure.inputs_mg, closure.outputs_mg) == ("Cu", 10_000 * MG, 10_000 * MG)
    assert closure.u_mg > 0


def test_too_many_declarations() -> None:
    """Ten of a hundred events are allowed, the eleventh is a finding; then the count begins anew."""
    watch = Watch(BookFile())
    kinds = ["correct"] * 10 + ["create"] * 90
    assert found_by(watch, *[outcome(A, n + 1, kind) for n, kind in enumerate(kinds)]) == []
    more = [outcome(A, 101 + n, kind) for n, kind in enumerate(["correct"] * 2)]
    assert found_by(watch, *more) == []  # the first ones fall out of the hundred
    late = [outcome(A, 200 + n, kind) for n, kind in enumerate(["create"] * 85 + ["correct"] * 11)]
    (found,) = found_by(watch, *late)
    assert said([found]) == [("CORRECTION_ABUSE", "warn", A)]
    assert found.arithmetic == "11 of the last 100 events of the site are error declarations, > 10"


def correction(original: Event, corrective: Event) -> Event:
    return replace(original, error_declaration=ErrorDeclaration(original.event_time_us + 1, None, [corrective.event_id or ""]))


@pytest.mark.parametrize("declared_first", [True, False])
def test_more_output_after_it_was_sold(declared_first: bool) -> None:
    """10 t of Cu were made and 5 t of them shipped; the corrective event says 11 t."""
    watched = Watched(**{A: SiteBook(elements=["Cu"])})
    first = add("x", "40", A, cu="25")
    more = add("x", "44", A, cu="25")
    assert watched(first, ship("x", "20", A, B)) == []
    events = [correction(first, more), more]
    (found,) = watched(*(events if declared_first else events[::-1]))
    assert said([found]) == [("CORRECTION_ABUSE", "warn", A)]
    assert found.arithmetic == (f"{more.event_id} in place of {first.event_id}: Cu 10,000 kg -> 11,000 kg, after x was shipped")


def test_less_output_or_nothing_sold_is_no_abuse() -> None:
    first, less, more = add("x", "40", A, cu="25"), add("x", "39", A, cu="25"), add("y", "44", A, cu="25")
    assert Watched()(first, ship("x", "20", A, B), correction(first, less), less) == []
    assert Watched()(first, correction(first, more), more, ship("y", "20", A, B)) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_chain_of_three_corrections(order: tuple[int, ...]) -> None:
    """E1 -> E2 -> E3 is allowed, a third one is not, in whichever order the declarations come."""
    events = [add("x", str(40 - n), A, cu="25", event_time_us=START + n) for n in range(4)]
    declarations = [correction(events[n], events[n + 1]) for n in range(3)]
    watched = Watched()
    assert watched(*events) == []
    found = watched(*(declarations[n] for n in order))
    assert [one.code for one in found] == ["CORRECTION_ABUSE"]
    chain = " -> ".join(one.event_id or "" for one in events)
    assert found[0].arithmetic == f"{chain}: 3 corrections one of the other, > 2"


def test_a_declaration_says_what_stands_instead() -> None:
    original, corrective = add("x", "40", A, cu="25"), add("x", "41", A, cu="25")
    watched = Watched()
    watched(original, correction(original, corrective))
    assert watched.outcomes[-1].correctives == [corrective.event_id]
    assert watched.outcomes[0].correctives == []


def test_a_line_says_its_tickets_assays_and_process() -> None:
    watched = Watched()
    made = add("x", "40", A, tickets=["T"], process="milling", cu="25")
    stated = replace(made.materials[0], assays=[Assay("Cu", Decimal("25.0"), "P1", certificate="c1")])
    watched(hashed(replace(made, materials=[stated])))
    (line,) = watched.outcomes[-1].lines
    assert (line.tickets, line.process) == (["T"], "milling")
    assert line.assays == [StatedAssay("Cu", Decimal("25.0"), "P1", "dry", "final", "c1")]
    assert declared(made).event_id == made.event_id

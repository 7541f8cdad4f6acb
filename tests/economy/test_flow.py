"""What is true balances exactly, and what is printed is what instruments of the documented uncertainty print."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.economy.chance import Chance
from connectors.economy.facts import MINUTES_A_DAY, Fact
from connectors.economy.flow import day_of
from connectors.economy.materials import CU_CONCENTRATE, LI_HYDROXIDE, Material
from connectors.economy.measuring import Instruments, Reading, Truth, contained_mg, u_mg
from connectors.economy.parcels import natural
from connectors.economy.processes import KINDS
from connectors.economy.simulate import Plan, simulate
from connectors.economy.world import World
from connectors.economy.writing import document
from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.limits import Limits
from lodestream.ledger.bookfile import read_book
from lodestream.measures import Measured, lines, measure


def facts(seed: int, sites: int, days: int) -> tuple[World, list[Fact]]:
    world = World(seed, sites)
    return world, [fact for day in range(days) for fact in day_of(world, day)]


@pytest.mark.parametrize("sites", [1, 5, 12, 27])
def test_the_true_metal_balances_to_the_milligram_every_day(sites: int) -> None:
    world = World(3, sites)
    for day in range(30):
        list(day_of(world, day))
        there = world.held()
        assert {e: mg for e, mg in world.tally.came.items() if mg} == {
            e: mg for e in world.tally.came if (mg := there.get(e, 0) + world.tally.gone.get(e, 0))
        }
    assert all(mg > 0 for mg in world.tally.came.values())


def test_a_sites_clock_never_goes_back_and_a_day_ends_before_midnight() -> None:
    last: dict[str, int] = {}
    world = World(8, 27)
    for day in range(25):
        for fact in day_of(world, day):
            if fact.kind != "observe":
                assert fact.minute // MINUTES_A_DAY == day
                assert fact.minute > last.get(fact.site.name, -1)
                last[fact.site.name] = fact.minute
    assert len(last) == 27


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate(Plan(seed, 12, 6, ["F1", "F23"]), tmp_path / name)
    texts = {n: {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*") if p.is_file()} for n in "abc"}
    assert texts["a"] == texts["b"]
    assert len(texts["a"]) > 60
    assert texts["a"] != texts["c"]


def test_the_gate_takes_every_event_of_every_kind_without_a_warning(tmp_path: Path) -> None:
    made = simulate(Plan(2, 27, 14, list(map("F{}".format, range(1, 29)))), tmp_path / "e")
    kinds = json.loads((tmp_path / "e" / "manifest.json").read_bytes())["kinds"]
    expected = {"add", "opening", "transform", "campaign", "split", "ship", "receive", "assay", "observe"}
    assert expected <= set(kinds)
    count = 0
    for path in sorted((tmp_path / "e" / "documents").rglob("*.json")):
        for item in intake(path.read_bytes(), Limits()):
            assert isinstance(item, Accepted), f"{path}: {item}"
            assert item.warnings == []
            count += 1
    assert count == made.events > 1000


def test_a_part_of_the_chain_buys_and_sells_outside() -> None:
    _, found = facts(1, 3, 30)
    assert {f.kind for f in found if f.site.name == "copper-smelter-1"} >= {"receive", "buy", "transform", "ship"}


def test_the_book_is_read_and_names_every_site_with_its_elements(tmp_path: Path) -> None:
    simulate(Plan(1, 12, 1), tmp_path / "e")
    book = read_book((tmp_path / "e" / "book.toml").read_text())
    assert [s.name for s in sorted(book.sites.values(), key=lambda s: s.name)] == sorted(f"{k.name}-1" for k in KINDS)
    by_name = {s.name: s for s in book.sites.values()}
    assert by_name["lithium-refinery-1"].processes[0].max_yield_percent == 95
    assert by_name["copper-mine-1"].licences[0].element == "Cu"
    assert by_name["battery-maker-1"].elements == ["Ni", "Co", "Li"]


@pytest.mark.parametrize("material", [CU_CONCENTRATE, LI_HYDROXIDE])
def test_readings_scatter_by_the_documented_uncertainty(material: Material) -> None:
    """The reading minus the truth, in u: mean about 0, variance about 1 over many plants at the documented limit."""
    element = material.assays[0].element
    scores = []
    for n in range(600):
        chance = Chance(n, "scatter")
        truth = natural(material, 500_000, chance)
        reading = Instruments(Chance(n, "tools"), 1000).read(material, truth)
        scores.append(
            (contained_mg(material, reading)[element] - truth.content[element]) * 1000 // u_mg(material, reading)[element]
        )
    mean, square = sum(scores) // 600, sum(s * s for s in scores) // 600
    assert abs(mean) < 130
    assert 850_000 < square < 1_150_000


def test_a_reading_worked_by_hand() -> None:
    """1,000 t at 9.00 % and 28.50 %: 259.35 t Cu, u 0.400 % (mass-balance 2.4)."""
    reading = Reading(1_000_000, 900, (2850,))
    assert contained_mg(CU_CONCENTRATE, reading) == {"Cu": 259_350_000_000}
    assert abs(u_mg(CU_CONCENTRATE, reading)["Cu"] - 1_038_400_000) < 1_000_000
    perfect = Instruments(Chance(1, "x"), 0)
    assert perfect.read(CU_CONCENTRATE, Truth(90_000_000_000, 910_000_000_000, {"Cu": 259_350_000_000})) == reading


def test_paper_contents_are_what_the_ledger_will_measure() -> None:
    _, found = facts(4, 12, 18)
    checked: Counter[str] = Counter()
    for fact in found:
        if fact.kind not in {"add", "transform", "receive"}:
            continue
        (item,) = intake(document([fact.event], 0), Limits())
        assert isinstance(item, Accepted)
        shown = [x for x in lines(item.event) if x.role != "input" and x.material and x.material.assays]
        for line, paper in zip(shown, fact.outputs, strict=False):
            measured = measure(line)
            assert isinstance(measured, Measured)
            for element, mg in paper.contained_mg.items():
                assert abs(measured.contained_mg[element] - mg) <= 1
                assert abs(measured.u_mg[element] - paper.u_mg[element]) <= measured.u_mg[element] // 50 + 1000
            checked[fact.kind] += 1
    assert min(checked.values()) > 20


def test_every_process_stays_within_its_own_envelope() -> None:
    for process in (p for kind in KINDS for p in kind.processes):
        limits = {e: (least * 100, int(Decimal(most) * 100)) for e, least, most in process.envelope}
        for product in process.products:
            for element, (low, high) in product.shares.items():
                least, most = limits.get(element, (0, 10_000))
                assert least <= low <= high <= most, (process.name, element)
                assert high + process.unmeasured[1] <= 10_000

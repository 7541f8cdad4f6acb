"""Work in process from one campaign to the next, in whole milligrams (rulebook R25, R26)."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.epcis.event import Assay, ContainedMass, Event, Material
from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Outcome
from lodestream.ledger.running import Run
from tests.ledger.making import Books, add, codes, hashed, transform

A = "urn:site:a"
MG: dict[str, Any] = {"uom": "MGM"}
CU: dict[str, Any] = {"uom": "MGM", "cu": "10"}


def wip(role: Any, name: str, mg: int, *grades: Assay, **more: Any) -> Material:
    """Work in process of a mass in mg, at 10 % Cu unless said."""
    assays = list(grades) or [Assay("Cu", Decimal(10), "P1")]
    return Material(role, name, mass=Decimal(mg), uom="MGM", mass_basis="dry", assays=assays, **more)


def campaign(name: str, inputs: list[Any], outputs: list[Any], *held: Material, **fields: Any) -> Event:
    made = transform(A, inputs, outputs, transformation_id=name, **fields)
    return hashed(replace(made, materials=[*made.materials, *held]))


def first(closing: int = 300, cu: str = "10") -> Books:
    """100 mg Cu from Chile with 1,000 g CO2e go into t1; 60 mg come out in y, and a tenth of what is left stays in process."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu=cu, country_of_origin="CL", embodied_g_co2e=1000))
    books(campaign("t1", [("x", "1000", MG)], [("y", "600", CU)], wip("wip_close", "w", closing)))
    return books


def posted(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    return [(p.account, p.amount_mg) for o in outcomes for p in o.postings]


def run(books: Books, name: str) -> Run:
    return next(one for _, ref, one in books.fold.every(Run) if ref == name)


def test_opening_work_in_process_comes_from_the_campaign_as_far_as_that_left_so_much() -> None:
    """30 mg were left, 40 are opened: 10 are from SOURCE(opening). Chile's carbon comes along, and the rest is Peruvian."""
    books = first()
    made = books(campaign("t2", [], [("z", "400", CU)], wip("wip_open", "t1", 400, country_of_origin="PE")))
    assert posted(made) == [
        ("WIP(t1)", -30),
        ("WIP(t2)", 30),
        ("SOURCE(opening)", -10),
        ("WIP(t2)", 10),
        ("WIP(t2)", -40),
        ("STOCK(z)", 40),
    ]
    assert (codes(made), run(books, "t1").next) == ([], ["t2"])
    (opened, _) = run(books, "t2").parts
    assert (opened.role, opened.lot, opened.index, opened.dry_mg, opened.contained_mg) == ("wip_open", "t1", -1, 400, {"Cu": 40})
    assert opened.shares.vectors == {"Cu": {"CL - - -": 30, "PE - - -": 10}}
    assert (opened.shares.carbon_g, opened.shares.uncovered_mg) == (333, 0), "30 of 90 mg of 1,000 g"


def test_what_is_left_of_it_stays_where_it_was() -> None:
    """10 of the 30 mg: a third of their 333 g CO2e. The next takes 20, and a third campaign finds nothing."""
    books = first()
    made = books(campaign("t2", [], [("z", "100", CU)], wip("wip_open", "t1", 100)))
    assert posted(made)[:2] == [("WIP(t1)", -10), ("WIP(t2)", 10)]
    assert run(books, "t2").parts[0].shares.carbon_g == 111
    assert books.balance(A, "WIP(t1)") == 20
    books(campaign("t3", [], [("z", "200", CU)], wip("wip_open", "t1", 200)))
    assert (books.balance(A, "WIP(t1)"), run(books, "t1").next) == (0, ["t2", "t3"])
    assert run(books, "t3").parts[0].shares.uncovered_mg == 0
    last = campaign("t4", [], [("z", "200", CU)], wip("wip_open", "t1", 200))
    made = books(last)
    assert posted(made)[:2] == [("SOURCE(opening)", -20), ("WIP(t4)", 20)]
    assert [(f.code, f.inputs) for o in made for f in o.findings] == [("OPENING_UNPROVEN", [last.identity, "t1"])]
    assert run(books, "t1").next == ["t2", "t3"]
    assert (run(books, "t4").parts[0].shares.carbon_g, run(books, "t4").parts[0].shares.uncovered_mg) == (0, 200)


def test_the_campaigns_that_took_of_one_are_told_in_order() -> None:
    books = first()
    for name in ("t6", "t3", "t5", "t2"):
        books(campaign(name, [], [("z", "20", CU)], wip("wip_open", "t1", 20)))
    assert run(books, "t1").next == ["t2", "t3", "t5", "t6"]


def test_a_campaign_opens_nothing_of_itself() -> None:
    """100 mg are in t2 already: what it opens with comes from elsewhere."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="10"), campaign("t2", [("x", "1000", MG)], []))
    made = books(campaign("t2", [], [], wip("wip_open", "t2", 400)))
    assert posted(made) == [("SOURCE(opening)", -40), ("WIP(t2)", 40)]


def test_a_campaign_that_still_runs_leaves_what_is_in_it() -> None:
    """100 mg and 1,000 g CO2e went into t1 and nothing has come out: 40 of them go to t2, and 400 g."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="10", country_of_origin="CL", embodied_g_co2e=1000))
    books(campaign("t1", [("x", "1000", MG)], []))
    made = books(campaign("t2", [], [("z", "400", CU)], wip("wip_open", "t1", 400)))
    assert posted(made)[:2] == [("WIP(t1)", -40), ("WIP(t2)", 40)]
    (opened, _) = run(books, "t2").parts
    assert (opened.shares.vectors, opened.shares.carbon_g) == ({"Cu": {"CL - - -": 40}}, 400)


def test_contained_masses_are_work_in_process_without_a_weight() -> None:
    """Stated outright they have no dry mass, and no dry mass is uncovered. Nickel is not tracked here."""
    books = Books(**{A: SiteBook(elements=["Cu"])})
    held = [ContainedMass("Cu", Decimal(40), "MGM"), ContainedMass("Ni", Decimal(5), "MGM")]
    for role in ("wip_open", "wip_close"):
        books(campaign(role, [], [("z", "400", CU)], Material(role, "w", contained=held), opening_evidence="urn:count"))  # type: ignore[arg-type]
        (part,) = [p for p in run(books, role).parts if p.role == role]
        assert (part.dry_mg, part.contained_mg, list(part.u_mg), part.shares.uncovered_mg) == (0, {"Cu": 40}, ["Cu"], 0)


def test_carbon_that_is_stated_counts() -> None:
    books = first()
    books(campaign("t2", [], [("z", "300", CU)], wip("wip_open", "t1", 300, embodied_g_co2e=7)))
    assert (run(books, "t2").parts[0].shares.carbon_g, run(books, "t2").parts[0].shares.uncovered_mg) == (7, 0)


@pytest.mark.parametrize(("evidence", "found"), [("urn:count", []), (None, ["OPENING_UNPROVEN"])])
def test_what_no_campaign_left_is_proven_by_evidence(evidence: str | None, found: list[str]) -> None:
    """Of a campaign that is not there, or the same one, all comes from SOURCE(opening)."""
    for name in ("stock", "t2"):
        books = Books()
        made = books(campaign("t2", [], [("z", "400", CU)], wip("wip_open", name, 400), opening_evidence=evidence))
        assert (posted(made)[:2], codes(made)) == ([("SOURCE(opening)", -40), ("WIP(t2)", 40)], found)
        assert run(books, "t2").parts[0].shares.uncovered_mg == 400


def test_a_campaign_of_which_only_outputs_are_told_left_nothing() -> None:
    """WIP(t1) is at -60 mg."""
    books = Books()
    books(campaign("t1", [], [("y", "600", CU)]))
    made = books(campaign("t2", [], [("z", "400", CU)], wip("wip_open", "t1", 400)))
    assert posted(made)[:2] == [("SOURCE(opening)", -40), ("WIP(t2)", 40)]


def test_what_stays_is_what_was_weighed() -> None:
    books = first(closing=900)
    assert books.balance(A, "WIP(t1)") == 90, "60 + 90 > 100: UNACCOUNTED gives 50"
    made = books(campaign("t2", [], [("z", "1000", CU)], wip("wip_open", "t1", 1000)))
    assert posted(made)[:4] == [("WIP(t1)", -90), ("WIP(t2)", 90), ("SOURCE(opening)", -10), ("WIP(t2)", 10)]


def test_an_element_that_was_not_left_is_opened() -> None:
    """30 mg Cu were, 15 mg Ni were not: with its own origin, and without evidence of its own, since the campaign left some."""
    books = first()
    both = [Assay("Cu", Decimal(10), "P1"), Assay("Ni", Decimal(5), "P1")]
    made = books(campaign("t2", [], [("z", "300", {"uom": "MGM", "cu": "10", "ni": "5"})], wip("wip_open", "t1", 300, *both)))
    assert posted(made)[:4] == [("WIP(t1)", -30), ("WIP(t2)", 30), ("SOURCE(opening)", -15), ("WIP(t2)", 15)]
    (opened, _) = run(books, "t2").parts
    assert (opened.shares.vectors, codes(made)) == ({"Cu": {"CL - - -": 30}, "Ni": {"ZZ - - -": 15}}, [])
    assert opened.contained_mg == {"Cu": 30, "Ni": 15}
    assert set(opened.u_mg) == {"Cu", "Ni"}


def test_what_stays_in_process_is_weighed_like_a_lot() -> None:
    books = first()
    (_, _, closed) = run(books, "t1").parts
    assert (closed.role, closed.lot, closed.index, closed.dry_mg, closed.contained_mg) == ("wip_close", "w", -1, 300, {"Cu": 30})
    assert closed.shares.vectors == {}
    assert books.balance(A, "WIP(t1)") == 30

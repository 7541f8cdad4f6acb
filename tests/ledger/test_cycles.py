"""CYCLE (F17): how far, and in which order, the making of a lot is walked (rulebook R88)."""

from lodestream.ledger import cycle
from lodestream.ledger.draft import Draft
from lodestream.ledger.state import Lot
from lodestream.ledger.view import Books as Store
from tests.claims.book import Nothing
from tests.ledger.making import Books, add, entry, transform

A = "urn:site:a"


def chains(*names: str, length: int) -> Draft:
    """A book in which each of these lots was made of one lot, that of another, and so on."""
    draft = Draft(Store(Nothing()).of(A), entry(add("x", "1", A)))
    for name in names:
        for n in range(length):
            draft.view.put(Lot(f"{name}{n or ''}", parents=[f"{name}{n + 1}"]), f"{name}{n or ''}")
    return draft


def test_two_hundred_lots_are_looked_at() -> None:
    assert cycle.upstream(chains("L", length=150), ["L"]) == {f"L{n}" for n in range(1, 151)}  # the last is of another site
    assert cycle.upstream(chains("L", length=300), ["L"]) == {f"L{n}" for n in range(1, 201)}


def test_what_goes_in_is_walked_from_the_last_by_name() -> None:
    """Nine inputs, each with 30 lots before it: of seven of them nothing is beyond the 200th, of the first two it is."""
    names = "dgbhaceif"
    draft = chains(*names, length=30)
    cycle.note(draft, names, [f"{name}29" for name in names])
    assert [f.inputs[1] for f in draft.findings] == [f"{name}29" for name in "defghi"]


def test_a_lot_that_was_never_here_comes_back_to_nothing() -> None:
    draft = chains("L", length=3)
    cycle.note(draft, ["L"], ["L3", "new"])
    assert draft.findings == []
    cycle.note(draft, ["L"], ["L2"])
    assert [f.lots for f in draft.findings] == [["L2"]]


def test_each_output_that_comes_back_is_told_in_order() -> None:
    books = Books()
    names = ["t3", "t1", "t4", "t2", "t5"]
    books(*(add(name, "10", A, ni="50") for name in names))
    [outcome] = books(transform(A, [(n, "10", {}) for n in names], [(n, "10", {"ni": "50"}) for n in names], event_id="urn:run"))
    assert [f.inputs for f in outcome.findings if f.code == "CYCLE"] == [["urn:run", name] for name in sorted(names)]

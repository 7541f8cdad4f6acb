"""What counts as a mutant, and that it is what runs once it is planted."""

import ast
from types import ModuleType

import pytest

from tests.mutation.__main__ import modules
from tests.mutation.sites import mutants
from tests.mutation.trial import KILLED, SURVIVED, apart, functions, plant, trial

SOURCE = '''
"""A module."""
LIMIT = 3

def judge(draft, mg, *, sign=1):
    """Not a mutant."""
    assert mg >= 0, "nor this"
    if mg > LIMIT and draft:
        draft.find("CODE", ("a", mg), f"{mg} kg is above what anybody may have")
    return -mg * sign
'''


def test_every_small_change() -> None:
    assert [one.name for one in mutants(ast.parse(SOURCE))] == [
        "LIMIT: LIMIT = 3 -> LIMIT = 4",
        "LIMIT: LIMIT = 3 -> LIMIT = 2",
        "judge: def judge(draft, mg, *, sign=1): -> def judge(draft, mg, *, sign=2):",
        "judge: if mg > LIMIT and draft: -> if draft:",
        "judge: if mg > LIMIT and draft: -> if mg > LIMIT:",
        "judge: if mg > LIMIT and draft: -> if not (mg > LIMIT and draft):",
        "judge: if mg > LIMIT and draft: -> if mg >= LIMIT and draft:",
        "judge: if mg > LIMIT and draft: -> if mg <= LIMIT and draft:",
        *[f"judge: draft.find('CODE', ('a', mg), {said}) -> {new}" for new in NEW],
        "judge: return -mg * sign -> return -mg // sign",
        "judge: return -mg * sign -> return mg * sign",
    ]


said = "f'{mg} kg is above what anybody may have'"
NEW = [
    "pass",
    f"draft.find('CODE~', ('a', mg), {said})",
    f"draft.find('CODE', (mg,), {said})",
    f"draft.find('CODE', ('a',), {said})",
    f"draft.find('CODE', ('a~', mg), {said})",
]


@pytest.mark.parametrize(
    ("name", "result"),
    [("return -mg * sign -> return mg * sign", 5), ("sign=1): -> def judge(draft, mg, *, sign=2):", -10), ("3 -> LIMIT = 4", -5)],
)
def test_a_planted_mutant_runs_wherever_the_function_was_imported(name: str, result: int) -> None:
    module = ModuleType("planted")
    module.__file__ = "planted.py"
    exec(SOURCE, vars(module))  # noqa: S102
    judge, tree = module.judge, ast.parse(SOURCE)
    assert judge(None, 5) == -5
    (one,) = [one for one in mutants(tree) if name in one.name]
    one.apply()
    plant(one, tree, module)
    assert judge(None, 5) == result
    assert (4 if "LIMIT" in name else 3) == module.LIMIT


def test_what_is_made_of_a_planted_constant_follows_and_nothing_else() -> None:
    module = ModuleType("planted")
    module.__file__ = "planted.py"
    source = "SCALE = 100\nPERCENT = SCALE // 100\nKINDS: dict = {}\nLIMITS = {'mass': 5 * PERCENT}\n"
    exec(source, vars(module))  # noqa: S102
    kinds, tree = module.KINDS, ast.parse(source)
    kinds["filled"] = True
    (one,) = [one for one in mutants(tree) if "SCALE // 100 -> PERCENT = SCALE * 100" in one.name]
    one.apply()
    plant(one, tree, module)
    assert (module.SCALE, module.PERCENT, module.LIMITS) == (100, 10_000, {"mass": 50_000})
    assert module.KINDS is kinds


def test_a_trial_ends_in_time_and_leaves_nothing_behind() -> None:
    def forever() -> int:
        while True:
            pass

    assert (apart(lambda: 3, 5), apart(forever, 0.1)) == (3, None)
    assert KILLED == "killed"


def test_a_method_without_its_super_is_planted() -> None:
    module = ModuleType("supers")
    module.__file__ = "supers.py"
    source = "class Told(Exception):\n    def __init__(self, text):\n        super().__init__(text)\n        self.text = text\n"
    exec(source, vars(module))  # noqa: S102
    tree = ast.parse(source)
    (one,) = [one for one in mutants(tree) if one.text.endswith("-> pass")]
    one.apply()
    plant(one, tree, module)
    told = module.Told("a")
    assert (told.text, told.__init__.__code__.co_names) == ("a", ("text",))


def test_a_mutant_that_cannot_be_planted_is_not_killed() -> None:
    module = ModuleType("unplanted")
    module.__file__ = "planted.py"
    tree = ast.parse(SOURCE)
    one = mutants(tree)[-1]
    with pytest.raises(AssertionError, match="could not be planted"):
        trial(one, tree, module, [], 9)
    exec(SOURCE, vars(module))  # noqa: S102
    functions.cache_clear()
    assert trial(one, tree, module, [], 9) == (SURVIVED, "")


def test_a_module_is_named_with_or_without_its_package() -> None:
    assert modules(["draw"]) == modules(["ledger/draw"]) == ["ledger/draw"]
    assert modules(["nothing"]) == []
    assert modules([])[:2] == ["ledger/attribution", "ledger/draw"]

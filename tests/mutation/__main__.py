"""Mutation testing of the ledger: `make mutants`, or `python -m tests.mutation [--quick] [module ...]`.

Every mutant of a module (sites.py) is tried by the tests that reach its line (reach.py), each in a process of its own
(trial.py): first those that cost the least for what they may find, the fast ones and those that killed its neighbours. Results
stay in .cache/mutants/: what was killed is not tried again while its function is the same; what survived is, by tests that
changed or that `--quick` (the fastest tests alone) left out. It ends with 1 where a mutant survives that docs/mutation.md
does not explain.
"""

import ast
import importlib
import json
import pickle
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.reach import ROOT, Reach, digest, load, of_core, save, watched
from tests.mutation.sites import Mutant, mutants
from tests.mutation.trial import KILLED, SURVIVED, apart, fails, trial

SUITE = ["tests/ledger", "tests/claims", "tests/checker", "tests/measures"]
FIRST = [  # what moves metal
    "attribution",
    "draw",
    "draft",
    "accounts",
    "runs",
    "balance",
    "yields",
    "confusion",
    "pairs",
    "restate",
    "moves",
    "answer",
    "ship",
    "create",
    "transform",
    "process",
    "correct",
    "chain",
    "identity",
    "period",
    "due",
    "tick",
    "stocktake",
    "void",
]
MEASURES = ["exact", "uncertainty", "measure"]
CACHE = ROOT / ".cache" / "mutants"
QUICK = 3.0  # seconds that the tests of a mutant may take together, as they were watched
AT_ONCE = 100  # tests that are watched before what was seen is kept
PATIENCE = 10.0  # seconds for a mutant beyond five times what its tests take


@dataclass
class Result:
    """How a mutant of a function with this digest fared: who killed it, or the digests of the tests that it survived."""

    function: str
    outcome: str
    killer: str = ""
    tried: dict[str, str] = field(default_factory=dict)


class Loaded:
    """A module of lodestream/ as it is loaded, its syntax tree, the tests of each line, and those about it."""

    def __init__(self, name: str, reached: dict[str, Reach], about: set[str]) -> None:
        """Load it, and see which tests reach which line."""
        self.name = name
        self.module = importlib.import_module(f"lodestream.{name.replace('/', '.')}")
        self.tree = ast.parse((ROOT / "lodestream" / f"{name}.py").read_text())
        self.about = about
        self.tests: dict[int, list[str]] = {}
        for test, one in reached.items():
            for line in one.lines.get(f"{name}.py", []):
                self.tests.setdefault(line, []).append(test)


def _helpers(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("test_"))


def modules(only: list[str]) -> list[str]:
    """The modules to work through: those that move metal first."""
    rest = sorted(path.stem for path in (ROOT / "lodestream/ledger").glob("*.py") if path.stem not in {*FIRST, "__init__"})
    every = [f"ledger/{name}" for name in [*FIRST, *rest]] + [f"measures/{name}" for name in MEASURES]
    return [name for name in every if not only or name in only or name.split("/")[1] in only]


class Campaign:
    """A plugin of pytest that, instead of running the tests once, tries every mutant with them."""

    def __init__(self, names: list[str], quick: bool) -> None:
        """Work through these modules."""
        self.names = names
        self.quick = quick
        self.explained = Path(ROOT / "docs/mutation.md").read_text() if (ROOT / "docs/mutation.md").exists() else ""
        self.unexplained = 0
        self.texts: dict[Path, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop."""
        CACHE.mkdir(parents=True, exist_ok=True)
        self.reached = self._reach(session.items)
        self.items = {item.nodeid: item for item in session.items if item.nodeid in self.reached}
        for name in self.names:
            self._module(name)
        session.testsfailed = self.unexplained
        return True

    def _reach(self, items: list[pytest.Item]) -> dict[str, Reach]:
        """What each test reaches; seen again where it or a file it reaches changed. One that fails of itself is left out."""
        path = CACHE / "reach.json"
        reached = load(path)
        tests = {item.nodeid: digest([item.path, *_helpers(item.path.parent)]) for item in items}
        due = [
            item
            for item in items
            if (one := reached.get(item.nodeid)) is None or (one.core, one.tests) != (of_core(one.lines), tests[item.nodeid])
        ]
        print(f"{len(items)} tests, of which {len(due)} are watched anew", flush=True)
        for first in range(0, len(due), AT_ONCE):
            reached |= self._watch(due[first : first + AT_ONCE], tests)
            save(path, reached)
        return {name: reached[name] for name in tests}

    def _watch(self, items: list[pytest.Item], tests: dict[str, str]) -> dict[str, Reach]:
        """What these tests reach, seen in a process of its own."""
        news = CACHE / "news.pickle"

        def work() -> int:
            seen = {}
            for item in items:
                ok: list[bool] = []
                lines, seconds = watched(lambda item=item, ok=ok: ok.append(not fails(item)))  # type: ignore[misc]
                passes = ok == [True]
                core = of_core(lines) if passes else ""
                seen[item.nodeid] = Reach(lines if passes else {}, seconds, core, tests[item.nodeid])
            news.write_bytes(pickle.dumps(seen))
            return 0

        assert apart(work, 3600) == 0, "the tests could not be watched"
        seen: dict[str, Reach] = pickle.loads(news.read_bytes())  # noqa: S301
        news.unlink()
        return seen

    def _module(self, name: str) -> None:
        loaded = Loaded(name, self.reached, {n for n in self.items if self._names(n, name)})
        path = CACHE / f"{name.replace('/', '.')}.json"
        kept = {k: Result(**one) for k, one in json.loads(path.read_text()).items()} if path.exists() else {}
        results: dict[str, Result] = {}
        killers: Counter[str] = Counter(one.killer for one in kept.values() if one.killer)
        for mutant in mutants(loaded.tree):
            text = sha256(ast.unparse(mutant.root).encode()).hexdigest()[:16]
            was = kept.get(mutant.name)
            if was is None or was.function != text:
                was = Result(text, SURVIVED)
            if was.outcome == SURVIVED:
                was = self._try(mutant, was, loaded, killers)
            results[mutant.name] = was
            path.write_text(json.dumps({k: asdict(one) for k, one in {**kept, **results}.items()}))
        path.write_text(json.dumps({k: asdict(one) for k, one in results.items()}, indent=0))
        self._tell(name, results)

    def _try(self, mutant: Mutant, was: Result, loaded: Loaded, killers: Counter[str]) -> Result:
        fresh = [n for n in self._reaching(mutant, loaded) if was.tried.get(n) != self.reached[n].tests]
        if not fresh:
            return was
        fresh.sort(key=lambda n: (self.reached[n].seconds / (1 + killers[n] + (n in loaded.about)), n))
        if self.quick:
            spent = accumulate(self.reached[n].seconds for n in fresh)
            fresh = [n for n, seconds in zip(fresh, spent, strict=True) if seconds < QUICK]
        limit = PATIENCE + 5 * sum(self.reached[n].seconds for n in fresh)
        outcome, killer = trial(mutant, loaded.tree, loaded.module, [self.items[n] for n in fresh], limit)
        if outcome != SURVIVED:
            killers[killer] += 1
            return Result(was.function, outcome, killer)
        print(f"  {loaded.name} {mutant.name}", flush=True)
        return Result(was.function, outcome, "", was.tried | {n: self.reached[n].tests for n in fresh})

    def _reaching(self, mutant: Mutant, loaded: Loaded) -> set[str]:
        """The tests that run the line; of what a module says once for all, those that run or name the module."""
        if isinstance(mutant.root, ast.FunctionDef):
            return {test for line in mutant.lines for test in loaded.tests.get(line, [])}
        return loaded.about.union(*loaded.tests.values())

    def _names(self, test: str, name: str) -> bool:
        """Whether the file of a test imports the module: then it is about it."""
        path = self.items[test].path
        if path not in self.texts:
            self.texts[path] = path.read_text()
        package, module = name.split("/")
        return (
            f"lodestream.{package}.{module} " in self.texts[path] or f"lodestream.{package} import {module}\n" in self.texts[path]
        )

    def _tell(self, name: str, results: dict[str, Result]) -> None:
        alive = [k for k, one in results.items() if one.outcome == SURVIVED]
        bare = [k for k in alive if f"`{k}`" not in self.explained]
        self.unexplained += len(bare)
        killed = sum(one.outcome == KILLED for one in results.values())
        print(f"| {name} | {len(results)} | {killed} | {len(results) - killed - len(alive)} | {len(alive)} |", flush=True)
        for one in bare:
            print(f"  not explained: `{one}`", flush=True)


def main(only: list[str]) -> int:
    """Try the mutants of these modules, of all where none is named."""
    names = modules([name for name in only if name != "--quick"])
    if not names:
        print(f"no such module: {' '.join(only)}; there are {' '.join(modules([]))}")
        return 2
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", derandomize=True, deadline=None, database=None, phases=phases, print_blob=False,
                              suppress_health_check=list(HealthCheck))  # fmt: skip
    return int(
        pytest.main(
            ["-q", "-s", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", *SUITE], [Campaign(names, "--quick" in only)]
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

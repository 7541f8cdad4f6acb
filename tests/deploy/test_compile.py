"""The compiled core: the same sources, so the same results, and no compiled module that is not its source's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.compile import build, compilable, compiled, remove, stale

pytestmark = pytest.mark.timeout(900)  # to compile takes a minute of processor

CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = ("lodestream", "schemas", "runtime", "streams", "tests", "examples")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout, compiled."""
    if shutil.which(os.environ.get("CC", "cc")) is None:
        pytest.skip("no C compiler: nothing is compiled here, and everything runs as plain Python")
    root = tmp_path_factory.mktemp("compiled")
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, root / room, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    shutil.copy(CHECKOUT / "pyproject.toml", root)
    shutil.copytree(CHECKOUT / "deploy", root / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    build(root, level="0")
    yield root
    remove(root)


def test_all_rules_of_the_ledger_are_compiled() -> None:
    names = {str(path) for path in compilable(CHECKOUT)}
    assert {"lodestream/ids.py", "lodestream/ledger/apply.py", "lodestream/measures/measure.py", "schemas/walk.py"} <= names
    assert "lodestream/ledger/records.py" not in names, "msgspec makes its classes, with options that mypyc drops"


def test_every_compiled_module_can_be_imported(copy: Path) -> None:
    names = [str(path.with_suffix("")).replace("/", ".") for path in compilable(CHECKOUT)]
    _run(copy, "-c", f"import importlib; [importlib.import_module(name) for name in {names!r}]")


def test_the_rules_hold_when_they_are_compiled(copy: Path) -> None:
    """The tests of the rules, of their properties and of the codec, run on the compiled modules."""
    _run(copy, "-c", "import lodestream.ledger.apply as a, schemas.walk as w; assert a.__file__[-3:] == w.__file__[-3:] == '.so'")
    tests = ["tests/ledger/test_rules.py", "tests/ledger/test_scenario_s1.py", "tests/ledger/test_properties.py"]
    tests += ["tests/ledger/test_edges.py", "tests/measures", "tests/schemas/test_compiled.py", "tests/schemas/test_codec.py"]
    _run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


def test_the_bytes_are_the_same(copy: Path) -> None:
    """Every outcome of some traffic, encoded: compiled and plain Python agree to the byte."""
    assert _run(copy, "tests/deploy/fold_traffic.py") == _run(CHECKOUT, "tests/deploy/fold_traffic.py")


def test_what_lies_beside_the_rooms_and_is_not_ours_stays(copy: Path) -> None:
    """In site-packages other packages have compiled modules there too, some of them mypyc's."""
    others = [copy / "_other_backend.abi3.so", copy / "0123abcd__mypyc.cpython-311-x86_64-linux-gnu.so"]
    for other in others:
        other.touch()
    assert any(path.parent == copy for path in compiled(copy))
    assert not {*others} & {*compiled(copy)}


def test_what_is_edited_later_is_noticed(copy: Path) -> None:
    assert compiled(copy)
    assert not stale(copy)
    source = copy / "lodestream/ids.py"
    later = max(path.stat().st_mtime for path in compiled(copy)) + 60
    os.utime(source, (later, later))
    assert [path.name.split(".")[0] for path in stale(copy)] == ["ids"]
    os.utime(source, (0, 0))


def _run(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout

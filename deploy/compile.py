"""Compile the pure core with mypyc: the same sources, faster. Without it everything runs as plain Python and says the same.

    python -m deploy.compile [FOLDER]      (make compiled)

Needs a C compiler, and takes a minute and a half of processor. The compiled modules land beside their sources in FOLDER, a
checkout; Python prefers them. `make pure` takes them away. A module that is edited must be compiled anew or taken away: the
tests refuse to run on compiled modules that are older than their sources.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOMS = ("lodestream/ledger", "lodestream/measures", "lodestream/claims", "lodestream/audit", "lodestream/credentials/content")
MODULES = (
    "lodestream/ids.py",
    "lodestream/credentials/encoding.py",
    "lodestream/credentials/jsontext.py",
    "lodestream/credentials/permutation.py",
    "lodestream/credentials/securing.py",
    "schemas/primitives.py",
    "schemas/walk.py",
)
# What msgspec, pydantic or typing makes a class of stays with them: mypyc does not hand their options on. `Model`: bookfields.py
NOT_NATIVE = frozenset({"Struct", "NamedTuple", "BaseModel", "Model", "Protocol"})
EXTENSIONS = ("*.so", "*.pyd")
GROUP = "lodestream"  # the library that holds them all lies beside the rooms, and in site-packages beside everybody else's
SETUP = """\
from mypyc.build import mypycify
from setuptools import setup

setup(name="{group}", ext_modules=mypycify(["--ignore-missing-imports", *{sources!r}], group_name="{group}", opt_level="{level}"))
"""


def compilable(root: Path) -> list[Path]:
    """The modules that are compiled, relative to the checkout: those that make no class of another library's kind."""
    found = [path for room in ROOMS for path in sorted((root / room).glob("*.py")) if path.name != "__init__.py"]
    return [path.relative_to(root) for path in [*found, *(root / name for name in MODULES)] if _is_native(path)]


def _is_native(path: Path) -> bool:
    classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    return not any(isinstance(base, ast.Name) and base.id in NOT_NATIVE for one in classes for base in one.bases)


def compiled(root: Path) -> list[Path]:
    """The compiled modules that lie in a checkout."""
    folders = {(root / path).parent for path in compilable(root)}
    modules = [path for folder in folders for pattern in EXTENSIONS for path in folder.glob(pattern)]
    return sorted([*modules, *(path for pattern in EXTENSIONS for path in root.glob(f"{GROUP}__mypyc{pattern}"))])


def stale(root: Path) -> list[Path]:
    """Compiled modules that are older than their sources."""
    modules = [path for path in compiled(root) if path.parent != root]
    return [path for path in modules if path.stat().st_mtime < path.with_name(path.name.split(".")[0] + ".py").stat().st_mtime]


def build(root: Path, level: str = "3") -> list[Path]:
    """Compile in a folder of its own, so that a failure leaves nothing half made; give the modules that were made.

    `level` is how much the C compiler optimises: 3 for speed, 0 where only what the modules say counts.
    """
    sources = [str(path) for path in compilable(root)]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for room in ("lodestream", "schemas"):
            shutil.copytree(root / room, work / room, ignore=shutil.ignore_patterns("__pycache__", *EXTENSIONS))
        (work / "setup.py").write_text(SETUP.format(sources=sources, group=GROUP, level=level))
        command = [sys.executable, "setup.py", "build_ext", "--inplace"]
        subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # every word of it is our own
        remove(root)
        made = [path for pattern in EXTENSIONS for path in work.rglob(pattern) if "build" not in path.relative_to(work).parts]
        return [Path(shutil.copy(path, root / path.relative_to(work))) for path in made]


def remove(root: Path) -> None:
    """Take the compiled modules away."""
    for path in compiled(root):
        path.unlink()


def main() -> None:
    """See the module."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    sys.stdout.write(f"{len(build(root))} files of compiled modules in {root}\n")


if __name__ == "__main__":
    main()

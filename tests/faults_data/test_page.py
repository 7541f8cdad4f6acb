"""The page of failure modes tells of every part, and what it says is true of the sources: tests, log lines, metrics and codes."""

import ast
import re
from pathlib import Path

import pytest

from runtime.errors import FatalError

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "failure-modes.md").read_text()
COLUMNS = 5
PARTS = (
    "Broker|Topics|Gate|Document|Ledger|Entry|Watch|Issuer|Publication|Sink|ClickHouse|State folder|Disk|Clock and time-outs|"
    "Embedded broker"
)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what goes wrong")]


def sources(*folders: str) -> str:
    return "\n".join(path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


CODE = sources("runtime", "streams", "sinks", "cli")


def functions(path: Path) -> set[str]:
    """The tests of a file."""
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_it_has_every_part_with_rows() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section.partition("\n")[0] for section in sections] == PARTS.split("|")
    assert all(any(row in section for row in ROWS) for section in sections)


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip()[:60] for row in ROWS])
def test_a_row_is_whole_and_names_a_test_that_exists(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == COLUMNS
    assert all(cells)
    named = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`(, `make faults`)?", cells[-1])
    assert named, cells[-1]
    assert named[2] in functions(ROOT / named[1])


@pytest.mark.parametrize("name", sorted(set(re.findall(r"lodestream_[a-z_]+", PAGE))))
def test_a_metric_exists(name: str) -> None:
    short = name.removeprefix("lodestream_").removesuffix("_total")
    assert re.search(rf"[\"']((lodestream_)?{short})(_total)?[\"']", CODE), name


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"`((?:worker|partition|partitions|local|processing|transaction|sink) [a-z ]+)`", PAGE)))
)
def test_a_log_line_is_written_somewhere(line: str) -> None:
    assert f'"{line}' in CODE


def test_exit_codes_are_those_of_the_errors() -> None:
    def below(kind: type[FatalError]) -> set[int]:
        return {kind.exit_code}.union(*(below(sub) for sub in kind.__subclasses__()))

    said = {int(code) for code in re.findall(r"`worker ends`, (\d+)", PAGE)} | {4}
    assert said == below(FatalError)

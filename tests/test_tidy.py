"""What a reviewer would otherwise have to say again and again."""

import ast
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("lodestream", "schemas", "runtime", "streams", "connectors", "sinks", "cli", "deploy", "benchmarks")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 400


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """Every text file under version control; where there is no checkout, every source."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name] or SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_has_one_subject(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{named(path)} has {lines} lines: what are its two subjects?"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = [f"{name}, line {node.lineno}" for name, node in public(tree) if not ast.get_docstring(node)]
    if tree.body and not ast.get_docstring(tree):
        bare.insert(0, "the module")
    assert not bare, f"without a docstring in {named(path)}: {', '.join(bare)}"


def public(tree: ast.Module) -> list[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The public classes and functions of a module and the public methods of its public classes."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = []
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            found.append((node.name, node))
            if isinstance(node, ast.ClassDef):
                methods = (inner for inner in node.body if isinstance(inner, kinds) and not inner.name.startswith("_"))
                found += [(f"{node.name}.{inner.name}", inner) for inner in methods]
    return found


def test_nothing_is_left_to_do() -> None:
    marker = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    left = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".yml", ".sql", ".sh", ""} and path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            left += [f"{named(path)}:{number}" for number, line in enumerate(lines, 1) if marker.search(line)]
    assert not left, f"unfinished: {', '.join(left)}"


def test_the_domain_is_pure() -> None:
    """No clock, file, network or randomness in lodestream/ (DESIGN section 2): what import-linter cannot see."""
    banned = {"time", "random", "secrets", "socket", "os", "pathlib", "subprocess", "urllib", "http", "requests", "logging", "io"}
    seen = []
    for path in (ROOT / "lodestream").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names = [name for name in names if name != "urllib.parse"]  # which takes texts apart and asks nobody
            seen += [f"{named(path)}: {name}" for name in names if name.split(".")[0] in banned]
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "uuid1", "uuid4"}:
                seen.append(f"{named(path)}:{node.lineno}: {node.attr}")
    assert not seen, f"not pure: {', '.join(seen)}"


def commands_in(text: str) -> list[list[str]]:
    """The `lodestream ...` commands of a document's code blocks and code words."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(lodestream [^`\n]+)`", text)
    return [shlex.split(line, comments=True) for line in lines if re.match(r"lodestream [a-z-]", line)]


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_commands_in_the_documents_exist(path: Path) -> None:
    for words in commands_in(path.read_text(encoding="utf-8")):
        check_command(words)


def check_command(words: list[str]) -> None:
    """Every sub-command and flag of a command line is one of ours."""
    context = click.Context(cli)
    command: click.Command = cli
    for word in words[1:]:
        if word in {"|", ">", "&&", "..."}:
            return
        if word.startswith("-") and word.rstrip("0123456789") != "-":
            flags = {flag for parameter in command.get_params(context) for flag in (*parameter.opts, *parameter.secondary_opts)}
            assert word.partition("=")[0] in flags, f"{' '.join(words)}: {command.name} has no {word}"
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found is not None, f"{' '.join(words)}: there is no {word}"
            command = found


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    dead = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    dead = [link for link in dead if "NNNN" not in link]
    assert not dead, f"dead links in {named(path)}: {', '.join(dead)}"


def test_the_index_of_decisions_names_each() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    decisions = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert decisions == re.findall(r"\]\((\d{4}-[^)]+)\)", index)


def test_make_targets_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        named_targets = set(re.findall(r"(?:^|`)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named_targets <= targets, f"{named(path)} names {sorted(named_targets - targets)}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    assert "lodestream " in (command.epilog or ""), f"`lodestream {name} --help` shows no example"

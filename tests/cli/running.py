"""What tests of `demo` and `dev` need to know about processes."""

import os
from pathlib import Path


def environment(data: Path | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LODESTREAM_")}
    return kept if data is None else kept | {"LODESTREAM_DATA_DIR": str(data)}


def left_over(data: Path) -> list[str]:
    """Processes that still know a data folder, by their command line or environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if str(data).encode() in text:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def holding(log: Path) -> list[Path]:
    """Who has a log open: a broker writes one, and one that does so when all has ended was left behind."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == log:
                found.append(link)
        except OSError:
            continue
    return found

"""What may happen to the files of a state folder while nobody works in it."""

from collections.abc import Callable
from pathlib import Path

DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "deleted": lambda _: None,
    "emptied": lambda _: b"",
    "halved": lambda data: data[: len(data) // 2],
    "rubbish": lambda data: b"\xa5rubbish!" * (len(data) // 9 + 1),
    "flipped": lambda data: (
        data[: len(data) // 3] + bytes(b ^ 0xFF for b in data[len(data) // 3 :][:16]) + data[len(data) // 3 + 16 :]
    ),
}


def damage(folder: Path, how: str) -> None:
    """All files of a partition's state, or its tables alone."""
    files = [path for path in folder.iterdir() if path.is_file()]
    for path in [path for path in files if path.suffix == ".sst"] if how == "flipped" else files:
        data = DAMAGE[how](path.read_bytes())
        path.unlink() if data is None else path.write_bytes(data)

"""`python -m tests.fuzz`: the guided fuzzer (Atheris, by coverage of `lodestream`), for as long as you like.

What fails is in a file whose name the output gives; `--replay FILE` runs it again. Time and memory of each input are bounded.
"""

import argparse
import os
import random
import resource
import sys
import time
from pathlib import Path

CORPUS = Path(".cache/fuzz-corpus")
LONGEST_S = 600
"""Wall time after which an input counts as one that never ends; processor time is bounded by running.SLOWEST_S."""
LARGEST_MB = 3_000
"""Memory of the process: the official schemas take 200 MB of it, Atheris some."""


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default 60)")
    parser.add_argument("--seed", type=int, default=None, help="of the changes (default: from the clock, and printed)")
    parser.add_argument("--only", default="", help="one target")
    parser.add_argument("--replay", type=Path, help="run one file again")
    given = parser.parse_args()
    if given.replay is not None:
        _replay(given.replay, given.only)
    else:
        _fuzz(given.seconds, time.time_ns() % 2**31 if given.seed is None else given.seed, given.only)


def _replay(path: Path, only: str) -> None:
    from tests.fuzz.running import once
    from tests.fuzz.targets import TARGETS

    data = path.read_bytes()
    if path.name.startswith(("crash-", "timeout-", "oom-", "slow-unit-")):
        target, data = _told(data)
    else:
        target = only or path.name.partition("-")[0]
    if target not in TARGETS:
        sys.exit(f"which target? --only one of {', '.join(TARGETS)}")
    print(f"{target}: {len(data)} bytes")
    print(once(target, data))


def _told(data: bytes) -> tuple[str, bytes]:
    """The target, which the first byte names, and its input."""
    from tests.fuzz.targets import TARGETS

    return list(TARGETS)[data[0] % len(TARGETS)] if data else "verify", data[1:]


def _fuzz(seconds: int, seed: int, only: str) -> None:
    try:
        import atheris
    except ImportError:
        sys.exit("Atheris is not installed: `make fuzz` brings it, or .venv/bin/pip install -e '.[fuzz]'")
    with atheris.instrument_imports(include=["lodestream"], enable_loader_override=False):
        from tests.fuzz.corpus import starts
        from tests.fuzz.mutate import HUGE, mutated
        from tests.fuzz.running import FAILURES, once
        from tests.fuzz.targets import TARGETS

    names = list(TARGETS)
    for folder in (CORPUS, FAILURES):
        folder.mkdir(parents=True, exist_ok=True)
    for target, inputs in starts().items():
        for number, data in enumerate(inputs):
            (CORPUS / f"{target}-{number}").write_bytes(bytes([names.index(target)]) + data)

    def one(data: bytes) -> None:
        target, inner = _told(data)
        once(only or target, inner)

    def change(data: bytes, largest: int, number: int) -> bytes:
        rng = random.Random(number)
        if rng.random() < 0.2:
            return bytes(atheris.Mutate(data, largest))
        return (data[:1] + mutated(data[1:], rng))[:largest]

    print(f"seed {seed}; targets {', '.join(names)}; what fails is in {FAILURES}", flush=True)
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MB * 2**20, LARGEST_MB * 2**20))
    options = {
        "max_total_time": seconds,
        "seed": seed or 1,
        "max_len": HUGE,
        "timeout": LONGEST_S,
        "rss_limit_mb": LARGEST_MB,
        "artifact_prefix": f"{FAILURES}{os.sep}",
        "print_final_stats": 1,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(CORPUS)], one, custom_mutator=change
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()

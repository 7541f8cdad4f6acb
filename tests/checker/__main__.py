# ruff: noqa: T201
"""`python -m tests.checker --seconds N`: random histories through ledger and checker until time is up or they differ."""

import argparse
import random
import sys
import time

from tests.checker.compare import differences
from tests.checker.histories import Author
from tests.checker.shrink import shrunk, written


def main() -> int:
    """Run histories of growing seeds; the first that differs is made small and printed, with its seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.checker", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--events", type=int, default=20, help="how long a history is")
    given = parser.parse_args()
    until, seed = time.monotonic() + given.seconds, given.seed
    while time.monotonic() < until:
        author = Author(random.Random(seed).randint, 1 + seed % 3, moved_on=seed % 2 == 0, campaigns=seed % 5 < 3)  # noqa: S311
        carbon = not author.campaigns  # of several elements it is provisional while a campaign is open
        events = author.write_all(given.events)
        found = differences(events, shares=True, carbon=carbon, contacts=True)
        if found:
            small = shrunk(events, lambda some, carbon=carbon: bool(differences(some, shares=True, carbon=carbon, contacts=True)))
            print(f"seed {seed} differs; the smallest history of it that does, of {len(small)} events:")
            print("\n".join([*(written(one) for one in small), *differences(small, shares=True, carbon=carbon, contacts=True)]))
            return 1
        seed += 1
    print(f"{seed - given.seed} histories from seed {given.seed} on agree")
    return 0


sys.exit(main())

"""A ledger worker with a bug planted in `apply`: it raises at the event whose id stands in PLANTED. Run as a module."""

import os
import sys
from typing import Any

from lodestream.ledger.apply import Effects, apply
from lodestream.ledger.records import Entry
from streams.ledger import processor

PLANTED = os.environ["PLANTED"]


def buggy(books: Any, entry: Entry) -> Effects:
    """As the real one, but for one event."""
    if entry.event is not None and entry.event.event_id == PLANTED:
        raise ZeroDivisionError("planted by a test")
    return apply(books, entry)


if __name__ == "__main__":
    processor.apply = buggy
    from cli.main import main

    sys.argv = ["lodestream", "worker", *sys.argv[1:]]
    main()

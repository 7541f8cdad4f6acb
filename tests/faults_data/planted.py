"""A ledger worker with a bug planted in `apply`: it raises at the event whose id stands in PLANTED. Run as a module."""

import os
import sys
from typing import Any

from lodestream.ledger.apply import Effects, apply
from lodestream.ledger.records import Entry
from streams.ledger import processor

PLANTED = "PLANTED"


def plant(event_id: str) -> None:
    """From now on the ledger of this process raises at that event, and at no other."""

    def buggy(books: Any, entry: Entry) -> Effects:
        if entry.event is not None and entry.event.event_id == event_id:
            raise ZeroDivisionError("planted by a test")
        return apply(books, entry)

    processor.apply = buggy


if __name__ == "__main__":
    plant(os.environ[PLANTED])
    from cli.main import main

    sys.argv = ["lodestream", "worker", *sys.argv[1:]]
    main()

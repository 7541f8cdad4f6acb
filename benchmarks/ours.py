"""Our ledger worker as it is, on the entries of another world: for `benchmarks.under`, which gives it outputs of its own."""

import sys

from runtime.settings import load
from runtime.worker import run_worker
from streams.ledger.processor import LedgerProcessor


def main(source: str) -> int:
    """Run until SIGTERM. The entries that it makes go to its own topic, which nobody reads."""
    settings = load()
    processor = LedgerProcessor(settings.partitions)
    processor.inputs = (source,)
    return run_worker(processor, settings)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The ledger: entries of the sites in, their transactions out."""

from streams.ledger.processor import LedgerProcessor

__all__ = ["LedgerProcessor"]

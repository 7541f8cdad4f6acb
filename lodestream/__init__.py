"""Lodestream's domain, pure: events, measures, the mass-balance ledger, credentials.

Nothing below this package touches Kafka, ClickHouse, a clock, a file or the network.
"""

__version__ = "0.1.0"

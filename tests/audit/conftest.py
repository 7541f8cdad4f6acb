"""chDB for the tests of the audit: as for those of the sink, open while the tests of this package run."""

from tests.sinks.conftest import client, engine, folder, store, url

__all__ = ["client", "engine", "folder", "store", "url"]

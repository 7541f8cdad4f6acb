"""Every test begins at START: its events are an hour apart, and a book refuses what is older than its horizon."""

from itertools import count

import pytest

from tests.ledger import making


@pytest.fixture(autouse=True)
def _hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "hours", count())

"""A broker for each test: a watch that was killed stays in its group for a minute, and would keep the next test's watch out."""

from collections.abc import Iterator

import pytest

from tests.conftest import real_kafka


@pytest.fixture
def kafka() -> Iterator[str]:
    """See tests/conftest.py."""
    yield from real_kafka()

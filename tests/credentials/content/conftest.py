"""Fixtures of the tests of content."""

import pytest

from lodestream.credentials.bundle import Bundle
from tests.credentials.content.judging import Judges


@pytest.fixture(scope="session")
def judges(bundle: Bundle) -> Judges:
    """All judges, with the official files."""
    return Judges(bundle)

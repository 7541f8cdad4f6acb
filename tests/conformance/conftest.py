"""Fixtures of the conformance tests."""

from pathlib import Path

import pytest

from lodestream.credentials.bundle import Bundle
from tests.credentials.telling import official


@pytest.fixture(scope="session")
def bundle(shared: Path) -> Bundle:
    """The official schemas and contexts."""
    return official(shared)

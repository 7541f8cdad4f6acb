"""Fixtures that all rooms use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout: schemas, vectors and samples that the project does not contain."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no reference data: ../shared/data is not beside this checkout")
    return SHARED

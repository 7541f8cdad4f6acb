"""A cluster for each test, on the one broker of the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import declared
from tests.faults_data.place import Place
from tests.way.cluster import topics_of


def place_on(kafka: str, folder: Path) -> Iterator[Place]:
    """Lodestream's topics on a broker that has none of them, for a while."""
    if {topic.name for topic in declared()} & topics_of(kafka):
        pytest.skip(f"Lodestream's topics exist at {kafka}: tests that damage them need a cluster without them")
    place = Place(kafka, folder)
    try:
        place.make_topics()
        yield place
    finally:
        place.stop_all()
        place.remove_topics()


@pytest.fixture
def place(kafka: str, tmp_path: Path) -> Iterator[Place]:
    """A cluster of this test's own."""
    yield from place_on(kafka, tmp_path)


@pytest.fixture(scope="module")
def scene(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A cluster that the tests of a module share, where one story is enough for all of them."""
    yield from place_on(kafka, tmp_path_factory.mktemp("scene"))

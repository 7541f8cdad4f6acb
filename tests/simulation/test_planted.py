"""The simulator itself: it finds each planted bug, and finds nothing on the same seeds where there is none."""

import pytest

from tests.simulation.planted import BUGS
from tests.simulation.seeds import run


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    planted = BUGS[bug]
    found = next((r for r in (run(seed, "small", build=planted.build) for seed in range(planted.seeds)) if r.violations), None)
    assert found is not None, f"{planted.seeds} seeds hold although {bug}"
    sound = run(found.seed, "small")
    assert not sound.violations, sound.report()

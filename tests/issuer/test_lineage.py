"""Held lots against the definition: a lot is held if it, or one upstream, has an open finding."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ledger.records import LotState
from streams.issuer.lineage import Lineage
from streams.issuer.memory import Memory

LOTS = [f"lot{n}" for n in range(7)]


def state(lot: str, findings: list[str], parents: list[str]) -> LotState:
    return LotState("s", lot, 1, 0, 0, True, {}, {}, 0, findings=findings, parents=parents)


def held(lot: str, now: dict[str, LotState], seen: frozenset[str] = frozenset()) -> bool:
    """By the definition: walk upstream, each lot once."""
    if lot in seen or lot not in now:
        return False
    return bool(now[lot].findings) or any(held(parent, now, seen | {lot}) for parent in now[lot].parents)


changes = st.lists(
    st.builds(
        state,
        st.sampled_from(LOTS),
        st.lists(st.sampled_from(["f1", "f2"]), unique=True, max_size=1),
        st.lists(st.sampled_from(LOTS), unique=True, max_size=2),
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@given(changes=changes, size=st.integers(1, 4))
def test_held_is_what_the_definition_says(changes: list[LotState], size: int) -> None:
    """Whatever comes in whatever order, cycles and lost parents included; and what changed is reported."""
    state_bytes: dict[bytes, bytes] = {}
    now: dict[str, LotState] = {}
    for start in range(0, len(changes), size):
        batch = changes[start : start + size]
        before = {lot for lot in LOTS if held(lot, now)}
        now |= {one.lot: one for one in batch}
        memory = Memory(state_bytes)
        lineage = Lineage(memory, "s")
        changed = lineage.update(batch)
        after = {lot for lot in LOTS if held(lot, now)}
        assert {lot for lot in LOTS if lineage.is_held(lot)} == after
        assert after - before <= set(changed.held)
        assert before - after <= set(changed.freed)
        assert all(lineage.reason(lot) for lot in after)
        state_bytes |= {key: value for key, value in memory.writes().items() if value is not None}


def test_a_long_chain_needs_no_recursion() -> None:
    chain = [state(f"l{n}", [], [f"l{n - 1}"] if n else []) for n in range(5_000)]
    memory = Memory({})
    lineage = Lineage(memory, "s")
    lineage.update(chain)
    assert len(lineage.update([state("l0", ["f"], [])]).held) == 5_000
    assert len(lineage.update([state("l0", [], [])]).freed) == 5_000

"""Which sites get a tick for T, and what the watch forgets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ids import derive
from lodestream.watch.clock import Clock
from lodestream.watch.recent import Recent
from tests.watch.watching import outcome

MINUTE = 60_000_000
T = 1_772_400_000_000_000


def clock(**due: int) -> Clock:
    made = Clock(MINUTE)
    for site, due_us in due.items():
        made.see(outcome(site, 1, due_us=due_us))
    return made


def test_a_tick_for_whom_something_is_due() -> None:
    """T is 40 s into a minute and is cut to it; a is due before, b exactly then, c later, d never."""
    made = clock(a=T - MINUTE, b=T, c=T + 1, d=0)
    assert made.is_due(T + 40_000_000)
    ticks = made.ticks(T + 40_000_000)
    assert [tick.site for tick in ticks] == ["a", "b"]
    assert {(tick.kind, tick.tick_us, tick.record_time_us) for tick in ticks} == {("TICK", T, T)}
    assert ticks[0].entry_id == derive("tick", "a", str(T))


def test_once_a_minute_at_most() -> None:
    made = clock(a=T - 1)
    assert len(made.ticks(T + 1)) == 1
    assert not made.is_due(T + MINUTE - 1)
    assert made.ticks(T + MINUTE - 1) == []
    assert [tick.tick_us for tick in made.ticks(T + MINUTE)] == [T + MINUTE]


def test_the_last_outcome_says_what_is_due() -> None:
    made = clock(a=T)
    made.see(outcome("a", 2, outcome="NOTHING", due_us=0))
    assert made.ticks(T) == []
    made.see(outcome("a", 3, due_us=T))
    made.see(outcome("a", 3, outcome="DUPLICATE"))
    made.see(outcome("a", 0, outcome="UNREADABLE"))
    assert len(made.ticks(T)) == 1


def test_two_clocks_make_the_same_ticks() -> None:
    assert clock(a=T - 7).ticks(T + 3) == clock(a=T - 7).ticks(T + 59_000_000)


@settings(max_examples=200)
@given(
    dues=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10 * MINUTE), max_size=4),
    times=st.lists(st.integers(1, 10 * MINUTE), max_size=20),
)
def test_a_tick_is_never_early_never_twice_and_never_left_out(dues: dict[str, int], times: list[int]) -> None:
    made = clock(**dues)
    given_to: set[tuple[str, int]] = set()
    for time in times:
        for tick in made.ticks(time):
            assert 0 < dues[tick.site] <= tick.tick_us <= time
            assert (tick.site, tick.tick_us) not in given_to
            given_to.add((tick.site, tick.tick_us))
    for site, due in dues.items():
        late = [time for time in times if due <= time - time % MINUTE]
        assert bool(late and due) == any(each == site for each, _ in given_to)


def test_recent_keeps_for_its_horizon_and_not_twice_as_long() -> None:
    recent: Recent[str, list[int]] = Recent(100, list)
    recent.advance(1_000)
    recent.at("x").append(1)
    recent.advance(1_099)
    assert recent.get("x") == [1]
    recent.advance(1_100)
    assert recent.get("x") == [1]
    recent.advance(1_200)
    assert recent.get("x") is None
    assert len(recent) == 0


def test_recent_keeps_what_is_used() -> None:
    recent: Recent[str, list[int]] = Recent(100, list)
    for time in range(0, 1_000, 100):
        recent.advance(time)
        recent.at("x").append(time)
    assert len(recent.at("x")) == 10

"""The issuer against a slow one that walks upstream each time: the same credentials stand after every transaction."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lodestream.ledger.records import LotState, Outcome
from tests.credentials.telling import PROFILE, SITE, line, outcome
from tests.issuer.desk import Desk

LOTS = [f"urn:lot:{n}" for n in range(6)]


class Slow:
    """The rules as DESIGN.md section 6 says them, with no index and no memory of its own making."""

    def __init__(self) -> None:
        self.lots: dict[str, LotState] = {}
        self.status: dict[str, str] = {}
        self.void: dict[str, str] = {}
        self.touched: dict[str, tuple[set[str], set[str]]] = {}
        self.unassayed: dict[str, set[str]] = {}

    def held(self, lot: str) -> bool:
        return any(self.lots[one].findings for one in self.upstream(lot) if one in self.lots)

    def upstream(self, lot: str) -> set[str]:
        found, queue = {lot}, [lot]
        for one in queue:
            for parent in self.lots[one].parents if one in self.lots else []:
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)
        return found

    def take(self, told: Outcome) -> None:
        self.lots |= {one.lot: one for one in told.lots}
        for txn, (drew, made) in self.touched.items():
            if self.status[txn] == "issued" and any(map(self.held, drew | made)):
                self.status[txn] = "revoked"
        if told.kind == "correct" and told.event_id in self.touched and told.event_id not in self.void:
            self.void[told.event_id] = "revoked" if self.status[told.event_id] in {"issued", "revoked"} else ""
            self.status[told.event_id] = "void"
        if told.kind == "transform":
            drew = {one.lot for one in told.lines if one.role == "input"}
            made = {one.lot for one in told.lines if one.role == "output"}
            bare = {one.lot for one in told.lines if one.role == "output" and not one.contained_mg}
            self.touched[told.event_id or ""] = drew, made
            self.unassayed[told.event_id or ""] = {lot for lot in bare if not self.lots[lot].assayed}
            self.status[told.event_id or ""] = "waiting"
        for txn, (drew, made) in self.touched.items():
            ready = not any(map(self.held, drew | made)) and all(self.lots[lot].assayed for lot in self.unassayed[txn])
            if self.status[txn] in {"waiting", "revoked"} and ready:
                self.status[txn] = "issued"


def lot_states(lots: list[str]) -> st.SearchStrategy[list[LotState]]:
    """States of these lots: mostly clean, with any parents, at times without an assay."""
    each = [
        st.builds(
            LotState,
            site=st.just(SITE),
            lot=st.just(lot),
            seq=st.just(1),
            wet_mg=st.just(5_000_000),
            dry_mg=st.just(5_000_000),
            assayed=st.sampled_from([True, True, True, False]),
            contained_mg=st.just({"Cu": 1_000_000}),
            u_mg=st.just({}),
            created_us=st.just(0),
            findings=st.sampled_from([[], [], ["f" * 64]]),
            inherited=st.just([]),
            parents=st.lists(st.sampled_from(LOTS), max_size=2, unique=True),
        )
        for lot in lots
    ]
    return st.tuples(*each).map(list)


@st.composite
def stories(draw: st.DrawFn) -> list[Outcome]:
    """Transformations, changes of lots, and corrections of transformations before."""
    told: list[Outcome] = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["transform", "transform", "link", "correct"]))
        source, target = draw(st.permutations(LOTS))[:2]
        states = draw(lot_states([source, target]))
        event = f"urn:event:{number}"
        earlier = [one.event_id for one in told if one.kind == "transform"]
        if kind == "correct" and earlier:
            event = str(draw(st.sampled_from(earlier)))
        known = {} if draw(st.booleans()) else {"Cu": "1"}
        lines = [line("input", source, "5", {"Cu": "1"}), line("output", target, "5", known)]
        told.append(outcome(*lines, number=number, kind=kind, event_id=event, event_hash="", lots=states))
    return told


@settings(max_examples=150, deadline=None)
@given(story=stories(), size=st.integers(1, 5))
def test_the_same_credentials_stand(story: list[Outcome], size: int) -> None:
    slow, desk = Slow(), Desk()
    for start in range(0, len(story), size):
        for one in story[start : start + size]:
            slow.take(one)
        desk(*story[start : start + size])
        now = {one.event_id or "": desk.of(one) for one in story[: start + size] if one.kind == "transform"}
        said = {event: fate if fate in {"issued", "revoked"} else "" for event, fate in slow.status.items()} | slow.void
        assert now == said
    ids = [one.id for one in desk.issued]
    assert len(ids) == len(set(ids)), "no credential is issued twice"
    assert all(one.startswith(PROFILE.base_url) for one in ids)

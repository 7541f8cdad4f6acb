"""Which lots of a site are held back: those with open findings and all that was made of them, kept up to date.

Each held lot has a *witness*, a lot with open findings among itself and its ancestors. So whether a lot is held is one
look, not a walk upstream, and a change costs what lies downstream of it. Lineage may have cycles (a tank is filled from what
was drawn from it); a lot is visited once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from lodestream.ledger.records import LotState
from streams.issuer.memory import Lot, Memory


@dataclass
class Changes:
    """What the lot states of one outcome changed. A lot may be in several; what counts is how it is in the end."""

    held: list[str] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    assayed: list[str] = field(default_factory=list)


class Lineage:
    """The lots of one site."""

    def __init__(self, memory: Memory, site: str) -> None:
        self._memory = memory
        self._site = site

    def lot(self, lot: str) -> Lot:
        """The lot as it stands."""
        return self._memory.lot(self._site, lot)

    def is_held(self, lot: str) -> bool:
        """Whether the lot or one upstream has an open hard or hold finding."""
        return self.lot(lot).witness is not None

    def reason(self, lot: str) -> str:
        """The id of the first finding that holds the lot; empty where nothing does."""
        witness = self.lot(lot).witness
        findings = self.lot(witness).findings if witness is not None else []
        return findings[0] if findings else ""

    def downstream(self, lots: Iterable[str]) -> list[str]:
        """The lots and all that was made of them, each once."""
        found = dict.fromkeys(lots)
        queue = list(found)
        for lot in queue:
            for child in self._children(lot):
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return list(found)

    def update(self, states: Iterable[LotState]) -> Changes:
        """Take the states of lots after a transaction."""
        changes = Changes()
        for state in states:
            self._take(state, changes)
        return changes

    def _take(self, state: LotState, changes: Changes) -> None:
        name, before = state.lot, self.lot(state.lot)
        if state.assayed and not before.assayed:
            changes.assayed.append(name)
        findings = [*state.findings, *state.inherited]
        self._put(name, replace(before, findings=findings, parents=state.parents, assayed=state.assayed))
        for parent in state.parents:
            if parent not in before.parents:
                self._memory.add("child", self._site, parent, name)
        if before.witness is None:
            witness = name if findings else self._inherited_witness(state.parents)
            changes.held += self._hold([name], witness) if witness is not None else []
        elif self._lost(name, before, findings, state.parents):
            changes.freed += self._release(name, before.witness)

    def _lost(self, name: str, before: Lot, findings: list[str], parents: list[str]) -> bool:
        """Whether what held the lot may hold it no longer: its own findings went, or a parent that handed one down."""
        if before.witness == name:
            return not findings
        return any(parent not in parents for parent in before.parents)

    def _hold(self, lots: list[str], witness: str) -> list[str]:
        """Hold the lots and what is downstream of them, as far as it is not held already."""
        held = [lot for lot in lots if not self.is_held(lot)]
        for lot in held:
            self._set_witness(lot, witness)
        for lot in held:
            for child in self._children(lot):
                if not self.is_held(child):
                    self._set_witness(child, witness)
                    held.append(child)
        return held

    def _release(self, start: str, witness: str) -> list[str]:
        """Let go of what only this witness held downstream of `start`; what others hold gets another witness."""
        region = [lot for lot in self.downstream([start]) if self.lot(lot).witness == witness]
        for lot in region:
            self._set_witness(lot, None)
        for lot in region:
            node = self.lot(lot)
            other = lot if node.findings else self._inherited_witness(node.parents)
            if other is not None:
                self._hold([lot], other)
        return [lot for lot in region if not self.is_held(lot)]

    def _inherited_witness(self, parents: Iterable[str]) -> str | None:
        return next((witness for parent in parents if (witness := self.lot(parent).witness) is not None), None)

    def _children(self, lot: str) -> Iterator[str]:
        """Lots made of this one; a correction may have ended the descent."""
        return (child for child in self._memory.items("child", self._site, lot) if lot in self.lot(child).parents)

    def _set_witness(self, lot: str, witness: str | None) -> None:
        self._put(lot, replace(self.lot(lot), witness=witness))

    def _put(self, name: str, lot: Lot) -> None:
        self._memory.put(lot, self._site, name)

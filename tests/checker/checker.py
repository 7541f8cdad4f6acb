"""The naive ledger: it keeps the events that stand, in the order in which they were posted, and does everything anew.

A declaration takes its event out of the list; a corrective stands where the original stood (ledger-rules 5, "Corrections").
What has been posted once stays posted, also when a correction takes the metal away from under it: a draw keeps its mass.
A receipt is judged as if its offer had come first, and an output as if its campaign had been known from the start, so a
replay is repeated with what the one before found until nothing changes.
"""

from fractions import Fraction

from lodestream.ledger.records import Entry
from tests.checker.rules import post
from tests.checker.stated import Stated
from tests.checker.world import Allocation, AssayKey, Key, Offered, PairKey, Step, WaitsError, World

PASSES = 50


class CircleError(Exception):
    """Shipments and receipts go round in a circle: a naive replay of whole passes does not settle, so it has no opinion."""


class Checker:
    """The books of all sites after the entries given so far. `elements`, `grades`, `keys`: what each site's book lists."""

    def __init__(
        self,
        elements: dict[str, list[str]] | None = None,
        basis: str | None = None,
        grades: dict[str, dict[str, dict[str, Fraction]]] | None = None,
        keys: dict[str, Key] | None = None,
    ) -> None:
        self.elements = elements or {}
        self.grades = grades or {}
        self.keys = keys or {}
        self.basis = basis
        self.slots: list[list[Step]] = []  # a slot holds the event that came first there, or what stands in its place
        self.parked: list[Step] = []
        self.seen: dict[str, Step] = {}
        self.hashes: set[str] = set()
        self.void: set[str] = set()
        self.early: dict[str, Entry] = {}  # declarations that came before their event
        self.places: dict[str, list[Step]] = {}  # where a corrective that has not come yet will stand
        self.world = World({}, {}, {})

    def submit(self, entry: Entry) -> None:
        """One entry, as the gate would write it."""
        event = entry.event
        assert event is not None
        name = event.identity
        if event.error_declaration is not None:
            self.declare(entry)
            return
        if name in self.seen or (event.event_id is None and event.event_hash in self.hashes):
            return
        step = Step(entry.site, event)
        self.seen[name] = step
        self.hashes.add(event.event_hash)
        if name in self.early and self.early[name].event.content_digest == event.content_digest:  # type: ignore[union-attr]
            self.void.add(name)
            self.slots.append(self.place(self.early.pop(name), []))
        elif not self.try_to_post(step, self.places.get(name)):
            self.parked.append(step)
        self.retry()

    def declare(self, entry: Entry) -> None:
        """Void the event that the declaration names, once."""
        event = entry.event
        assert event is not None
        name = event.identity
        step = self.seen.get(name)
        if step is None:
            self.early.setdefault(name, entry)
        elif step.event.content_digest == event.content_digest and name not in self.void:
            self.void.add(name)
            slot = next((slot for slot in self.slots if step in slot), None)
            if slot is None:
                self.parked.remove(step)
                slot = []
                self.slots.append(slot)
            else:
                slot.remove(step)
            self.place(entry, slot)
            self.world = self.replay()
            self.retry()

    def place(self, entry: Entry, slot: list[Step]) -> list[Step]:
        """Correctives of a declaration stand in `slot`: those that are there move, the others will when they come."""
        assert entry.event is not None
        assert entry.event.error_declaration is not None
        for name in entry.event.error_declaration.corrective_event_ids:
            self.places[name] = slot
            step = self.seen.get(name)
            here = next((one for one in self.slots if step is not None and step in one), None)
            if step is not None and here is not None and here is not slot:
                here.remove(step)
                slot.append(step)
        return slot

    def try_to_post(self, step: Step, slot: list[Step] | None) -> bool:
        """Post a step at the end, or where it stands as a corrective, if as things are now it can be posted."""
        try:
            post(self.replay(), step, self.basis)
        except WaitsError:
            step.drawn.clear()
            step.moist.clear()
            step.over.clear()
            step.taken.clear()
            step.excess.clear()
            return False
        step.posted = True
        if slot is None:
            self.slots.append([step])
        else:
            slot.append(step)
        self.world = self.replay()
        return True

    def retry(self) -> None:
        """What waits, in order of arrival, as long as something can be posted."""
        again = True
        while again:
            again = False
            for step in list(self.parked):
                if self.try_to_post(step, self.places.get(step.event.identity)):
                    self.parked.remove(step)
                    again = True

    def replay(self) -> World:
        """Everything anew, until offers and campaigns are what the replay assumed of them."""
        offers: dict[PairKey, Offered] = {}
        runs: dict[tuple[str, str], Allocation] = {}
        assays: dict[AssayKey, Stated] = {}
        for _ in range(PASSES):
            world = World(self.elements, offers, runs, assays, self.grades, self.keys)
            for slot in self.slots:
                for step in slot:
                    post(world, step, self.basis)
            if (world.shipped, world.allocated, world.assayed) == (offers, runs, assays):
                return world
            offers, runs, assays = world.shipped, world.allocated, world.assayed
        raise CircleError

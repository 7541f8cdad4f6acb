"""What honest people get wrong: events that are recorded late, sent twice, or typed wrong and corrected soon after."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace

from connectors.economy import events as e
from connectors.economy.chance import Chance
from connectors.economy.facts import Event, Fact

LATE, TWICE, WRONG = 60, 70, 90  # one event in so many
CORRECTED = frozenset({"add", "receive", "transform"})


class Clerks:
    """A stream of facts in, the same with their mishaps out."""

    def __init__(self, seed: int) -> None:
        """Draws of their own: the flow does not depend on them."""
        self._seed = seed
        self._chance = Chance(seed, "clerks")

    def record(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Each fact as it is recorded; what is not honest is left as it is."""
        for fact in facts:
            if not fact.honest:
                yield fact
            elif fact.kind in CORRECTED and self._chance.one_in(WRONG):
                yield from self._corrected(fact)
            elif self._chance.one_in(TWICE):
                yield fact
                yield replace(fact, written=fact.written + self._chance.between(0, 2))
            elif self._chance.one_in(LATE) and fact.event.get("crm:receipt") != "partial":  # it would come after the final one
                yield replace(fact, written=fact.written + self._chance.between(1, 5))
            else:
                yield fact

    def _corrected(self, fact: Fact) -> Iterator[Fact]:
        """A weight 3 to 9 % off, taken back before anything was drawn from it, and the right event under an id of its own."""
        wrong = misstated(fact, self._chance.between(103, 109))
        right = deepcopy(fact.event) | {"eventID": e.event_id(self._seed, fact.site, fact.site.number("event"))}
        yield replace(fact, event=wrong)
        yield replace(fact, event=declared(wrong, fact, [right["eventID"]], fact.minute + self._chance.between(1, 2)))
        yield replace(fact, event=right)


def misstated(fact: Fact, percent: int) -> Event:
    """The event with its first quantity that was measured here at `percent` of it."""
    event = deepcopy(fact.event)
    listed = event["outputQuantityList" if event["type"] == "TransformationEvent" else "quantityList"]
    line = fact.outputs[0]
    step = line.material.step_kg
    listed[0] = e.quantity(line._replace(kg=max(1, line.kg * percent // 100 // step) * step))
    return event


def declared(event: Event, fact: Fact, correctives: list[str], minute: int, reason: str = "incorrect_data") -> Event:
    """An error declaration: the event again, unchanged, with what it is replaced by."""
    declaration: Event = {"declarationTime": e.clock(minute, fact.site.offset), "reason": reason}
    if correctives:
        declaration |= {"correctiveEventIDs": correctives}
    return deepcopy(event) | {"errorDeclaration": declaration}

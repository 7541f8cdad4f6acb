"""What the events of a graph add up to: balances, batches drawn twice, shipments that do not arrive, gaps upstream."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from lodestream.credentials.walk.balance import Balance, Key, make_balances, passport_for
from lodestream.credentials.walk.facts import Event, Graph
from lodestream.credentials.walk.grades import kilograms, mass_of
from lodestream.credentials.walk.outcomes import Finding, Note
from lodestream.credentials.walk.trust import Trust

SHIPPING, RECEIVING = "shipping", "receiving"


def balances(graph: Graph, trust: Trust) -> list[Balance]:
    """The balances of every Make event, in the order of the events."""
    found = []
    for event in graph.events["MakeEvent"]:
        found += make_balances(event.body, graph.products, trust.tolerance)
    return found


def judged(found: list[Balance]) -> tuple[list[Finding], list[Note]]:
    """Balances that cannot be are findings; those that nobody can compute are worth a note."""
    wrong = [each for each in found if each.verdict == "inconsistent"]
    open_ones = [each for each in found if each.verdict == "not computable"]
    return (
        [Finding("mass-balance inconsistency", "BALANCE", each.event, each.sentence) for each in wrong],
        [Note(each.event, each.sentence) for each in open_ones],
    )


def drawn_twice(graph: Graph, trust: Trust) -> list[Finding]:
    """No batch gives more than there was of it: made, or where its making is not known, moved to the place.

    A batch that nobody made or moved in what was seen is left to the rule of what is missing upstream.
    """
    allowed = 1 + Fraction(trust.tolerance.percent) / 100
    found = []
    for key, draws in sorted(_drawn(graph).items()):
        drawn = sum((mass for _, mass in draws), Fraction(0))
        made = _sum(graph, graph.events["MakeEvent"], "outputProduct", key)
        if made is not None and drawn > made * allowed:
            found.append(_too_much(key, draws, f"{kilograms(made)} were made of it"))
        elif made is None:
            found += _beyond_receipts(graph, key, draws, allowed)
    return found


def _beyond_receipts(graph: Graph, key: Key, draws: list[tuple[Event, Fraction]], allowed: Fraction) -> Iterator[Finding]:
    for place in sorted({event.place("madeAtFacility") for event, _ in draws}):
        here = [each for each in draws if each[0].place("madeAtFacility") == place]
        shipments = [each for each in graph.events["MoveEvent"] if each.place("toFacility") == place]
        moved = _sum(graph, _once_each(shipments), "movedProduct", key)
        if moved is not None and sum((mass for _, mass in here), Fraction(0)) > moved * allowed:
            yield _too_much(key, here, f"{kilograms(moved)} were moved to {place}")


def _too_much(key: Key, draws: list[tuple[Event, Fraction]], there_was: str) -> Finding:
    told = " + ".join(f"{kilograms(mass)} in {event.id}" for event, mass in draws)
    total = kilograms(sum((mass for _, mass in draws), Fraction(0)))
    return Finding("mass-balance inconsistency", "DOUBLE_USE", str(key), f"{told} = {total} were drawn, but {there_was}.")


def shipments(graph: Graph, trust: Trust) -> tuple[list[Finding], list[Note]]:
    """What one party sent is what the other received: compared where both tell it, by consignment, else by places."""
    allowed = Fraction(trust.tolerance.percent) / 100
    findings, notes = [], []
    for sent in graph.events["MoveEvent"]:
        if sent.step != SHIPPING:
            continue
        receipts = [each for each in graph.events["MoveEvent"] if each.step == RECEIVING and _one_journey(sent, each)]
        if not receipts:
            notes.append(Note(sent.id, "Nobody but the sender tells this shipment: there is no receipt of it."))
        for key in sorted(set(sent.keys("movedProduct"))) if receipts else []:
            out, into = (_sum(graph, events, "movedProduct", key) for events in ([sent], receipts))
            if out is not None and into is not None and abs(out - into) > max(out, into) * allowed:
                sentence = f"{kilograms(out)} of {key} were sent, {kilograms(into)} received."
                findings.append(Finding("mass-balance inconsistency", "SHIPMENT", sent.id, sentence))
    return findings, notes


def upstream(graph: Graph, starts: list[Key], withheld: dict[str, set[str]], absent: dict[str, list[Any]]) -> list[Finding]:
    """From the start to primary production: what nobody tells the making of, and what is made of itself.

    A Make event without inputs is primary production and ends the way.
    """
    found, seen, waiting = [], set(starts), list(starts)
    parents: dict[Key, list[Key]] = {}
    while waiting:
        key = waiting.pop()
        makers = graph.makers(key)
        parents[key] = sorted({drawn for event in makers for drawn in event.keys("inputProduct")})
        if not makers:
            found.append(_gap(key, withheld, absent))
        for parent in parents[key]:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return sorted(found) + [
        Finding("cycle", "CYCLE", str(ring[0]), f"It is made of itself: {' from '.join(map(str, [*ring, ring[0]]))}.")
        for ring in _rings(parents)
    ]


def _gap(key: Key, withheld: dict[str, set[str]], absent: dict[str, list[Any]]) -> Finding:
    if withheld.get(key.product):
        return Finding("withheld", "MAKING", str(key), "Who made it tells how, but not to us: ask for the key of the lot.")
    reasons = sorted({str(each) for each in absent.get(key.product, [])})
    asked = f" Asked for it, sources said: {'; '.join(reasons[:5])}." if reasons else ""
    return Finding("missing upstream", "MAKING", str(key), f"No credential tells how it was made.{asked}")


def _rings(parents: dict[Key, list[Key]]) -> list[list[Key]]:
    """Batches that are among their own ancestors, one ring each; depth first, without recursion."""
    rings, done = [], set()
    for root in sorted(parents):
        path: list[Key] = []
        on_path: set[Key] = set()
        stack: list[tuple[Key, int]] = [(root, 0)]
        while stack:
            key, step = stack.pop()
            if step == 0:
                if key in done:
                    continue
                path.append(key)
                on_path.add(key)
            above = parents.get(key, [])
            if step < len(above):
                stack.append((key, step + 1))
                if above[step] in on_path:
                    rings.append(path[path.index(above[step]) :])
                elif above[step] not in done:
                    stack.append((above[step], 0))
            else:
                path.pop()
                on_path.discard(key)
                done.add(key)
    return rings


def _drawn(graph: Graph) -> dict[Key, list[tuple[Event, Fraction]]]:
    drawn: dict[Key, list[tuple[Event, Fraction]]] = {}
    for event in graph.events["MakeEvent"]:
        for key in sorted(set(event.keys("inputProduct"))):
            mass = _sum(graph, [event], "inputProduct", key)
            if mass is not None and key.product:
                drawn.setdefault(key, []).append((event, mass))
    return drawn


def _sum(graph: Graph, events: list[Event], side: str, key: Key) -> Fraction | None:
    """The stated masses of exactly this batch in the events; None where none is stated."""
    masses = [
        mass_of(entry, passport_for(key, graph.products))
        for event in events
        for entry, each in zip(event.products(side), event.keys(side), strict=True)
        if each == key
    ]
    stated = [mass.mg for mass in masses if mass is not None and mass.mg is not None]
    return sum(stated, Fraction(0)) if stated else None


def _once_each(moves: list[Event]) -> list[Event]:
    """Each journey once: as it was sent, else as it was received."""
    sent = [each for each in moves if each.step != RECEIVING]
    return sent + [each for each in moves if each.step == RECEIVING and not any(_one_journey(other, each) for other in sent)]


def _one_journey(one: Event, other: Event) -> bool:
    names = [event.body.get("consignmentId") for event in (one, other)]
    if all(names):
        return names[0] == names[1]
    places = [(event.place("fromFacility"), event.place("toFacility")) for event in (one, other)]
    return places[0] == places[1] and bool(set(one.keys("movedProduct")) & set(other.keys("movedProduct")))

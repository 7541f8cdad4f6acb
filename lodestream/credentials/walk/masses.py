"""What the events of a graph add up to: balances, batches drawn twice, shipments that do not arrive, gaps upstream."""

from fractions import Fraction
from typing import Any

from lodestream.credentials.walk.balance import Balance, Key, make_balances, passport_for
from lodestream.credentials.walk.facts import Event, Graph
from lodestream.credentials.walk.grades import kilograms, mass_of
from lodestream.credentials.walk.outcomes import Finding, Note
from lodestream.credentials.walk.trust import Trust

SHIPPING, RECEIVING = "shipping", "receiving"
EVENTS_SHOWN = 12
_Masses = dict[Key, list[tuple[Event, Fraction]]]


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


def told_alike(graph: Graph, trust: Trust) -> list[Finding]:  # noqa: ARG001  # a rule's signature
    """Nobody tells one event in two ways: else each reader could be shown the one that suits."""
    return [
        Finding(
            "failed", "CONTRADICTION", one.id, f"{one.seen.id} and {other.seen.id}, of one issuer, tell it in different ways."
        )
        for one, other in graph.contradictions
    ]


def drawn_twice(graph: Graph, trust: Trust) -> list[Finding]:
    """No batch gives more than there was of it: made, or where its making is not known, moved to the place.

    A batch that nobody made or moved in what was seen is left to the rule of what is missing upstream.
    """
    allowed = 1 + Fraction(trust.tolerance.percent) / 100
    drawn = _masses(graph, graph.events["MakeEvent"], "inputProduct")
    made = _masses(graph, graph.events["MakeEvent"], "outputProduct")
    moved = _moved_to(graph)
    found = []
    for key, draws in sorted(drawn.items()):
        if key in made:
            if _total(draws) > _total(made[key]) * allowed:
                found.append(_too_much(key, draws, f"{kilograms(_total(made[key]))} were made of it"))
            continue
        for place in sorted({event.place("madeAtFacility") for event, _ in draws}):
            here = [each for each in draws if each[0].place("madeAtFacility") == place]
            there_was = moved.get(place, {}).get(key)
            if there_was and _total(here) > _total(there_was) * allowed:
                found.append(_too_much(key, here, f"{kilograms(_total(there_was))} were moved to {place}"))
    return found


def _moved_to(graph: Graph) -> dict[str, _Masses]:
    """What was moved to each place; each journey counts once, as it was sent, else as it was received."""
    at: dict[str, list[Event]] = {}
    for event in _once_each(graph.events["MoveEvent"]):
        at.setdefault(event.place("toFacility"), []).append(event)
    return {place: _masses(graph, events, "movedProduct") for place, events in at.items()}


def _too_much(key: Key, draws: list[tuple[Event, Fraction]], there_was: str) -> Finding:
    told = " + ".join(f"{kilograms(mass)} in {event.id}" for event, mass in draws[:EVENTS_SHOWN])
    more = f" + {len(draws) - EVENTS_SHOWN} more" if draws[EVENTS_SHOWN:] else ""
    sentence = f"{told}{more} = {kilograms(_total(draws))} were drawn, but {there_was}."
    return Finding("mass-balance inconsistency", "DOUBLE_USE", str(key), sentence)


def shipments(graph: Graph, trust: Trust) -> tuple[list[Finding], list[Note]]:
    """What one party sent is what the other received: compared where both tell it, by consignment, else by places."""
    allowed = Fraction(trust.tolerance.percent) / 100
    findings, notes = [], []
    receipts: dict[tuple[str, ...], list[Event]] = {}
    for event in graph.events["MoveEvent"]:
        for journey in _journeys(event) if event.step == RECEIVING else ():
            receipts.setdefault(journey, []).append(event)
    for sent in (each for each in graph.events["MoveEvent"] if each.step == SHIPPING):
        got = {each.id: each for journey in _journeys(sent) for each in receipts.get(journey, [])}
        if not got:
            notes.append(Note(sent.id, "Nobody but the sender tells this shipment: there is no receipt of it."))
            continue
        into = _masses(graph, list(got.values()), "movedProduct")
        for key, [(_, out)] in sorted(_masses(graph, [sent], "movedProduct").items()):
            received = _total(into[key]) if key in into else out
            if abs(out - received) > max(out, received) * allowed:
                sentence = f"{kilograms(out)} of {key} were sent, {kilograms(received)} received."
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
        # Only who says that nothing went in is at the beginning: a list that cannot be read is none of its making.
        makers = [each for each in makers if each.body.get("inputProduct") == [] or each.keys("inputProduct")]
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
        if all(len(graph.makers(key)) == 1 for key in ring)  # what several runs add to may get back what came out of it
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


def _masses(graph: Graph, events: list[Event], side: str) -> _Masses:
    """The stated masses of each batch, event by event; a batch of which none is stated is not in it."""
    found: _Masses = {}
    for event in events:
        sums: dict[Key, Fraction] = {}
        for entry, key in zip(event.products(side), event.keys(side), strict=True):
            mass = mass_of(entry, passport_for(key, graph.products))
            if key.product and mass is not None and mass.mg is not None:
                sums[key] = sums.get(key, Fraction(0)) + mass.mg
        for key, total in sums.items():
            found.setdefault(key, []).append((event, total))
    return found


def _total(masses: list[tuple[Event, Fraction]]) -> Fraction:
    return sum((mass for _, mass in masses), Fraction(0))


def _once_each(moves: list[Event]) -> list[Event]:
    """Each journey once: as it was sent, else as it was received."""
    sent = [each for each in moves if each.step != RECEIVING]
    told = {journey for each in sent for journey in _journeys(each)}
    return sent + [each for each in moves if each.step == RECEIVING and not told.intersection(_journeys(each))]


def _journeys(event: Event) -> list[tuple[str, ...]]:
    """By what two tellings of one journey know each other: the consignment, else the places and a product."""
    consignment = event.body.get("consignmentId")
    if isinstance(consignment, str) and consignment:
        return [(consignment,)]
    places = (event.place("fromFacility"), event.place("toFacility"))
    return [(*places, str(key)) for key in dict.fromkeys(event.keys("movedProduct"))]

"""Books that were kept as they should be, for the tests to tamper with: entries and outcomes in the order of one partition."""

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from lodestream.audit.values import Asked, Told
from lodestream.epcis.event import Event
from lodestream.ledger.chain import chain_value
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from tests.ledger.making import HOUR, START, add, declared, entry, event, item, receive, ship, transform

MINE, SMELTER, BUYER = "https://id.gs1.org/414/9521000000017", "https://id.gs1.org/414/9521000000024", "urn:test:buyer"
LOT = "https://id.gs1.org/01/09521000000101/10/"


def chain_of_events(n: int) -> list[Event]:
    """Ore to concentrate and tailings, shipped and received: four events that move metal between two sites."""
    at = START + n * 24 * HOUR
    ids = {"event_time_us": at}
    ore, conc, tails = (f"{LOT}{kind}{n}" for kind in ("ORE", "CONC", "TAILS"))
    consignment = f"https://id.gs1.org/402/9521{n:013d}"
    made = [(conc, "3", {"cu": "31"}), (tails, "97", {"cu": "0.0721", "loss_class": "tailings"})]
    return [
        add(ore, "100", MINE, cu="1", event_id=f"urn:test:{n}:1", **ids),
        transform(MINE, [(ore, "100", {})], made, event_id=f"urn:test:{n}:2", event_time_us=at + HOUR),
        ship(conc, "3", MINE, SMELTER, consignment_id=consignment, event_id=f"urn:test:{n}:3", event_time_us=at + 2 * HOUR),
        receive(conc, "3", SMELTER, consignment_id=consignment, event_id=f"urn:test:{n}:4", event_time_us=at + 3 * HOUR),
    ]


def honest(chains: int = 3) -> tuple[list[Entry], list[Outcome]]:
    """All entries, those that the ledger made too, and their outcomes: with a duplicate, a parked event and a correction."""
    events = [one for n in range(chains) for one in chain_of_events(n)]
    early = ship(f"{LOT}LATE", "1", MINE, BUYER, consignment_id="urn:test:early", event_id="urn:test:early")
    wrong = add(f"{LOT}WRONG", "5", MINE, cu="2", event_id="urn:test:wrong")
    late = add(f"{LOT}LATE", "2", MINE, cu="3", event_id="urn:test:late")
    return kept([*events, events[0], early, wrong, declared(wrong), late])


def kept(events: Iterable[Event]) -> tuple[list[Entry], list[Outcome]]:
    """The entries of these events, and what the ledger makes of them."""
    fold, entries, outcomes = Fold(), [], []
    for one in events:
        todo = deque([entry(one)])
        while todo:
            entries.append(todo.popleft())
            done, made = fold.apply(entries[-1])
            outcomes += done
            todo.extend(made)
    return entries, outcomes


def asked(entries: Iterable[Entry]) -> list[Asked]:
    """Entries at their places."""
    return [Asked(f"entries/0/{n}", one) for n, one in enumerate(entries)]


def told(outcomes: Iterable[Outcome]) -> list[Told]:
    """Outcomes at their places."""
    return [Told(f"transactions/0/{n}", one) for n, one in enumerate(outcomes)]


def rechained(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes with sequence and chain made anew: what somebody does who knows how the chain is made."""
    heads: dict[str, tuple[int, str]] = {}
    found = []
    for one in outcomes:
        if one.outcome == "TRANSACTION":
            seq, chain = heads.get(one.site, (0, ""))
            one = replace(one, seq=seq + 1, prev=chain, chain="")
            one = replace(one, chain=chain_value(one))
            heads[one.site] = (one.seq, one.chain)
        found.append(one)
    return found


__all__ = ["BUYER", "LOT", "MINE", "SMELTER", "asked", "chain_of_events", "event", "honest", "item", "kept", "rechained", "told"]

"""Our event hash beside the reference implementation, in one process and in turn; prints the events a second of each as JSON.

    python -m benchmarks.hashing EVENTS ROUNDS

Both get the same text of a document and give the CBV 2.0 hashes of its events, so both parse. Single: a document with one event,
as a source sends it. Batch: all events in one document. The hashes must agree, but for events between two places: release 1.9.3
takes the list of destinations before that of sources, its successors and we the other way round.
"""

import json
import logging
import sys
import time
from collections.abc import Callable

from epcis_event_hash_generator.hash_generator import epcis_hashes_from_events
from epcis_event_hash_generator.json_to_py import event_list_from_epcis_document_str

from benchmarks.workload import document, documents
from lodestream.epcis.document import open_document
from lodestream.epcis.event_hash import event_hash
from lodestream.epcis.limits import Limits
from lodestream.epcis.materials import read_extension
from lodestream.epcis.parse import parse
from lodestream.epcis.structure import read_event

Hashes = Callable[[bytes], list[str]]
LIMITS = Limits()


def ours(payload: bytes) -> list[str]:
    """By the steps of our intake up to the hash: parse, read each event into its canonical form (which validates it), hash."""
    opened = open_document(parse(payload, LIMITS), LIMITS)
    found = []
    for raw in opened.events:
        canonical, reading = read_event(raw, opened.context, LIMITS)
        read_extension(canonical, reading)  # puts our terms into the canonical event: they take part in the hash
        found.append(event_hash(canonical, reading.context))
    return found


def reference(payload: bytes) -> list[str]:
    """By the reference implementation."""
    return list(epcis_hashes_from_events(event_list_from_epcis_document_str(payload.decode())))


def timed(hashes: Hashes, payloads: list[bytes], events: int) -> float:
    """Events a second, by processor time."""
    began = time.process_time()
    for payload in payloads:
        hashes(payload)
    return events / (time.process_time() - began)


def main(events: int, rounds: int) -> None:
    """Measure single and batch."""
    logging.disable(logging.CRITICAL)  # the reference writes every event to the log
    bodies = [event for made in documents("hash", events // 4 + 1) for event in json.loads(made)["epcisBody"]["eventList"]]
    bodies = bodies[:events]
    single, batch = [document([event]) for event in bodies], [document(bodies)]
    found: dict[str, list[float]] = {}
    for name, payloads in (("single", single), ("batch", batch)):
        hashed = zip(bodies, (h for p in payloads for h in ours(p)), (h for p in payloads for h in reference(p)), strict=True)
        assert all(one == other for body, one, other in hashed if "sourceList" not in body), "the hashes differ"
        for _ in range(rounds):
            found.setdefault(f"{name}_ours", []).append(timed(ours, payloads, events))
            found.setdefault(f"{name}_reference", []).append(timed(reference, payloads, events))
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

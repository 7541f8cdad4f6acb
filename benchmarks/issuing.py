"""Issuing on one core, beside nothing but its signatures: the same key, the same bytes, in turn.

    python -m benchmarks.issuing

CPU time of this process, so that what else runs on the machine does not count.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plan import Plan
from lodestream.credentials.content.event import event_text
from lodestream.credentials.encoding import base64url
from lodestream.credentials.permutation import place
from lodestream.credentials.profile import Issue
from lodestream.credentials.proof import Enveloped, presented
from lodestream.credentials.securing import secure_text
from lodestream.credentials.signer import Ed25519Signer
from lodestream.credentials.untp.base import CONTEXTS
from lodestream.ledger.records import Outcome
from runtime.processor import Record
from schemas.codec import encode
from schemas.topics import TRANSACTIONS
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from tests.credentials.content.worked import PROFILE, SCENARIOS, told, worked
from tests.credentials.telling import signer

TIMES = 40
GOAL = 0.6
KEY = bytes(32)


def measure(plan: Plan) -> None:
    """issuing (build, place in a status list, JSON, base64, sign, envelope) and issuer (all that the worker does of a record)."""
    key = signer(did=PROFILE.did)
    outcomes = list(told())
    signed = [_signing_input(_issued(outcome, number, key)) for number, outcome in enumerate(outcomes)]
    times = plan.size(TIMES, 1)
    ours, raw, worker = [], [], []
    for _ in range(plan.rounds):
        ours_s = raw_s = 0.0
        for _ in range(times):  # in turn, so that what else the machine does falls on both
            ours_s += _seconds(outcomes, lambda number, outcome: _issued(outcome, number, key))
            raw_s += _seconds(signed, lambda _, data: key.sign(data))
        ours.append(times * len(outcomes) / ours_s)
        raw.append(times * len(signed) / raw_s)
        worker.append(_worker_pace(key, times))
    plan.say("issuing", ours, "1/s", raw)
    plan.say("issuer", worker, "1/s", raw)


def _issued(outcome: Outcome, number: int, key: Ed25519Signer) -> bytes:
    issue = Issue(PROFILE.credential_id("dte", outcome.txn_id), outcome.record_time_us, f"{PROFILE.base_url}/status/a-1",
                  place(KEY, "a-1", number))  # fmt: skip
    return secure_text(event_text(outcome, PROFILE, issue)[1], CONTEXTS, key, "vc+jwt", outcome.record_time_us)


def _signing_input(data: bytes) -> bytes:
    held = presented(data)
    assert isinstance(held, Enveloped)
    assert base64url(held.jws.payload) in held.jws.signing_input
    return held.jws.signing_input


def _seconds(given: Sequence[Any], work: Callable[[int, Any], object]) -> float:
    began = time.process_time()
    for number, one in enumerate(given):
        work(number, one)
    return time.process_time() - began


def _worker_pace(key: Ed25519Signer, times: int) -> float:
    """Credentials a second of the issuer's processor, decoding, state and Avro included."""
    records = [
        Record(TRANSACTIONS, 0, offset, 0, outcome.site.encode(), encode(outcome))
        for offset, outcome in enumerate(outcome for name in SCENARIOS for outcome in worked(name).outcomes)
    ]
    made = 0
    began = time.process_time()
    for _ in range(times):
        effects = IssuerProcessor(Office(key, PROFILE, KEY)).process(records, {})
        made += sum(output.topic.startswith("credentials.issued") for output in effects.outputs)
    return made / (time.process_time() - began)


if __name__ == "__main__":
    measure(Plan("", Path()))

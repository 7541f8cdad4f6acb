"""From a transaction of the ledger to a UNTP 0.7.0 traceability event, by the official EPCIS mapping (16/03/2026).

Pure and without a clock: dates are the transaction's own, so the same transaction gives the same credential. What the
mapping loses (eventTimeZoneOffset, transformationID, the event's identity) is kept in eventDate and relatedDocument.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lodestream.credentials.content.make import collected, made
from lodestream.credentials.content.modify import modified
from lodestream.credentials.content.move import moved
from lodestream.credentials.content.saying import classification, documents, frame, time, uri, words
from lodestream.credentials.content.text import Json, common, written
from lodestream.credentials.encoding import digest_multibase, percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object
from lodestream.credentials.profile import Issue, IssuerProfile, Scheme
from lodestream.credentials.untp.base import DTE
from lodestream.ledger.records import Outcome

BIZ_STEP_SCHEME = "https://ref.gs1.org/cbv/BizStep"
EPCIS_LINK_TYPE = "https://ref.gs1.org/voc/epcis"
TRANSFORMATION_LINK_TYPE = "https://ref.gs1.org/epcis/transformationID"

Teller = Callable[[Outcome, IssuerProfile], tuple[str, str, Json, str]]
"""Gives the business step where the event states none, the type of the event, its own members, and the name of the place."""

TELLERS: dict[str, Teller] = {
    "transform": made,
    "split": made,
    "campaign": made,
    "create": collected,
    "ship": moved,
    "receive": moved,
    "count": modified,
    "assay": modified,
}
"""How each kind of transaction is told; no other is."""

_NI = re.compile(r"ni:///sha-256;([0-9a-f]{64})(?:\?.*)?").fullmatch


def traceability_event(outcome: Outcome, profile: IssuerProfile, issue: Issue | None = None) -> dict[str, Any]:
    """The unsigned credential for a transaction of a kind in TELLERS, as a JSON object with exact numbers.

    Every product has its mass; grades are stated where the ledger knows them. Without `issue` its id and date are the
    transaction's. Raises CredentialError (OUTCOME): the outcome is of another kind or cannot be told as a valid credential.
    """
    return parse_object(event_text(outcome, profile, issue)[1], "the event")


def event_text(outcome: Outcome, profile: IssuerProfile, issue: Issue | None = None) -> tuple[str, bytes]:
    """The name of the credential, and its JSON as it will be signed. Raises CredentialError (OUTCOME)."""
    tell = TELLERS.get(outcome.kind)
    if tell is None or not outcome.lines:
        kind = outcome.kind or outcome.outcome
        raise CredentialError("OUTCOME", f"no traceability event tells a transaction of kind {kind!r}")
    issue = issue or Issue(profile.credential_id("dte", outcome.txn_id), outcome.record_time_us)
    default, kind, own, place = tell(outcome, profile)
    step, activity_type = activity(outcome.biz_step or default)
    event = uri(outcome.event_id or outcome.event_hash or "", "the event")
    name = f"{step} at {place}"
    said = (
        f'{{{frame(DTE, profile, issue, name)},"credentialSubject":[{{"type":["{kind}","LifecycleEvent"],"id":"{event}",'
        f'"name":{common(step)},"eventDate":"{time(outcome.valid_time_us, outcome.event_time_zone_offset)}",'
        f'"activityType":{activity_type},{own},"relatedDocument":[{_related(outcome, event, issue)}]}}]}}'
    )
    return name, said.encode()


@lru_cache(maxsize=1_000)
def activity(step: str) -> tuple[str, Json]:
    """The business step by its name, and as a classification: a CBV word, or a URI of somebody's own."""
    if ":" not in step:
        name, scheme = words(step), Scheme(BIZ_STEP_SCHEME, "GS1 CBV Business Step")
    else:
        cut = max(step.rfind(char) for char in "/:#") + 1
        name, scheme = words(percent_decoded(step[cut:])) or step, Scheme(step[:cut], "Business step")
    return name, written(classification(step, name, scheme))


def _related(outcome: Outcome, event: str, issue: Issue) -> str:
    """The EPCIS event that this is the signed statement of, with the digest that is its CBV 2.0 event hash; its campaign; others.

    A whole campaign told as one has the transformationID as its eventID: it is the statement of no one EPCIS event.
    """
    found: list[str] = []
    campaign = outcome.transformation_id
    if campaign is None or outcome.event_id != campaign:
        match = _NI(outcome.event_hash or "")
        digest = f',"digestMultibase":"{digest_multibase(match[1])}"' if match else ""
        name = "EPCIS event (digest: CBV 2.0 event hash)"
        found.append(f'{{"linkURL":"{event}","linkName":"{name}","linkType":"{EPCIS_LINK_TYPE}"{digest}}}')
    if campaign:
        url = uri(campaign, "the transformationID")
        found.append(f'{{"linkURL":"{url}","linkName":"EPCIS transformationID","linkType":"{TRANSFORMATION_LINK_TYPE}"}}')
    return ",".join(found + [written(one) for one in documents(issue)])

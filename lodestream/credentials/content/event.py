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
from lodestream.credentials.content.saying import credential, documents, time, uri, words
from lodestream.credentials.encoding import digest_multibase, percent_decoded
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import Issue, IssuerProfile
from lodestream.credentials.untp.base import DTE
from lodestream.ledger.records import Outcome

BIZ_STEP_SCHEME = "https://ref.gs1.org/cbv/BizStep"
EPCIS_LINK_TYPE = "https://ref.gs1.org/voc/epcis"
TRANSFORMATION_LINK_TYPE = "https://ref.gs1.org/epcis/transformationID"

Teller = Callable[[Outcome, IssuerProfile], tuple[str, dict[str, Any], str]]
"""Gives the business step where the event states none, the event's own fields, and the name of the place."""

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

_NI = re.compile(r"ni:///sha-256;(?P<hex>[0-9a-f]{64})(?:\?.*)?")


def traceability_event(outcome: Outcome, profile: IssuerProfile, issue: Issue | None = None) -> dict[str, Any]:
    """The unsigned credential for a transaction of a kind in TELLERS, as a JSON object with exact numbers.

    Every product has its mass; grades are stated where the ledger knows them. Without `issue` its id and date are the
    transaction's. Raises CredentialError (OUTCOME): the outcome is of another kind or cannot be told as a valid credential.
    """
    tell = TELLERS.get(outcome.kind)
    if tell is None or not outcome.lines:
        kind = outcome.kind or outcome.outcome
        raise CredentialError("OUTCOME", f"no traceability event tells a transaction of kind {kind!r}")
    issue = issue or Issue(profile.credential_id("dte", outcome.txn_id), outcome.record_time_us)
    default, own, place = tell(outcome, profile)
    step = activity(outcome.biz_step or default)
    name = uri(outcome.event_id or outcome.event_hash or "", "the event")
    event: dict[str, Any] = {
        "type": [own.pop("type"), "LifecycleEvent"],
        "id": name,
        "name": step["name"],
        "eventDate": time(outcome.valid_time_us, outcome.event_time_zone_offset),
        "activityType": step,
    }
    event.update(own)
    event["relatedDocument"] = _sources(outcome, name) + documents(issue)
    return credential(DTE, profile, issue, f"{step['name']} at {place}", [event])


@lru_cache(maxsize=1_000)
def activity(step: str) -> dict[str, str]:
    """The business step as a classification: a CBV word, or a URI of somebody's own."""
    if ":" not in step:
        return {"code": step, "name": words(step), "schemeId": BIZ_STEP_SCHEME, "schemeName": "GS1 CBV Business Step"}
    cut = max(step.rfind(char) for char in "/:#") + 1
    name = words(percent_decoded(step[cut:])) or step
    return {"code": step, "name": name, "schemeId": uri(step[:cut], "the scheme of the step"), "schemeName": "Business step"}


def _sources(outcome: Outcome, name: str) -> list[dict[str, str]]:
    """The EPCIS event that this is the signed statement of, with the digest that is its CBV 2.0 event hash; its campaign.

    A whole campaign told as one has the transformationID as its eventID: it is the statement of no one EPCIS event.
    """
    campaign = _campaign(outcome)
    if outcome.event_id is not None and outcome.event_id == outcome.transformation_id:
        return campaign
    said = {
        "linkURL": name,
        "linkName": "EPCIS event (digest: CBV 2.0 event hash)",
        "linkType": EPCIS_LINK_TYPE,
    }
    match = _NI.fullmatch(outcome.event_hash or "")
    if match:
        said["digestMultibase"] = digest_multibase(bytes.fromhex(match["hex"]))
    return [said, *campaign]


def _campaign(outcome: Outcome) -> list[dict[str, str]]:
    if not outcome.transformation_id:
        return []
    url = uri(outcome.transformation_id, "the transformationID")
    return [{"linkURL": url, "linkName": "EPCIS transformationID", "linkType": TRANSFORMATION_LINK_TYPE}]

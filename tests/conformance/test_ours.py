"""What Lodestream itself issues for the worked scenarios, signed and as one set, through the harness."""

import pytest

from lodestream.conformance.findings import Report
from lodestream.credentials.bundle import Bundle
from lodestream.credentials.content import passport, traceability_event
from lodestream.credentials.did import document_bytes
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.securing import secure
from lodestream.credentials.status import Bitstring, status_list
from tests.conformance.sets import by_file, check
from tests.credentials.content.worked import BASE, PROFILE, issue, vouched, worked
from tests.credentials.telling import signer

SIGNER = signer(did=PROFILE.did)
NOW_US = 1_800_000_000_000_000


def issued(name: str, bundle: Bundle) -> Report:
    """Every traceability event and passport of a scenario, the status list and the DID document."""
    made = []
    for outcome in worked(name).outcomes:
        try:
            made.append(traceability_event(outcome, PROFILE, issue("dte", outcome.txn_id, outcome.record_time_us)))
        except CredentialError:
            continue  # an opening balance, or what is not assayed yet
    made += [
        passport(vouched(lot), PROFILE, issue("dpp", str(number), lot.created_us)) for number, lot in enumerate(worked(name).lots)
    ]
    made.append(status_list(f"{BASE}/status/1", PROFILE.did, Bitstring.empty(), 0))
    files = {f"{number:03}.json": secure(each, SIGNER, "vc+jwt", NOW_US) for number, each in enumerate(made)}
    return check(files | {"did.json": document_bytes(SIGNER)}, bundle, NOW_US)


@pytest.mark.parametrize("name", ["01-copper", "10-copper-smelter", "11-cobalt-sulphate"])
def test_what_we_issue_conforms(name: str, bundle: Bundle) -> None:
    report = issued(name, bundle)
    assert by_file(report, "failed") == {}
    assert [(tier.tier, tier.failed, tier.warning) for tier in report.tiers if tier.tier < 6] == [(t, 0, 0) for t in range(1, 6)]
    assert report.conforms

"""Credential and status records, signed, for the tests of what is published."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from lodestream.credentials.jsontext import write
from lodestream.credentials.permutation import place
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.securing import compact, seal
from lodestream.credentials.untp import CONTEXTS, DTE, VC
from tests.credentials.telling import DID, PROFILE, SITE, signer

ROOT = PROFILE.base_url
LIST = f"{ROOT}/status/1"
CATHODE = "https://id.gs1.org/01/09521321102026/10/K1"
SECOND = "https://id.gs1.org/01/09521321102026/10/K2"
SLAG = "urn:refinery:slag:17"
SECRET = bytes(range(32))
STATUS_KEY = bytes(range(32, 64))
BEGAN_US = 1_741_158_000_123_000
TYPES = {"dte": DTE, "dpp": "DigitalProductPassport", "dcc": "DigitalConformityCredential", "dfr": "DigitalFacilityRecord"}


def credential(number: int, kind: str = "dpp", about: Iterable[str] = (CATHODE,), **more: Any) -> CredentialRecord:
    """The record of a signed credential; each number is another one, with its own place in the list."""
    identity = more.pop("id", PROFILE.credential_id(kind, str(number)))
    text = {
        "@context": CONTEXTS,
        "type": [TYPES[kind], VC],
        "id": identity,
        "issuer": {"type": ["CredentialIssuer"], "id": DID, "name": PROFILE.name},
        "validFrom": "2025-03-05T07:00:00Z",
        "name": f"Credential {number}",
        "credentialSubject": {"number": number, "secret": "stock of the smelter"},
    }
    sealed = seal(compact(write(text), signer()))
    stated: dict[str, Any] = {
        "id": identity,
        "kind": TYPES[kind],
        "txn_id": f"{number:064x}",
        "site": SITE,
        "issuer": DID,
        "lots": list(about),
        "about": list(about),
        "valid_from_us": BEGAN_US + number,
        "record_time_us": BEGAN_US + number,
        "envelope": sealed.decode(),
        "sha256": sha256(sealed).hexdigest(),
        "name": f"Credential {number}",
        "status_list": LIST,
        "status_index": place(STATUS_KEY, LIST, number),
    }
    return CredentialRecord(**stated | more)


def status(record: CredentialRecord, word: str = "issued", later_us: int = 0, **more: Any) -> StatusRecord:
    """The status of a credential, so long after it was issued."""
    at = record.record_time_us + later_us
    return StatusRecord(record.id, word, at, "finding", record.status_list, record.status_index, **more)

"""Sets of files for the conformance tests: the published samples, and sets of our own that are signed."""

import json
from pathlib import Path
from typing import Any

from lodestream.conformance.findings import FileReport, Report
from lodestream.conformance.harness import check_set
from lodestream.credentials.bundle import Bundle
from lodestream.credentials.did import document_bytes
from lodestream.credentials.securing import Securing, secure
from lodestream.credentials.signer import Ed25519Signer
from lodestream.credentials.untp import CONTEXTS
from tests.credentials.telling import NOW_US, signer

Finding = tuple[str, str]
"""A rule and a pointer."""


def sample_files(shared: Path, folder: str) -> dict[str, bytes]:
    """The JSON files of a folder of samples, by their names in it."""
    root = shared / "data" / "untp" / "samples" / folder
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.json"))}


def check(files: dict[str, bytes], bundle: Bundle | None = None, now_us: int = NOW_US) -> Report:
    """The report of a set."""
    return check_set(files, bundle, now_us)


def found(file: FileReport, *results: str) -> list[Finding]:
    """Rules and pointers of what did not pass, in the order of the report."""
    wanted = results or ("failed", "warning")
    return [(each.rule, each.pointer) for each in file.checks if each.result in wanted]


def by_file(report: Report, *results: str) -> dict[str, list[Finding]]:
    """What did not pass, by file, the files of which something is said."""
    return {file.file: told for file in report.files if (told := found(file, *results))}


def said(report: Report, file: str, rule: str) -> list[str]:
    """What a rule found in a file."""
    return [each.found for one in report.files if one.file == file for each in one.checks if each.rule == rule and each.found]


def credential(number: int = 1, **more: Any) -> dict[str, Any]:
    """A facility record of the refinery, which satisfies its schema."""
    return {
        "@context": list(CONTEXTS),
        "type": ["DigitalTraceabilityEvent", "VerifiableCredential"],
        "id": f"https://refinery.example/dte/{number}",
        "issuer": {"type": ["CredentialIssuer"], "id": signer().did, "name": "Example Refinery Ltd"},
        "validFrom": "2025-03-05T06:00:00Z",
        "name": "Smelting run",
        "credentialSubject": [make()],
    } | more


def make(*inputs: dict[str, Any], outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A Make event."""
    return {
        "type": ["MakeEvent", "LifecycleEvent"],
        "id": "https://refinery.example/event/1",
        "name": "Smelting",
        "eventDate": "2025-03-05T06:00:00Z",
        "activityType": {
            "code": "commissioning",
            "name": "Commissioning",
            "schemeId": "https://ref.gs1.org/cbv/BizStep",
            "schemeName": "GS1 CBV Business Step",
        },
        "inputProduct": list(inputs) or [product("conc", 30_000, 0.3)],
        "outputProduct": outputs or [product("cathode", 8_900, 1)],
        "madeAtFacility": {"type": ["Facility"], "id": "https://refinery.example/facility/2", "name": "Plant 2"},
    }


def product(name: str, kg: float, cu: float | None = None, batch: str = "B-1") -> dict[str, Any]:
    """A batch in an event."""
    inner: dict[str, Any] = {
        "type": ["Product"],
        "id": f"https://refinery.example/p/{name}",
        "name": name,
        "idGranularity": "batch",
        "batchNumber": batch,
    }
    if cu is not None:
        inner["characteristics"] = {"cuMassFraction": cu}
    return {"product": inner, "quantity": {"value": kg, "unit": "KGM"}}


def exact(value: dict[str, Any]) -> dict[str, Any]:
    """The value with its numbers as our own reader gives them, since nothing is signed through a float."""
    from lodestream.credentials.jsontext import parse_object

    return parse_object(json.dumps(value).encode(), "the credential")


def signed(value: dict[str, Any], by: Ed25519Signer | None = None, securing: Securing = "vc+jwt") -> bytes:
    """The credential as its issuer publishes it."""
    return secure(exact(value), by or signer(), securing, NOW_US)


def did_json(by: Ed25519Signer | None = None) -> bytes:
    """The issuer's DID document."""
    return document_bytes(by or signer())

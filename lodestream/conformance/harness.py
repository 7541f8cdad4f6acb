"""The conformance harness: a set of files in, the report out. The same files at the same time give the same report."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from lodestream.conformance import balance, claims, custody, identity, lint, model, official, proof, status
from lodestream.conformance.documents import DID_DOCUMENT, OTHER, UNREADABLE, Document, Folder
from lodestream.conformance.findings import (
    MANY_FAULTS,
    Check,
    Fault,
    FileReport,
    NotApplicableError,
    NotCheckedError,
    Report,
    Rule,
    summary,
)
from lodestream.conformance.kinds import CREDENTIALS
from lodestream.credentials.access import is_locked
from lodestream.credentials.bundle import Bundle
from lodestream.credentials.did import parse_document
from lodestream.credentials.errors import CredentialError

NO_CREDENTIAL = "it is JSON, but no credential: it has neither a credentialSubject nor a credential's type"
LOCKED = "it is a locked copy; open it with the key of its lot first"


def _form(document: Document, _folder: Folder) -> Iterator[Fault]:
    if document.kind == UNREADABLE:
        yield Fault("", document.fault)
    elif document.kind == OTHER:
        locked = is_locked(document.data)
        raise NotCheckedError(LOCKED if locked else NO_CREDENTIAL)


def _did_document(document: Document, _folder: Folder) -> Iterator[Fault]:
    try:
        found = parse_document(document.data)
    except CredentialError as error:
        yield Fault("", f"{error.code}: {error}")
        return
    if not found.assertion:
        yield Fault("/assertionMethod", "it publishes no key of a kind that is known here for assertions")


RULES: tuple[Rule, ...] = (
    Rule(
        "FORM", 1, "failed", CREDENTIALS | {UNREADABLE, OTHER}, "RFC 8259; RFC 7515 section 7.1; VCDM 2.0 section 4.12",
        "The file is a credential as JSON, an enveloped credential, or a compact JWS, within the bounds of the reader.",
        "Write it as UTF-8 JSON without repeated names, or as the three parts of a compact JWS.", _form,
    ),
    Rule(
        "DID-DOCUMENT", 2, "failed", frozenset({DID_DOCUMENT}), "DID Core 1.0 sections 5.2 and 5.3.2",
        "A DID document publishes keys for assertions.",
        "Put the signing key into verificationMethod and its id into assertionMethod.", _did_document,
    ),
    *model.RULES, *proof.RULES, *official.RULES, *status.RULES, *balance.RULES, *lint.RULES, *custody.RULES,
    *identity.RULES, *claims.RULES,
)  # fmt: skip
"""Every rule, in the order of the report within its tier."""


def check_set(files: Mapping[str, bytes], bundle: Bundle | None, now_us: int) -> Report:
    """Check the files of a set, by name, at `now_us` (microseconds since 1970). Raises nothing, whatever they hold.

    `bundle` None: the tiers that need official files are not checked, and the report says so.
    """
    folder = Folder(files, bundle, now_us)
    reports = [_file(document, folder) for document in folder.documents]
    return Report(
        at=datetime.fromtimestamp(now_us // 1_000_000, UTC).isoformat().replace("+00:00", "Z"),
        bundle=bundle is not None,
        conforms=all(report.result() != "failed" for report in reports),
        tiers=summary(reports),
        files=reports,
    )


def _file(document: Document, folder: Folder) -> FileReport:
    rules = [rule for rule in RULES if document.kind in rule.kinds]
    checks = [check for rule in rules for check in _apply(rule, document, folder)]
    return FileReport(
        file=document.name,
        kind=document.kind,
        version=document.version,
        id=document.id,
        securing=document.securing,
        checks=sorted(checks, key=lambda check: check.tier),
    )


def _apply(rule: Rule, document: Document, folder: Folder) -> list[Check]:
    faults: list[Fault] = []
    left: list[Check] = []
    try:
        faults.extend(rule.find(document, folder))
    except NotApplicableError:
        pass
    except NotCheckedError as why:
        left = [Check(tier=rule.tier, rule=rule.name, result="not checked", clause=rule.clause, found=str(why))]
    else:
        if not faults:
            return [Check(tier=rule.tier, rule=rule.name, result="passed", clause=rule.clause)]
    return [*_told(rule, faults), *left]


def _told(rule: Rule, faults: list[Fault]) -> Iterator[Check]:
    for number, fault in enumerate(faults[:MANY_FAULTS], 1):
        more = f" (and {len(faults) - MANY_FAULTS} more)" if number == MANY_FAULTS < len(faults) else ""
        yield Check(
            tier=rule.tier,
            rule=rule.name,
            result=rule.breach,
            clause=fault.clause or rule.clause,
            pointer=fault.pointer,
            found=f"{fault.found}{more}",
            advice=rule.advice,
        )

"""What is fuzzed, and what must hold of it: functions of bytes that raise where something is wrong with us.

A reader may answer or raise CredentialError with a code that is listed; nothing else. What is found proven, opened or verified
must be something that was signed or locked.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from cli.junit import junit
from lodestream.conformance.harness import check_set
from lodestream.credentials import linkset
from lodestream.credentials.access import is_locked, parse_qr, unlock
from lodestream.credentials.bundle import Bundle, bundle_policies
from lodestream.credentials.did import did_key_document, document_bytes, parse_document, web_url
from lodestream.credentials.errors import LONGEST_MESSAGE, CredentialError
from lodestream.credentials.jcs import canonical
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.policy import DEFAULT_POLICIES, Policy
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.securing import compact, secure
from lodestream.credentials.signer import public_key
from lodestream.credentials.status import Bitstring, check_entry, entry_of
from lodestream.credentials.verify import verify
from lodestream.credentials.walk import Limits, Trust, make_balances, walk
from lodestream.credentials.walk.balance import key_of
from lodestream.credentials.walk.ports import Answer
from lodestream.credentials.walk.trust import Register
from tests.conftest import SHARED
from tests.credentials.telling import NOW_US, official
from tests.fuzz.corpus import DOCUMENT, KEY, SIGNER, secured, truth, unsigned

CODES = frozenset(re.findall(r"[A-Z][A-Z0-9_]+", (CredentialError.__doc__ or "").partition("Codes:")[2]))
"""The codes that the error's own documentation lists."""


class BrokenPromiseError(AssertionError):
    """Something that must never happen did."""


@contextmanager
def _named(seen: list[str]) -> Iterator[None]:
    """Takes the named error, and notes its code in `seen`."""
    try:
        yield
    except CredentialError as error:
        seen.append(error.code)
        if error.code not in CODES:
            raise BrokenPromiseError(f"the code {error.code} is not listed") from error
        if len(str(error)) > LONGEST_MESSAGE:
            raise BrokenPromiseError("the message is longer than messages are") from error


def _is_true(credential: dict[str, Any], what: str) -> None:
    try:
        known = canonical(credential) in truth()
    except CredentialError:  # it has no canonical form, what was signed has one
        known = False
    if not known:
        raise BrokenPromiseError(f"{what}: something that nobody signed")


def fuzz_verify(data: bytes) -> str:
    """The verifier takes anything and raises nothing; what it believes was signed."""
    report = verify(data, DOCUMENT, NOW_US)
    if report.credential is not None:
        _is_true(report.credential, "verified")
    seen = [f"{check.name}{check.result[0]}{check.code}" for check in report.checks]
    with _named(seen):
        proven = prove(presented(data), DOCUMENT)
        _is_true(proven.credential, "proven")
        if report.credential != proven.credential:
            raise BrokenPromiseError("verify and prove do not agree")
    return "/".join(seen)


def fuzz_conformance(data: bytes) -> str:
    """The harness takes any set and raises nothing; a proof that holds is of something that was signed."""
    return _conformance(data, None)


def fuzz_official(data: bytes) -> str:
    """The same with the official schemas and contexts, where they are beside the checkout."""
    return _conformance(data, _official())


@cache
def _official() -> Bundle | None:
    return official(SHARED) if (SHARED / "data").is_dir() else None


def _conformance(data: bytes, bundle: Bundle | None) -> str:
    beside = {"did.json": document_bytes(SIGNER), "passport.json": unsigned()[2], "anchor.json": unsigned()[3]}
    report = check_set({"it.json": data, **beside}, bundle, NOW_US)
    it = next(file for file in report.files if file.file == "it.json")
    if any(check.rule == "PROOF-HOLDS" and check.result == "passed" for check in it.checks):
        _is_true(prove(presented(data), DOCUMENT).credential, "conformance: a proof that holds")
    json.dumps(report.to_json())
    ET.fromstring(junit(report))  # ours
    return "/".join(f"{check.rule}{check.result[0]}" for check in it.checks if check.result != "passed")


def fuzz_status(data: bytes) -> str:
    """Status lists are unpacked within bounds; entries are read or refused."""
    seen: list[str] = []
    with _named(seen):
        bits = Bitstring.decode(data.decode("utf-8", "replace"))
        if Bitstring.decode(bits.encode()) != bits:
            raise BrokenPromiseError("a list that does not survive its own writing")
        seen.append(f"list of {len(bits)}")
    with _named(seen):
        credential = parse_object(data, "the credential")
        with _named(seen):
            seen += [str(check_entry(parse_object(unsigned()[5], "the list"), entry)) for entry in entry_of(credential)]
        seen += [str(check_entry(credential, entry)) for entry in entry_of(parse_object(unsigned()[1], "the credential"))]
    return "/".join(seen)


def fuzz_linkset(data: bytes) -> str:
    """A linkset is read or refused; what is read is merged with itself to itself."""
    seen: list[str] = []
    with _named(seen):
        found = linkset.parse(data)
        merged = linkset.merge(found, found)
        if linkset.merge(merged, found) != merged:
            raise BrokenPromiseError("merging is not idempotent")
        seen += [str(sorted(context.links)) for context in found.contexts[:3]]
        seen.append(str(linkset.choose([found], "dpp", "en")))
    return "/".join(seen)


def fuzz_did(data: bytes) -> str:
    """A DID document is read or refused, and so is each of its keys."""
    seen: list[str] = []
    with _named(seen):
        for method in parse_document(data).assertion:
            with _named(seen):
                public_key(method.jwk)
                seen.append("key")
    return "/".join(seen[:20])


def fuzz_did_name(data: bytes) -> str:
    """Names of DIDs are read or refused; a did:web leads to an https address without steps up."""
    name = data.decode("utf-8", "replace")
    seen: list[str] = []
    with _named(seen):
        url = web_url(name)
        if not url.startswith("https://") or "/../" in url or not url.endswith("/did.json"):
            raise BrokenPromiseError(f"{name} leads to {url}")
        seen.append("web")
    with _named(seen):
        if did_key_document(name).id != name:
            raise BrokenPromiseError(f"the document of {name} is another's")
        seen.append("key")
    return "/".join(seen)


def fuzz_unlock(data: bytes) -> str:
    """A locked copy opens to what was locked, or not at all."""
    seen = [str(is_locked(data))]
    with _named(seen):
        if unlock(data, KEY) != secured()[0]:
            raise BrokenPromiseError("opened: something that nobody locked")
        seen.append("opened")
    return "/".join(seen)


def fuzz_qr(data: bytes) -> str:
    """A link is read or refused, and neither a message nor the text of what was read shows a key."""
    text = data.decode("utf-8", "replace")
    try:
        said = repr(parse_qr(text))
    except CredentialError as error:
        if error.code != "QR":
            raise BrokenPromiseError(f"a link is refused as {error.code}") from error
        said = str(error)
    if KEY.hex() in said:
        raise BrokenPromiseError("it shows the key")
    return re.sub(r"['\"].*['\"]|\\d+", "", said)


def fuzz_balance(data: bytes) -> str:
    """A balance of any JSON object, with any passport: raises nothing, and each can be told in JSON."""
    seen: list[str] = []
    with _named(seen):
        event = parse_object(data, "the event")
        for one in make_balances(event, {key_of(event): event}):
            json.dumps(one.to_json())
            seen.append(f"{one.of}{one.verdict}")
    return "/".join(seen[:20])


def fuzz_signed(data: bytes) -> str:
    """What somebody really signed: every policy answers, and whatever was signed is what is verified."""
    try:
        credential = parse_object(data, "the credential")
        it = _signed(credential, data)
    except CredentialError as error:
        return error.code
    report = verify(it, DOCUMENT, NOW_US, (*DEFAULT_POLICIES, *_policies()))
    if report.credential is not None and report.credential != credential:
        raise BrokenPromiseError("what is verified is not what was signed")
    json.dumps(report.to_json(), default=str)
    return "/".join(f"{check.name}{check.result[0]}" for check in report.checks if check.result != "passed")


def _signed(credential: dict[str, Any], data: bytes) -> bytes:
    """Signed as it is: what our own issuer would not sign, another may."""
    if "@context" in credential and "proof" not in credential and len(data) % 2:
        return secure(credential, SIGNER, "eddsa-jcs-2022", NOW_US)
    return compact(write(credential), SIGNER)


@cache
def _policies() -> tuple[Policy, ...]:
    bundle = _official()
    return () if bundle is None else bundle_policies(bundle)


class Chaos(NamedTuple):
    """A web in which every address that we do not know holds the same bytes: a stranger's."""

    data: bytes

    def get(self, url: str) -> Answer:
        """The document of the issuer, a credential of its, or the stranger's bytes."""
        if url.endswith("/did.json"):
            return document_bytes(SIGNER)
        known = re.fullmatch(r"https://refinery\.example/(?:dte|status)/(\d)", url)
        return secured()[int(known[1]) % len(unsigned())] if known else self.data


def fuzz_walk(data: bytes) -> str:
    """A walk from anything, over anything: it ends, raises nothing, and says nothing good of what nobody signed."""
    try:
        start = _signed(parse_object(data, "the credential"), data)
    except CredentialError:
        start = data
    seen = []
    for begin in (start, "https://refinery.example/01/09521234000021/10/K1"):
        report = walk(begin, Chaos(data), TRUST, LIMITS, NOW_US, keys=(KEY,))
        json.dumps(report.to_json(), default=str)
        seen += sorted({finding.rule for finding in report.findings})
    return "/".join(seen)


TRUST = Trust(registers=[Register(SIGNER.did, types=["business", "accreditation"])], resolvers=["https://refinery.example"])
LIMITS = Limits(documents=100, fetches=400, total_bytes=32 * 1024 * 1024, depth=8, links=50)


TARGETS: dict[str, Callable[[bytes], str]] = {
    "verify": fuzz_verify,
    "conformance": fuzz_conformance,
    "official": fuzz_official,
    "signed": fuzz_signed,
    "walk": fuzz_walk,
    "status": fuzz_status,
    "linkset": fuzz_linkset,
    "did": fuzz_did,
    "did_name": fuzz_did_name,
    "unlock": fuzz_unlock,
    "qr": fuzz_qr,
    "balance": fuzz_balance,
}
"""By name. Each answers a short signature of what it saw, by which new behaviour is told from old."""

"""Policies: what a verifier wants to hold of a credential whose proof holds. Objects to be put together, not flags.

A policy is asked only after the signature was checked, so all that it reads is the signer's own word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ValidationError

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jose import issuer_of
from lodestream.credentials.report import Check, Report, failed, not_checked, passed
from lodestream.credentials.status import StatusEntry, check_entry, entry_of
from lodestream.credentials.untp import VerifiableCredential, model_for, time_us

ERRORS_SHOWN = 5
PURPOSES_THAT_END = ("revocation", "suspension")
"""Purposes of a status entry that end a credential when it is set; refresh and message do not."""


class Signed(NamedTuple):
    """What a policy is asked about: a credential whose proof holds, its exact bytes, and the time of asking."""

    credential: dict[str, Any]
    payload: bytes
    now_us: int


class Policy(Protocol):
    """One demand on a credential."""

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    def check(self, signed: Signed) -> Check:
        """Whether the demand is met. Raises nothing, whatever was signed."""
        ...


@dataclass(frozen=True, slots=True)
class DataModel:
    """The W3C data model: VCDM 2.0, section 4."""

    name: str = "data model"

    def check(self, signed: Signed) -> Check:
        """Holds for a credential of any type."""
        return _by_model(self.name, VerifiableCredential, signed.credential, "a W3C verifiable credential (VCDM 2.0)")


@dataclass(frozen=True, slots=True)
class UntpStructure:
    """The structure of a UNTP 0.7.0 credential of any of the five kinds, by our own models."""

    name: str = "UNTP structure"

    def check(self, signed: Signed) -> Check:
        """Only for the kinds and the version that the models cover; others are not checked."""
        model = model_for(signed.credential)
        if model is None:
            return not_checked(self.name, "It is of no kind of UNTP 0.7.0; only their structure is known here.")
        return _by_model(self.name, model, signed.credential, f"a {model.__name__} of UNTP 0.7.0")


@dataclass(frozen=True, slots=True)
class ValidNow:
    """The time of asking lies between validFrom and validUntil (VCDM 2.0 section 4.9), and nbf and exp (RFC 7519)."""

    leeway_us: int = 60_000_000
    name: str = "validity"

    def check(self, signed: Signed) -> Check:
        """Clocks may differ by `leeway_us` microseconds. A credential without dates is valid at any time."""
        credential = signed.credential
        try:
            begin = [_date(credential, "validFrom"), _seconds(credential, "nbf")]
            end = [_date(credential, "validUntil"), _seconds(credential, "exp")]
        except ValueError as error:
            return failed(self.name, f"{error}.", "DATE_UNREADABLE")
        if any(moment is not None and moment > signed.now_us + self.leeway_us for moment in begin):
            return failed(
                self.name, f"It is valid only from {credential.get('validFrom', credential.get('nbf'))}.", "NOT_YET_VALID"
            )
        if any(moment is not None and moment < signed.now_us - self.leeway_us for moment in end):
            return failed(self.name, f"It was valid until {credential.get('validUntil', credential.get('exp'))}.", "EXPIRED")
        since = credential.get("validFrom")
        return passed(self.name, f"Valid since {since}." if since else "It states no dates.")


@dataclass(frozen=True, slots=True)
class IssuedBy:
    """The issuer is one of those that the verifier expects."""

    issuers: frozenset[str]
    name: str = "expected issuer"

    def check(self, signed: Signed) -> Check:
        """Compares the issuer's identifier, character by character."""
        issuer = issuer_of(signed.credential)
        if issuer in self.issuers:
            return passed(self.name, f"Issued by {issuer}, as expected.")
        return failed(self.name, f"Issued by {issuer}, which is not among the expected issuers.", "UNEXPECTED_ISSUER")


@dataclass(frozen=True)
class NotEnded:
    """Its issuer has neither revoked nor suspended it, by status lists that somebody has fetched and verified.

    `lists` are reports of `verify` over the status list credentials, by their URLs (Bitstring Status List 1.0, section 3.2).
    """

    lists: Mapping[str, Report] = field(repr=False)
    name: str = "status"

    def check(self, signed: Signed) -> Check:
        """A status that cannot be known is a failure, not a pass; a credential that names none is not checked."""
        try:
            entries = [entry for entry in entry_of(signed.credential) if entry.purpose in PURPOSES_THAT_END]
            ended = [entry for entry in entries if is_ended(issuer_of(signed.credential), entry, self.lists.get(entry.list_url))]
        except CredentialError as error:
            return failed(self.name, f"Its status is not known: {error}.", error.code)
        if ended:
            return failed(self.name, f"Its issuer has set its {ended[0].purpose} in {ended[0].list_url}.", "REVOKED")
        if not entries:
            return not_checked(self.name, "It names no status list for revocation.")
        return passed(self.name, f"It is not set in {', '.join(entry.list_url for entry in entries)}.")


def is_ended(issuer: str | None, entry: StatusEntry, found: Report | None) -> bool:
    """Whether an entry is set in the list that was fetched for it, which must hold and be of the credential's own issuer.

    Raises CredentialError with the names of Bitstring Status List 1.0, section 3.5.
    """
    if found is None:
        raise CredentialError("STATUS_RETRIEVAL_ERROR", f"the status list {entry.list_url} cannot be had")
    if not found.verified or found.credential is None:
        reasons = " ".join(check.sentence for check in found.checks if check.code)
        raise CredentialError("STATUS_VERIFICATION_ERROR", f"the status list does not hold: {reasons}")
    if issuer_of(found.credential) != issuer:
        owner = issuer_of(found.credential)
        raise CredentialError("STATUS_VERIFICATION_ERROR", f"the status list is of {owner}, not of {issuer}")
    return check_entry(found.credential, entry)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of several policies holds."""

    name: str
    policies: Sequence[Policy]

    def check(self, signed: Signed) -> Check:
        """The first that passed; else all the reasons."""
        checks = [policy.check(signed) for policy in self.policies]
        good = next((check for check in checks if check.result == "passed"), None)
        if good is not None:
            return passed(self.name, good.sentence)
        return failed(self.name, " ".join(check.sentence for check in checks), "NONE_OF")


DEFAULT_POLICIES: tuple[Policy, ...] = (DataModel(), UntpStructure(), ValidNow())


def _by_model(name: str, model: type[BaseModel], credential: dict[str, Any], what: str) -> Check:
    try:
        model.model_validate(credential)
    except ValidationError as error:
        return failed(name, f"It is not {what}: {faults(error)}.", "STRUCTURE")
    return passed(name, f"It has the structure of {what}.")


def faults(error: ValidationError) -> str:
    """The first faults as JSON pointers with what is wrong there."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'/' + '/'.join(map(str, fault['loc'])) if fault['loc'] else 'root'}: {fault['msg'][:200]}" for fault in found]
    more = f"; and {len(shown) - ERRORS_SHOWN} more" if len(shown) > ERRORS_SHOWN else ""
    return "; ".join(shown[:ERRORS_SHOWN]) + more


def _date(credential: dict[str, Any], name: str) -> int | None:
    value = credential.get(name)
    if value is None:
        return None
    try:
        return time_us(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is no date-time with a zone") from None


def _seconds(credential: dict[str, Any], name: str) -> int | None:
    value = credential.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} is no number of whole seconds")
    return value * 1_000_000

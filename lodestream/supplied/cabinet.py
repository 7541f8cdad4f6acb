"""All accepted credentials together, and what their events are in our books: what follows when one more comes.

An event is told by the last of the credentials that tell it, with the supplier's passports and the attestations that there are.
What changes is corrected as EPCIS corrects: the event as it was sent, declared void, and the right one under an id of its own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.untp import time_us
from lodestream.credentials.walk.balance import Key, key_of, make_balances
from lodestream.epcis.intake import Accepted as Taken
from lodestream.epcis.intake import intake
from lodestream.epcis.routing import Router
from lodestream.ledger.book import Register
from lodestream.supplied.mapping import Facts, Mapped, document, event_id, mapped
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Accepted, Attestation, Opened, Passport, Told


class Cabinet:
    """What was accepted, by the digest of what was signed, and what it opened, by "<issuer> <event id>"."""

    def __init__(
        self, suppliers: Suppliers, register: Register, accepted: Iterable[Accepted] = (), opened: Iterable[Opened] = ()
    ) -> None:
        self.suppliers = suppliers
        self.accepted = {one.digest: one for one in accepted}
        self.opened = {one.ref: one for one in opened}
        self._register = register
        self._router = Router(register)

    def add(self, credential: Accepted) -> list[Opened]:
        """Take a credential in: the events that are opened, corrected or void by it, with the documents to be sent.

        The same credential again changes nothing. Raises CredentialError and changes nothing: what it says cannot be mapped
        (QUANTITY, STRUCTURE), its Make does not balance (MASS_BALANCE), the gate would not take it (NOT_TAKEN), or its
        facility has no site here (LOCATION).
        """
        if credential.digest in self.accepted:
            return []
        self.accepted[credential.digest] = credential
        try:
            changed = [one for ref in self._touched(credential) if (one := self._judge(ref, credential)) is not None]
        except CredentialError:
            del self.accepted[credential.digest]
            raise
        self.opened |= {one.ref: one for one in changed}
        return changed

    def stand(self, credential: Accepted) -> None:
        """Keep how a credential stands now."""
        self.accepted[credential.digest] = credential

    def sent(self, ref: str) -> Opened:
        """The documents of an event are with the broker."""
        self.opened[ref] = replace(self.opened[ref], documents=[])
        return self.opened[ref]

    def _touched(self, credential: Accepted) -> list[str]:
        """The events that a credential may change: its own, those it takes back, those that its passport is of."""
        own = [_ref(credential.issuer, told) for told in credential.told]
        before = next((one for one in self.accepted.values() if one.id == credential.replaces), None)
        if before is not None and before.issuer == credential.issuer and credential.told:
            own += [_ref(before.issuer, told) for told in before.told]
        if credential.passport is not None:
            own += [ref for ref, told in self._makes(credential.issuer) if _is_about(credential.passport, told)]
        if credential.attestation is not None:
            own += [ref for ref, _ in self._makes(None)]
        return list(dict.fromkeys(own))

    def _makes(self, issuer: str | None) -> Iterator[tuple[str, Told]]:
        for one in list(self.accepted.values()):
            if issuer in (None, one.issuer):
                yield from ((_ref(one.issuer, told), told) for told in one.told if told.kind == "make")

    def _judge(self, ref: str, cause: Accepted) -> Opened | None:
        """An event as it is now, where that is another than what was sent."""
        known = self.opened.get(ref)
        standing = self._standing(ref)
        if standing is None:
            return None if known is None or not known.event else self._void(known, cause)
        credential, told = standing
        facts = self._facts(credential.issuer)
        one = mapped(told, credential, facts, self.suppliers)
        _check_balance(told, facts)
        if known is not None and known.event and _same(parse_object(known.event.encode(), "the event"), one.event):
            return None if known.evidence == one.evidence else replace(known, evidence=one.evidence)
        return self._sent_anew(ref, known, credential, told, one, cause)

    def _sent_anew(
        self, ref: str, known: Opened | None, credential: Accepted, told: Told, one: Mapped, cause: Accepted
    ) -> Opened:
        version = known.version + 1 if known is not None else 1
        event = {"eventID": event_id(credential, told, version), **one.event}
        before = [_declared(known.event, cause, [event["eventID"]])] if known is not None and known.event else []
        made = document([*before, event], cause.valid_from)
        site, lots = self._taken(made)
        waiting = known.documents if known is not None else []
        return Opened(ref, version, one.evidence, write(event).decode(), site, lots, [*waiting, made.decode()])

    def _void(self, known: Opened, cause: Accepted) -> Opened:
        """An event that the credential's successor does not tell any more."""
        declared = document([_declared(known.event, cause, [])], cause.valid_from)
        return replace(known, event="", evidence=[cause.digest], documents=[*known.documents, declared.decode()])

    def _standing(self, ref: str) -> tuple[Accepted, Told] | None:
        """The last credential that tells an event, by its validFrom; None where all that told it were replaced without it."""
        replaced = {(one.issuer, one.replaces) for one in self.accepted.values() if one.replaces and one.told}
        found = [
            (credential, told)
            for credential in self.accepted.values()
            for told in credential.told
            if _ref(credential.issuer, told) == ref and (credential.issuer, credential.id) not in replaced
        ]
        return max(found, key=lambda pair: _age(pair[0]), default=None)

    def _facts(self, issuer: str) -> Facts:
        passports: list[tuple[str, Passport]] = []
        attestations: list[tuple[str, Attestation]] = []
        for one in sorted(self.accepted.values(), key=_age):
            if one.passport is not None and one.issuer == issuer:
                passports.append((one.digest, one.passport))
            if one.attestation is not None:
                attestations.append((one.digest, one.attestation))
        return Facts(passports, attestations)

    def _taken(self, made: bytes) -> tuple[str, list[str]]:
        """Site and lots of the last event of a document, as gate and ledger will name them. Raises CredentialError."""
        event = None
        for item in intake(made):
            if not isinstance(item, Taken):
                raise CredentialError("NOT_TAKEN", f"the gate would refuse its event: {item.code} {item.pointer}: {item.message}")
            event = item.event
        assert event is not None, "a document of ours has an event"
        where = self._router.route(event)
        if where.site is None or (not self._register.open and where.site not in where.listed):
            message = f"{where.site} is no site of the book file: list the facility among a site's locations"
            raise CredentialError("LOCATION", message)
        return where.site, sorted({item.id for item in event.materials})


def _ref(issuer: str, told: Told) -> str:
    return f"{issuer} {told.event}"


def _age(credential: Accepted) -> tuple[int, int, str]:
    return time_us(credential.valid_from), credential.accepted_us, credential.digest


def _is_about(passport: Passport, told: Told) -> bool:
    return any(passport.lot == part.lot or (not passport.lot and passport.product == part.product) for part in told.parts)


def _declared(event: str, cause: Accepted, correctives: list[str]) -> dict[str, Any]:
    """The event as it was sent, declared void as of the credential that says otherwise (EPCIS 2.0 section 7.4.1.2)."""
    reason = {"reason": "incorrect_data", "correctiveEventIDs": correctives} if correctives else {"reason": "did_not_occur"}
    return parse_object(event.encode(), "the event") | {"errorDeclaration": {"declarationTime": cause.valid_from, **reason}}


def _same(sent: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether two events say the same; which credential says it is no part of it."""
    return _bare(sent) == _bare(now)


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    items = [{name: value for name, value in item.items() if name != "crm:credential"} for item in event["crm:materials"]]
    return {name: value for name, value in event.items() if name != "eventID"} | {"crm:materials": items}


def _check_balance(told: Told, facts: Facts) -> None:
    """Raises CredentialError (MASS_BALANCE) where what a Make says, with the supplier's passports, cannot be."""
    if not told.products:
        return
    subjects = [parse_object(passport.told.encode(), "the passport") for _, passport in facts.passports]
    passports: dict[Key, dict[str, Any]] = {key_of(subject): subject for subject in subjects}
    for balance in make_balances(parse_object(told.products.encode(), "the event"), passports):
        if balance.verdict == "inconsistent":
            raise CredentialError("MASS_BALANCE", f"its Make does not balance: {balance.sentence}")

"""All accepted credentials together, and what their events are in our books: what follows when one more comes.

An event is told by the last of the credentials that tell it, with the supplier's passports and the attestations that there are.
What changes is corrected as EPCIS corrects: the event as it was sent, declared void, and the right one under an id of its own.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import parse_object, write
from lodestream.credentials.walk.balance import Key, key_of, make_balances
from lodestream.credentials.walk.grades import as_list, as_object
from lodestream.epcis.identifiers import canonical_id
from lodestream.epcis.intake import Accepted as Taken
from lodestream.epcis.intake import intake
from lodestream.epcis.routing import Router
from lodestream.ledger.book import Register
from lodestream.supplied.drawers import Drawers
from lodestream.supplied.mapping import Facts, Mapped, document, event_id, mapped
from lodestream.supplied.products import lot_of, text
from lodestream.supplied.suppliers import Suppliers
from lodestream.supplied.values import Accepted, Opened, Told


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
        self._drawers = Drawers()
        for one in self.accepted.values():
            self._drawers.put(one)

    def add(self, credential: Accepted) -> list[Opened]:
        """Take a credential in: the events that are opened, corrected or void by it, with the documents to be sent.

        The same credential again changes nothing. Raises CredentialError and changes nothing: what it says cannot be mapped
        (QUANTITY, STRUCTURE), its Make does not balance (MASS_BALANCE), the gate would not take it (NOT_TAKEN), or its
        facility has no site here (LOCATION).
        """
        if credential.digest in self.accepted:
            return []
        self._drawers.put(credential)
        try:
            touched = self._drawers.touched(credential)
            changed = [one for ref in touched if (one := self._judge(ref, credential)) is not None]
        except CredentialError:
            self._drawers.take_out(credential)
            raise
        self.accepted[credential.digest] = credential
        self.opened |= {one.ref: one for one in changed}
        return changed

    def stand(self, credential: Accepted) -> None:
        """Keep how a credential stands now."""
        self.accepted[credential.digest] = credential

    def sent(self, ref: str) -> Opened:
        """The documents of an event are with the broker."""
        self.opened[ref] = replace(self.opened[ref], documents=[])
        return self.opened[ref]

    def _judge(self, ref: str, cause: Accepted) -> Opened | None:
        """An event as it is now, where that is another than what was sent."""
        known = self.opened.get(ref)
        standing = self._drawers.standing(ref)
        if standing is None:
            return None if known is None or not known.event else self._void(known, cause)
        credential, told = standing
        facts = self._drawers.facts(credential.issuer, _names(told))
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


def _names(told: Told) -> list[str]:
    """The lots and models of an event, with those that went into a make: all whose passports say something about it."""
    event = parse_object(told.products.encode(), "the event") if told.products else {}
    names = [name for part in told.parts for name in (part.lot, part.product)]
    for entry in as_list(event.get("inputProduct")):
        product = as_object(as_object(entry).get("product"))
        with suppress(CredentialError):  # what cannot be told as a lot has no passport of ours
            names += [lot_of(product, "")[0], canonical_id(text(product, "id", ""))]
    return names


def _check_balance(told: Told, facts: Facts) -> None:
    """Raises CredentialError (MASS_BALANCE) where what a Make says, with the supplier's passports, cannot be."""
    if not told.products:
        return
    subjects = [parse_object(passport.told.encode(), "the passport") for _, passport in facts.passports]
    passports: dict[Key, dict[str, Any]] = {key_of(subject): subject for subject in subjects}
    for balance in make_balances(parse_object(told.products.encode(), "the event"), passports):
        if balance.verdict == "inconsistent":
            raise CredentialError("MASS_BALANCE", f"its Make does not balance: {balance.sentence}")

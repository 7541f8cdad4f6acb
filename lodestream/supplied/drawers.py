"""Accepted credentials by what they are about, so that one more costs what it touches and not all that there is."""

from collections import defaultdict
from collections.abc import Iterable

from lodestream.credentials.untp import time_us
from lodestream.supplied.mapping import Facts
from lodestream.supplied.values import Accepted, Passport, Told


class Drawers:
    """Events by "<issuer> <event id>"; passports by issuer and lot, those of a model by its product; attestations; successors."""

    def __init__(self) -> None:
        self._tellers: dict[str, list[Accepted]] = defaultdict(list)
        self._makes: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._passports: dict[tuple[str, str], list[tuple[Accepted, Passport]]] = defaultdict(list)
        self._attestations: list[Accepted] = []
        self._successors: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._by_id: dict[tuple[str, str], list[Accepted]] = defaultdict(list)

    def put(self, one: Accepted) -> None:
        """File a credential under all that it is about."""
        self._by_id[one.issuer, one.id].append(one)
        for told in one.told:
            self._tellers[ref_of(one.issuer, told)].append(one)
            for name in _names(told):
                self._makes[one.issuer, name][ref_of(one.issuer, told)] = None
        if one.passport is not None:
            self._passports[one.issuer, _about(one.passport)].append((one, one.passport))
        if one.attestation is not None:
            self._attestations.append(one)
        if one.replaces and one.told:
            self._successors[one.issuer, one.replaces].append(one.digest)

    def take_out(self, one: Accepted) -> None:
        """Undo `put` of what was put last."""
        self._by_id[one.issuer, one.id].pop()
        for told in one.told:
            ref = ref_of(one.issuer, told)
            self._tellers[ref].pop()
            for name in _names(told) if not self._tellers[ref] else []:
                self._makes[one.issuer, name].pop(ref, None)
        if one.passport is not None:
            self._passports[one.issuer, _about(one.passport)].pop()
        if one.attestation is not None:
            self._attestations.pop()
        if one.replaces and one.told:
            self._successors[one.issuer, one.replaces].pop()

    def touched(self, one: Accepted) -> list[str]:
        """The events that a credential may change: its own, those it takes back, those that its passport is about."""
        found = [ref_of(one.issuer, told) for told in one.told]
        for before in self._by_id.get((one.issuer, one.replaces), []) if one.told else []:
            found += [ref_of(before.issuer, told) for told in before.told]
        if one.passport is not None:
            found += self._makes[one.issuer, _about(one.passport)]
        if one.attestation is not None:
            found += [ref for refs in self._makes.values() for ref in refs]
        return list(dict.fromkeys(found))

    def standing(self, ref: str) -> tuple[Accepted, Told] | None:
        """The last credential that tells an event, by its validFrom; None where all that told it were replaced without it."""
        left = [one for one in self._tellers[ref] if not self._successors.get((one.issuer, one.id))]
        last = max(left, key=age, default=None)
        return None if last is None else next((last, told) for told in last.told if ref_of(last.issuer, told) == ref)

    def facts(self, issuer: str, names: Iterable[str]) -> Facts:
        """The supplier's passports of these lots and models, and every attestation, the youngest last."""
        passports = [each for name in dict.fromkeys(names) for each in self._passports.get((issuer, name), [])]
        passports.sort(key=lambda each: age(each[0]))
        attested = sorted(self._attestations, key=age)
        return Facts(
            [(one.digest, passport) for one, passport in passports],
            [(one.digest, one.attestation) for one in attested if one.attestation is not None],
        )


def _about(passport: Passport) -> str:
    """The lot that a passport is of; the product where it is of all its batches."""
    return passport.lot or passport.product


def _names(told: Told) -> list[str]:
    """What passports of a make may be about: its lots and their models."""
    return [name for part in told.parts for name in (part.lot, part.product)] if told.kind == "make" else []


def ref_of(issuer: str, told: Told) -> str:
    """What an event is known by: its issuer and its id, since two suppliers may choose one id."""
    return f"{issuer} {told.event}"


def age(credential: Accepted) -> tuple[int, int, str]:
    """Credentials from the oldest to the youngest, by validFrom."""
    return time_us(credential.valid_from), credential.accepted_us, credential.digest

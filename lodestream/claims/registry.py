"""Book and claim: certificates apart from the flow of metal, issued, handed on and retired once, in a registry.

`Registry` is what a registry outside must offer; `MemoryRegistry` keeps one in memory.
"""

from typing import Protocol

from msgspec.structs import replace

from lodestream.claims.certificate import Certificate
from lodestream.claims.values import Refusal
from lodestream.measures import kg


class Registry(Protocol):
    """The three acts of book and claim. Each gives the certificate as it is now, or a refusal; none is done twice."""

    def issue(self, certificate: Certificate) -> Certificate | Refusal:
        """Bring a certificate into being, for metal that was produced with the attribute."""

    def transfer(self, certificate_id: str, holder: str, to: str) -> Certificate | Refusal:
        """Hand a certificate on, whole."""

    def retire(self, certificate_id: str, holder: str, claim: str) -> Certificate | Refusal:
        """Use a certificate up for one claim."""


class MemoryRegistry:
    """A registry in memory. `backing_mg` bounds what may be issued for one source (site, element, attribute and period)."""

    def __init__(self, backing_mg: dict[str, int]) -> None:
        self._backing_mg = backing_mg
        self._certificates: dict[str, Certificate] = {}

    def issue(self, certificate: Certificate) -> Certificate | Refusal:
        """Issue. DOUBLE_CLAIM where the id or the metal behind it is issued already."""
        known = self._certificates.get(certificate.id)
        if known is not None:
            return Refusal("DOUBLE_CLAIM", f"certificate {known.id} is issued already, over {kg(known.mg)} from {known.backing}")
        backing = certificate.backing
        have = self._backing_mg.get(backing, 0)
        issued = sum(one.mg for one in self._certificates.values() if one.backing == backing)
        if issued + certificate.mg > have:
            short = issued + certificate.mg - have
            said = f"{backing}: {kg(have)}, issued {kg(issued)}, needs {kg(certificate.mg)} more, short {kg(short)}"
            return Refusal("DOUBLE_CLAIM" if issued else "ORIGIN_UNSUPPORTED", said)
        return self._put(replace(certificate, retired_for=""))

    def transfer(self, certificate_id: str, holder: str, to: str) -> Certificate | Refusal:
        """Hand on, if the holder has it and it is not used up."""
        found = self._held(certificate_id, holder)
        return found if isinstance(found, Refusal) else self._put(replace(found, holder=to))

    def retire(self, certificate_id: str, holder: str, claim: str) -> Certificate | Refusal:
        """Retire for a claim, once."""
        found = self._held(certificate_id, holder)
        return found if isinstance(found, Refusal) else self._put(replace(found, retired_for=claim))

    def _held(self, certificate_id: str, holder: str) -> Certificate | Refusal:
        found = self._certificates.get(certificate_id)
        if found is None:
            return Refusal("ORIGIN_UNSUPPORTED", f"there is no certificate {certificate_id}")
        if found.retired_for:
            return Refusal("DOUBLE_CLAIM", f"certificate {found.id} over {kg(found.mg)} is retired for {found.retired_for}")
        if found.holder != holder:
            return Refusal("ORIGIN_UNSUPPORTED", f"certificate {found.id} is held by {found.holder}, not by {holder}")
        return found

    def _put(self, certificate: Certificate) -> Certificate:
        self._certificates[certificate.id] = certificate
        return certificate

"""Book and claim: certificates apart from the flow of metal, issued, handed on and retired once, in a registry.

`Registry` is what any registry offers. The one in the ledger is the books themselves (lodestream/ledger/certificates.py).
"""

from typing import Protocol

from lodestream.claims.certificate import Certificate
from lodestream.claims.values import Refusal


class Registry(Protocol):
    """The three acts of book and claim. Each gives the certificate as it is now, or a refusal; none is done twice."""

    def issue(self, certificate: Certificate) -> Certificate | Refusal:
        """Bring a certificate into being, for metal that was produced with the attribute."""

    def transfer(self, certificate_id: str, holder: str, to: str) -> Certificate | Refusal:
        """Hand a certificate on, whole."""

    def retire(self, certificate_id: str, holder: str, claim: str) -> Certificate | Refusal:
        """Use a certificate up for one claim."""

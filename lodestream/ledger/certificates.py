"""Book and claim in the books: a site's book keeps the certificates that it issued or was handed (rulebook R103).

The book of the site that holds a certificate is its registry, so one order of entries decides: it is handed on or retired once,
whoever asks. A book that handed one on knows to whom.
"""

from msgspec.structs import replace

from lodestream.claims.certificate import Certificate
from lodestream.claims.physical import unsupported
from lodestream.claims.values import Refusal
from lodestream.ledger.draft import Draft
from lodestream.measures import kg


class SiteRegistry:
    """The registry (lodestream/claims/registry.py) of what one site's book knows, as a draft has it."""

    def __init__(self, draft: Draft) -> None:
        """Of the site that the draft's entry is for."""
        self._draft = draft

    def issue(self, certificate: Certificate) -> Certificate | Refusal:
        """Issue, for credits that are drawn for it. DOUBLE_CLAIM where the id is issued already."""
        return self.issued(certificate.id) or self.put(certificate)

    def issued(self, certificate_id: str) -> Refusal | None:
        """DOUBLE_CLAIM where the book knows a certificate of that id."""
        known = self.get(certificate_id)
        if known is None:
            return None
        return Refusal("DOUBLE_CLAIM", f"certificate {known.id} is issued already, over {kg(known.mg)} from {known.backing}")

    def transfer(self, certificate_id: str, holder: str, to: str) -> Certificate | Refusal:
        """Hand on, if the holder has it and it is not used up."""
        found = self._held(certificate_id, holder)
        return found if isinstance(found, Refusal) else self.put(replace(found, holder=to))

    def retire(self, certificate_id: str, holder: str, claim: str) -> Certificate | Refusal:
        """Retire for a claim, once."""
        found = self._held(certificate_id, holder)
        return found if isinstance(found, Refusal) else self.put(replace(found, retired_for=claim))

    def get(self, certificate_id: str) -> Certificate | None:
        """A certificate that the book knows."""
        return self._draft.view.get(Certificate, certificate_id)

    def hold(self, certificate_id: str, holder: str) -> None:
        """A handover ends: a certificate that the book knows is with this holder again."""
        known = self.get(certificate_id)
        assert known is not None, "who handed it on or took it knows it"
        self.put(replace(known, holder=holder))

    def put(self, certificate: Certificate) -> Certificate:
        """Keep a certificate as it is now."""
        self._draft.view.put(certificate, certificate.id)
        return certificate

    def _held(self, certificate_id: str, holder: str) -> Certificate | Refusal:
        found = self.get(certificate_id)
        if found is None:
            return unsupported(f"there is no certificate {certificate_id} in the book of {self._draft.site}")
        if found.retired_for:
            return Refusal("DOUBLE_CLAIM", f"certificate {found.id} over {kg(found.mg)} is retired for {found.retired_for}")
        if found.holder != holder:
            return unsupported(f"certificate {found.id} is held by {found.holder}, not by {holder}")
        return found

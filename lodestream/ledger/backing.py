"""Suppliers' credentials and what they back at a site: VC_OVERDRAWN (F25) where one backs two lots, or more than it states.

Of a lot a credential backs the larger of what entered under it and of what was drawn under it: a receipt and the run that
takes it are one use. Masses are compared as stated, with the transit tolerance and 3u, since two scales weighed them.

Rulebook R85.
"""

from lodestream.epcis.event import Material
from lodestream.ledger.backed import Backing, Use
from lodestream.ledger.draft import Draft
from lodestream.ledger.values import Said
from lodestream.measures import Line, kg, percent_of, quadrature, uncertainty
from lodestream.measures.bulk import BASES, in_mg
from lodestream.measures.exact import NotExactError, ratio, rounded
from lodestream.measures.refusal import RefusedError
from lodestream.measures.units import UnitRefusedError


def note(draft: Draft) -> None:
    """Keep what the credentials of a posted event back, and judge them."""
    for item in draft.event.materials:
        if item.credential is None:
            continue
        use = _use(draft, item)
        if use is not None:
            known = draft.view.get(Backing, item.credential) or Backing([])
            _judge(draft, item.credential, Backing([*known.uses, use]))


def withdraw(draft: Draft, identity: str) -> None:
    """The event is void: its credentials back nothing by it. The declaration repeats its content, so it names them too."""
    for credential in sorted({item.credential for item in draft.event.materials if item.credential is not None}):
        known = draft.view.get(Backing, credential)
        if known is not None:
            _judge(draft, credential, Backing([use for use in known.uses if use.identity != identity]))


def said(credential: str, uses: list[Use], tolerance_mg: int) -> Said | None:
    """F25 over all uses of a credential at the site; `tolerance_mg` is what its mass may be exceeded by besides 3u."""
    lots = sorted({use.lot for use in uses})
    if len(lots) > 1:
        arithmetic = f"{credential} backs {len(lots)} lots: {', '.join(lots)}; a credential backs one"
        return Said("VC_OVERDRAWN", (credential,), arithmetic, lots)
    stated = [use.credential_mg for use in uses if use.credential_mg is not None]
    if not stated:
        return None
    bound = min(stated)
    drawn = [use for use in uses if use.drawn]
    entered = [use for use in uses if not use.drawn]
    backed = max(drawn, entered, key=_sum)
    u = quadrature(bound * uncertainty.PLAIN_MASS // uncertainty.SCALE, *(use.u_mg for use in backed))
    if _sum(backed) - 3 * u <= bound + tolerance_mg:
        return None
    arithmetic = (
        f"{credential} states {kg(bound)} and backs {kg(_sum(backed))} of {lots[0]} in {len(backed)} events: "
        f"{kg(_sum(backed))} - 3u {kg(3 * u)} > {kg(bound)} + tolerance {kg(tolerance_mg)}"
    )
    return Said("VC_OVERDRAWN", (credential,), arithmetic, lots)


def _use(draft: Draft, item: Material) -> Use | None:
    """The item's part in what its credential backs; None where it neither enters the site's book nor is drawn in a run."""
    drawn = item.role == "input"
    if not drawn and draft.kind not in {"create", "receive"}:
        return None
    line = next((x for x in draft.lines if (x.role, x.lot) == (item.role, item.id)), None)
    if line is None:
        return None
    dry = BASES.get(item.mass_basis or draft.book.mass_basis or "") == "dry"
    mass = line.dry_mg if dry else line.wet_mg
    u = mass * uncertainty.of_mass(item) // uncertainty.SCALE
    return Use(draft.event.identity, item.id, drawn, mass, u, _stated(item, line.uom))


def _stated(item: Material, uom: str | None) -> int | None:
    """The mass of the credential in mg; None where it states none, or in a unit that is no mass."""
    if item.credential_mass is None:
        return None
    try:
        return rounded(in_mg(Line(item.role, item.id), ratio(item.credential_mass), item.uom or uom)[0])
    except (UnitRefusedError, RefusedError, NotExactError):
        return None


def _sum(uses: list[Use]) -> int:
    return sum(use.mass_mg for use in uses)


def _judge(draft: Draft, credential: str, backing: Backing) -> None:
    """Write what it backs now; the finding is of the credential, said anew whenever what it says has changed."""
    bounds = [use.credential_mg for use in backing.uses if use.credential_mg is not None]
    tolerance = percent_of(draft.book.transit_tolerance_percent, min(bounds)) if bounds else 0
    one = said(credential, backing.uses, tolerance)
    draft.say_whether(one or Said("VC_OVERDRAWN", (credential,), ""), stands=one is not None)
    if backing.uses:
        draft.view.put(backing, credential)
    else:
        draft.view.drop(Backing, credential)

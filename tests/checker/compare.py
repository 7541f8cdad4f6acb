"""The ledger and the checker over the same events, and where they differ."""

from fractions import Fraction

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook
from tests.checker.checker import Checker, CircleError
from tests.checker.world import Key, by_mass, by_value
from tests.ledger.making import Books, entry


def differences(
    events: list[Event],
    *,
    sites: dict[str, SiteBook] | None = None,
    shares: bool = False,
    carbon: bool = False,
    contacts: bool = False,
) -> list[str]:
    """Every account and lot content that is not the same in both books, in mg; none when they agree.

    `sites`: settings of their books. `shares`: vectors too. `carbon`: what each lot carries, in g CO2e. `contacts`: what it
    touched and has no share in.
    """
    sites = sites or {}
    books = Books(**sites)
    checker = Checker(
        {site: book.elements for site, book in sites.items()},
        grades={site: grades(book) for site, book in sites.items() if book.provisional_grades},
        keys={site: key(book) for site, book in sites.items() if book.carbon_keys},
    )
    for one in events:
        books(one)
        try:
            checker.submit(entry(one))
        except CircleError:
            return []
    ours = {(site, e, account): mg for site, e, account, mg in books.fold.accounts()}
    theirs = {place: mg for place, mg in checker.world.accounts.items() if mg}
    found = [
        f"{' '.join(place)}: ledger {ours.get(place, 0)} mg, checker {theirs.get(place, 0)} mg"
        for place in sorted(ours.keys() | theirs.keys())
        if ours.get(place, 0) != theirs.get(place, 0)
    ]
    if any(f.code == "CYCLE" and "came back" in f.arithmetic for _, f in books.fold.open_findings()):
        shares = carbon = contacts = False  # the ledger keeps shares where a restatement comes round, the checker goes on
    states = {(lot.site, lot.lot): lot for lot in books.fold.lots()}
    for place in sorted(states.keys() | checker.world.lots.keys()):
        state, lot = states.get(place), checker.world.lots.get(place)
        one = (state.wet_mg, state.dry_mg, nonzero(state.contained_mg)) if state else (0, 0, {})
        other = (lot.wet, lot.dry, nonzero(lot.contained)) if lot else (0, 0, {})
        if one != other:
            found.append(f"lot {' '.join(place)}: ledger {one}, checker {other}")
        if shares and state and lot and vectors(state.shares) != vectors(lot.vectors):
            found.append(f"shares of {' '.join(place)}: ledger {state.shares}, checker {lot.vectors}")
        keys = {key for vector in state.shares.values() for key in vector} if state else set()
        if contacts and state and lot and set(state.contacts) != lot.touched - keys:
            found.append(f"contacts of {' '.join(place)}: ledger {state.contacts}, checker {sorted(lot.touched - keys)}")
        if carbon and state and lot and state.embodied_g_co2e != lot.carbon:
            found.append(f"carbon of {' '.join(place)}: ledger {state.embodied_g_co2e} g, checker {lot.carbon} g")
    return found


def grades(book: SiteBook) -> dict[str, dict[str, Fraction]]:
    """The provisional grades of a book by product class and element."""
    made: dict[str, dict[str, Fraction]] = {}
    for one in book.provisional_grades:
        made.setdefault(one.product_class, {})[one.element] = Fraction(one.percent)
    return made


def key(book: SiteBook) -> Key:
    """By what its carbon goes to products; histories name no process."""
    (declared,) = book.carbon_keys
    prices = {price.element: Fraction(price.per_kg) for price in declared.prices}
    return by_mass if declared.key == "mass" else by_value(prices)


def nonzero(contained: dict[str, int]) -> dict[str, int]:
    """Contents without the elements of which there is nothing."""
    return {e: mg for e, mg in contained.items() if mg}


def vectors(shares: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Vectors without empty parts."""
    return {e: nonzero(vector) for e, vector in shares.items() if nonzero(vector)}

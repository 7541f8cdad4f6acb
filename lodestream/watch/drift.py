"""F21 DRIFT and F22 TOO_PERFECT: what the balances of a site say one after the other, where each alone says nothing.

For every balance that was judged, U = in - out (all losses counted in out) with its standard uncertainty u. F21 is a two-sided
CUSUM of z = (U - declared loss) / u: S+ = max(0, S+ + z - 0.5), S- = max(0, S- - z - 0.5), alarm above 5; then that side begins
anew. A single balance counts for three units at most: what is beyond says so itself, as F1 or F28. F22 is ten balances in a row
with abs(U) < 0.05 u. z is kept in millionths, rounded once, half to even. A balance counts as it was first judged: what a later
assay or correction makes of it changes no sum.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Closure, Finding, Outcome
from lodestream.measures import decimal, kg, percent_of
from lodestream.measures.exact import rounded
from lodestream.watch.reading import SEEN_US, finding, made
from lodestream.watch.recent import Recent

MILLION = 1_000_000
SLACK = MILLION // 2
ALARM = 5 * MILLION
MOST = 3 * MILLION
PERFECT_ROW = 10
PERFECT_PERCENT = 5


class Course(Struct):
    """How the balances of one element at one site have gone, sums in millionths of u."""

    missing: int = 0
    created: int = 0
    perfect: int = 0


class Drift:
    """One course for each site and element."""

    def __init__(self, books: Mapping[str, SiteBook]) -> None:
        self._books = books
        self._courses: dict[tuple[str, str], Course] = {}
        self._judged: Recent[tuple[str, str, str], bool] = Recent(SEEN_US, bool)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._judged.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Follow the balances that were judged in an outcome. One without any uncertainty cannot be followed.

        Nor is a run followed of whose outputs none is assayed: a lot that is divided keeps its grade, and U is 0 by construction.
        """
        outputs = [line for line in outcome.lines if line.role == "output"]
        if outputs and not any(line.assays for line in outputs):
            return
        for closure in outcome.closures:
            key = (outcome.site, closure.run, closure.element)
            if closure.u_mg > 0 and not self._judged.get(key):
                self._judged.put(key, True)
                course = self._courses.setdefault((outcome.site, closure.element), Course())
                lots = [line.lot for line in made(outcome)]
                yield from self._cusum(outcome.site, closure, course, lots)
                yield from _perfect(outcome.site, closure, course, lots)

    def _cusum(self, site: str, closure: Closure, course: Course, lots: list[str]) -> Iterator[Finding]:
        book = self._books.get(site)
        declared = percent_of(book.declared_loss_percent, closure.inputs_mg) if book else 0
        gap = closure.inputs_mg - closure.outputs_mg
        z = max(-MOST, min(MOST, rounded(((gap - declared) * MILLION, closure.u_mg))))
        before = course.missing, course.created
        course.missing = max(0, course.missing + z - SLACK)
        course.created = max(0, course.created - z - SLACK)
        bound = " at most" if abs(z) == MOST else ""
        measured = (
            f"{closure.element}: z = (U {kg(gap)} - declared loss {kg(declared)}) / u {kg(closure.u_mg)} = {_units(z)}{bound}"
        )
        if course.missing > ALARM:
            said = f"{measured}; S+ = {_units(before[0])} + z - 0.5 = {_units(course.missing)} > 5: it keeps missing"
            yield finding("DRIFT", (site, closure.element, "missing", closure.run), said, lots)
            course.missing = 0
        if course.created > ALARM:
            said = f"{measured}; S- = {_units(before[1])} - z - 0.5 = {_units(course.created)} > 5: it keeps appearing"
            yield finding("DRIFT", (site, closure.element, "created", closure.run), said, lots)
            course.created = 0


def _perfect(site: str, closure: Closure, course: Course, lots: list[str]) -> Iterator[Finding]:
    gap = abs(closure.inputs_mg - closure.outputs_mg)
    course.perfect = course.perfect + 1 if 100 * gap < PERFECT_PERCENT * closure.u_mg else 0
    if course.perfect == PERFECT_ROW:
        last = f"the last has |U| {kg(gap)}, u {kg(closure.u_mg)}"
        said = f"{closure.element}: {PERFECT_ROW} balances in a row with |U| < 0.05 u; {last}"
        yield finding("TOO_PERFECT", (site, closure.element, closure.run), said, lots)


def _units(millionths: int) -> str:
    return decimal((millionths, MILLION))

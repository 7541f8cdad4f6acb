"""F6 ORIGIN_CAPACITY: more out of a mine in a calendar year than 1.1 times its licence, or anything before its date.

What leaves SOURCE(mine) is what the mine brought out; a correction puts it back. The year is that of the event's own time zone.
Ores of other people's making, sold as one's own, show here (mass-balance section 3).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from lodestream.ledger.book import Licence, SiteBook
from lodestream.ledger.records import Finding, Outcome
from lodestream.measures import decimal, tonnes
from lodestream.measures.exact import ratio
from lodestream.watch.reading import finding, identity, made

MARGIN_PERCENT = 110
_KG = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Licences:
    """Sums what each mine brings out, by element and year, against the licences of its book."""

    def __init__(self, books: Mapping[str, SiteBook]) -> None:
        self._licences: dict[tuple[str, str], list[Licence]] = {}
        for site, book in books.items():
            for licence in sorted(book.licences, key=lambda one: one.from_us):
                self._licences.setdefault((site, licence.element), []).append(licence)
        self._out_mg: dict[tuple[str, str, int], int] = {}

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Judge what an outcome brought out."""
        for element, mg in _mined(outcome).items():
            licences = self._licences.get((outcome.site, element))
            if licences:
                yield from self._judge(outcome, element, mg, licences)

    def _judge(self, outcome: Outcome, element: str, mg: int, licences: list[Licence]) -> Iterator[Finding]:
        site, year = outcome.site, _year(outcome)
        total = self._out_mg[site, element, year] = self._out_mg.get((site, element, year), 0) + mg
        if mg <= 0:
            return
        lots = [line.lot for line in made(outcome)]
        if outcome.valid_time_us < licences[0].from_us:
            came, licensed = _date(outcome.valid_time_us), _date(licences[0].from_us)
            said = f"{tonnes(mg)} {element} came out on {came}, licensed from {licensed} on"
            yield finding("ORIGIN_CAPACITY", (site, element, "before the licence", identity(outcome)), said, lots)
            return
        licence = [one for one in licences if one.from_us <= outcome.valid_time_us][-1]
        n, d = ratio(licence.kg_per_year)
        if 100 * d * total > MARGIN_PERCENT * n * _KG:
            said = (
                f"{element} out of the mine in {year}: {tonnes(total - mg)} + {tonnes(mg)} = {tonnes(total)} "
                f"> 1.1 x licence {decimal((n, 1000 * d))} t = {decimal((MARGIN_PERCENT * n, 100_000 * d))} t"
            )
            yield finding("ORIGIN_CAPACITY", (site, element, str(year), identity(outcome)), said, lots)


def _mined(outcome: Outcome) -> dict[str, int]:
    out: dict[str, int] = {}
    for posting in outcome.postings:
        if posting.account == "SOURCE(mine)":
            out[posting.element] = out.get(posting.element, 0) - posting.amount_mg
    return out


def _year(outcome: Outcome) -> int:
    offset = outcome.event_time_zone_offset or "+00:00"
    minutes = (int(offset[1:3]) * 60 + int(offset[4:6])) * (-1 if offset[0] == "-" else 1)
    return (_EPOCH + timedelta(microseconds=outcome.valid_time_us, minutes=minutes)).year


def _date(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).date().isoformat()

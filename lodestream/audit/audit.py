"""The audit of some sites' books: a pure function of their entries and their recorded outcomes, both in their order.

Every outcome is made anew from its entry (`transactions = fold(apply, entries)`, DESIGN.md section 1), chain value included,
and compared with what is recorded. So one pass proves the chain, the transactions and their order; what must hold whatever the
rules are is checked beside it. Entries and outcomes come from iterators: memory holds the books, not the history.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lodestream.audit import naming
from lodestream.audit.asof import counts, legs
from lodestream.audit.checks import Heads
from lodestream.audit.values import Asked, Code, Custody, Difference, Told, Verdict
from lodestream.ledger.apply import apply, skip
from lodestream.ledger.records import Entry, Outcome
from lodestream.ledger.view import Books

BATCH = 500  # entries whose values stay decoded: as in a worker, more take memory and save little
AHEAD = 200  # rows that are read on to tell what somebody did


def audit(
    asked: Iterable[Asked],
    told: Iterable[Told],
    skips: Mapping[str, str] | None = None,
    as_of_us: int | None = None,
    about_us: int | None = None,
) -> Verdict:
    """Audit whole books: all entries of one or more sites, and all that is recorded of them, each in its order.

    `skips` are the reasons of skipped entries by their ids (`ledger.skips.v1`). With `as_of_us` (record time) only what was
    recorded until then is compared; the balances are as known then, with `about_us` (valid time) about that time. Without it
    there are none: nobody asked.
    """
    return _Audit(iter(asked), _until(told, as_of_us), skips or {}, as_of_us, about_us).run()


def _until(told: Iterable[Told], as_of_us: int | None) -> Iterator[Told]:
    return (one for one in told if as_of_us is None or one.outcome is None or one.outcome.record_time_us <= as_of_us)


class _Raised(Exception):  # noqa: N818  # told as a difference
    """A rule raised at an entry."""

    code: Code = "RULE_RAISED"


class _Lost(_Raised):
    """An entry cannot be read, and it should: the ledger could."""

    code: Code = "UNDECODABLE"


class _Audit:
    def __init__(
        self,
        asked: Iterator[Asked],
        told: Iterator[Told],
        skips: Mapping[str, str],
        as_of_us: int | None,
        about_us: int | None,
    ) -> None:
        self._asked, self._told, self._skips = asked, told, skips
        self._as_of_us, self._about_us = as_of_us, about_us
        self._state: dict[bytes, bytes] = {}
        self._books = Books(self._state)
        self._heads = Heads()
        self._said = Verdict(balances={}, custody={})

    def run(self) -> Verdict:
        last = Asked("the beginning", _NOTHING)
        for last in self._asked:
            try:
                expected = self._fold(last)
            except _Raised as raised:
                self._said.difference = Difference(raised.code, last.place, str(raised), "-", "no outcome can be made of it")
                return self._said
            if not self._compare(last, expected):
                return self._said
            self._said.entries += 1
        left = list(islice(self._told, AHEAD))
        if left:
            self._said.difference = naming.name(left, [], last, self._heads)
        return self._said

    def _compare(self, asked: Asked, expected: list[Outcome]) -> bool:
        """Whether the record goes on as expected: then it is counted."""
        for n, outcome in enumerate(expected):
            there = next(self._told, None)
            if there is None and not asked.settled:
                self._said.waiting = 1 + sum(1 for _ in self._asked)
                return False
            if there is None or not there.says(outcome):
                rest = [*expected[n:], *self._expected_later()]
                told = [] if there is None else [there, *islice(self._told, AHEAD)]
                self._said.difference = naming.name(told, rest, asked, self._heads)
                return False
            self._said.difference = self._heads.take(there.place, outcome)
            if self._said.difference is not None:
                return False
            self._count(outcome)
        return True

    def _fold(self, asked: Asked) -> list[Outcome]:
        if isinstance(asked.entry, str):
            raise _Lost(asked.entry)
        made = [asked.entry] if isinstance(asked.entry, Outcome) else self._apply(asked.entry)
        if self._said.entries % BATCH == BATCH - 1:
            for key, value in self._books.take().items():
                if value is None:
                    self._state.pop(key, None)
                else:
                    self._state[key] = value
            self._books = Books(self._state)
        return made if self._as_of_us is None else [one for one in made if one.record_time_us <= self._as_of_us]

    def _apply(self, entry: Entry) -> list[Outcome]:
        reason = self._skips.get(entry.entry_id)
        try:
            return (apply(self._books, entry) if reason is None else skip(self._books, entry, reason)).outcomes
        except Exception as error:  # a rule has a bug, or somebody wrote an entry that the gate would not
            raise _Raised(f"{type(error).__name__}: {error}") from error

    def _expected_later(self) -> list[Outcome]:
        """What the next entries give, as far as they can be folded: to tell what somebody did."""
        found: list[Outcome] = []
        for asked in islice(self._asked, AHEAD):
            try:
                found += self._fold(asked)
            except _Raised:
                break
        return found

    def _count(self, outcome: Outcome) -> None:
        said = self._said
        said.outcomes += 1
        said.transactions += outcome.outcome == "TRANSACTION"
        said.last_us = max(said.last_us, outcome.record_time_us)
        for posting in outcome.postings:
            if posting.account.startswith("CUSTODY("):
                one = said.custody.setdefault((posting.account, posting.element), Custody(0, outcome.record_time_us, set()))
                one.mg += posting.amount_mg
                one.sites.add(outcome.site)
        if self._as_of_us is not None:
            self._add(outcome)

    def _add(self, outcome: Outcome) -> None:
        """What it moves, as far as its time is asked about."""
        balances = self._said.balances
        for leg in legs(outcome):
            if counts(leg, None, self._about_us):
                key = (leg.site, leg.element, leg.account)
                mg = balances.pop(key, 0) + leg.amount_mg
                if mg:
                    balances[key] = mg


_NOTHING = Outcome("NOTHING", "", "", 1, "", 1, 0, 0)


def merged(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdicts of parts that share no site, as one; the difference is the first that any of them has."""
    whole = Verdict(balances={}, custody={})
    for one in verdicts:
        whole.entries += one.entries
        whole.outcomes += one.outcomes
        whole.transactions += one.transactions
        whole.waiting += one.waiting
        whole.last_us = max(whole.last_us, one.last_us)
        whole.difference = whole.difference or one.difference
        whole.balances.update(one.balances)
        for key, part in one.custody.items():
            known = whole.custody.get(key)
            if known is None:
                whole.custody[key] = part
            else:
                sites = known.sites | part.sites
                whole.custody[key] = Custody(known.mg + part.mg, min(known.since_us, part.since_us), sites)
    return whole


def open_custody(verdict: Verdict) -> dict[tuple[str, str], Custody]:
    """The hand-overs that are not at zero over the books that were audited, oldest first."""
    left = [(key, one) for key, one in verdict.custody.items() if one.mg]
    return dict(sorted(left, key=lambda item: (item[1].since_us, item[0])))

"""F11 REPLAY_SUSPECT of the watch: one weighing told twice, under another eventID and time, within 30 days at a site.

Either by a weighbridge ticket that another event of the same kind used, or by a line with the same mass and assays to the last
digit. A nominal mass (a bag of 1,000 kg) says nothing, and different tickets tell two weighings apart. An equal event hash is the
ledger's own rule. Seal numbers and bizTransactions are no evidence here: they go with goods and orders, not with weighings.
"""

from collections.abc import Iterator

from msgspec import Struct

from lodestream.ledger.records import Finding, Line, Outcome
from lodestream.measures import decimal
from lodestream.watch.reading import DAY_US, DIGITS, finding, identity, made, plain, significant_digits, vector
from lodestream.watch.recent import Recent

WITHIN_US = 30 * DAY_US
KINDS = frozenset({"create", "transform", "ship", "receive"})


class Weighing(Struct, frozen=True, gc=False):
    """One line of an event, by what tells it from others. `time_us` is the event's."""

    event: str
    time_us: int
    lot: str
    tickets: list[str]


class Replays:
    """Remembers the weighings of twice 30 days, by ticket and by what was weighed."""

    def __init__(self) -> None:
        self._known: Recent[tuple[str, ...], list[Weighing]] = Recent(2 * WITHIN_US, list)
        self._void: Recent[tuple[str, str], bool] = Recent(2 * WITHIN_US, bool)

    def advance(self, now_us: int) -> None:
        """See Recent."""
        self._known.advance(now_us)
        self._void.advance(now_us)

    def see(self, outcome: Outcome) -> Iterator[Finding]:
        """Judge the lines of an outcome against those before; remember which events are void."""
        if outcome.kind == "correct":
            self._void.put((outcome.site, identity(outcome)), True)
        if outcome.kind not in KINDS:
            return
        for line in made(outcome):
            weighing = Weighing(identity(outcome), outcome.valid_time_us, line.lot, line.tickets)
            for ticket in dict.fromkeys(line.tickets):
                yield from self._judge(outcome, ("ticket", outcome.site, outcome.kind, ticket), weighing, f"the ticket {ticket}")
            said = _stated(line)
            if said:
                key = ("line", outcome.site, outcome.kind, *said)
                yield from self._judge(outcome, key, weighing, f"{said[0]} with {', '.join(said[1:])}, to the last digit")

    def _judge(self, outcome: Outcome, key: tuple[str, ...], weighing: Weighing, what: str) -> Iterator[Finding]:
        known = self._known.at(key)
        for other in known:
            apart = abs(weighing.time_us - other.time_us)
            if other.event == weighing.event or apart > WITHIN_US or self._void.get((outcome.site, other.event)):
                continue
            if key[0] == "line" and other.tickets and weighing.tickets and not {*other.tickets} & {*weighing.tickets}:
                continue
            said = (
                f"{what}, is stated by {other.event} and, {decimal((apart, DAY_US), 2)} days apart, by {weighing.event}; "
                f"within 30 days at one site that is one weighing told twice"
            )
            yield finding("REPLAY_SUSPECT", (outcome.site, *sorted((other.event, weighing.event))), said, [weighing.lot], "warn")
            break
        known.append(weighing)


def _stated(line: Line) -> tuple[str, ...]:
    """Mass and assays of a line, where it states both itself and the mass is not nominal."""
    if line.quantity is None or not line.assays or significant_digits(line.quantity) < DIGITS:
        return ()
    return (f"{plain(line.quantity)} {line.uom or ''}".strip(), *vector(line))

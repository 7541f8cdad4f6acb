"""Properties of the ledger that worked examples cannot cover (mass-balance section 7.9, runtime-rules section 2).

Offer and receipt commute: every order ends in the same accounts, lots and open findings. The case that runtime-rules excepts
is metal that is drawn and then taken back, here a second receipt that F4 refuses once the offer has come. And a draw that
waits for the assay that an offer brings takes its share of what the lot holds by then, so what is drawn here was received
with an assay of its own.
"""

from collections import defaultdict, deque
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from lodestream.epcis.event import Event, OriginPart
from lodestream.ledger.chain import chain_value
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from tests.ledger.making import HOUR, START, add, assay, declared, entry, receive, ship, transform

A, B = "urn:site:a", "urn:site:b"


class Network:
    """Books whose messages travel for as long as the test likes, in order for each pair of sites."""

    def __init__(self) -> None:
        self.fold = Fold()
        self.wires: dict[tuple[str, str], deque[Entry]] = defaultdict(deque)
        self.outcomes: list[Outcome] = []

    def take(self, one: Entry) -> None:
        outcomes, made = self.fold.apply(one)
        self.outcomes.extend(outcomes)
        for message in made:
            self.wires[one.site, message.site].append(message)

    def deliver(self, wire: tuple[str, str]) -> None:
        if self.wires[wire]:
            self.take(self.wires[wire].popleft())

    def quiet(self) -> None:
        while any(self.wires.values()):
            for wire in list(self.wires):
                self.deliver(wire)

    def state(self) -> Any:
        """Accounts, lots without their versions, and open findings: what must not depend on the order."""
        lots = {(lot.site, lot.lot, f): v for lot in self.fold.lots() for f, v in asdict(replace(lot, seq=0)).items()}
        # NO_BOOK says that a site has posted once: it stays when that posting was taken back, which one order may never make
        findings = sorted((site, f.id, f.code, f.severity) for site, f in self.fold.open_findings() if f.code != "NO_BOOK")
        return self.fold.accounts(), lots, findings


tonnes = st.integers(1, 400).map(lambda n: f"{n / 10:.1f}")
consignments = st.sampled_from(["c1", "c2"])


receipts = st.sampled_from(["own", "own", "dry", "wet"])


@st.composite
def traffic(draw: st.DrawFn, kinds: st.SearchStrategy[str] = receipts) -> tuple[list[Event], list[Event]]:
    """What A sends and what B receives, each in its own order: partial, final, unassayed, unweighed, unnamed, declared void."""
    named = draw(st.booleans())
    origins = [OriginPart(Decimal(3), country="ZM"), OriginPart(Decimal(1), country="CL", source_class="end_of_life")]
    told: dict[str, Any] = {"origins": origins, "embodied_g_co2e": 7_777} if draw(st.booleans()) else {}
    sent: list[Event] = [add("x", "1000", A, moisture="8", cu="25", event_time_us=START, **told)]
    got: list[Event] = []
    for n in range(draw(st.integers(1, 3))):
        at = START + (n + 1) * HOUR
        wet = {"moisture": "8"} if draw(st.booleans()) else {"mass_basis": "wet"}
        sent.append(ship("x", draw(tonnes), A, B, consignment_id=draw(consignments), event_time_us=at, **wet))
    for n in range(draw(st.integers(1, 4))):
        fields: dict[str, Any] = {
            "event_time_us": START + (n + 20) * HOUR,
            "receipt": draw(st.sampled_from([None, "final", "partial"])),
        }
        if named:
            fields["consignment_id"] = draw(consignments)
        kind = draw(kinds)
        fields |= {"own": {"moisture": "8.1", "cu": "24.9"}, "dry": {}, "wet": {"mass_basis": "wet"}}[kind]
        if draw(st.booleans()):
            fields |= {"credential": "urn:vc", "credential_mass": Decimal(draw(tonnes))}
        got.append(receive("x", draw(tonnes), B, **fields))
    for events in (sent[1:], got):
        if draw(st.booleans()):
            wrong = draw(st.sampled_from(events))
            (sent if wrong in sent else got).append(declared(wrong))
    return sent, got


@st.composite
def traffic_with_draws(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """The same with assays of the receiver's own, and between receipts draws, splits and shipments of what has come."""
    sent, got = draw(traffic(st.just("own")))
    for n in range(draw(st.integers(1, 3))):
        mass, at = draw(tonnes), START + (50 + n) * HOUR
        parts = [(f"y{n}", mass, draw(st.sampled_from([{}, {"cu": "24"}])))]
        made = [transform(B, [("x", mass, {})], parts, event_time_us=at), ship("x", mass, B, None, event_time_us=at)]
        got.insert(draw(st.integers(0, len(got))), draw(st.sampled_from(made)))
    if draw(st.booleans()):
        got.append(declared(draw(st.sampled_from(got)), 99))
    return sent, got


steps = st.lists(st.sampled_from(["send", "get", "there", "back"]), max_size=40)


@settings(max_examples=300, deadline=None)
@given(traffic(), steps)
def test_offer_and_receipt_commute(both: tuple[list[Event], list[Event]], order: list[str]) -> None:
    """Whatever comes first, and however long messages travel."""
    straight, crossed = in_both_orders(*both, order)
    for one, other in zip(crossed.state(), straight.state(), strict=True):
        assert one == other


@settings(max_examples=300, deadline=None)
@given(traffic_with_draws(), steps)
def test_they_commute_with_draws_in_between(both: tuple[list[Event], list[Event]], order: list[str]) -> None:
    """Unless a second receipt was drawn from before it was refused: then ALREADY_RESOLVED says so."""
    straight, crossed = in_both_orders(*both, order)
    said = {f.code for network in (straight, crossed) for o in network.outcomes for f in o.findings}
    if "ALREADY_RESOLVED" not in said:
        for one, other in zip(crossed.state(), straight.state(), strict=True):
            assert one == other


def in_both_orders(sent: list[Event], got: list[Event], order: list[str]) -> tuple[Network, Network]:
    """All that is sent before all that is got, and the same in the order given."""
    straight = Network()
    for one in sent:
        straight.take(entry(one))
    straight.quiet()
    for one in got:
        straight.take(entry(one))
    straight.quiet()

    crossed = Network()
    to_send, to_get = deque(sent), deque(got)
    for step in order:
        if step == "send" and to_send:
            crossed.take(entry(to_send.popleft()))
        elif step == "get" and to_get:
            crossed.take(entry(to_get.popleft()))
        elif step in {"there", "back"}:
            crossed.deliver((A, B) if step == "there" else (B, A))
    for one in [*to_get, *to_send]:
        crossed.take(entry(one))
    crossed.quiet()
    return straight, crossed


@settings(max_examples=150, deadline=None)
@given(traffic(), st.randoms(use_true_random=False))
def test_invariants_of_every_transaction(both: tuple[list[Event], list[Event]], random: Any) -> None:
    """Sequence, chain, zero sums, never below zero without a finding; custody cancels; a repeat of everything changes nothing."""
    events = [*both[0], *both[1]]
    random.shuffle(events)
    network = Network()
    for one in events:
        network.take(entry(one))
    network.quiet()
    balances: dict[tuple[str, str, str], int] = {}
    last: dict[str, Outcome] = {}
    for outcome in network.outcomes:
        if outcome.outcome != "TRANSACTION":
            assert (outcome.seq, outcome.chain) == (0, "")
            continue
        before = last.get(outcome.site)
        assert (outcome.seq, outcome.prev) == ((before.seq + 1, before.chain) if before else (1, ""))
        assert outcome.chain == chain_value(outcome)
        last[outcome.site] = outcome
        sums: dict[str, int] = {}
        net: dict[tuple[str, str, str], int] = {}
        for posting in outcome.postings:
            sums[posting.element] = sums.get(posting.element, 0) + posting.amount_mg
            key = (outcome.site, posting.element, posting.account)
            net[key] = net.get(key, 0) + posting.amount_mg
        assert not any(sums.values())
        excused = any(f.code == "RETRO_OVERDRAFT" for f in outcome.findings)
        for key, mg in net.items():
            balances[key] = balances.get(key, 0) + mg
            assert balances[key] >= 0 or mg >= 0 or excused or not key[2].startswith(("STOCK", "TRANSIT("))
    assert {k: v for k, v in balances.items() if v} == {(s, e, a): mg for s, e, a, mg in network.fold.accounts()}
    custody: dict[tuple[str, str], int] = {}
    for (_, element, account), mg in balances.items():
        if account.startswith("CUSTODY("):
            custody[element, account] = custody.get((element, account), 0) + mg
    unmatched = [f for _, f in network.fold.open_findings() if f.code == "UNMATCHED"]
    assert unmatched or not any(custody.values())

    settled = network.state()
    for one in events:
        network.take(entry(one))
    network.quiet()
    assert network.state() == settled


@settings(max_examples=150, deadline=None)
@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=4))
def test_s5_in_every_order(order: list[int], repeats: list[int]) -> None:
    """E3, E4 and their repeats in any order after E1; E2 before E1 by parking: the same final state (ledger-rules section 7)."""
    e1 = add("P1", "10", A, ni="10", event_id="urn:e1", event_time_us=START)
    e2 = ship("P1", "9.8", A, B, consignment_id="c", event_id="urn:e2", event_time_us=START + HOUR)
    e3 = declared(e1, 30, ("urn:e4",))
    e4 = add("P1", "9.5", A, ni="10", event_id="urn:e4", event_time_us=START)
    events = [e1, e2, e3, e4]
    network = Network()
    for n in [0, 1, 2, 3]:
        network.take(entry(events[n]))
    network.quiet()
    other = Network()
    first = add("site opens", "1", A, ni="1", event_id="urn:e0", event_time_us=START)
    for one in (network, other):
        one.take(entry(first))
    for n in [*order, *repeats]:
        other.take(entry(events[n]))
    other.quiet()
    if order.index(2) > max(order.index(0), order.index(1)):
        assert other.state() == network.state()
    else:
        # E1 was void before E2 asked for its metal: the shipment waits, and says so
        assert {f.code for _, f in other.fold.open_findings()} & {"RETRO_OVERDRAFT", "DOUBLE_SPEND", "PHANTOM_STOCK"}


@settings(max_examples=100, deadline=None)
@given(st.lists(tonnes, min_size=1, max_size=8), st.booleans())
def test_split_and_merge_is_the_identity(masses: list[str], with_assay: bool) -> None:
    """P6: the parts of a split hold what the whole held, to the milligram; put together again it is the whole."""
    total = f"{sum(float(m) for m in masses):.1f}"
    network = Network()
    network.take(entry(add("whole", total, A, cu="33.3")))
    before = next(lot for lot in network.fold.lots() if lot.lot == "whole").contained_mg
    parts = [(f"part{n}", mass, {}) for n, mass in enumerate(masses)]
    network.take(entry(transform(A, [("whole", total, {})], parts)))
    network.take(entry(transform(A, parts, [("again", total, {"cu": "33.3"} if with_assay else {})])))
    lots = {lot.lot: lot.contained_mg for lot in network.fold.lots()}
    if len(masses) == 1 or with_assay:
        assert lots["again"] == before
    assert not any(lots[name].get("Cu") for name, _, _ in parts)


def test_reversal_of_everything_is_zero() -> None:
    """P5."""
    made = [
        add("ore", "100", A, cu="1"),
        transform(
            A, [("ore", "100", {})], [("conc", "3", {"cu": "30"}), ("tails", "97", {"cu": "0.1", "loss_class": "tailings"})]
        ),
        add("late", "10", A),
        assay("late", A, cu="5"),
        ship("conc", "3", A, B, consignment_id="c"),
        receive("conc", "2.99", B, consignment_id="c", receipt="final", cu="30"),
    ]
    network = Network()
    for one in made:
        network.take(entry(one))
    network.quiet()
    for one in reversed(made):
        network.take(entry(declared(one)))
    network.quiet()
    assert network.fold.accounts() == []
    assert {f.code for _, f in network.fold.open_findings()} <= {"NO_BOOK"}
    assert all(lot.dry_mg == lot.wet_mg == 0 for lot in network.fold.lots())

"""What goes into a site's book and what comes out of it: entries, outcomes, postings, findings, lots.

These values are the wire contract too: `schemas/` holds an Avro record for each, field by field.
Masses are integers in milligrams, times integers in microseconds since 1970-01-01 UTC.

A field at its default is not written out (`omit_defaults`): so a field that is added later, with a default, leaves the
canonical bytes of what was written before it as they were (lodestream/ledger/chain.py). msgspec knows a default by
identity, so in what is hashed only None, False, 0, "", [] and {} may be one.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from lodestream.epcis.event import Event
from lodestream.ledger.book import SiteBook

Severity = Literal["hard", "hold", "warn", "info"]
FindingState = Literal["open", "resolved", "superseded"]
RULE_VERSION = 1


class Origin(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where an entry came from: the inbox record and the place of the event in its document (index from 0)."""

    topic: str
    partition: int
    offset: int
    index: int


class Posting(Struct, frozen=True, gc=False, omit_defaults=True):
    """One leg of a transaction: `amount_mg` of `element` into (positive) or out of (negative) `account`."""

    posting_id: str
    leg: int
    element: str
    account: str
    amount_mg: int


class Finding(Struct, frozen=True, gc=False, omit_defaults=True):
    """A rule of the catalogue that spoke: `arithmetic` lets a reader redo it, `lots` says on which lots it stands."""

    id: str
    rule: str
    code: str
    version: int
    severity: Severity
    inputs: list[str]
    arithmetic: str
    state: FindingState
    lots: list[str] = []


class LotState(Struct, frozen=True, gc=False, omit_defaults=True):
    """The state of one lot after a transaction. A lot is (site, canonical id); `seq` is its version.

    `contained_mg` is what STOCK(lot) or LOSS(class, lot) holds by element, `u_mg` its standard uncertainty.
    `findings` are the open hard and hold findings on the lot itself, `inherited` those that came with an offer.
    `parents` are the lots of the same site that it was made of. `shares` says by element and origin key (attribution.py)
    where the content comes from, to the mg; `embodied_g_co2e` is its carbon as far as it is known, `uncovered_mg` the dry mass
    that has carbon nobody stated; `contacts` are the origin keys that it touched and that have no share in it.
    """

    site: str
    lot: str
    seq: int
    wet_mg: int
    dry_mg: int
    assayed: bool
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    created_us: int
    loss_class: str | None = None
    product_class: str | None = None
    owner: str | None = None
    country_of_origin: str | None = None
    findings: list[str] = []
    inherited: list[str] = []
    parents: list[str] = []
    shares: dict[str, dict[str, int]] = {}
    embodied_g_co2e: int = 0
    uncovered_mg: int = 0
    contacts: list[str] = []


class Edge(Struct, frozen=True, gc=False, omit_defaults=True):
    """Lineage: one lot version is made of another in this transaction.

    `dry_mg` is the dry mass of the origin that went into it, `contained_mg` what it contains that came from there.
    The ends are at different sites where a receipt made the edge; `from_seq` is then the version that was shipped.
    """

    from_site: str
    from_lot: str
    from_seq: int
    to_site: str
    to_lot: str
    to_seq: int
    dry_mg: int
    contained_mg: dict[str, int]


class Parcel(Struct, frozen=True, gc=False, omit_defaults=True):
    """The whole state of what one site offers to another for one (consignment, lot); `version` grows with each change.

    `dry_mg` and the rest are sums over the shipments that stand; a withdrawn shipment is no longer in them. `path` holds
    the "<site> <lot version>" that a restatement went through; `void`: the sender asks for what is still pending.
    `packed` says which containers hold it (dry mass in mg), `within` which container each of them is in.
    """

    lot: str
    version: int
    dry_mg: int
    wet_mg: int
    assayed: bool
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    shipped_us: int
    product_class: str | None = None
    country_of_origin: str | None = None
    owner: str | None = None
    findings: list[str] = []
    embodied_g_co2e: int | None = None
    lot_seq: int = 0
    shares: dict[str, dict[str, int]] = {}
    uncovered_mg: int = 0
    contacts: list[str] = []
    path: list[str] = []
    void: bool = False
    packed: dict[str, int] = {}
    within: dict[str, str] = {}


class Offer(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the sender's book tells the receiver's: the parcels of one consignment that are on their way."""

    consignment: str
    from_site: str
    from_location: str
    to_location: str
    elements: list[str]
    parcels: list[Parcel]


class SettledParcel(Struct, frozen=True, gc=False, omit_defaults=True):
    """The receiver's answer for one (consignment, lot): of the offered metal, what it has settled so far, in all.

    `returned`: the sender asked for what is still pending, and gets it back.
    """

    lot: str
    version: int
    dry_mg: int
    contained_mg: dict[str, int]
    final: bool
    returned: bool = False


class Answer(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the receiver's book tells the sender's; `to_site` of the offer is where it comes from."""

    consignment: str
    receiver: str
    parcels: list[SettledParcel]


class Handover(Struct, frozen=True, gc=False, omit_defaults=True):
    """Credits, or a certificate over them, that one site hands to another: what is told, and what is answered.

    `ref` is "<identity of the giver's event> <place>", `version` grows with each thing told. `state` is told as `offered` or
    `withdrawn`, answered as `taken`, `refused`, `returned` or `kept`, with `code` and `reason` where it is refused or kept.
    `profile`, `product_class` and `attribute` are of the giver's account, `factor` its conversion factor and `group` the company
    group of the giver; `to_profile` and `to_attribute` are of the taker's. `backing` is what a certificate stands for.
    """

    ref: str
    version: int
    state: str
    from_site: str
    to_site: str
    profile: str
    element: str
    attribute: str
    mg: int
    valid_us: int
    product_class: str = ""
    to_profile: str = ""
    to_attribute: str = ""
    factor: Decimal | None = None
    group: str = ""
    certificate: str = ""
    backing: str = ""
    code: str = ""
    reason: str = ""


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """One entry of a site's book, in the one order that counts. `kind` says which of the last fields is there.

    `locations` maps every location of the event to its site, written by the gate so that the ledger looks
    nothing up; `listed` are those of these sites that the register lists.
    """

    entry_id: str
    site: str
    kind: str  # EVENT | OFFER | ANSWER | HANDOVER | BOOK | TICK | FINDING | CONTINUE
    record_time_us: int
    source: str = ""
    cause: str | None = None
    origin: Origin | None = None
    locations: dict[str, str] = {}
    listed: list[str] = []
    external: list[str] = []
    event: Event | None = None
    offer: Offer | None = None
    answer: Answer | None = None
    book: SiteBook | None = None
    tick_us: int = 0
    finding: Finding | None = None
    handover: Handover | None = None


class StatedAssay(Struct, frozen=True, gc=False, omit_defaults=True):
    """One assay value of a line as the event stated it: `value` in `unit` (Rec 20) on `basis`."""

    substance: str
    value: Decimal
    unit: str
    basis: str
    status: str
    certificate: str | None = None


class Line(Struct, frozen=True, gc=False, omit_defaults=True):
    """One lot's part in the event as the ledger took it: drawn (input), made or created (output, object).

    `quantity`, `uom`, `tickets`, `assays` and `process` are as the event stated them; `contained_mg` is empty while the lot
    is not assayed. The line of an assay or of a void has no mass: it moves none.
    """

    role: str
    lot: str
    wet_mg: int
    dry_mg: int
    contained_mg: dict[str, int]
    quantity: Decimal | None = None
    uom: str | None = None
    product_class: str | None = None
    loss_class: str | None = None
    tickets: list[str] = []
    assays: list[StatedAssay] = []
    process: str | None = None


class Closure(Struct, frozen=True, gc=False, omit_defaults=True):
    """The balance of one element over one run, as it is judged now: `u_mg` is the standard uncertainty of in - out.

    All zero: it is judged no more, since the run is void or waits for an assay.
    """

    run: str
    element: str
    inputs_mg: int
    outputs_mg: int
    u_mg: int


class PeriodLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """One account class of a period for one element, in mg: opening + late + in - out = closing.

    `in_mg` and `out_mg` are the turnover, all positive and all negative legs. `late_mg` is what this period took of events
    whose own period was closed before.
    """

    element: str
    account_class: str
    opening_mg: int
    in_mg: int
    out_mg: int
    closing_mg: int
    late_mg: int = 0


class PeriodState(Struct, frozen=True, gc=False, omit_defaults=True):
    """A closed accounting period of a site ("2026-03"), from `from_us` until before `until_us`: never changed, only restated.

    A later `version` tells the same period with the events that came for it after it was closed. `counted`: a stock-take
    stands in it; else the balances are the book's, not counted.
    """

    period: str
    version: int
    from_us: int
    until_us: int
    lines: list[PeriodLine]
    counted: bool = False


class Retold(Struct, frozen=True, gc=False, omit_defaults=True):
    """A movement of an earlier event as this transaction leaves it: what the event `identity` drew of a lot, or put into it.

    What was drawn above the book is in it. `shares`, carbon and `uncovered_mg` are of the parcel, as in `LotState` of the lot.
    """

    identity: str
    lot: str
    drawn: bool
    wet_mg: int
    dry_mg: int
    contained_mg: dict[str, int]
    shares: dict[str, dict[str, int]] = {}
    embodied_g_co2e: int = 0
    uncovered_mg: int = 0


class Outcome(Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of an entry: `outcome` is TRANSACTION, DUPLICATE, NOTHING, PARKED or UNREADABLE.

    Only a TRANSACTION has `seq`, `prev` and `chain`. A refused event is a TRANSACTION without postings. `due_us` is when
    something is next due at the site (0: nothing): the clock sends a TICK then.
    `correctives` are the eventIDs that an errorDeclaration names in place of the event; `closures` the balances judged.
    `kind` says what the transaction does: create, transform, split, ship, offer, receive, answer, destroy, assay,
    contain, count, correct, void, finding, tick, close, deliver, handover, book, link or refuse.
    `periods` are the periods that it closed or restated. Of a carrier's observation `consignment` and `seen` say of which
    consignment which lots were seen; of it and of moves `carried` are the single things that it names, such as containers.
    A shipment, receipt, offer and void name their `consignment` too, but the last between which places, as far as they are known.
    `retold` are the movements of earlier events that it changed.
    """

    outcome: str
    entry_id: str
    txn_id: str
    attempt: int
    site: str
    rule_version: int
    record_time_us: int
    valid_time_us: int
    kind: str = ""
    seq: int = 0
    prev: str = ""
    chain: str = ""
    event_id: str | None = None
    event_hash: str | None = None
    event_type: str | None = None
    biz_step: str | None = None
    reason: str = ""
    postings: list[Posting] = []
    findings: list[Finding] = []
    lots: list[LotState] = []
    edges: list[Edge] = []
    lines: list[Line] = []
    location: str | None = None
    event_time_zone_offset: str | None = None
    transformation_id: str | None = None
    cause: str | None = None
    due_us: int = 0
    read_point: str | None = None
    transport_mode: str | None = None
    correctives: list[str] = []
    closures: list[Closure] = []
    periods: list[PeriodState] = []
    consignment: str | None = None
    seen: list[str] = []
    carried: list[str] = []
    from_location: str | None = None
    to_location: str | None = None
    retold: list[Retold] = []

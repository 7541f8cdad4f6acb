"""What a site's book remembers: frozen values, each under its kind and a reference. How they are read and written: view.py."""

from msgspec import Struct

from lodestream.epcis.event import Assay, Material
from lodestream.ledger.book import SiteBook
from lodestream.ledger.held import Packed
from lodestream.ledger.records import Entry
from lodestream.ledger.timed import Lane
from lodestream.measures import Line


class Head(Struct, frozen=True, gc=False, omit_defaults=True):
    """The head of a site's book: last sequence, chain value and record time, its settings, and the count of all that ever parked.

    `parked` counts what waits now; None in a head that was written before this was counted. `due_us` is when something is
    next due (0: nothing), of all that waits for time: `lanes` by name, the months `periods` in which something was posted
    and that are open, the month `closing` that an event closes, with its `evidence` for an overdraft of credits, and the next
    book. `closed` is the last month that is closed, `missing` counts the open findings on correctives that never came.
    """

    seq: int = 0
    chain: str = ""
    record_time_us: int = 0
    book: SiteBook = SiteBook()
    posted: bool = False
    arrivals: int = 0
    parked: int | None = None
    due_us: int = 0
    lanes: dict[str, Lane] = {}
    periods: list[str] = []
    closed: str = ""
    closing: str = ""
    next_book_us: int = 0
    missing: int = 0
    evidence: str = ""


class Shares(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where the content of a lot, a parcel or a pool comes from; signed where it is a change (attribution.py).

    `vectors` maps element and origin key to mg and sums to the content exactly. `carbon_g` is g CO2e as far as it is known,
    `uncovered_mg` the dry mass that has carbon nobody stated. `contacts` counts, by origin key, what entered having touched that
    origin without a share of it.
    """

    vectors: dict[str, dict[str, int]] = {}
    carbon_g: int = 0
    uncovered_mg: int = 0
    contacts: dict[str, int] = {}


class Balance(Struct, frozen=True, gc=False):
    """The balance of an account that is no lot's content, for one element, in mg."""

    mg: int


class Unassayed(Struct, frozen=True, gc=False):
    """A parcel of a lot that waits for its first assay: the line as stated, and what answers for it.

    `origin` is `event` (the change `index` in the journal of the event `ref`) or `receipt` (the pair `ref`). `again`: it had
    an assay before. `graded` is what it counts by until its assay comes, where something was drawn of it: the book's grades.
    """

    origin: str
    ref: str
    line: Line
    index: int = 0
    again: bool = False
    graded: list[Assay] = []


class Lot(Struct, frozen=True, gc=False):
    """A lot in the book. `entered_*` sum up all that came in; `excess_dry_mg` is what draws took above it and counts found
    above it, less what counts found missing.

    What is taken back leaves no trace: variances are kept as such (variance.py). `moved` counts its slots (`Move`).
    `inherited` are the sender's open findings by the pair whose offer told them.
    """

    id: str
    version: int = 0
    wet_mg: int = 0
    dry_mg: int = 0
    contained_mg: dict[str, int] = {}
    entered_dry_mg: int = 0
    entered_mg: dict[str, int] = {}
    entered_u2: dict[str, str] = {}
    entered_u2_dry: str = "0"
    excess_dry_mg: int = 0
    created_us: int = 0
    loss_class: str | None = None
    product_class: str | None = None
    owner: str | None = None
    country_of_origin: str | None = None
    findings: list[str] = []
    inherited: dict[str, list[str]] = {}
    parents: list[str] = []
    unassayed: list[Unassayed] = []
    shares: Shares = Shares()
    moved: int = 0
    packed: Packed = Packed()


class Held(Struct, frozen=True, gc=False):
    """The open hard and hold findings on a lot id, whether or not the lot is there yet."""

    findings: list[str]


class Seen(Struct, frozen=True, gc=False):
    """An event that the book knows, by its identity. `status` is posted, parked, refused or void."""

    hash: str
    digest: str
    entry_id: str
    status: str
    explicit: bool
    tickets: list[str] = []
    lots: list[str] = []
    findings: list[str] = []


class SameHash(Struct, frozen=True, gc=False):
    """The identities of all events with one event hash, in order of arrival."""

    identities: list[str]


class Fate(Struct, frozen=True, gc=False):
    """What became of an entry so far: the number of its outcomes (duplicates apart) and its status, as in `Seen`."""

    outcomes: int
    status: str


class Parked(Struct, frozen=True, gc=False):
    """An entry that cannot be posted yet: what it waits for, its place in the order of arrival, its open findings."""

    entry: Entry
    arrival: int
    waits: list[str]
    findings: list[str]


class Waiting(Struct, frozen=True, gc=False):
    """The parked entries that wait for one thing (`lot:<id>`, `event:<identity>` or `content:<parent>`)."""

    entry_ids: list[str]


class LotChange(Struct, frozen=True, gc=False, omit_defaults=True):
    """One movement of a lot: what an event did to its masses and shares, and what it added to all that ever entered.

    Signed: what is drawn is below zero. `contained_mg` moved between the lot's account and `account` ("WIP <run>"). A draw's
    parcel has also what was taken above the book (`above_mg`); where it was assayed by itself, `stated_mg` is its content.
    `slot` is the movement's place among those of the lot. `status` is that of the assay that its content rests on (of a draw:
    `book` where that is a grade of the book), and `assay` the event that stated it later. `touched` are the origins that a draw's
    parcel touched and has no share of, `weighed_mg` is its wet mass where it is above the book. `method` is how its mass was
    measured, and `product_class` what it is, where the item says that.
    """

    lot: str
    wet_mg: int = 0
    dry_mg: int = 0
    entered_dry_mg: int = 0
    entered_mg: dict[str, int] = {}
    entered_u2: dict[str, str] = {}
    entered_u2_dry: str = "0"
    excess_dry_mg: int = 0
    contained_mg: dict[str, int] = {}
    shares: Shares = Shares()
    account: str = ""
    above_mg: dict[str, int] = {}
    stated_mg: dict[str, int] = {}
    status: str = ""
    slot: int = -1
    assay: str = ""
    touched: list[str] = []
    weighed_mg: int = 0
    method: str = ""
    product_class: str = ""


class Move(Struct, frozen=True, gc=False):
    """A slot of a lot, in the order in which its movements count: the change `index` in the journal of an event.

    Below zero it is the receipt of that number (-1 the first) in the event's list; without an identity the slot is vacant.
    """

    seq: int
    identity: str = ""
    index: int = 0


class Place(Struct, frozen=True, gc=False):
    """Where a void event stood: its slot in a lot, a receipt's place in the book, and the later event that assayed its parcel."""

    slot: int
    arrival: int = -1
    assay: str = ""


class Vacant(Struct, frozen=True, gc=False):
    """The places in a lot that a void event left, for the corrective event that stands where the original stood."""

    places: list[Place]


class Corrective(Struct, frozen=True, gc=False):
    """The void event that an event corrects, by the identity of the corrective."""

    original: str


class Leg(Struct, frozen=True, gc=False):
    """A posting before it has an id. `lot` is set where the account is a lot's content."""

    element: str
    kind: str
    ref: str
    lot: str | None
    mg: int


class Assayed(Struct, frozen=True, gc=False):
    """What an assay event did for one parcel: the parcel as it waited, and the change of its lot as it was.

    `identity` is the receipt that the parcel came with, where it is one of a pair; `item` is what the assay stated, and
    `previous` the event that had assayed that receipt before.
    """

    lot: str
    identity: str
    parcel: Unassayed
    before: LotChange | None = None
    item: Material | None = None
    previous: str = ""


class Journal(Struct, frozen=True, gc=False):
    """All that an event posted, later additions included (the assay of what it made), so that a declaration reverses it.

    `pairs` are the (consignment lot) keys whose shipment or receipt the event is; `assayed` what it assayed; `run` the
    transformation that it is part of.
    """

    kind: str
    legs: list[Leg] = []
    changes: list[LotChange] = []
    pairs: list[str] = []
    assayed: list[Assayed] = []
    run: str = ""


class Restating(Struct, frozen=True, gc=False):
    """The lots, with the slot from which on, whose movements are still to be told anew, and the path of the restatement.

    `held` are lots, with the slot from which on, on which findings opened or ended: who has got of them is still to be told.
    """

    slots: dict[str, int]
    path: list[str] = []
    held: dict[str, int] = {}

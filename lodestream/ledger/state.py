"""What a site's book remembers: frozen values, each under its kind and a reference. How they are read and written: view.py."""

from msgspec import Struct

from lodestream.ledger.book import SiteBook
from lodestream.ledger.records import Entry, Finding, Parcel, SettledParcel
from lodestream.measures import Line
from lodestream.measures.exact import root


class Head(Struct, frozen=True, gc=False):
    """The head of a site's book: last sequence, chain value and record time, its settings, and the count of all that ever parked.

    `parked` counts what waits now; None in a head that was written before this was counted.
    """

    seq: int = 0
    chain: str = ""
    record_time_us: int = 0
    book: SiteBook = SiteBook()
    posted: bool = False
    arrivals: int = 0
    parked: int | None = None


class Balance(Struct, frozen=True, gc=False):
    """The balance of an account that is no lot's content, for one element, in mg."""

    mg: int


class Unassayed(Struct, frozen=True, gc=False):
    """A parcel of a lot that waits for its first assay: the line as stated, and what answers for it.

    `origin` is `source` (the account SOURCE(`account`)), `run` (the transformation that is the event `ref`) or
    `receipt` (the pair `ref`).
    """

    origin: str
    ref: str
    account: str
    line: Line


def squared(u_mg: dict[str, int]) -> dict[str, str]:
    """Variances (mg^2, as digits: they outgrow 64 bits) of standard uncertainties. They add up exactly, roots do not."""
    return {element: str(mg * mg) for element, mg in u_mg.items() if mg}


def plus_squares(one: dict[str, str], other: dict[str, str], sign: int = 1) -> dict[str, str]:
    """The sum of variances by element; with `sign` -1 what is left after some are taken back."""
    sums = {element: int(square) for element, square in one.items()}
    for element, square in other.items():
        sums[element] = sums.get(element, 0) + sign * int(square)
    return {element: str(square) for element, square in sorted(sums.items()) if square}


class Lot(Struct, frozen=True, gc=False):
    """A lot in the book. `entered_*` sum up all that came in; `excess_dry_mg` is what draws took above it.

    What is taken back leaves no trace: variances are kept as such (`squared`).
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
    inherited: list[str] = []
    parents: list[str] = []
    unassayed: list[Unassayed] = []

    @property
    def entered_u_mg(self) -> dict[str, int]:
        """The standard uncertainty of all that entered, by element, in mg."""
        return {element: root(int(square)) for element, square in self.entered_u2.items()}

    @property
    def entered_u_dry_mg(self) -> int:
        """That of the dry mass."""
        return root(int(self.entered_u2_dry))


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


class LotChange(Struct, frozen=True, gc=False):
    """What an event did to a lot's masses, and what it added to all that ever entered, so that it can be taken back."""

    lot: str
    wet_mg: int = 0
    dry_mg: int = 0
    entered_dry_mg: int = 0
    entered_mg: dict[str, int] = {}
    entered_u2: dict[str, str] = {}
    entered_u2_dry: str = "0"
    excess_dry_mg: int = 0


class Leg(Struct, frozen=True, gc=False):
    """A posting before it has an id. `lot` is set where the account is a lot's content."""

    element: str
    kind: str
    ref: str
    lot: str | None
    mg: int


class Assayed(Struct, frozen=True, gc=False):
    """What an assay event did for one parcel: the parcel as it was, its legs and the change of its lot.

    `identity` is the receipt that the parcel came with, where it is one of a pair.
    """

    lot: str
    identity: str
    parcel: Unassayed
    legs: list[Leg]
    changes: list[LotChange]


class Journal(Struct, frozen=True, gc=False):
    """All that an event posted, later additions included (the assay of what it made), so that a declaration reverses it.

    `pairs` are the (consignment lot) keys whose shipment or receipt the event is; `assayed` what it assayed.
    """

    kind: str
    legs: list[Leg] = []
    changes: list[LotChange] = []
    pairs: list[str] = []
    assayed: list[Assayed] = []


class Run(Struct, frozen=True, gc=False):
    """The balance of a transformation whose outputs wait for assays: sums by element in mg, its lots, those it waits for."""

    run: str
    inputs_mg: dict[str, int]
    outputs_mg: dict[str, int]
    u_inputs_mg: dict[str, int]
    u2_outputs: dict[str, str]
    outputs: list[str]
    waits: list[str] = []
    untracked: list[str] = []  # what only the inputs state, gone from UNACCOUNTED to SINK(untracked)

    @property
    def u_outputs_mg(self) -> dict[str, int]:
        """The standard uncertainty of the outputs by element, in mg."""
        return {element: root(int(square)) for element, square in self.u2_outputs.items()}


class Shipment(Struct, frozen=True, gc=False):
    """One shipping event's part in a pair (consignment, lot) at the sender."""

    identity: str
    source: str
    dry_mg: int
    wet_mg: int
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    shipped_us: int
    to_site: str = ""


class Bound(Struct, frozen=True, gc=False):
    """What goes to one site: between which places, the version of the offer, and what that site has settled of it."""

    from_location: str = ""
    to_location: str = ""
    version: int = 0
    settled_mg: dict[str, int] = {}


class Outbound(Struct, frozen=True, gc=False):
    """A pair (consignment, lot) at the sender: the shipments that stand, and by site what is offered and settled.

    The site is empty where no book answers: an external party's, or none named.
    """

    consignment: str
    lot: str
    shipments: list[Shipment] = []
    bound: dict[str, Bound] = {}


class Receipt(Struct, frozen=True, gc=False):
    """One receiving event's part in a pair at the receiver: the line as stated there, with its basis made explicit.

    `named`: it names its consignment. `arrival` is its place in the book, `from_site` the site that it says it came from.
    """

    identity: str
    source: str
    final: bool
    received_us: int
    line: Line
    event_hash: str
    named: bool
    arrival: int
    from_site: str = ""


class Inbound(Struct, frozen=True, gc=False):
    """A pair at the receiver: the offer, the receipts in their order, and what has been posted for them so far.

    `posted` maps element and account ("Cu STOCK") to mg; `change` is what the receipts put into the lot, `edged_*` what
    lineage tells of it.
    """

    consignment: str
    lot: str
    from_site: str = ""
    elements: list[str] = []
    offer: Parcel | None = None
    receipts: list[Receipt] = []
    posted: dict[str, int] = {}
    change: LotChange = LotChange("")
    edged_dry_mg: int = 0
    edged_mg: dict[str, int] = {}
    findings: list[str] = []
    answered: SettledParcel | None = None


class OpenPairs(Struct, frozen=True, gc=False):
    """The pairs of one lot, by consignment, that take or hold a receipt without a consignment: all but the named and final."""

    consignments: list[str]


KINDS: dict[type[Struct], str] = {
    Head: "head",
    Balance: "account",
    Lot: "lot",
    Held: "held",
    Seen: "seen",
    SameHash: "hash",
    Fate: "fate",
    Parked: "parked",
    Waiting: "waiting",
    Journal: "journal",
    Run: "run",
    Outbound: "outbound",
    Inbound: "inbound",
    OpenPairs: "pairs",
    Finding: "finding",
}

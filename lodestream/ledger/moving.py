"""What a site's book remembers of moves between sites: pairs (consignment, lot) as their sender and their receiver keep them."""

from msgspec import Struct

from lodestream.ledger.records import Parcel, SettledParcel
from lodestream.ledger.state import LotChange, Shares
from lodestream.measures import Line


class Shipment(Struct, frozen=True, gc=False, omit_defaults=True):
    """One shipping event's part in a pair (consignment, lot) at the sender.

    `packed` says which containers hold it (dry mass in mg), `within` which container each of them is in; `owner` is the
    owning party that the shipment names, `party` the external party that it goes to. `sunk`: it has arrived there, and
    `sunk_mg` of it is in SINK(external:party).
    """

    identity: str
    source: str
    dry_mg: int
    wet_mg: int
    contained_mg: dict[str, int]
    u_mg: dict[str, int]
    shipped_us: int
    to_site: str = ""
    shares: Shares = Shares()
    index: int = 0
    packed: dict[str, int] = {}
    within: dict[str, str] = {}
    owner: str | None = None
    sunk: bool = False
    party: str = ""
    transport_mode: str | None = None
    sunk_mg: dict[str, int] = {}


class Proof(Struct, frozen=True, gc=False, array_like=True):
    """That what was shipped to an external party by `at_us` has arrived: an event's identity, or "close" of a month."""

    at_us: int
    by: str


class Bound(Struct, frozen=True, gc=False, omit_defaults=True):
    """What goes to one site: between which places, the version of the offer, and what that site has settled of it.

    `findings` are the open hard and hold findings that the offer told. `void`: asked back; `resolved`: the receiver gives
    back what is pending (where no book answers, at once).
    """

    from_location: str = ""
    to_location: str = ""
    version: int = 0
    settled_mg: dict[str, int] = {}
    findings: list[str] = []
    settled_dry_mg: int = 0
    final: bool = False
    void: bool = False
    resolved: bool = False


class Outbound(Struct, frozen=True, gc=False, omit_defaults=True):
    """A pair (consignment, lot) at the sender: the shipments that stand, and by site what is offered and settled.

    The site is empty where no book answers: an external party's, or none named. `aged` names the shipments that were
    found open after the grace. `proofs` say what has arrived at an external party.
    """

    consignment: str
    lot: str
    shipments: list[Shipment] = []
    bound: dict[str, Bound] = {}
    aged: list[str] = []
    proofs: list[Proof] = []


class Consigned(Struct, frozen=True, gc=False):
    """The lots that this site has sent under a consignment, so that it can ask back all of it at once."""

    lots: list[str] = []


class Receipt(Struct, frozen=True, gc=False):
    """One receiving event's part in a pair at the receiver: the line as stated there, with its basis made explicit.

    `named`: it names its consignment. `arrival` is its place in the book, `from_site` the site that it says it came from,
    `number` which of the event's lines of this lot it is, `assay` the event that assayed it last (receipt_assays.py).
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
    number: int = 0
    assay: str = ""


class Offered(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one sender offers to a pair, with the elements that it tracks, and what it was last told of it.

    `edged_*` is what lineage tells of it. `void_at` is the sequence at which the sender asked it back: later receipts come
    too late.
    """

    from_site: str
    elements: list[str]
    parcel: Parcel
    answered: SettledParcel | None = None
    edged_dry_mg: int = 0
    edged_mg: dict[str, int] = {}
    void_at: int | None = None


class Inbound(Struct, frozen=True, gc=False):
    """A pair at the receiver: the offers in the order of shipping (nearly always one), the receipts in their order, and what
    has been posted for them so far.

    `posted` maps element and account ("Cu STOCK") to mg. What each receipt put into the lot is in `Received`. `page` is
    where it is listed while it is open (`OpenPairs`), else below zero. `u_mg` is that of sent less received by element, where it
    counts in the sums of its lane (haulage.py).
    """

    consignment: str
    lot: str
    offers: list[Offered] = []
    receipts: list[Receipt] = []
    posted: dict[str, int] = {}
    findings: list[str] = []
    page: int = -1
    u_mg: dict[str, int] = {}


class Received(Struct, frozen=True, gc=False):
    """What one receipt put into its lot, by event, lot and number."""

    change: LotChange


class OpenPairs(Struct, frozen=True, gc=False):
    """The pairs of one lot that take or hold a receipt without a consignment: all but the named and final.

    They stand on pages (`OpenPage`, from 0 to `last`), so that an offer costs the same however many are open; `loose` are
    those that hold such a receipt.
    """

    last: int = 0
    loose: list[str] = []


class OpenPage(Struct, frozen=True, gc=False):
    """Consignments of open pairs of one lot, under "<lot> <page>"."""

    consignments: list[str]

"""A small plant, made of entries and outcomes as the gate and the ledger write them: what the tests of the sink read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.epcis.event import Assay, Claim, Event, Material, OriginPart, Quantity, TypedRef
from lodestream.epcis.rejection import Rejection
from lodestream.ids import derive
from lodestream.ledger.chain import chain_value
from lodestream.ledger.records import (
    Closure,
    Edge,
    Entry,
    Finding,
    Line,
    LotState,
    Offer,
    Origin,
    Outcome,
    Parcel,
    PeriodLine,
    PeriodState,
    Posting,
    StatedAssay,
)
from runtime.processor import Record
from schemas import topics
from schemas.codec import encode

MINE = "https://id.gs1.org/414/9521000000017"
SMELTER = "https://id.gs1.org/414/9521000000024"
LOT = "https://id.gs1.org/01/09521000000101/10/"
CONCENTRATE, CATHODE, SLAG = LOT + "K1", LOT + "C1", LOT + "S1"
ZAMBIA = f"ZM {MINE} mine COPPER_MARK,IRMA"
SCRAP = "ZZ - end_of_life -"
CONSIGNMENT = "https://id.gs1.org/402/95210000000000017"
DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01
KG = 1_000_000
JANUARY = [
    ("LOSS", 850, 0),
    ("SOURCE", 0, 28_500),
    ("STOCK", 56_000, 56_000),
    ("TRANSIT", 27_500, 0),
    ("UNACCOUNTED", 150, 0),
    ("WIP", 28_500, 28_500),
]
TOPIC_ID = "ybqJz1pXRT6vDSwI2pzMnA"


def event(number: int, kind: str, step: str, **fields: object) -> Event:
    """An event of day `number`."""
    return Event(
        type=kind,
        event_hash=f"ni:///sha-256;{number:064x}?ver=CBV2.0",
        content_digest=f"{number:064x}",
        event_time_us=START + number * DAY,
        event_time_zone_offset="+01:00",
        event_id=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        biz_step=step,
        **fields,  # type: ignore[arg-type]
    )


@dataclass
class Book:
    """One site's entries and outcomes, with ids, sequence and chain as the ledger makes them."""

    site: str
    entries: list[Entry] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    seq: int = 0
    prev: str = ""
    attempts: dict[str, int] = field(default_factory=dict)

    def enter(self, said: Event | Offer | Finding | int) -> Entry:
        """An entry of an event, an offer, a finding of the watch, or a tick (microseconds)."""
        number = len(self.entries)
        recorded = START + 40 * DAY + number
        if isinstance(said, Offer):
            entry = Entry(
                derive("offer", self.site, str(number)), self.site, "OFFER", recorded, cause=derive("cause"), offer=said
            )
        elif isinstance(said, Finding):
            entry = Entry(derive("watch", self.site, said.id), self.site, "FINDING", recorded, finding=said)
        elif isinstance(said, int):
            entry = Entry(derive("tick", self.site, str(said)), self.site, "TICK", recorded, tick_us=said)
        else:
            entry_id = derive("event", self.site, said.identity, said.content_digest)
            origin = Origin(topics.INBOX, int(self.site != MINE), number, 0)
            entry = Entry(
                entry_id, self.site, "EVENT", recorded, source="mes", origin=origin, locations={self.site: self.site}, event=said
            )
        self.entries.append(entry)
        return entry

    def say(self, entry: Entry, outcome: str, **fields: object) -> Outcome:
        """An outcome of an entry."""
        attempt = self.attempts.get(entry.entry_id, 0) + 1
        if outcome != "DUPLICATE":
            self.attempts[entry.entry_id] = attempt
        said = entry.event
        made = Outcome(
            outcome=outcome,
            entry_id=entry.entry_id,
            txn_id=derive("txn", entry.entry_id, "1", str(attempt)),
            attempt=attempt,
            site=self.site,
            rule_version=1,
            record_time_us=entry.record_time_us,
            valid_time_us=said.event_time_us if said else entry.record_time_us,
            event_id=said.event_id if said else None,
            event_hash=said.event_hash if said else None,
            event_type=said.type if said else None,
            biz_step=said.biz_step if said else None,
            **fields,  # type: ignore[arg-type]
        )
        self.outcomes.append(made)
        return made

    def post(self, entry: Entry, kind: str, legs: Iterable[tuple[str, str, int]] = (), **fields: object) -> Outcome:
        """A transaction with these legs (element, account, mg)."""
        self.seq += 1
        made = self.say(entry, "TRANSACTION", kind=kind, seq=self.seq, prev=self.prev, **fields)
        postings = [
            Posting(derive("posting", made.txn_id, str(n)), n, element, account, mg)
            for n, (element, account, mg) in enumerate(legs)
        ]
        made = replace(made, postings=postings)
        made = replace(made, chain=chain_value(made))
        self.outcomes[-1], self.prev = made, made.chain
        return made


def finding(code: str, rule: str, severity: str, arithmetic: str, lots: list[str], state: str = "open") -> Finding:
    """A finding; the same code on the same lots is the same finding."""
    return Finding(derive("finding", rule, *lots), rule, code, 1, severity, lots, arithmetic, state, lots)  # type: ignore[arg-type]


def lot(site: str, name: str, seq: int, dry_kg: int, cu_kg: int, **fields: object) -> LotState:
    """A lot that holds copper."""
    held = {"Cu": cu_kg * KG} if cu_kg else {}
    u = {"Cu": cu_kg * KG // 500} if cu_kg else {}
    return LotState(site, name, seq, dry_kg * KG * 11 // 10, dry_kg * KG, True, held, u, START + DAY, **fields)  # type: ignore[arg-type]


def mine() -> Book:
    """A mine that makes concentrate, smelts some of it, ships the cathode, and gets a few things wrong."""
    book = Book(MINE)
    assay = Assay("Cu", Decimal("28.5"), "P1", laboratory="Lab One", uncertainty=Decimal("0.05"))
    item = Material(
        "output",
        CONCENTRATE,
        Decimal(100_000),
        "KGM",
        "dry",
        tickets=["T-1"],
        assays=[assay],
        product_class="concentrate",
        schemes=["IRMA"],
        origins=[OriginPart(Decimal("1.5"), "Cu", "ZM", MINE, "mine", ["IRMA"])],
        claims=[Claim("iscc-plus", "Cu", "country:ZM", Decimal(100))],
        credential="urn:vc:1",
        credential_mass=Decimal("27.5"),
    )
    made = book.enter(
        event(
            1,
            "TransformationEvent",
            "commissioning",
            read_point=MINE,
            biz_location=MINE,
            output_quantities=[Quantity(CONCENTRATE, Decimal(100_000), "KGM")],
            materials=[item],
            biz_transactions=[TypedRef("urn:po:1", "po")],
        )
    )
    book.post(
        made,
        "create",
        [("Cu", "SOURCE(mine)", -28_500 * KG), ("Cu", f"STOCK({CONCENTRATE})", 28_500 * KG)],
        lots=[lot(MINE, CONCENTRATE, 1, 100_000, 28_500, product_class="concentrate")],
        lines=[
            Line(
                "output",
                CONCENTRATE,
                110_000 * KG,
                100_000 * KG,
                {"Cu": 28_500 * KG},
                Decimal(100_000),
                "KGM",
                "concentrate",
                tickets=["T-1"],
                process="flotation",
                assays=[
                    StatedAssay("Cu", Decimal("28.5"), "P1", "dry", "final"),
                    StatedAssay("As", Decimal("0.12345678951"), "P1", "dry", "provisional", "C'1"),
                ],
            )
        ],
        findings=[finding("NO_BOOK", "F42", "info", "the default book is used", [MINE])],
    )
    smelted = book.enter(event(2, "TransformationEvent", "commissioning", biz_location=MINE, transformation_id="urn:heat:1"))
    loss = f"LOSS(slag {SLAG})"
    missing = finding("LOSS_UNEXPLAINED", "F28", "warn", "28 500 kg in - 27 500 kg out - 850 kg losses = 150 kg > 3u", [CATHODE])
    book.post(
        smelted,
        "transform",
        [
            ("Cu", f"STOCK({CONCENTRATE})", -28_500 * KG),
            ("Cu", "WIP(urn:heat:1)", 28_500 * KG),
            ("Cu", "WIP(urn:heat:1)", -28_500 * KG),
            ("Cu", f"STOCK({CATHODE})", 27_500 * KG),
            ("Cu", loss, 850 * KG),
            ("Cu", "UNACCOUNTED", 150 * KG),
        ],
        lots=[
            lot(MINE, CONCENTRATE, 2, 0, 0, product_class="concentrate"),
            lot(
                MINE,
                CATHODE,
                1,
                27_510,
                27_500,
                product_class="cathode",
                parents=[CONCENTRATE],
                shares={"Cu": {ZAMBIA: 20_625 * KG, SCRAP: 6_875 * KG}},
            ),
            lot(MINE, SLAG, 1, 60_000, 850, product_class="slag", loss_class="slag", parents=[CONCENTRATE]),
        ],
        edges=[
            Edge(MINE, CONCENTRATE, 1, MINE, CATHODE, 1, 97_000 * KG, {"Cu": 27_500 * KG}),
            Edge(MINE, CONCENTRATE, 1, MINE, SLAG, 1, 3_000 * KG, {"Cu": 850 * KG}),
        ],
        lines=[
            Line("input", CONCENTRATE, 110_000 * KG, 100_000 * KG, {"Cu": 28_500 * KG}),
            Line("output", CATHODE, 27_510 * KG, 27_510 * KG, {"Cu": 27_500 * KG}, product_class="cathode"),
        ],
        findings=[missing],
        transformation_id="urn:heat:1",
        closures=[Closure("urn:heat:1", "Cu", 28_500 * KG, 28_350 * KG, 40 * KG)],
    )
    shipped = book.enter(event(3, "ObjectEvent", "shipping", action="OBSERVE", read_point=MINE, consignment_id=CONSIGNMENT))
    book.post(
        shipped,
        "ship",
        [("Cu", f"STOCK({CATHODE})", -27_500 * KG), ("Cu", f"TRANSIT({CONSIGNMENT} {CATHODE})", 27_500 * KG)],
        lots=[lot(MINE, CATHODE, 2, 0, 0, product_class="cathode", parents=[CONCENTRATE])],
        read_point=MINE,
        transport_mode="rail",
        due_us=START + 17 * DAY,
    )
    book.say(book.enter(shipped.event), "DUPLICATE", reason="the same event again")  # type: ignore[arg-type]
    early = book.enter(event(4, "ObjectEvent", "shipping", action="OBSERVE", read_point=MINE))
    phantom = finding("PHANTOM_STOCK", "F3", "hold", "drawn 5 kg of a lot that was never here", [LOT + "X9"])
    book.say(early, "PARKED", reason="PHANTOM_STOCK", findings=[phantom])
    book.post(early, "link", findings=[replace(phantom, state="resolved")])
    impossible = finding("IMPOSSIBLE", "F1", "hard", "10 kg out > 9 kg in + 4u", [SLAG])
    book.post(
        book.enter(event(5, "TransformationEvent", "commissioning", biz_location=MINE)),
        "refuse",
        reason="IMPOSSIBLE",
        findings=[impossible],
        correctives=["urn:uuid:00000000-0000-4000-8000-000000000099"],
    )
    drift = finding("DRIFT", "F21", "warn", "S+ = 5.5 > 5", [MINE])
    book.post(book.enter(drift), "finding", findings=[drift])
    book.post(book.enter(START + 45 * DAY), "close", periods=[january(1, JANUARY)])
    return book


def january(version: int, turnover: list[tuple[str, int, int]]) -> PeriodState:
    """January 2026, the first month of a book, in kg of copper by account class: in and out."""
    lines = [PeriodLine("Cu", name, 0, came * KG, went * KG, (came - went) * KG) for name, came, went in turnover]
    return PeriodState("2026-01", version, START, START + 31 * DAY, lines)


def smelter() -> Book:
    """The receiver: an offer, and the receipt of the cathode."""
    book = Book(SMELTER)
    parcel = Parcel(CATHODE, 1, 27_510 * KG, 27_510 * KG, True, {"Cu": 27_500 * KG}, {"Cu": 55 * KG}, START + 3 * DAY, "cathode")
    book.post(book.enter(Offer(CONSIGNMENT, MINE, MINE, SMELTER, ["Cu"], [parcel])), "offer")
    book.post(book.enter(START + 45 * DAY), "close", periods=[january(1, [])])
    received = book.enter(
        event(6, "ObjectEvent", "receiving", action="OBSERVE", biz_location=SMELTER, consignment_id=CONSIGNMENT)
    )
    book.post(
        received,
        "receive",
        [
            ("Cu", f"STOCK({CATHODE})", 27_480 * KG),
            ("Cu", "TRANSIT_VAR", 20 * KG),
            ("Cu", f"CUSTODY({CONSIGNMENT} {CATHODE})", -27_500 * KG),
        ],
        lots=[
            lot(
                SMELTER,
                CATHODE,
                1,
                27_490,
                27_480,
                product_class="cathode",
                shares={"Cu": {ZAMBIA: 20_610 * KG, SCRAP: 6_870 * KG}},
                embodied_g_co2e=96_180_000,
                uncovered_mg=490 * KG,
                contacts=["CL - mine -"],
            )
        ],
        edges=[Edge(MINE, CATHODE, 1, SMELTER, CATHODE, 1, 27_490 * KG, {"Cu": 27_480 * KG})],
        lines=[Line("object", CATHODE, 27_490 * KG, 27_490 * KG, {"Cu": 27_480 * KG}, Decimal("27490.5"), "KGM", "cathode")],
        periods=[january(2, [("CUSTODY", 0, 27_500), ("STOCK", 27_480, 0), ("TRANSIT_VAR", 20, 0)])],
    )
    return book


REJECTION = Rejection(
    code="NEGATIVE_QUANTITY",
    message="a quantity is not negative",
    pointer="/epcisBody/eventList/0/quantityList/0/quantity",
    index=0,
    payload=b'{"type":"ObjectEvent","x":"\xff"}',
    payload_sha256="ab" * 32,
    source="mes",
    topic=topics.INBOX,
    offset=9,
    record_time_us=START,
)
CREDENTIAL = CredentialRecord(
    id="https://issuer.example/credentials/1",
    kind="DigitalTraceabilityEvent",
    txn_id=mine().outcomes[1].txn_id,
    site=MINE,
    issuer="did:web:issuer.example",
    lots=[CONCENTRATE, CATHODE],
    valid_from_us=START + 41 * DAY,
    record_time_us=START + 41 * DAY,
    envelope='{"type":"EnvelopedVerifiableCredential"}',
    sha256="cd" * 32,
)
STATUSES = [
    StatusRecord(CREDENTIAL.id, "issued", START + 41 * DAY),
    StatusRecord(CREDENTIAL.id, "revoked", START + 42 * DAY, "finding IMPOSSIBLE"),
]


def records(topic: str, values: Iterable[Struct], partition: int = 0, first: int = 0) -> list[Record]:
    """Values as records of a topic partition, at every second offset, as after transactions of one record each."""
    return [
        Record(topic, partition, first + 2 * n, START // 1000, getattr(value, "site", "key").encode(), encode(value))
        for n, value in enumerate(values)
    ]


def plant() -> list[list[Record]]:
    """All records of the two sites, the gate and the issuer, by topic partition."""
    a, b = mine(), smelter()
    return [
        records(topics.ENTRIES, a.entries, 0),
        records(topics.TRANSACTIONS, a.outcomes, 0),
        records(topics.ENTRIES, b.entries, 1),
        records(topics.TRANSACTIONS, b.outcomes, 1),
        records(topics.REJECTED, [REJECTION]),
        records(topics.CREDENTIALS, [CREDENTIAL]),
        records(topics.CREDENTIAL_STATUS, STATUSES),
    ]


def busy(site: str, number: int) -> Book:
    """A site that makes one lot after another, with an event and a finding each."""
    book = Book(site)
    for n in range(number):
        name = f"{LOT}{site[-1]}{n}"
        entry = book.enter(event(100 + n, "ObjectEvent", "commissioning", action="ADD", biz_location=site))
        book.post(
            entry,
            "create",
            [("Cu", "SOURCE(mine)", -(n + 1)), ("Cu", f"STOCK({name})", n + 1)],
            lots=[replace(lot(site, name, 1, 10, 0), contained_mg={"Cu": n + 1})],
            findings=[finding("UNASSAYED", "F40", "info", f"{n}", [name])],
        )
    return book

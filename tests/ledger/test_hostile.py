"""Whatever the gate lets through, `apply` has an outcome for it: an exception there would stop a partition for good.

Documents of every kind, with few names so that events meet, extreme and odd values, repeats, declarations and changes
of the book, go through the real gate and through Avro, as on the wire. One number makes one history.
"""

import json
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import admit
from lodestream.ids import derive
from lodestream.ledger.book import Exclusion, Process, Register, SiteBook
from lodestream.ledger.catalogue import BLOCKING
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from schemas.codec import decode, encode
from tests.ledger.making import Books, add, codes, transform

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"crm": "https://w3id.org/lodestream/crm/v1/"}]
SITES = ["https://example.com/a", "https://example.com/b", "urn:epc:id:sgln:0401234.00001.0"]
LOTS = ["urn:epc:class:lgtin:4012345.012345.a", "https://example.com/lot/b", "https://example.com/lot/%20c%00"]
NO_LOTS = ["urn:epc:idpat:sgtin:4012345.012345.*", "https://id.gs1.org/01/04012345123456"]
EPCS = ["urn:epc:id:sscc:4012345.0000000001", "urn:epc:id:sgtin:4012345.012345.1"]
PARTIES = ["urn:epc:id:pgln:0401234.00009", "https://example.com/buyer"]
CONSIGNMENTS = ["c1", "c2", "c 3", "https://example.com/c", "o)d( \u00e9"]
SANE = ["1", "2", "10", "10.05", "9.95", "9.99"]
ODD = ["0", "0.000000000001", "999999999999999", "9223.372036854775807", "9223372036", "33.333333333333333333"]
UNITS = ["TNE"] * 12 + ["KGM", "KTN", "MND", "W2", "DMT", "LTR", "C62", "E4", "MGM", "APZ"]
STEPS = {
    "ADD": ["commissioning", "commissioning", "collecting", None],
    "DELETE": ["destroying", "decommissioning"],
    "OBSERVE": ["shipping"] * 3 + ["receiving"] * 4 + ["inspecting"] * 2 + ["arriving", "void_shipping", None],
}


class Maker:
    """Makes hostile events, one in so many things odd, the rest such that they pass the gate and meet each other."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.one_of = random.choice
        self.oddity = random.choice([0.0, 0.2, 1.0])  # a history in which most is refused tells little

    def chance(self, odds: float) -> bool:
        return self.random.random() < odds

    def odd(self, odds: float) -> bool:
        return self.chance(odds * self.oddity)

    def number(self) -> str:
        return self.one_of(ODD if self.odd(0.12) else SANE)

    def unit(self) -> str:
        return self.one_of(UNITS) if self.odd(0.4) else "TNE"

    def assays(self) -> list[dict[str, str]]:
        made = []
        for substance in self.random.sample(["Cu", "Ni", "Li2O"], self.one_of([1, 1, 2])):
            one = {"crm:substance": substance, "crm:value": self.one_of(["0", "25", "30.5", "30.5", "20"]), "crm:unit": "P1"}
            if self.odd(0.1):
                one["crm:value"], one["crm:unit"] = self.one_of([("99.99", "P1"), ("5", "GL"), ("7", "M1"), ("1", "61")])
            if self.odd(0.3):
                one["crm:basis"] = "as_received"
            if self.odd(0.1):
                one["crm:uncertainty"] = self.one_of(["0", "99", "50"])
            made.append(one)
        return made

    def item(self, role: str, lot: str) -> dict[str, Any]:
        made: dict[str, Any] = {"crm:role": role, "crm:id": lot}
        if not self.odd(0.1):
            made["crm:massBasis"] = self.one_of(["dry", "dry", "wet", "as_received"])
        if self.chance(0.4):
            made["crm:moisturePercent"] = self.one_of(["0", "8", "8.1", "8", *(["100", "99.999999"] if self.odd(0.3) else [])])
        if self.chance(0.7 if role != "input" else 0.2):
            made["crm:assays"] = self.assays()
        rare: dict[str, Any] = {
            "crm:mass": self.number(),
            "crm:uom": self.unit(),
            "crm:gross": self.number(),
            "crm:tare": "1",
            "crm:volume": self.number(),
            "crm:volumeUom": self.one_of(["LTR", "MTQ"]),
            "crm:massUncertaintyPercent": self.one_of(["0", "60", "100"]),
            "crm:moistureUncertaintyPoints": self.one_of(["0", "60", "100"]),
            "crm:contained": [{"crm:element": "Cu", "crm:mass": self.number(), "crm:uom": self.one_of(["KGM", "TNE"])}],
            "crm:embodiedGCO2e": "999999999999999",
            "crm:chemicalForm": "CuO",
            "crm:lossClass": self.one_of(["slag", "tailings"]),
        }
        often: dict[str, Any] = {
            "crm:tickets": self.one_of([["T1"], ["T2"]]),
            "crm:sourceClass": self.one_of(["mine", "scrap", "end_of_life"]),
            "crm:process": self.one_of(["flotation", "smelting_refining", "https://example.com/process"]),
            "crm:credential": self.one_of(["https://example.com/vc/1", "https://example.com/vc/2"]),
            "crm:credentialMass": self.number(),
        }
        kept = {key: value for key, value in rare.items() if self.odd(0.06)}
        return made | kept | {key: value for key, value in often.items() if self.chance(0.1)}

    def listed(self, role: str) -> tuple[list[dict[str, Any]], list[str], list[dict[str, Any]]]:
        lots = [self.one_of(LOTS) for _ in range(self.one_of([1, 1, 1, 2, 3]))]
        if self.odd(0.03):
            lots.append(self.one_of(NO_LOTS))
        quantities: list[dict[str, Any]] = [{"epcClass": lot, "quantity": self.number(), "uom": self.unit()} for lot in lots]
        if self.odd(0.05):
            self.one_of(quantities).pop("uom")
        if self.odd(0.03):
            quantities[0] = {"epcClass": lots[0]}
        if self.odd(0.05):
            quantities[0]["quantity"] = self.one_of(["1e30", "4e18", "1e-30"])
        epcs = self.random.sample(EPCS, 1) if self.odd(0.2) else []
        return quantities, epcs, [self.item(role, lot) for lot in dict.fromkeys([*lots, *epcs]) if not self.odd(0.15)]

    def event(self, number: int) -> dict[str, Any]:
        kinds = ["ObjectEvent"] * 12 + ["TransformationEvent"] * 5
        kinds += ["AggregationEvent", "TransactionEvent", "AssociationEvent", "https://example.com/OwnEvent"]
        kind = self.one_of(kinds)
        action = self.one_of(["ADD"] * 3 + ["OBSERVE"] * 6 + ["DELETE"])
        event: dict[str, Any] = {
            "type": kind,
            "eventTime": f"2026-03-{self.random.randint(1, 28):02d}T08:00:00.000Z",
            "eventTimeZoneOffset": "+00:00",
        }
        if self.chance(0.9):
            event["eventID"] = f"https://example.com/e/{0 if self.chance(0.1) else number}"
        if self.chance(0.6):
            event["crm:consignmentId"] = self.one_of(CONSIGNMENTS if self.odd(0.3) else CONSIGNMENTS[:2])
        if self.chance(0.05):
            event["crm:openingBalance"] = True
        if kind == "TransformationEvent":
            event |= self.transformed()
        else:
            event |= self.observed(kind, action)
        return event | self.places(event.get("bizStep"))

    def transformed(self) -> dict[str, Any]:
        event: dict[str, Any] = {"crm:materials": []}
        roles = ["input", "output"]
        if self.chance(0.2):
            event["transformationID"] = "https://example.com/run"
            roles = roles[: self.one_of([1, 2])]
        for role in roles:
            event[f"{role}QuantityList"], event[f"{role}EPCList"], made = self.listed(role)
            event["crm:materials"] += made
        return event

    def observed(self, kind: str, action: str) -> dict[str, Any]:
        child = kind in {"AggregationEvent", "AssociationEvent"}
        quantities, epcs, made = self.listed("object")
        event = {"action": action, "childEPCs" if child else "epcList": epcs, "crm:materials": made}
        event["childQuantityList" if child else "quantityList"] = quantities
        step = self.one_of(STEPS["OBSERVE" if self.odd(0.05) else action])
        if step is not None:
            event["bizStep"] = step
        if step == "receiving" and self.chance(0.5):
            event["crm:receipt"] = self.one_of(["final", "partial"])
        if child:
            event["parentID"] = "urn:epc:id:sscc:4012345.0000000002"
        if kind == "TransactionEvent":
            event["bizTransactionList"] = [{"type": "po", "bizTransaction": "https://example.com/po"}]
        return event

    def places(self, step: str | None) -> dict[str, Any]:
        here, there = (SITES[0], SITES[1]) if step != "receiving" else (SITES[1], SITES[0])
        if self.odd(0.15):
            here, there = self.one_of(SITES), self.one_of(SITES)
        made: dict[str, Any] = {"readPoint": {"id": here}}
        if step == "receiving" or self.chance(0.5):
            made["bizLocation"] = {"id": here}
        key, owner = ("sourceList", "source") if step == "receiving" else ("destinationList", "destination")
        if step in {"shipping", "receiving"} and self.chance(0.7):
            made[key] = [{"type": "location", owner: there}]
        if self.chance(0.05):
            made.setdefault(key, []).append({"type": "owning_party", owner: self.one_of(PARTIES)})
        return made

    def opening(self) -> list[dict[str, Any]]:
        """Lots to draw from at the first site, some without an assay."""
        made = []
        for number, lot in enumerate(self.random.sample(LOTS, self.one_of([1, 2, 3]))):
            item = {"crm:role": "object", "crm:id": lot, "crm:massBasis": self.one_of(["dry", "wet", "as_received"])}
            if self.chance(0.7):
                item["crm:moisturePercent"] = "8"
            if self.chance(0.85):
                item["crm:assays"] = self.assays()
            one = {"type": "ObjectEvent", "action": "ADD", "eventID": f"https://example.com/opening/{number}"}
            one |= {"eventTime": "2026-03-01T08:00:00.000Z", "eventTimeZoneOffset": "+00:00", "epcList": []}
            one |= {"readPoint": {"id": SITES[0]}, "crm:materials": [item]}
            made.append(one | {"quantityList": [{"epcClass": lot, "quantity": self.one_of(["10", "33.3"]), "uom": "TNE"}]})
        return made

    def history(self) -> list[dict[str, Any] | SiteBook]:
        """Events, with repeats, declarations, changed copies and changes of the book between them."""
        made = [*self.opening(), *(self.event(n) for n in range(self.random.randint(2, 25)))]
        history: list[dict[str, Any] | SiteBook] = list(made)
        for _ in range(self.random.randint(0, 12)):
            one = self.one_of(made)
            what = self.one_of(["repeat", "void", "void", "void", "changed", "twin", "unnamed", "book"])
            if what == "void":
                one = {**one, "errorDeclaration": {"declarationTime": "2026-04-01T08:00:00.000Z"}}
            elif what == "changed":
                one = {**one, "eventTime": "2026-03-05T09:00:00.000Z"}
            elif what == "twin":
                one = {**one, "eventID": f"https://example.com/twin/{len(history)}"}
            elif what == "unnamed":
                one = {key: value for key, value in one.items() if key != "eventID"}
            history.insert(self.random.randint(0, len(history)), self.book() if what == "book" else one)
        return history

    def book(self) -> SiteBook:
        return SiteBook(
            elements=self.one_of([[], [], ["Cu"], ["Ni", "Cu"]]),
            sources=self.one_of([[], [], [], ["local"]]),
            mass_basis=self.one_of([None, "dry", "wet"]),
            lot_tolerance_percent=self.one_of([Decimal("0.5"), Decimal(0), Decimal(50)]),
            transit_tolerance_percent=self.one_of([Decimal("0.5"), Decimal(0), Decimal(50)]),
            exclusions=self.one_of([[], [], [Exclusion("ZZ")], [Exclusion(SITES[0], 1_773_000_000_000_000)]]),
            processes=self.one_of([[], [Process("flotation", "Cu", Decimal(50), Decimal(60))], [Process("flotation", "Ni")]]),
        )


def document(event: dict[str, Any]) -> bytes:
    """The event as JSON; quantities are JSON numbers, written as they are."""
    text = json.dumps({"@context": CONTEXT, **event})
    for quantity in ["33.3", *SANE, *ODD, "1e30", "4e18", "1e-30"]:
        text = text.replace(f'"quantity": "{quantity}"', f'"quantity": {quantity}')
    return text.encode()


class Wired(Fold):
    """A fold whose entries and outcomes go over the wire, and are held to what every transaction must keep."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []
        self.balances: dict[tuple[str, str, str], int] = {}

    def apply(self, entry: Entry) -> tuple[list[Outcome], list[Entry]]:
        outcomes, made = super().apply(decode(encode(entry), Entry))
        for outcome in outcomes:
            assert decode(encode(outcome), Outcome) == outcome
            assert all(f.arithmetic and f.inputs for f in outcome.findings)
            sums: dict[str, int] = {}
            for posting in outcome.postings:
                sums[posting.element] = sums.get(posting.element, 0) + posting.amount_mg
                key = (outcome.site, posting.element, posting.account)
                self.balances[key] = self.balances.get(key, 0) + posting.amount_mg
            assert not any(sums.values())
            for lot in outcome.lots:
                encode(lot)
        self.outcomes += outcomes
        return outcomes, made

    def check(self) -> None:
        """The postings add up to the balances; what is below zero has its finding; a held finding is an open one."""
        assert {key: mg for key, mg in self.balances.items() if mg} == {(s, e, a): mg for s, e, a, mg in self.accounts()}
        opened = {(site, f.id): f for site, f in self.open_findings()}
        overdrawn = {(site, *f.inputs) for (site, _), f in opened.items() if f.code == "RETRO_OVERDRAFT"}
        for (site, element, account), mg in self.balances.items():
            if account.startswith(("STOCK(", "TRANSIT(", "LOSS(")):
                assert (mg < 0) == ((site, account, element) in overdrawn)
        for lot in self.lots():
            held = {f.id for (site, _), f in opened.items() if site == lot.site and lot.lot in f.lots and f.severity in BLOCKING}
            assert held == set(lot.findings)


def run(seed: int) -> Wired:
    """One history through gate and ledger, with messages between sites that take their time."""
    random = Random(seed)  # noqa: S311  # histories, no secrets
    maker, books = Maker(random), Wired()
    register = random.choice([Register(), Register(external_parties=PARTIES), Register(open=False, sites=SITES[:2])])
    on_the_way: list[Entry] = []
    for number, one in enumerate(maker.history()):
        if isinstance(one, SiteBook):
            books.apply(Entry(derive("book", SITES[0], str(number)), SITES[0], "BOOK", 0, book=one))
            books.apply(Entry(derive("book", SITES[1], str(number)), SITES[1], "BOOK", 0, book=one))
            continue
        for accepted in intake(document(one)):
            if isinstance(accepted, Accepted):
                source = random.choice(["local", "local", "local", "other"])
                entry = admit(accepted, register, source, 1_772_400_000_000_000, None)
                if isinstance(entry, Entry):
                    on_the_way += books.apply(entry)[1]
        while on_the_way and random.random() < 0.6:
            on_the_way += books.apply(on_the_way.pop(0))[1]
    while on_the_way:
        on_the_way += books.apply(on_the_way.pop(0))[1]
    return books


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64))
@example(41_084_846_228_007)  # a credential of 10**24 mg
def test_apply_never_raises(seed: int) -> None:
    books = run(seed)
    books.check()
    assert all(o.outcome != "UNREADABLE" for o in books.outcomes)


def test_a_turnover_beyond_64_bits_is_refused() -> None:
    """4e18 mg out of one lot into another and so on: each balance fits, but not what a month's sum of all that moved comes to."""
    books = Books()
    books(add("x0", "8000000000", "urn:a", cu="50"))
    said = []
    for n in range(3):
        parts = [(f"x{n + 1}", "8000000000", {})]
        said += codes(books(transform("urn:a", [(f"x{n}", "8000000000", {})], parts)))
    assert "TOO_LARGE" in said
    assert codes(books(add("y", "1", "urn:a", cu="50"))) == [], "the book goes on"


def test_an_amount_beyond_64_bits_is_refused() -> None:
    """Two parcels that are each an int64 and together are none: the second is too large, and the book goes on."""
    books = Books()
    books(add("x", "9000000000", "urn:a", cu="50", tickets=["1"]))
    books(add("y", "9000000000", "urn:a", cu="50"))
    assert codes(books(add("z", "9000000000", "urn:a", cu="50"))) == ["TOO_LARGE"], "SOURCE(undeclared)"
    assert codes(books(add("x", "9000000000", "urn:a", ni="1"))) == ["TOO_LARGE"], "the dry mass of the lot"
    assert codes(books(add("z", "1", "urn:a", ni="50"))) == []

"""The issuer on what the ledger really says: events in, credentials out."""

from typing import Any

from msgspec.structs import replace

from lodestream.credentials.bundle import JsonLd, JsonSchema
from lodestream.credentials.policy import DEFAULT_POLICIES
from lodestream.credentials.verify import verify
from lodestream.epcis.event import Event
from lodestream.ledger.records import Outcome
from tests.credentials.telling import official, published
from tests.issuer.desk import Desk
from tests.ledger.making import Books, add, assay, declared, transform

PLANT = "https://refinery.example/f/2"
CONCENTRATE = "urn:mine:concentrate:4501"
SCRAP = "urn:dealer:scrap:77"
CATHODE = "urn:refinery:cathode:812"
ROD = "urn:refinery:rod:1"
NOW_US = 1_800_000_000_000_000


class Plant:
    """A ledger and an issuer behind it."""

    def __init__(self) -> None:
        self.books = Books()
        self.desk = Desk()

    def __call__(self, *events: Event) -> list[Outcome]:
        made = self.books(*events)
        self.desk(*made)
        return made

    def made(self, kind: str = "transform") -> list[Outcome]:
        return [one for one in self.books.outcomes if one.kind == kind]

    def fates(self, kind: str = "transform") -> list[str]:
        return [self.desk.of(one) for one in self.made(kind)]


def stocked() -> Plant:
    plant = Plant()
    plant(
        add(CONCENTRATE, "30", PLANT, cu="30", product_class="concentrate"),
        add(SCRAP, "1.2", PLANT, cu="100", product_class="scrap"),
    )
    return plant


def smelt(scrap: bool = True, **more: Any) -> Event:
    inputs = [(CONCENTRATE, "30", {}), (SCRAP, "1.2", {})]
    return transform(PLANT, inputs[: 2 if scrap else 1], [(CATHODE, "10", {"cu": "99.99", "product_class": "cathode"})], **more)


def draw(mass: str = "9", **more: Any) -> Event:
    return transform(PLANT, [(CATHODE, mass, {})], [(ROD, mass, {"cu": "99.99"})], **more)


def test_the_copper_sample_with_scrap_is_vouched_for(shared: Any) -> None:
    """98.03 %: a loss that is unexplained is a warning, no more."""
    plant = stocked()
    plant(smelt())
    assert plant.fates() == ["issued"]
    bundle = official(shared)
    policies = (*DEFAULT_POLICIES, JsonSchema(bundle), JsonLd(bundle))
    report = verify(plant.desk.issued[0].envelope.encode(), published(), NOW_US, policies)
    assert report.verified, report.rows()
    assert {name for name, result, _ in report.rows() if result == "not checked"} == {"status", "trust", "upstream"}
    event = (report.credential or {})["credentialSubject"][0]
    contained = [
        p["product"]["characteristics"]["cuContainedMass"]["value"] for p in [*event["inputProduct"], *event["outputProduct"]]
    ]
    assert contained == [9000, 1200, 9999]
    assert [p["product"]["name"] for p in event["inputProduct"]] == ["Concentrate", "Scrap"]


def test_the_copper_sample_is_not(shared: Any) -> None:
    """111.1 %: IMPOSSIBLE, and nothing that is made of it is vouched for either."""
    plant = stocked()
    plant(smelt(scrap=False), draw())
    assert "IMPOSSIBLE" in plant.books.open()
    assert plant.fates() == ["", ""]


def test_an_output_assayed_a_day_later() -> None:
    plant = stocked()
    plant(
        transform(
            PLANT,
            [(CONCENTRATE, "30", {}), (SCRAP, "1.2", {})],
            [(CATHODE, "10", {"mass_basis": "dry"}), (ROD, "0.1", {"cu": "90"})],
        )
    )
    assert plant.fates() == [""]
    plant(assay(CATHODE, PLANT, cu="99.99"))
    assert plant.fates() == ["issued"]
    record = next(one for one in plant.desk.issued if one.txn_id == plant.made()[0].txn_id)
    report = verify(record.envelope.encode(), published(), NOW_US)
    product = (report.credential or {})["credentialSubject"][0]["outputProduct"][0]["product"]
    assert str(product["characteristics"]["cuMassFraction"]) == "0.9999"


def test_an_assay_that_makes_it_impossible() -> None:
    """The balance is judged with the last assay; the hard finding and the assay come in one transaction."""
    plant = stocked()
    plant(transform(PLANT, [(CONCENTRATE, "30", {})], [(CATHODE, "10", {"mass_basis": "dry"}), (ROD, "0.1", {"cu": "90"})]))
    plant(assay(CATHODE, PLANT, cu="99.99"))
    assert "IMPOSSIBLE" in plant.books.open()
    assert plant.fates() == [""]


def test_an_event_declared_in_error_revokes_and_its_corrective_is_issued() -> None:
    plant = stocked()
    wrong = smelt()
    plant(wrong, draw())
    assert plant.fates() == ["issued", "issued"]
    plant(declared(wrong, correctives=("urn:test:right",)))
    assert plant.fates() == ["revoked", "revoked"]
    plant(smelt(event_id="urn:test:right"))
    assert plant.fates() == ["revoked", "issued", "issued"], "what was drawn stands again, and is said anew"
    wrong_one, drawn, right = (plant.desk.versions(one) for one in plant.made())
    assert wrong_one[0].replaced_by == right[0].credential_id
    assert [one.status for one in drawn] == ["revoked", "issued"]


def test_a_changed_copy_of_the_event_revokes() -> None:
    plant = stocked()
    original = smelt()
    plant(original)
    plant(replace(original, event_hash="0" * 64, content_digest="0" * 64))
    assert "MUTATED_EVENT" in plant.books.open()
    assert plant.fates() == ["revoked"]


def test_a_double_spend_revokes_what_touched_the_lot() -> None:
    plant = stocked()
    plant(smelt(), draw("9"))
    assert plant.fates() == ["issued", "issued"]
    plant(draw("9"))
    assert "DOUBLE_SPEND" in plant.books.open()
    assert plant.fates() == ["revoked", "revoked"]


def test_a_split_is_told_as_a_make_event() -> None:
    plant = stocked()
    plant(transform(PLANT, [(CONCENTRATE, "30", {})], [("urn:pile:a", "10", {}), ("urn:pile:b", "20", {})]))
    assert plant.fates("split") == ["issued"]


def test_the_same_events_give_the_same_credentials() -> None:
    events = [add(CONCENTRATE, "30", PLANT, cu="30"), add(SCRAP, "1.2", PLANT, cu="100"), smelt(), draw()]
    one, two = Plant(), Plant()
    for plant in (one, two):
        plant(*events)
    assert one.desk.outputs == two.desk.outputs
    assert len(one.desk.issued) == 2

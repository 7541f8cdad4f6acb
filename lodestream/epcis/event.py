"""The canonical EPCIS 2.0 event: what the gate makes of a document and the ledger reads.

Identifiers are canonical URIs (GS1 Digital Link on id.gs1.org, or the private URI as given), vocabulary
values are bare CBV words or full URIs, times are integers in microseconds since 1970-01-01 UTC, and every
number is an exact `Decimal`. `content` keeps the whole canonical event, so nothing that a source said is lost.

Frozen, and made of what was there before them, these structs are in no cycle, so the collector need not look at them (gc=False).
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

Role = Literal["input", "output", "object", "wip_open", "wip_close"]


class Quantity(Struct, frozen=True, omit_defaults=True, gc=False):
    """An EPCIS QuantityElement: an amount of a class. `uom` is a UN/CEFACT Rec 20 code; without one it is a count."""

    epc_class: str
    quantity: Decimal | None = None
    uom: str | None = None


class TypedRef(Struct, frozen=True, omit_defaults=True, gc=False):
    """An entry of bizTransactionList, sourceList or destinationList: a type (bare word or URI) and an identifier."""

    id: str
    type: str | None = None


class ErrorDeclaration(Struct, frozen=True, omit_defaults=True, gc=False):
    """EPCIS errorDeclaration: the event of the same eventID is void as of `declaration_time_us`."""

    declaration_time_us: int
    reason: str | None = None
    corrective_event_ids: list[str] = []


class Assay(Struct, frozen=True, omit_defaults=True, gc=False):
    """One assay value of a material: `substance` is an element symbol or a compound ("Cu", "Li2O").

    `value` is in `unit` (Rec 20: P1 percent, 60 % mass, 59 ppm, 61 ppb, NX per mille, NA mg/kg, GL g/L, M1 mg/L)
    on `basis` "dry" or "as_received". `uncertainty` is one standard uncertainty in the same unit.
    """

    substance: str
    value: Decimal
    unit: str
    basis: str = "dry"
    method: str | None = None
    laboratory: str | None = None
    certificate: str | None = None
    status: str = "final"
    uncertainty: Decimal | None = None


class ContainedMass(Struct, frozen=True, omit_defaults=True, gc=False):
    """Contained mass of an element stated outright, instead of a mass and a grade. `uom` is a Rec 20 mass unit."""

    element: str
    mass: Decimal
    uom: str


class OriginPart(Struct, frozen=True, omit_defaults=True, gc=False):
    """One origin of a material that comes from several: `parts` is its weight among the others of the same element.

    Without `element` it holds for every element that has no origins of its own.
    """

    parts: Decimal
    element: str | None = None
    country: str | None = None
    site: str | None = None
    source_class: str | None = None
    schemes: list[str] = []


class Claim(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is claimed of a material under a chain-of-custody scheme's profile: `percent` of `element` has the attribute.

    `attribute` is `country:ZM`, `site:<URI>`, `class:<source class>`, `recycled` or `scheme:<name>`.
    """

    profile: str
    element: str
    attribute: str
    percent: Decimal


class CreditItem(Struct, frozen=True, omit_defaults=True, gc=False):
    """Credits of a site's account that a TransactionEvent hands to its destination, or issues a certificate over.

    `mass` (of the element) is in `uom`. `to_profile` and `to_attribute` are the taker's, where they are others.
    """

    profile: str
    element: str
    attribute: str
    mass: Decimal
    uom: str
    product_class: str | None = None
    to_profile: str | None = None
    to_attribute: str | None = None
    certificate: str | None = None


class CertificateItem(Struct, frozen=True, omit_defaults=True, gc=False):
    """A certificate that a TransactionEvent hands to its destination, or retires for what it says."""

    id: str
    retired_for: str | None = None


class Material(Struct, frozen=True, omit_defaults=True, gc=False):
    """An item of our `materials` extension: what EPCIS cannot say about one lot of the event.

    It belongs to the lot (role, id) of the event; work in process (`wip_open`, `wip_close`) is named by the item alone.
    Masses are in `uom`, by default the uom of the quantity element.
    """

    role: Role
    id: str
    mass: Decimal | None = None
    uom: str | None = None
    mass_basis: str | None = None  # wet | dry | as_received (the same as wet)
    gross: Decimal | None = None
    tare: Decimal | None = None
    moisture_percent: Decimal | None = None
    volume: Decimal | None = None
    volume_uom: str | None = None
    mass_method: str | None = None  # weighbridge | belt | draft_survey | hopper | derived | ...
    mass_uncertainty_percent: Decimal | None = None
    moisture_uncertainty_points: Decimal | None = None
    tickets: list[str] = []
    seals: list[str] = []
    assays: list[Assay] = []
    contained: list[ContainedMass] = []
    chemical_form: str | None = None
    process: str | None = None
    product_class: str | None = (
        None  # ore | concentrate | hydroxide | cathode | sulphate | slag | tailings | residue | scrap | ...
    )
    source_class: str | None = None  # mine | scrap | ...
    country_of_origin: str | None = None
    site_of_origin: str | None = None
    unfc_class: str | None = None
    loss_class: str | None = None  # tailings | slag | residue | effluent | dust | sampling | other
    embodied_g_co2e: int | None = None
    owner: str | None = None
    schemes: list[str] = []
    origins: list[OriginPart] = []
    claims: list[Claim] = []
    credential: str | None = None
    credential_mass: Decimal | None = None


class Event(Struct, frozen=True, omit_defaults=True, gc=False):
    """One canonical EPCIS 2.0 event of any of the five types, or of an own type.

    `event_hash` is the CBV 2.0 event hash as a full `ni:` URI, `content_digest` the SHA-256 of the canonical
    event (hex). `content` is the canonical event as JSON text, with all that has no field of its own here.
    """

    type: str
    event_hash: str
    content_digest: str
    event_time_us: int
    event_time_zone_offset: str
    event_id: str | None = None
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    epcs: list[str] = []
    quantities: list[Quantity] = []
    parent_id: str | None = None
    child_epcs: list[str] = []
    child_quantities: list[Quantity] = []
    input_epcs: list[str] = []
    input_quantities: list[Quantity] = []
    output_epcs: list[str] = []
    output_quantities: list[Quantity] = []
    transformation_id: str | None = None
    biz_transactions: list[TypedRef] = []
    sources: list[TypedRef] = []
    destinations: list[TypedRef] = []
    error_declaration: ErrorDeclaration | None = None
    materials: list[Material] = []
    sensor_assays: list[Assay] = []  # sensor reports that state a mass fraction of a known substance
    process_emissions_g_co2e: int | None = None
    consignment_id: str | None = None
    receipt: str | None = None  # partial | final
    campaign_close: bool = False
    opening: bool = False
    opening_evidence: str | None = None
    period_close: str | None = None
    overdraft_evidence: str | None = None
    transport_mode: str | None = None  # truck | rail | ship | air
    credits: list[CreditItem] = []
    certificates: list[CertificateItem] = []
    content: str = "{}"

    @property
    def identity(self) -> str:
        """What names the event when it is sent again: its eventID, else its hash."""
        return self.event_id or self.event_hash

"""What suppliers' credentials say, in one form for all versions of UNTP. Masses are exact decimals in the unit beside them."""

from decimal import Decimal

from msgspec import Struct


class Part(Struct, frozen=True, omit_defaults=True):
    """One product in an event of a supplier: `lot` is its id in our books, `product` the id that all batches share.

    `instance`: a single thing with a serial number. `quantity` in `unit` (Rec 20), as stated. `contained_kg` is the contained
    mass by element, to the mg; `lost`: disposed of, so no stock of anybody's.
    """

    lot: str
    product: str
    instance: bool = False
    lost: bool = False
    quantity: Decimal | None = None
    unit: str = ""
    dry_kg: Decimal | None = None
    contained_kg: dict[str, Decimal] = {}


class Told(Struct, frozen=True, omit_defaults=True):
    """One event of a supplier. `kind` is make or move; `at` the facility that made it or that it left, `to` where it goes.

    `event` is its id in the credential, `time` an RFC 3339 date-time with its own offset. `primary`: nothing went in. `products`
    is the make as it was told (JSON), for its balance.
    """

    kind: str
    event: str
    time: str
    at: str
    parts: list[Part]
    to: str = ""
    consignment: str = ""
    primary: bool = False
    products: str = ""


class Provenance(Struct, frozen=True, omit_defaults=True):
    """One material of a passport: `fraction` of the product's mass, where it is from, and how much of it is recycled.

    `element`: the element that it is the source of; without one it may be of all. `recycled` None: the passport does not say.
    `contained`: the fraction is the element itself, contained over dry mass, and with its like it is all of it; `source_class`
    is told in such passports only, which are those of Lodestream.
    """

    fraction: Decimal
    element: str | None = None
    country: str | None = None
    recycled: Decimal | None = None
    contained: bool = False
    source_class: str | None = None


class Claimed(Struct, frozen=True, omit_defaults=True):
    """A claim of a passport, as far as a conformity credential can meet it: criteria and topics (last segments of their ids)."""

    criteria: list[str]
    topics: list[str]


class Passport(Struct, frozen=True, omit_defaults=True):
    """What a product passport says of a lot; `lot` empty: of every batch of the product.

    `carbon` is kg CO2e per kg of product, of its dry mass where `carbon_is_dry`; `fractions` what a kg of it holds by element;
    `weight_kg` the mass of one item. `told` is the product as the passport tells it (JSON), for the balance of what made it.
    """

    product: str
    lot: str
    facility: str
    told: str
    country: str | None = None
    materials: list[Provenance] = []
    carbon: Decimal | None = None
    carbon_is_dry: bool = False
    weight_kg: Decimal | None = None
    fractions: dict[str, Decimal] = {}
    claims: list[Claimed] = []


class Assessed(Struct, frozen=True, omit_defaults=True):
    """One assessment of a conformity credential that was met: what it is about, and by which criteria."""

    criteria: list[str]
    topics: list[str]
    products: list[str] = []
    facilities: list[str] = []


class Attestation(Struct, frozen=True, omit_defaults=True):
    """What a conformity credential attests under a scheme."""

    scheme: str
    assessments: list[Assessed]


class Accepted(Struct, frozen=True, omit_defaults=True):
    """A credential that was accepted, and what it says. `digest` is the SHA-256 (hex) of the signed bytes, `file` of the file.

    `standing` is good, revoked, suspended, expired or unverifiable, with `reason` as a sentence; `since_us` is when it was last
    seen to be good, µs since 1970. `replaces` is the id of the credential that this one takes the place of.
    """

    digest: str
    file: str
    id: str
    issuer: str
    valid_from: str
    accepted_us: int
    valid_until_us: int = 0
    told: list[Told] = []
    passport: Passport | None = None
    attestation: Attestation | None = None
    replaces: str = ""
    standing: str = "good"
    reason: str = ""
    since_us: int = 0


class Opened(Struct, frozen=True, omit_defaults=True):
    """What one event of a supplier is in our books: the EPCIS event as it was last sent, its site and lots.

    `ref` is "<issuer> <event id>"; `evidence` the digests of the credentials that it rests on, the event's own first; `version`
    grows with each correction. `event` empty: it was declared void. `documents` wait until the broker has them.
    """

    ref: str
    version: int
    evidence: list[str]
    event: str
    site: str
    lots: list[str]
    documents: list[str] = []

"""Who issues, how its places and products are told, and what a site's policy lets out (docs/credentials.md).

Values, read from a file by whoever runs the issuer. What is not stated has the discreet default.
"""

import re
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from lodestream.credentials.errors import CredentialError

Access = Literal["public", "private", "none"]
"""public: anyone may read it. private: published encrypted, the key of its lot opens it. none: it is not issued."""
UntpVersion = Literal["0.7.0", "0.6.1"]
Securing = Literal["vc+jwt", "eddsa-jcs-2022"]
NOT_STATED = "ZZ"
"""The country of what states none (ISO 3166-1 keeps ZZ for users)."""
KINDS = ("dte", "dpp", "dcc", "dfr", "dia")


class Scheme(Struct, frozen=True, forbid_unknown_fields=True):
    """An identification scheme or register: its URI and its name."""

    id: str
    name: str


class Category(Struct, frozen=True, forbid_unknown_fields=True):
    """A code of a classification, such as UN CPC or HS: `scheme` says which."""

    code: str
    name: str
    scheme: Scheme


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """A postal address; UNTP wants all of its parts, so what is not stated is empty."""

    street: str = ""
    postal_code: str = ""
    locality: str = ""
    region: str = ""


class FacilityProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """A site as credentials tell it, and its policy.

    `country` is ISO 3166-1 alpha-2; latitude and longitude are degrees (WGS 84). `passports`: shipped, of lots that leave the
    site; made, of every product lot; none. `events` and `conformity` say how traceability events, and the conformity credentials
    of closed periods, leave. `stocks`: whether a conformity credential states masses beside the variance.
    """

    name: str = ""
    country: str = NOT_STATED
    registered_id: str = ""
    register: Scheme | None = None
    address: Address = Address()
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    plus_code: str = ""
    processes: list[Category] = []
    passports: Literal["shipped", "made", "none"] = "shipped"
    events: Access = "private"
    conformity: Access = "public"
    record: Access = "public"
    stocks: bool = False


class ProductProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """A product class as credentials tell it. UNTP wants `material_safety` (a URL) of what is hazardous."""

    name: str = ""
    description: str = ""
    categories: list[Category] = []
    hazardous: bool = False
    material_safety: str = ""


_NO_FACILITY, _NO_PRODUCT = FacilityProfile(), ProductProfile()  # of what nothing is known; asked for in each event


class IssuerProfile(Struct, frozen=True):
    """Who issues, and where what is issued will be found: ids of credentials are below `base_url`.

    `facilities` is by location (canonical id) and by site; `products` by product class. `registered_id` and `register` are the
    organisation's in a register of businesses.
    """

    did: str
    name: str
    base_url: str
    facilities: dict[str, FacilityProfile] = {}
    products: dict[str, ProductProfile] = {}
    registered_id: str = ""
    register: Scheme | None = None
    untp: UntpVersion = "0.7.0"
    securing: Securing = "vc+jwt"

    def __post_init__(self) -> None:
        if not self.did.startswith("did:") or not self.name:
            raise CredentialError("DID", f"an issuer has a DID and a name; {self.did!r} and {self.name!r} were given")
        if not re.fullmatch(r"https?://[^/\s?#]+(?:/[^\s?#]*)?", self.base_url):
            raise CredentialError("DID", f"the issuer's base URL must be an http(s) address; {self.base_url!r} was given")

    def facility(self, location: str | None, site: str) -> FacilityProfile:
        """The facility at a location, else that of the site, else one of which nothing is known."""
        return self.facilities.get(location or "") or self.facilities.get(site) or _NO_FACILITY

    def product(self, product_class: str | None) -> ProductProfile:
        """The product class, or one of which nothing is known."""
        return self.products.get(product_class or "") or _NO_PRODUCT

    def url(self, *steps: str) -> str:
        """An address below the base URL."""
        return "/".join([self.base_url.rstrip("/"), *steps])

    def credential_id(self, kind: str, ref: str, version: int = 1) -> str:
        """The id of a credential: `kind` as in KINDS, `ref` what it is about; `version` grows when it is reissued."""
        return f"{self.base_url.rstrip('/')}/credentials/{kind}/{ref}" + (f"-{version}" if version != 1 else "")


class Document(Struct, frozen=True):
    """A related credential, as a link tells it. `kind` as in KINDS, `digest` the digestMultibase of its bytes."""

    url: str
    name: str
    kind: str
    digest: str = ""


class Issue(Struct, frozen=True):
    """What the issuer adds to what a credential says: its id, date, place in a status list, what it replaces, what it links to.

    `valid_from_us` is the record time of the transaction, µs since 1970. Without `status_list` there is no credentialStatus.
    """

    id: str
    valid_from_us: int
    status_list: str = ""
    status_index: int = 0
    replaces: Document | None = None
    documents: list[Document] = []


class VouchedLot(Struct, frozen=True):
    """A lot as the ledger vouches for it, for its passport. Masses in mg, carbon in g CO2e, times in µs since 1970.

    `shares` is by element and origin key (lodestream/ledger/attribution.py) and sums to `contained_mg`; `uncovered_mg` is the
    dry mass with carbon nobody stated. `provisional`: its campaign is open, so its shares are those of the running pool.
    """

    site: str
    lot: str
    wet_mg: int
    dry_mg: int
    contained_mg: dict[str, int]
    shares: dict[str, dict[str, int]]
    made_us: int
    product_class: str | None = None
    location: str | None = None
    embodied_g_co2e: int = 0
    uncovered_mg: int = 0
    provisional: bool = False

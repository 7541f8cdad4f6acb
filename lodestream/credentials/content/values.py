"""What the builders of credentials are told beside the ledger's words: who assesses, and what a register says."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from lodestream.credentials.profile import Scheme
from lodestream.epcis.context import NAMESPACE

MASS_BALANCE_SCHEME = Scheme(NAMESPACE + "schemes/mass-balance", "Lodestream mass balance")
MASS_BALANCE = Scheme(NAMESPACE + "criteria/mass-balance/1", "Mass balance of a facility, reconciled monthly")
"""The criterion of a balance, and of what a passport says on the strength of one: a claim and its assessment share it."""

AssessorLevel = Literal["self", "3rdParty"]
RegisterType = Literal["product", "facility", "business", "trademark", "land", "accreditation"]


class Assessor(Struct, frozen=True):
    """Who assesses a period's balance, and against what.

    The assessor is always the issuer of the credential. `level` self: the operator of the site itself; 3rdParty: an auditor with
    a key of its own, who names the `operator` (its DID and name). `threshold_percent` is what the inventory difference may be
    of the throughput: 2 % monthly by the sample criterion of UNTP (Mass Balance Controls). `verified` says whether the
    assessor checked which facility it is (UNTP: idVerifiedByCAB).
    """

    level: AssessorLevel = "self"
    operator: Scheme | None = None
    scheme: Scheme = MASS_BALANCE_SCHEME
    criterion: Scheme = MASS_BALANCE
    threshold_percent: Decimal = Decimal(2)
    verified: bool = False


class Registration(Struct, frozen=True):
    """An entry of a register: who it is that owns a DID. `subject` is the DID, `date` (YYYY-MM-DD) that of the registration.

    `scope` are URIs of what the register lets the subject do, `public_information` is a page of the register about it.
    """

    subject: str
    name: str
    registered_id: str
    date: str
    register: Scheme
    register_type: RegisterType = "business"
    scope: list[str] = []
    public_information: str = ""

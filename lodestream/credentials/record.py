"""What the issuer publishes on its topics: a signed credential with what it is about."""

from msgspec import Struct


class CredentialRecord(Struct, frozen=True):
    """One issued credential. `id` is the credential's own id (a URI), `kind` its UNTP type.

    `envelope` is the VCDM 2.0 EnvelopedVerifiableCredential as JSON text, exactly the bytes to publish;
    `sha256` is over these bytes (hex). `txn_id` is the ledger transaction that the credential vouches for.
    """

    id: str
    kind: str
    txn_id: str
    site: str
    issuer: str
    lots: list[str]
    valid_from_us: int
    record_time_us: int
    envelope: str
    sha256: str


class StatusRecord(Struct, frozen=True):
    """The latest status of a credential: `issued` or `revoked`, with the reason (a finding id or a transaction)."""

    credential_id: str
    status: str
    record_time_us: int
    reason: str = ""

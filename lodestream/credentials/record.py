"""What the issuer publishes on its topics: a signed credential with what it is about."""

from msgspec import Struct


class CredentialRecord(Struct, frozen=True):
    """One issued credential. `id` is the credential's own id (a URI), `kind` its UNTP type.

    `envelope` is the VCDM 2.0 EnvelopedVerifiableCredential as JSON text, exactly the bytes to publish;
    `sha256` is over these bytes (hex). `txn_id` is the ledger transaction that the credential vouches for. `lots` are
    those that it touches, `about` those of them whose reader follows it: made, moved or described. `access` private: it is
    published encrypted, by the key of each lot of `about`. `status_list` is the URL of its status list, `replaces` the id of
    the credential that it replaces.
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
    name: str = ""
    access: str = "public"
    about: list[str] = []
    facility: str = ""
    status_list: str = ""
    status_index: int = 0
    replaces: str = ""


class StatusRecord(Struct, frozen=True):
    """The latest status of a credential: `issued` or `revoked`, with the reason (a finding id or a transaction).

    Its place is `status_index` of the list `status_list` (a URL). `replaced_by` is the id of the credential that took its place.
    """

    credential_id: str
    status: str
    record_time_us: int
    reason: str = ""
    status_list: str = ""
    status_index: int = 0
    replaced_by: str = ""

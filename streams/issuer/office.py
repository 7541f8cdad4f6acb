"""Who issues: the key, the profile, and the secret that gives a credential its place in a status list."""

from dataclasses import dataclass, field

from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.signer import Signer


@dataclass(frozen=True)
class Office:
    """Who signs, for whom, and 32 secret bytes for the places in status lists (permutation.py)."""

    signer: Signer
    profile: IssuerProfile
    status_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.signer.did != self.profile.did:
            raise ValueError(f"the key is of {self.signer.did}, the issuer is {self.profile.did}")

"""The one error of this room: something presented as a credential, a key or a DID document is not what it must be."""

LONGEST_MESSAGE = 600
"""Messages quote what strangers sent; they do not repeat all of it."""


class CredentialError(Exception):
    """What was wrong and where. `code` is stable, the message is for a person and never holds key material.

    Codes: TOO_LARGE, TOO_DEEP, NOT_UTF8, NOT_JSON, NUMBER, BASE64URL, BASE58, ENVELOPE, JWS, HEADER, KEY, SIGNATURE, CLAIMS,
    DID, DID_DOCUMENT, STRUCTURE, OUTCOME, BUNDLE, LOCKED, UNLOCK, QR, LINKSET. Of proofs and keys: FORM (a way of securing that
    is not supported), PROOF (a proof that cannot be used), SUITE (no proof of a known suite), PROOF_EXPIRED, KEY_RETIRED, JCS (no
    canonical form), JCS_NUMBER (a number that the canonical form would change), KEYRING (the history of the keys), HSM, JOURNAL.
    Of Bitstring Status List 1.0: STATUS_RETRIEVAL_ERROR, STATUS_VERIFICATION_ERROR, STATUS_LIST_LENGTH_ERROR, RANGE_ERROR,
    MALFORMED_VALUE_ERROR.
    Of suppliers' credentials (docs/suppliers.md): SUPPLIERS, TOKENS, ISSUER, FACILITY, SCHEME, KIND, UNTP_VERSION, PRODUCT,
    QUANTITY, PROVENANCE, NOT_MAPPED, MASS_BALANCE, LOCATION, NOT_TAKEN, STATUS_NOT_CHECKED.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message[:LONGEST_MESSAGE])
        self.code = code

"""Status lists: who revoked what, in one bit each (Bitstring Status List 1.0, W3C Recommendation).

A list is itself a credential. Its bits are a GZIP stream in multibase base64url; index 0 is the most significant bit of the
first byte. Errors carry the names of section 3.5 of the Recommendation.
"""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from lodestream.credentials.encoding import from_base64url, to_base64url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.permutation import ENTRIES
from lodestream.credentials.untp import VC, VC_CONTEXT

ENTRY = "BitstringStatusListEntry"
LIST = "BitstringStatusList"
LIST_CREDENTIAL = "BitstringStatusListCredential"
REVOCATION = "revocation"
LARGEST_LIST_BYTES = 4 * 1024 * 1024
"""The longest list that is unpacked: 33 million entries. A stream that unpacks to more is not followed."""
MANY_ENTRIES = 16
"""More status entries than this in one credential are not looked at; UNTP 0.7.0 has one, others two or three."""
LONGEST_INDEX = 20
_GZIP = 31
"""zlib's window bits for a GZIP header. It states no time, so the same bits give the same text."""
_LEVEL = 6
"""The level with which the example of the Recommendation was packed."""


class Bitstring(Struct, frozen=True):
    """The bits of a list, eight entries a byte."""

    data: bytes

    @classmethod
    def empty(cls, entries: int = ENTRIES) -> "Bitstring":
        """A list in which nothing is set; as long as the least that section 3.1 allows unless more is asked."""
        assert entries >= ENTRIES, "a shorter list would tell whose credential is asked about"
        assert entries % 8 == 0, "entries come in bytes"
        return cls(bytes(entries // 8))

    def __len__(self) -> int:
        return 8 * len(self.data)

    def get(self, index: int) -> bool:
        """Whether the entry is set. Raises CredentialError (RANGE_ERROR)."""
        if not 0 <= index < len(self):
            raise CredentialError("RANGE_ERROR", f"the status list has {len(self)} entries; entry {index} is not among them")
        return bool(self.data[index >> 3] & 0x80 >> (index & 7))

    def set(self, *indexes: int) -> "Bitstring":
        """The list with these entries set besides. Raises CredentialError (RANGE_ERROR)."""
        data = bytearray(self.data)
        for index in indexes:
            self.get(index)  # a bit beyond the end would make another list
            data[index >> 3] |= 0x80 >> (index & 7)
        return Bitstring(bytes(data))

    def encode(self) -> str:
        """`encodedList`: GZIP, base64url without padding, multibase `u` (section 2.2)."""
        return "u" + to_base64url(zlib.compress(self.data, _LEVEL, _GZIP))

    @classmethod
    def decode(cls, text: str) -> "Bitstring":
        """The bits of an `encodedList`; without the leading `u` too, as some issuers write it.

        Raises CredentialError: MALFORMED_VALUE_ERROR (neither base64url nor GZIP, more than LARGEST_LIST_BYTES, bytes after the
        stream), STATUS_LIST_LENGTH_ERROR (fewer than 131,072 entries).
        """
        try:
            packed = from_base64url(text.removeprefix("u"))
        except CredentialError as error:
            raise CredentialError("MALFORMED_VALUE_ERROR", f"the encodedList {error}") from None
        unpacking = zlib.decompressobj(_GZIP)
        try:
            data = unpacking.decompress(packed, LARGEST_LIST_BYTES + 1)
        except zlib.error:
            raise CredentialError("MALFORMED_VALUE_ERROR", "the encodedList is no GZIP stream") from None
        if len(data) > LARGEST_LIST_BYTES:
            raise CredentialError("MALFORMED_VALUE_ERROR", f"the encodedList unpacks to more than {LARGEST_LIST_BYTES} bytes")
        if not unpacking.eof or unpacking.unused_data:
            raise CredentialError("MALFORMED_VALUE_ERROR", "the encodedList is not one whole GZIP stream")
        if 8 * len(data) < ENTRIES:
            raise CredentialError(
                "STATUS_LIST_LENGTH_ERROR", f"the status list has {8 * len(data)} entries; a list has at least {ENTRIES}"
            )
        return cls(data)


class StatusEntry(Struct, frozen=True):
    """Where the status of a credential stands: entry `index` of the list at `list_url`, for `purpose`.

    `size` is the number of bits an entry has (`statusSize`).
    """

    list_url: str
    index: int
    purpose: str
    size: int = 1


def status_list(list_url: str, issuer: str | dict[str, Any], bits: Bitstring, valid_from_us: int) -> dict[str, Any]:
    """The unsigned status list credential at `list_url`, as of `valid_from_us` (µs since 1970).

    Raises CredentialError (OUTCOME) for a time that no date-time can say.
    """
    return {
        "@context": [VC_CONTEXT],
        "id": list_url,
        "type": [VC, LIST_CREDENTIAL],
        "issuer": issuer,
        "validFrom": _date_time(valid_from_us),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": LIST,
            "statusPurpose": REVOCATION,
            "encodedList": bits.encode(),
        },
    }


def entry_of(credential: dict[str, Any]) -> list[StatusEntry]:
    """The status entries of a credential, none where it names no status.

    Takes one object (UNTP 0.7.0) or several (UNTP 0.6), and the index as an integer (UNTP) or its digits (W3C). Raises
    CredentialError (MALFORMED_VALUE_ERROR), also for a kind of status that is not understood: it cannot be passed over.
    """
    stated = credential.get("credentialStatus")
    if stated is None:
        return []
    entries = stated if isinstance(stated, list) else [stated]
    if len(entries) > MANY_ENTRIES:
        raise CredentialError(
            "MALFORMED_VALUE_ERROR", f"there are {len(entries)} status entries; at most {MANY_ENTRIES} are read"
        )
    return [_entry(each) for each in entries]


def check_entry(list_credential: dict[str, Any], entry: StatusEntry) -> bool:
    """Whether the entry is set in a status list credential whose proof, issuer and validity the caller has checked.

    Raises CredentialError: STATUS_VERIFICATION_ERROR (another list, another purpose), STATUS_LIST_LENGTH_ERROR, RANGE_ERROR,
    MALFORMED_VALUE_ERROR (Bitstring Status List 1.0, section 3.2).
    """
    types, subject = list_credential.get("type"), list_credential.get("credentialSubject")
    if not isinstance(types, list) or LIST_CREDENTIAL not in types or not isinstance(subject, dict):
        raise CredentialError("STATUS_VERIFICATION_ERROR", f"what {_short(entry.list_url)} gave is no {LIST_CREDENTIAL}")
    if subject.get("type") not in (LIST, [LIST]):
        raise CredentialError("STATUS_VERIFICATION_ERROR", f"the subject of the status list is no {LIST}")
    if list_credential.get("id", entry.list_url) != entry.list_url:
        # Else any list of the issuer's could stand in the place of the one in which the bit is set.
        raise CredentialError(
            "STATUS_VERIFICATION_ERROR", f"the status list is {_short(list_credential['id'])}, not {_short(entry.list_url)}"
        )
    purposes = subject.get("statusPurpose")
    if entry.purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise CredentialError(
            "STATUS_VERIFICATION_ERROR", f"the status list is for {_short(purposes)}, the credential asks about {entry.purpose}"
        )
    if entry.size != 1:
        raise CredentialError("MALFORMED_VALUE_ERROR", f"entries of {entry.size} bits are not understood")
    if not isinstance(subject.get("encodedList"), str):
        raise CredentialError("MALFORMED_VALUE_ERROR", "the status list has no encodedList")
    return Bitstring.decode(subject["encodedList"]).get(entry.index)


def _entry(stated: Any) -> StatusEntry:
    if not isinstance(stated, dict) or stated.get("type") not in (ENTRY, [ENTRY]):
        kind = stated.get("type") if isinstance(stated, dict) else stated
        raise CredentialError("MALFORMED_VALUE_ERROR", f"a status of the type {_short(kind)} is not understood; {ENTRY} is")
    url, purpose, size = stated.get("statusListCredential"), stated.get("statusPurpose"), stated.get("statusSize", 1)
    if not isinstance(url, str) or not url or not isinstance(purpose, str) or not purpose:
        raise CredentialError("MALFORMED_VALUE_ERROR", "a status entry names its statusListCredential and statusPurpose")
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise CredentialError("MALFORMED_VALUE_ERROR", f"the statusSize {_short(size)} is no number of bits")
    return StatusEntry(url, _index(stated.get("statusListIndex")), purpose, size)


def _index(stated: Any) -> int:
    if isinstance(stated, str) and stated.isascii() and stated.isdecimal() and len(stated) <= LONGEST_INDEX:
        return int(stated)
    if isinstance(stated, int) and not isinstance(stated, bool) and 0 <= stated < 10**LONGEST_INDEX:
        return stated
    raise CredentialError("MALFORMED_VALUE_ERROR", f"the statusListIndex {_short(stated)} is no whole number from 0")


def _date_time(us: int) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        raise CredentialError("OUTCOME", f"{us} µs since 1970 is in no year that a date-time can have") from None
    return moment.isoformat().replace("+00:00", "Z")


def _short(value: Any) -> str:
    return repr(value)[:200]

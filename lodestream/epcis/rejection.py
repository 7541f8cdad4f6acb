"""A refusal at the door: what was wrong with a document or one of its events, where, and what to do."""

from msgspec import Struct


class Rejection(Struct, frozen=True):
    """One rejected event, or a whole document (`index` None).

    `code` is stable (docs/integrators.md lists them), `pointer` a JSON pointer (RFC 6901) into the document,
    `payload` the event's own bytes, at most the first 64 KiB; `payload_sha256` is over all of them.
    The last fields say where it came from: the inbox record, its source and its timestamp.
    """

    code: str
    message: str
    pointer: str = ""
    index: int | None = None
    event_id: str | None = None
    payload: bytes = b""
    payload_sha256: str = ""
    payload_truncated: bool = False
    source: str = ""
    topic: str = ""
    partition: int = 0
    offset: int = 0
    record_time_us: int = 0

"""The limits at the door (runtime-rules section 1): nobody's input is trusted, so nothing of it is unbounded."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """How much one inbox record may hold. Sizes are in bytes, lengths in characters, the rest are counts.

    `list_elements` counts the elements of all lists of one event together, `extension_keys` the keys of its extensions at
    every depth, `document_items` both of all events of a document. `expansion_chars` is by how much a document
    may grow when its prefixes are written in full. `rejection_bytes` is how much of a rejected event its rejection carries.
    """

    inbox_record_bytes: int = 8 * 1024 * 1024
    events_per_document: int = 10_000
    list_elements: int = 1_000
    extension_keys: int = 1_000
    document_items: int = 200_000
    nesting: int = 64
    identifier_chars: int = 2_048
    expansion_chars: int = 32 * 1024 * 1024
    rejection_bytes: int = 64 * 1024

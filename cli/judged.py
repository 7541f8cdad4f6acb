"""Documents through the pure gate, without a broker: what `validate` and `replay` have in common."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cli.exits import Unusable
from connectors.files.documents import documents, expand
from lodestream.epcis.faults import Fault
from lodestream.epcis.intake import Accepted, intake, rejected
from lodestream.epcis.limits import Limits
from lodestream.epcis.rejection import Rejection


def judge(paths: Iterable[Path], limits: Limits) -> Iterator[tuple[str, Accepted | Rejection]]:
    """Each event of each document with the document's name, as accepted or rejected, in order."""
    for path in expand(paths):
        try:
            for document in documents(path, limits.inbox_record_bytes):
                if document.payload is None:
                    yield document.name, too_large(document.size, limits)
                else:
                    for item in intake(document.payload, limits):
                        yield document.name, item
        except OSError as error:
            raise Unusable(f"{path}: {error.strerror or error}") from error


def too_large(size: int, limits: Limits) -> Rejection:
    """The refusal of a document above the inbox limit (runtime-rules section 1), which was measured and not read."""
    message = (
        f"The document has {size:,} bytes; the inbox takes at most {limits.inbox_record_bytes:,}. "
        "Split it into documents of fewer events."
    )
    return rejected(Fault("TOO_LARGE", message), b"", limits)

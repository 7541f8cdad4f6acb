"""A desk over a folder, with a small web of its own, and the ledger at the other end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.credentials.desk import Desk, NotSentError
from connectors.credentials.sources import Documents
from connectors.credentials.store import Store
from lodestream.credentials.did import document_bytes, web_url
from lodestream.credentials.securing import secure
from lodestream.credentials.status import Bitstring, status_list
from lodestream.credentials.walk.ports import Absent, Answer
from lodestream.ledger.bookfile import read_book
from lodestream.ledger.records import Entry
from lodestream.supplied.suppliers import parse_suppliers
from tests.credentials.telling import signer
from tests.suppliers.supplying import BOOK, CAB, KEYS, LIST, NOW_US, REFINERY, Office

LISTED = "https://sample-refinery.example.com/status/1"
DAY_US = 24 * 3_600_000_000


class SmallWeb:
    """Pages by address; what is not there is missing."""

    def __init__(self) -> None:
        self.pages = {web_url(did): document_bytes(signer(KEYS[did], did)) for did in (REFINERY, CAB)}
        self.asked: list[str] = []

    def get(self, url: str) -> Answer:
        self.asked.append(url)
        return self.pages.get(url, Absent("missing", "HTTP 404"))

    def list_status(self, *revoked: int, issuer: str = REFINERY, url: str = LISTED) -> None:
        """The refinery's status list, these entries set."""
        made = status_list(url, issuer, Bitstring.empty().set(*revoked), NOW_US - DAY_US)
        self.pages[LISTED] = secure(made, signer(KEYS[issuer], issuer), "vc+jwt", NOW_US)


class Line:
    """The way to the broker: down, or into an office's ledger. Keeps what was sent."""

    def __init__(self) -> None:
        self.office = Office()
        self.up = True
        self.sent: list[bytes] = []
        self.told: list[Entry] = []

    def documents(self, documents: Sequence[tuple[str, bytes]]) -> None:
        if not self.up:
            raise NotSentError("down")
        for _, payload in documents:
            self.sent.append(payload)
            self.office.deliver(payload)

    def entries(self, entries: Sequence[Entry]) -> None:
        if not self.up:
            raise NotSentError("down")
        for entry in entries:
            self.told.append(entry)
            self.office.fold.submit(entry)


class Room:
    """A folder, a clock, a web, and a desk that can be left and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = SmallWeb()
        self.line = Line()
        self.now_us = NOW_US
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        suppliers, register = parse_suppliers(LIST), read_book(BOOK).register
        documents = Documents(suppliers, self.folder, self.web)
        self.desk = Desk(self.store, suppliers, register, documents, self.web, self.line, lambda: self.now_us)

    def again(self) -> None:
        """The process ends, and another begins."""
        self.store.close()
        self.open()


def at_index(index: int) -> dict[str, Any]:
    """The credentialStatus of an entry of the refinery's list."""
    return {
        "credentialStatus": {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": index,
            "statusListCredential": LISTED,
        }
    }

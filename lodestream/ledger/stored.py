"""Every kind of value in a site's book, with its name in the key of the store."""

from typing import Protocol

from msgspec import Struct

from lodestream.claims.certificate import Certificate
from lodestream.claims.values import Credits
from lodestream.ledger.backed import Backing
from lodestream.ledger.claimed import (
    Acts,
    ClaimedOf,
    Claims,
    FlowIndex,
    FlowMonth,
    Got,
    Handed,
    MonthFlow,
    Queue,
    Standing,
    Taken,
)
from lodestream.ledger.held import Arranged, Came, Container, Manifest, Owed, Owners, Pack
from lodestream.ledger.moving import Consigned, Inbound, OpenPage, OpenPairs, Outbound, Received
from lodestream.ledger.records import Finding
from lodestream.ledger.running import Run
from lodestream.ledger.state import (
    Balance,
    Corrective,
    Fate,
    Head,
    Held,
    Journal,
    Lot,
    Move,
    Parked,
    Restating,
    SameHash,
    Seen,
    Vacant,
    Waiting,
)
from lodestream.ledger.timed import Carried, NextBooks, Page, Period

KINDS: dict[type[Struct], str] = {
    Head: "head",
    Balance: "account",
    Lot: "lot",
    Held: "held",
    Seen: "seen",
    SameHash: "hash",
    Fate: "fate",
    Parked: "parked",
    Waiting: "waiting",
    Journal: "journal",
    Run: "run",
    Outbound: "outbound",
    Consigned: "consigned",
    Inbound: "inbound",
    OpenPairs: "pairs",
    OpenPage: "page",
    Move: "move",
    Vacant: "vacant",
    Corrective: "corrective",
    Received: "received",
    Restating: "restating",
    Pack: "pack",
    Container: "container",
    Manifest: "manifest",
    Came: "came",
    Owed: "owed",
    Arranged: "arranged",
    Owners: "owners",
    Backing: "backing",
    Finding: "finding",
    Credits: "credits",
    MonthFlow: "flow",
    FlowIndex: "flows",
    FlowMonth: "flowed",
    ClaimedOf: "claimed",
    Claims: "claims",
    Standing: "standing",
    Taken: "taken",
    Queue: "queue",
    Handed: "handed",
    Got: "got",
    Acts: "acts",
    Certificate: "certificate",
    Page: "due",
    NextBooks: "books",
    Period: "period",
    Carried: "carried",
}


class Source(Protocol):
    """Where the bytes of the state come from."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""

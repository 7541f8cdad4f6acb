"""What a site's book remembers of transformations: a run and its parts."""

from msgspec import Struct

from lodestream.ledger.records import Closure
from lodestream.ledger.state import Shares


class Part(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one line of an event is to a run: `role` is input, output, wip_open or wip_close.

    An input's `shares` are what it brought into the pool, an output's are in its change (`index` in the journal of `identity`).
    `assayed` is false while the content is not known. `process` is what the item names.
    """

    identity: str
    role: str
    lot: str
    index: int
    dry_mg: int
    contained_mg: dict[str, int]
    u_mg: dict[str, int] = {}
    assayed: bool = True
    loss: bool = False
    shares: Shares = Shares()
    process: str = ""


class Run(Struct, frozen=True, gc=False, omit_defaults=True):
    """A transformation: one event, or a campaign of several under one transformationID. What it posts is a function of its parts.

    `posted` maps element and account ("Cu UNACCOUNTED") to mg; `left` is what stays in process, by shares. `emissions` maps
    the identities of its events to the g CO2e that they state. `next` are the campaigns that opened with what this one left.
    `judged` is its balance as it was told last, by element.
    """

    run: str
    parts: list[Part] = []
    split: bool = False
    campaign: bool = False
    closed_by: list[str] = []
    posted: dict[str, int] = {}
    left: Shares = Shares()
    emissions: dict[str, int] = {}
    findings: list[str] = []
    next: list[str] = []
    judged: dict[str, Closure] = {}

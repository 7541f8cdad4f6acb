"""What a site's book remembers besides metal: what is in which container, and whose a lot is. Frozen values, as in state.py."""

from msgspec import Struct


class Packed(Struct, frozen=True, gc=False):
    """What of a lot is in containers: dry mass in mg in all, the containers packed first and last, and what a correction
    took out of them (`owed_mg`), which goes back with the next stock.
    """

    dry_mg: int = 0
    oldest: str = ""
    newest: str = ""
    owed_mg: int = 0


class Pack(Struct, frozen=True, gc=False):
    """What one container holds of one lot, dry mass in mg, under "<parent> <lot>", and its neighbours in order of packing."""

    dry_mg: int
    older: str = ""
    newer: str = ""


class Container(Struct, frozen=True, gc=False):
    """A bag, container or pallet at the site: the lots and the containers (or whole instances) in it, and what it is in.

    `known`: an aggregation said what is in it, even if that is nothing.
    """

    lots: list[str] = []
    children: list[str] = []
    within: str = ""
    known: bool = False


class Manifest(Struct, frozen=True, gc=False):
    """What a container holds that was offered to the site ("in <parent>") or left it ("out <parent>"): dry mass in mg by
    lot, and when it left.
    """

    consignment: str
    lots: dict[str, int] = {}
    children: list[str] = []
    left_us: int = 0


class Came(Struct, frozen=True, gc=False):
    """A receipt that named a container before any offer told what is in it: all containers and lots that it named."""

    identity: str
    parents: list[str]
    lots: list[str]


class Packing(Struct, frozen=True, gc=False):
    """A change of what a container holds of a lot, dry mass in mg."""

    parent: str
    lot: str
    dry_mg: int


class Nesting(Struct, frozen=True, gc=False):
    """A container, or a whole instance, put into another or, where not `inside`, taken out of it."""

    parent: str
    child: str
    inside: bool


class Owed(Struct, frozen=True, gc=False):
    """What a correction took out of a lot's containers, oldest first: it goes back with the next stock."""

    packings: list[Packing]


class Arranged(Struct, frozen=True, gc=False):
    """What an event did besides its postings, so that a declaration takes it back: containment, and lots with a new owner."""

    packings: list[Packing] = []
    nestings: list[Nesting] = []
    owned: list[str] = []


class Ownership(Struct, frozen=True, gc=False):
    """An event that gave a lot an owner."""

    at_us: int
    identity: str
    owner: str


class Owners(Struct, frozen=True, gc=False):
    """The owners of a lot by event time, and the one that it had before the first of them."""

    before: str | None
    changes: list[Ownership]

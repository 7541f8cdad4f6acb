"""The worked scenarios through the fold in memory: every outcome, lot and closed period that a credential could be of."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cli.replayed import Replay
from lodestream.credentials.content.event import event_text
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.profile import (
    Category,
    Document,
    Issue,
    IssuerProfile,
    ProductProfile,
    Scheme,
    VouchedLot,
)
from lodestream.epcis.limits import Limits
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import read_book
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import LotState, Outcome, PeriodState
from lodestream.ledger.state import Head
from tests.ledger.making import tick

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SCENARIOS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
BASE = "https://issuer.example"
CPC = Scheme("https://unstats.un.org/unsd/classifications/Econ/cpc/", "UN Central Product Classification (CPC)")
PROFILE = IssuerProfile(
    "did:web:issuer.example",
    "Example Metals Ltd",
    BASE,
    products={
        "cathode": ProductProfile("Copper cathode", "LME Grade A", [Category("41413", "Refined copper", CPC)]),
        "concentrate": ProductProfile(hazardous=True, material_safety=f"{BASE}/sds/concentrate"),
    },
    registered_id="REF-001",
    register=Scheme("https://register.example", "Example Business Register"),
)
DIGEST = "zQmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51"
DOCUMENTS = [
    Document(f"{BASE}/credentials/dte/1", "Smelting", "dte", DIGEST),
    Document(f"{BASE}/credentials/dcc/2026-03", "Balance of March", "dcc"),
]


class Worked:
    """What the ledger said of one scenario, and where its months are closed."""

    def __init__(self, name: str) -> None:
        folder = EXAMPLES / name
        book = folder / "book.toml"
        replay = Replay(read_book(book.read_text()) if book.exists() else BookFile())
        paths = sorted(folder.glob("*.json"))
        fates = [fate.what for fate in replay.run(paths, Limits())]
        self.outcomes = [what for what in fates if isinstance(what, Outcome)]
        self.fold = replay.fold
        self.periods = [(site, period) for site, period in closed(self.fold)]

    def of(self, kind: str) -> list[Outcome]:
        """The transactions of a kind."""
        return [one for one in self.outcomes if one.kind == kind]

    @property
    def lots(self) -> list[LotState]:
        """The lots that are there at the end, with a dry mass and an assay."""
        return [lot for lot in self.fold.lots() if lot.dry_mg > 0 and lot.assayed]


def closed(fold: Fold) -> Iterator[tuple[str, PeriodState]]:
    """Every month that the books close when time goes on for a year."""
    for site in sorted({site for site, _, _ in fold.every(Head)}):
        for _ in range(40):
            due = next(head.due_us for at, _, head in fold.every(Head) if at == site)
            if not due:
                break
            for outcome in fold.submit(tick(site, due)):
                yield from ((site, period) for period in outcome.periods)


@cache
def worked(name: str) -> Worked:
    """A scenario, folded once."""
    return Worked(name)


def told() -> Iterator[Outcome]:
    """Every transaction of the worked scenarios that a traceability event tells."""
    for outcome in (outcome for name in SCENARIOS for outcome in worked(name).outcomes):
        try:
            event_text(outcome, PROFILE)
        except CredentialError:
            continue
        yield outcome


def issue(kind: str, ref: str, us: int, version: int = 1) -> Issue:
    """An issue with all that one can have."""
    credential_id = PROFILE.credential_id(kind, ref, version)
    earlier = Document(PROFILE.credential_id(kind, ref), "The version before", kind, DIGEST)
    return Issue(credential_id, us, f"{BASE}/status/1", 94567, earlier if version > 1 else None, DOCUMENTS)


def vouched(lot: LotState, **more: Any) -> VouchedLot:
    """The lot as the issuer would vouch for it."""
    said = VouchedLot(
        site=lot.site,
        lot=lot.lot,
        wet_mg=lot.wet_mg,
        dry_mg=lot.dry_mg,
        contained_mg=lot.contained_mg,
        shares=lot.shares,
        made_us=lot.created_us,
        product_class=lot.product_class,
        embodied_g_co2e=lot.embodied_g_co2e,
        uncovered_mg=lot.uncovered_mg,
    )
    return replace(said, **more)

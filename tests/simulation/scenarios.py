"""What runs: topics, processors in several instances, what is fed to them, and what must come of it."""

import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lodestream.credentials.profile import IssuerProfile
from lodestream.credentials.signer import Ed25519Signer
from runtime.processor import Effects, Output, Processor, Record, State
from schemas import topics
from streams.gate.processor import GateProcessor
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from streams.ledger import LedgerProcessor
from tests.faults.invariants import problems
from tests.faults.reading import Read
from tests.way.traffic import traffic

if TYPE_CHECKING:
    from tests.simulation.world import World

Fed = tuple[str, bytes, bytes]
FORGET = b"-"


@dataclass(frozen=True)
class Role:
    """A processor, and how many instances of it there may be."""

    name: str
    make: Callable[[], Processor]
    instances: int


@dataclass(frozen=True)
class Scenario:
    """One thing to simulate. `steps` is about how many there are without faults; `check` gives what is wrong in the end."""

    name: str
    roles: tuple[Role, ...]
    topics: dict[str, int]
    compacted: tuple[str, ...]
    feeds: list[list[Fed]]
    steps: int
    check: Callable[["World"], list[str]]

    def role(self, name: str) -> Role:
        """The role of that name."""
        return next(role for role in self.roles if role.name == name)


# --- small: counts and chains ---------------------------------------------------------------------------------------------


class Chaining:
    """Chains the values of each key, and forgets a key at FORGET. Each output tells where it comes from, and all before it."""

    name = "chaining"
    inputs = ("in",)
    changelog = "chaining.changelog"

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """Pure, as every processor."""
        writes: dict[bytes, bytes | None] = {}
        outputs: list[Output] = []
        for record in records:
            key, value = record.key or b"", record.value or b""
            before = (writes[key] if key in writes else state.get(key)) or b"0 0"
            count, chain = before.split()
            told = b"%d %d" % (int(count) + 1, zlib.crc32(value, int(chain)))
            writes[key] = None if value == FORGET else told
            text = b"%d/%d %s" % (record.partition, record.offset, told)
            outputs += [Output("out", key, text), Output("side", b"side " + value, text)]
        return Effects(outputs, writes)


def small(seed: int) -> Scenario:
    """The small processor on three partitions, in up to three instances."""
    rng = random.Random(f"{seed} small")  # noqa: S311  # it is to be repeatable
    keys = [b"k%d" % n for n in range(6)]
    feeds = [
        [("in", rng.choice(keys), FORGET if rng.random() < 0.2 else b"%d" % rng.randint(0, 9)) for _ in range(rng.randint(1, 6))]
        for _ in range(rng.randint(4, 14))
    ]
    kept = {"in": 3, "out": 3, "side": 2, Chaining.changelog: 3}
    return Scenario("small", (Role("chaining", Chaining, 3),), kept, (Chaining.changelog,), feeds, 250, check_small)


def check_small(world: "World") -> list[str]:
    """Outputs are those of a fold over the committed input, for each key in its order."""
    wanted: dict[bytes, list[bytes | None]] = defaultdict(list)
    side: Counter[tuple[bytes, bytes | None]] = Counter()
    state: dict[bytes, bytes] = {}
    for record in world.broker.committed_records("in"):
        effects = Chaining().process([record], state)
        state.update({key: value for key, value in effects.writes.items() if value is not None})
        for key, value in effects.writes.items():
            if value is None:
                state.pop(key, None)
        out, aside = effects.outputs
        wanted[out.key].append(out.value)
        side[aside.key, aside.value] += 1
    wrong = _differences(wanted, by_key(world.broker.committed_records("out")))
    there = Counter((record.key or b"", record.value) for record in world.broker.committed_records("side"))
    return wrong + [f"side has {there[k]} times {k}, wanted {side[k]}" for k in sorted(side | there) if there[k] != side[k]][:3]


def by_key(records: Iterable[Record]) -> dict[bytes, list[bytes | None]]:
    """The values of each key, in order."""
    found: dict[bytes, list[bytes | None]] = defaultdict(list)
    for record in records:
        found[record.key or b""].append(record.value)
    return found


def _differences(wanted: dict[bytes, list[bytes | None]], there: dict[bytes, list[bytes | None]]) -> list[str]:
    wrong = []
    for key in sorted(wanted.keys() | there.keys()):
        a, b = wanted.get(key, []), there.get(key, [])
        if a != b:
            at = next((n for n, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), min(len(a), len(b)))
            wrong.append(
                f"out of {key!r}: {len(b)} records, wanted {len(a)}; from {at}: {b[at : at + 2]}, wanted {a[at : at + 2]}"
            )
    return wrong


# --- the real ones: gate, ledger, issuer -----------------------------------------------------------------------------------

PARTITIONS = 3
HOSTILE = (b"not a document", b'{"type": "EPCISDocument", "epcisBody": {"eventList": [{"type": "ObjectEvent"}]}}')


ISSUER = "did:web:issuer.example"
SIGNER = Ed25519Signer(ISSUER, Ed25519PrivateKey.from_private_bytes(bytes(32)))


def issuer() -> IssuerProcessor:
    """The issuer with a key of no value."""
    return IssuerProcessor(Office(SIGNER, IssuerProfile(ISSUER, "issuer", "https://issuer.example"), bytes(32)))


def books(seed: int) -> Scenario:
    """Two gates, two ledgers and an issuer, with real documents: one comes twice, one is none."""
    rng = random.Random(f"{seed} books")  # noqa: S311  # it is to be repeatable
    documents = traffic(2, rng.randint(1, 3), receipts_first=rng.random() < 0.5)
    documents += [*rng.sample(documents, 1), rng.choice(HOSTILE)]
    sources = [b"a", b"b"]
    feeds = [[(topics.INBOX, rng.choice(sources), document)] for document in documents]
    declared = [topic for topic in topics.declared(PARTITIONS) if topic.name != topics.SKIPS]
    compacted = tuple(topic.name for topic in declared if topic.compacted)
    roles = (Role("gate", GateProcessor, 2), Role("ledger", lambda: LedgerProcessor(PARTITIONS), 2), Role("issuer", issuer, 1))
    return Scenario("books", roles, {topic.name: topic.partitions for topic in declared}, compacted, feeds, 1_200, check_books)


def check_books(world: "World") -> list[str]:
    """What must hold after every fault (tests/faults/invariants.py): one fate for each event, one outcome for each entry, ..."""
    read = Read({name: world.broker.committed_records(name) for name in world.scenario.topics})
    return problems(read, gate=GateProcessor(), partitions=PARTITIONS)

"""What a walk is looking for: identifiers, the resolvers to ask about them, and the batches whose making is to be found."""

from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from lodestream.credentials.linkset import FILE, anchor_path
from lodestream.credentials.walk.balance import Key
from lodestream.credentials.walk.facts import Event, same
from lodestream.epcis.identifiers import canonical_id

MANY_RESOLVERS = 16
GS1 = "id.gs1.org"
"""Identifiers of this host are looked up at resolvers that somebody names; at the host itself few of them are found."""
SIDES = {"MakeEvent": "outputProduct", "MoveEvent": "movedProduct", "ModifyEvent": "modifiedProduct"}


class Job(NamedTuple):
    """Something to be looked at. `urls` are tried in turn; `about` is the identifier it was asked for, or the URL."""

    kind: Literal["document", "resolve", "did", "status"]
    urls: tuple[str, ...]
    depth: int
    about: str
    relation: str = ""
    digest: str = ""
    first: bool = False


class Trail:
    """What is looked for so far. Each method says what is to be fetched because of something new; nothing is asked twice."""

    def __init__(self, resolvers: list[str], depth: int, links: int) -> None:
        self.depth, self.links = depth, links
        self.too_deep: set[str] = set()
        self.starts: list[Key] = []
        self._resolvers: list[str] = []
        self._identifiers: dict[str, int] = {}
        self._wanted: dict[str, dict[Key, int]] = {}
        self._makes: dict[str, list[Event]] = {}
        for base in resolvers:
            self.meet(base)

    def meet(self, base: str) -> list[Job]:
        """A resolver: it is asked about every identifier, those that were met before too."""
        base = base.rstrip("/")
        if base in self._resolvers or len(self._resolvers) >= MANY_RESOLVERS or not base.startswith(("https://", "http://")):
            return []
        self._resolvers.append(base)
        return [self._at(base, identifier, depth) for identifier, depth in self._identifiers.items()]

    def identify(self, identifier: str, depth: int, *, first: bool = False) -> list[Job]:
        """A product, facility or DID: to be asked for at the resolvers, and at its own address where it has one."""
        name = canonical_id(identifier)
        if not name or name in self._identifiers:
            return []
        self._identifiers[name] = depth
        jobs = [self._at(base, name, depth)._replace(first=first) for base in self._resolvers]
        own = own_addresses(identifier, anyhow=first)
        return jobs + ([Job("resolve", own, depth, name, first=first)] if own else [])

    def want(self, key: Key, depth: int, *, first: bool = False) -> list[Job]:
        """A batch or item whose making is to be found."""
        if first and key not in self.starts:
            self.starts.append(key)
        known = self._wanted.setdefault(key.product, {})
        if not key.product or key in known:
            return []
        if depth > self.depth:
            self.too_deep.add(str(key))
            return []
        known[key] = depth
        jobs = self.identify(key.product, depth)
        for event in self._makes.get(key.product, []):
            jobs += self._inputs(event)
        return jobs

    def wants(self, product: str) -> bool:
        """Whether anything of this product is looked for."""
        return product in self._wanted

    def hear(self, event: Event, depth: int, *, first: bool) -> list[Job]:
        """An event: if it made what is looked for, its inputs are looked for; if it is the start, so is what it is about."""
        jobs: list[Job] = []
        if event.kind == "MakeEvent":
            for product in {key.product: None for key in event.keys("outputProduct")}:
                self._makes.setdefault(product, []).append(event)
        if first and event.kind:
            for key in event.keys(SIDES[event.kind])[: self.links]:
                jobs += self.want(key, depth, first=True)
        return jobs + self._inputs(event)

    def _inputs(self, event: Event) -> list[Job]:
        """What a Make event drew, if what it made is looked for; one step further upstream than that."""
        found = [
            depth
            for key in event.keys("outputProduct")
            for wanted, depth in self._wanted.get(key.product, {}).items()
            if same(key, wanted)
        ]
        if event.kind != "MakeEvent" or not found:
            return []
        inputs = event.keys("inputProduct")[: self.links]
        return [job for key in inputs for job in self.want(key, min(found) + 1)]

    def _at(self, base: str, identifier: str, depth: int) -> Job:
        place = base + anchor_path(identifier)
        return Job("resolve", (f"{place}?linkType=linkset", f"{place}/{FILE}"), depth, identifier)


def own_addresses(identifier: str, *, anyhow: bool = False) -> tuple[str, ...]:
    """Where an identifier that is a URL may itself say what there is about it; none for other URIs.

    `anyhow`: a person gave this address, so it is asked even where it is GS1's.
    """
    parts = urlsplit(identifier) if _readable(identifier) else None
    if parts is None or parts.scheme not in ("https", "http") or (parts.hostname == GS1 and not anyhow):
        return ()
    bare = identifier.partition("#")[0]
    ask = "&" if parts.query else "?"
    static = () if parts.query else (f"{bare.rstrip('/')}/{FILE}",)
    return (f"{bare}{ask}linkType=linkset", *static, bare)


def _readable(identifier: str) -> bool:
    try:
        return urlsplit(identifier).hostname is not None
    except ValueError:
        return False

"""One company's own Lodestream: worker processes on topics of its own, its keys, its book, and the folder that it publishes."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from lodestream.credentials.access import unlock
from lodestream.credentials.record import CredentialRecord
from lodestream.credentials.walk.ports import Absent, Answer
from schemas.topics import CREDENTIALS, declared
from tests.way.cluster import ROOT, Cluster, remove_topics

PARTITIONS = 1
WORKERS = ("gate", "ledger", "issuer", "publication")


@dataclass
class Platform(Cluster):
    """A company at `base_url`. Its topics are on the broker only while it `works`."""

    base_url: str = ""
    name: str = ""
    book: str = ""
    profile: str = ""
    suppliers: str = ""
    captured: int = 0
    more: dict[str, str] = field(default_factory=dict)

    @property
    def did(self) -> str:
        return f"did:web:{quote(urlsplit(self.base_url).netloc, safe='')}"

    @property
    def published(self) -> Path:
        return self.folder / "data" / "publication"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "LODESTREAM_PARTITIONS": str(PARTITIONS),
            "LODESTREAM_ISSUER__BASE_URL": self.base_url,
            "LODESTREAM_ISSUER__NAME": self.name,
            "LODESTREAM_ISSUER__PROFILE": str(self._file("profile.toml", self.profile)),
            "LODESTREAM_BOOK": str(self._file("book.toml", self.book)),
            "LODESTREAM_SUPPLIERS__FILE": str(self._file("suppliers.toml", self.suppliers)),
        }
        return super().environment | own | self.more

    def _file(self, name: str, text: str) -> Path:
        path = self.folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    @contextmanager
    def works(self) -> Iterator[None]:
        """With its topics and its workers, until it has said all."""
        self.lodestream("topics", "apply", "--yes")
        self.lodestream("book", "apply", self.folder / "book.toml")
        try:
            for name in WORKERS:
                self.start(name)
            yield
            for worker in list(self.workers):
                self.stop(worker)
        finally:
            self.stop_all()
            remove_topics(self.bootstrap, {topic.name for topic in declared(PARTITIONS)})

    @contextmanager
    def serves(self) -> Iterator[None]:
        """What it has published, served by its own web server."""
        address = urlsplit(self.base_url)
        command = [sys.executable, "-m", "cli.main", "serve", "--port", str(address.port)]
        with (self.folder / "serve.log").open("ab") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        try:
            self.wait(lambda: self._answers(str(address.hostname), int(address.port or 80)), "the web server")
            yield
        finally:
            server.terminate()
            server.wait(30)

    def _answers(self, host: str, port: int) -> bool:
        with socket.socket() as knocking:
            knocking.settimeout(1)
            return knocking.connect_ex((host, port)) == 0

    def tells(self, *events: dict[str, Any]) -> None:
        """Its own events, as its systems would send them."""
        path = self.folder / f"events-{self.captured}.json"
        path.write_text(json.dumps(document(events)))
        self.lodestream("capture", path)
        self.captured += len(events)

    def issued(self) -> list[CredentialRecord]:
        return self.values(CREDENTIALS, CredentialRecord)

    def waits_for(self, kind: str, lot: str, step: str = "") -> CredentialRecord:
        """The latest credential of a kind about a lot, once it is published."""

        def found() -> CredentialRecord | None:
            of = [one for one in self.issued() if one.kind.endswith(kind) and lot in one.about and step in one.name]
            return of[-1] if of and self._file_of(of[-1]).exists() else None

        self.wait(lambda: found() is not None, f"{kind} of {lot}")
        made = found()
        assert made is not None
        return made

    def _file_of(self, record: CredentialRecord) -> Path:
        path = self.published / urlsplit(record.id).path.strip("/")
        return path if record.access == "public" else path / "digest.json"

    def key(self, lot: str) -> bytes:
        """The key of a lot, as it is given to who may read about it."""
        return bytes.fromhex(json.loads(self.lodestream("access", "--json", lot))["key"])

    def hands_over(self, lot: str) -> list[Path]:
        """What goes with a delivery: the passport and, opened with the lot's key, the events of the lot."""
        key, given = self.key(lot), []
        links = json.loads((self.published / urlsplit(lot).path.strip("/") / "linkset.json").read_text())["linkset"][0]
        for kind in ("dpp", "dte"):
            for number, link in enumerate(one for one in links.get(kind, []) if "predecessor-version" not in one.get("rel", [])):
                data = (self.published / urlsplit(link["href"]).path.strip("/")).read_bytes()
                path = self.folder / f"given-{kind}-{number}.json"
                path.write_bytes(unlock(data, key) if "encryptionMethod" in link else data)
                given.append(path)
        return given


@dataclass(frozen=True)
class Hosts:
    """The folders of several platforms as static hosts, for a walk: nothing but files, and what was put in their place."""

    platforms: tuple[Platform, ...]
    instead: dict[str, bytes] = field(default_factory=dict)

    def get(self, url: str) -> Answer:
        if url in self.instead:
            return self.instead[url]
        parts = urlsplit(url)
        for platform in self.platforms:
            if urlsplit(platform.base_url).netloc == parts.netloc and not parts.query:
                path = platform.published / parts.path.strip("/")
                return path.read_bytes() if path.is_file() else Absent("missing")
        return Absent("missing")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def document(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """An EPCIS document."""
    contexts = [
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        {"crm": "https://w3id.org/lodestream/crm/v1/"},
    ]
    head = {"@context": contexts, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-10-01T00:00:00Z"}
    return head | {"epcisBody": {"eventList": list(events)}}

"""One installation under a prefix: its topics and its workers. Many of them stand side by side on the broker of a run."""

import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from benchmarks.stage import Process, Sight, process, tail
from runtime.settings import load
from runtime.topics import apply_topics
from schemas.topics import Topic, declared

PARTITIONS = 4


class World:
    """The topics of an installation, each with a prefix, made on construction. `folder` holds state and logs of its workers."""

    def __init__(self, address: str, folder: Path, name: str) -> None:
        self.name = name
        self.address = address
        self.folder = folder / name
        self.folder.mkdir()
        kafka = {"bootstrap_servers": address}
        self.settings = load({"kafka": kafka, "data_dir": self.data_dir("one"), "partitions": PARTITIONS, "instance": name})
        self.sight = Sight(self.settings)
        self.make(declared(PARTITIONS))

    def topic(self, name: str) -> str:
        """The name of a topic here."""
        return f"{self.name}.{name}"

    def group(self, name: str, run: str = "one") -> str:
        """The name of a group here."""
        return f"{self.name}.{run}.{name}"

    def make(self, topics: Iterable[Topic], prefix: str = "") -> None:
        """Make topics here, under one more prefix if one is given."""
        apply_topics(self.sight.admin, [replace(topic, name=self.topic(prefix + topic.name)) for topic in topics])

    def remove(self) -> None:
        """Delete the topics: the broker's disk and memory are for what is measured."""
        known = self.sight.admin.list_topics(timeout=10).topics
        ours = [name for name in known if name.startswith(f"{self.name}.")]
        for deleted in self.sight.admin.delete_topics(ours).values():
            deleted.result(30)

    def said(self, run: str) -> str:
        """The last lines that the processes of a run have logged."""
        return "\n".join(tail(log) for log in self.folder.glob(f"{run}*.log"))

    def data_dir(self, run: str) -> Path:
        """Where the workers of a run keep their state."""
        return self.folder / run

    def worker(self, name: str, run: str = "one") -> AbstractContextManager[Process]:
        """A worker process while the block runs; each run has groups and state of its own."""
        return self.running(run, "cli.main", "worker", name)

    def running(
        self, run: str, module: str, *arguments: str, topics: str = "", twin: str = ""
    ) -> AbstractContextManager[Process]:
        """A program on the topics of this world (with `topics`: on those under that prefix in it) while the block runs.

        A `twin` is one more process of the run, with an instance name of its own.
        """
        name = f"{self.name}.{topics}" if topics else self.name
        command = [sys.executable, "-m", "benchmarks.under", name, f"{self.name}.{run}", module, *arguments]
        return process("-".join([run, arguments[-1].rpartition(".")[2]]), command, self.environment(run, twin), self.folder)

    def environment(self, run: str, twin: str = "") -> dict[str, str]:
        """Of a process of a run: its settings, and no others of ours."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("LODESTREAM_")}
        return others | {
            "LODESTREAM_KAFKA__BOOTSTRAP_SERVERS": self.address,
            "LODESTREAM_DATA_DIR": str(self.data_dir(run)),
            "LODESTREAM_PARTITIONS": str(PARTITIONS),
            "LODESTREAM_INSTANCE": f"{self.name}-{run}{twin}",
        }

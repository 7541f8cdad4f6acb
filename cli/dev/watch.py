"""What the workers say of themselves: their logs, merged, and whether each is ready, asked at the address that its log names."""

import json
from collections.abc import Iterable, Iterator
from http.client import HTTPConnection, HTTPException

from cli.dev.logs import LogFile
from cli.local.processes import Workers

ANSWER_SECONDS = 1.0
ADDRESS = "127.0.0.1"
SERVED = "metrics are served"
FLAGS = ("--set", f"metrics.address={ADDRESS}", "--set", "metrics.port=0")
"""Each takes a port that is free: one of the settings would be taken by the first."""


class Watch:
    """Looks at the workers of these names; what they wrote before is not looked at."""

    def __init__(self, workers: Workers, names: Iterable[str]) -> None:
        self._logs = [LogFile(name, workers.log(name)) for name in names]
        self._ports: dict[str, int] = {}

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each new line of a log, with the name of whose it is."""
        for log in self._logs:
            for line in log.lines():
                if SERVED in line:
                    self._note(log.name, line)
                yield log.name, line

    def address(self, name: str) -> str:
        """Where a worker tells how it is; empty where it has not said so yet."""
        return f"http://{ADDRESS}:{self._ports[name]}" if name in self._ports else ""

    def unready(self, name: str) -> str:
        """Why a worker is not ready; empty where it is."""
        if name not in self._ports:
            return "it starts"
        connection = HTTPConnection(ADDRESS, self._ports[name], timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return "it does not answer"
        finally:
            connection.close()
        return "" if answer.status == 200 else str(body.get("reason", "it is not ready"))

    def _note(self, name: str, line: str) -> None:
        try:
            fields = json.loads(line)
        except ValueError:
            return
        if isinstance(fields, dict) and fields.get("event") == SERVED and isinstance(fields.get("port"), int):
            self._ports[name] = fields["port"]

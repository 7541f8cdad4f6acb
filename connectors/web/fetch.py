"""Documents from the web as the sources of a walk: https, allowed hosts, public addresses, checked anew at every redirect."""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from connectors.web.allowed import PORTS, Allowed, entry_for, is_public
from connectors.web.connection import Answered, ExchangeError, TooLargeError, exchange
from lodestream.credentials.jsontext import LARGEST_BYTES
from lodestream.credentials.walk.ports import Absent, Answer

MANY_REDIRECTS = 5
LONGEST_URL = 8_192
REDIRECTS = (301, 302, 303, 307, 308)
TEXTS = ("text/plain", "application/octet-stream", "")
"""Beside JSON and JWT: what plain file servers say of files that they do not know."""

Resolve = Callable[[str, int], list[str]]
"""The addresses of a host."""


class Place(NamedTuple):
    """A URL taken apart, with the address that was checked."""

    scheme: str
    host: str
    port: int
    target: str
    address: str


def addresses(host: str, port: int) -> list[str]:
    """As the system resolves the name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Web:
    """The web. `seconds` is for one document with all its redirects; `context` is for a test's own certificates."""

    def __init__(
        self,
        allow: Sequence[Allowed],
        seconds: float = 10,
        largest: int = LARGEST_BYTES,
        resolve: Resolve = addresses,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.allow, self.seconds, self.largest = tuple(allow), seconds, largest
        self._resolve, self._context = resolve, context

    def get(self, url: str) -> Answer:
        """The document at a URL, or why there is none. Raises nothing for any URL."""
        ends = time.monotonic() + self.seconds
        for _ in range(MANY_REDIRECTS + 1):
            place = self._check(url)
            if isinstance(place, Absent):
                return place
            try:
                left = max(ends - time.monotonic(), 0.001)
                answered = exchange(*place[:3], place.address, place.target, left, self.largest, self._context)
            except TooLargeError as error:
                return Absent("too large", str(error))
            except (ExchangeError, HTTPException) as error:
                return Absent("unreachable", f"{place.host}: {error}")
            if answered.status not in REDIRECTS or not answered.location:
                return _answer(answered)
            url = urljoin(url, answered.location)
        return Absent("unreachable", f"more than {MANY_REDIRECTS} redirects")

    def _check(self, url: str) -> Place | Absent:
        """Where to ask: the list first, so that a name off the list is not even looked up."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        except ValueError:
            return Absent("refused", "the URL cannot be read")
        if (
            len(url) > LONGEST_URL
            or not host
            or parts.username is not None
            or not url.isascii()
            or not url.isprintable()
            or " " in url
        ):
            return Absent("refused", "the URL is not one that is asked: ASCII, with a host, without a user")
        entry = entry_for(self.allow, parts.scheme, host, port)
        if entry is None:
            return Absent("refused", f"{parts.scheme}://{host}:{port} is not allowed; `--allow {host}` would allow it by https")
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            return Absent("unreachable", f"{host} has no address")
        if not entry.private and not all(map(is_public, found)):
            return Absent("refused", f"{host} has an address that is not public")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Place(parts.scheme, host, port, target, found[0])


def _answer(answered: Answered) -> Answer:
    if answered.status == 200:
        kind = answered.content_type
        if kind in TEXTS or kind.endswith(("json", "+jwt", "+sd-jwt")) or kind.startswith("application/vc"):
            return answered.body
        return Absent("missing", f"what stands there is {kind[:100]}, no credential")
    if answered.status in (404, 410, 204):
        return Absent("missing", f"HTTP {answered.status}")
    if answered.status in (401, 402, 403, 407):
        return Absent("withheld", f"HTTP {answered.status}")
    return Absent("unreachable", f"HTTP {answered.status}")

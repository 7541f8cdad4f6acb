"""One exchange over a connection to an address that was checked, under one deadline for all of it."""

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Timer
from typing import Any, NamedTuple

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

CHUNK = 64 * 1024
ACCEPT = "application/vc+jwt, application/vc, application/linkset+json, application/json;q=0.9, */*;q=0.1"


class ExchangeError(Exception):
    """It did not come to an answer; the message says why."""


class TooLargeError(ExchangeError):
    """There is more than may be read."""


class Answered(NamedTuple):
    """Status, content type without parameters, where it redirects to, the body."""

    status: int
    content_type: str
    location: str | None
    body: bytes


class _Pinned:
    """Connects to the address that was checked, whatever the name resolves to by now; all else goes by the name."""

    address: str
    made: Callable[[socket.socket], None]

    def _new_conn(self) -> socket.socket:
        port, timeout = self.port, self.timeout  # type: ignore[attr-defined]  # of the connection that this is mixed into
        made = socket.create_connection((self.address, port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.made(made)
        return made


class _PinnedHttp(_Pinned, HTTPConnection):
    pass


class _PinnedHttps(_Pinned, HTTPSConnection):
    pass


def exchange(
    scheme: str,
    host: str,
    port: int,
    address: str,
    target: str,
    seconds: float,
    largest: int,
    context: ssl.SSLContext | None = None,
) -> Answered:
    """GET `target` of the host at that address. The deadline holds for connecting, handshake, headers and body together.

    Raises ExchangeError, TooLargeError.
    """
    connection: Any = _PinnedHttp(host, port, timeout=seconds)
    if scheme == "https":
        connection = _PinnedHttps(host, port, timeout=seconds, ssl_context=context or ssl.create_default_context())
    connection.address = address
    try:
        with _deadline(connection, seconds):
            headers = {"Accept": ACCEPT, "Accept-Encoding": "identity", "User-Agent": "lodestream-verify"}
            connection.request("GET", target, headers=headers, preload_content=False, decode_content=False)
            response = connection.getresponse()
            return _read(response, largest)
    except (HTTPError, OSError, ValueError) as error:  # ssl.SSLError is an OSError, http.client's HTTPException is wrapped
        raise ExchangeError(_said(error, seconds)) from None
    finally:
        connection.close()


def _read(response: urllib3.HTTPResponse, largest: int) -> Answered:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ExchangeError("it comes compressed, which was not asked for")
    length = response.headers.get("Content-Length", "0")
    if length.isdecimal() and int(length) > largest:
        raise TooLargeError(f"it has {length} bytes; at most {largest} are read")
    body = bytearray()
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > largest:
            raise TooLargeError(f"it has more than {largest} bytes")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Answered(response.status, kind, response.headers.get("Location"), bytes(body))


@contextmanager
def _deadline(connection: Any, seconds: float) -> Iterator[None]:
    """Cuts the connection when the time is over: a server that sends a byte now and then keeps no read waiting for ever."""
    handles: list[socket.socket] = []
    over = Event()

    def cut() -> None:
        over.set()  # first: a body that is cut off must not pass for one that ended
        for handle in handles:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has ended by itself

    def made(opened: socket.socket) -> None:
        # TLS takes the socket away from us, so the connection is held by a second handle.
        handles.append(socket.socket(fileno=os.dup(opened.fileno())))

    connection.made = made
    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
        if over.is_set():
            raise ExchangeError(f"it was not there within {seconds:g} s")
    finally:
        timer.cancel()
        for handle in handles:
            handle.close()


def _said(error: BaseException, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer within {seconds:g} s"
    return f"{type(error).__name__}: {str(error)[:200]}"

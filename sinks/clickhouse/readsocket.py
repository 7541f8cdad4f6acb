"""The socket beside chDB's folder: the process that holds the folder answers for it (runtime-rules section 4).

Protocol: the client sends one JSON object a line, {"sql": text, "parameters": {name: text or number}}; the server
answers with one line, {"ok": JSONCompact} or {"error": {"code", "message"}}, and waits for the next. Only the user that the
server runs as can connect.
"""

import contextlib
import socket
import socketserver
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from sinks.clickhouse.connect import SocketError
from sinks.clickhouse.readonly import SQL_BYTES, DirectReader, Parameters, QueryError
from sinks.clickhouse.result import Result, parse

PATH_BYTES_MAX = 100  # what a unix socket's address holds (sun_path), with room
REQUEST_BYTES = 4 * SQL_BYTES
CONNECTIONS = 16
IDLE_SECONDS = 600.0
ANSWER_SECONDS = 60.0


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """One question."""

    sql: str
    parameters: dict[str, str | int] = {}


class Fault(msgspec.Struct):
    """Why there is no answer."""

    code: str
    message: str


class Response(msgspec.Struct, omit_defaults=True):
    """One answer: ClickHouse's own text, or why there is none."""

    ok: msgspec.Raw = msgspec.Raw()
    error: Fault | None = None


_request = msgspec.json.Decoder(Request)
_response = msgspec.json.Decoder(Response)
_encoder = msgspec.json.Encoder()


def socket_path(folder: Path) -> Path:
    """The socket of a folder: `clickhouse` has `clickhouse.sock`."""
    return folder.with_name(folder.name + ".sock")


class ReadServer:
    """Answers on the socket of a folder that this process holds; a context manager."""

    def __init__(self, url: str, folder: Path) -> None:
        """Raises UnreachableError where the folder cannot be opened, SocketError where the socket cannot be made."""
        self.path = socket_path(folder)
        self._reader = DirectReader(url)
        try:
            # The folder is ours, so a socket that is there belongs to nobody any more.
            self.path.unlink(missing_ok=True)
            self._server = _Server(_address(self.path), self._reader)
        except OSError as error:
            self._reader.close()
            raise SocketError(f"nobody could read while the folder is written: {error}") from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="readside", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> "ReadServer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Answer nobody any more."""
        self.path.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._reader.close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, reader: DirectReader) -> None:
        self.reader = reader
        self.free = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        super().server_bind()
        Path(str(self.server_address)).chmod(0o600)  # before it listens: nobody can have connected yet

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Connection(socketserver.StreamRequestHandler):
    timeout = IDLE_SECONDS
    server: _Server

    def handle(self) -> None:
        if not self.server.free.acquire(blocking=False):
            self._send(Response(error=Fault("BUSY", f"{CONNECTIONS} others are connected; try again")))
            return
        try:
            while line := self.rfile.readline(REQUEST_BYTES):
                if not line.endswith(b"\n"):
                    self._send(Response(error=Fault("TOO_LONG", f"a request is one line of at most {REQUEST_BYTES} bytes")))
                    return
                self._send(self._answer(line))
        finally:
            self.server.free.release()

    def _answer(self, line: bytes) -> Response:
        try:
            request = _request.decode(line)
            text = self.server.reader.text(request.sql, request.parameters)
            return Response(ok=msgspec.Raw(msgspec.json.format(text, indent=-1)))
        except QueryError as error:
            return Response(error=Fault(error.code, str(error)))
        except (msgspec.MsgspecError, UnicodeError) as error:
            return Response(error=Fault("BAD_REQUEST", str(error)))

    def _send(self, response: Response) -> None:
        self.wfile.write(_encoder.encode(response) + b"\n")


class SocketReader:
    """Asks the process that holds the folder."""

    def __init__(self, connection: socket.socket) -> None:
        self._lock = threading.Lock()
        self._connection = connection
        self._lines = connection.makefile("rb")

    @classmethod
    def to(cls, path: Path) -> "SocketReader | None":
        """A reader through the socket; None where nobody serves."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(_address(path))
        except OSError:
            connection.close()
            return None
        return cls(connection)

    def query(self, sql: str, parameters: Parameters | None = None) -> Result:
        """See readonly.Reader."""
        request = _encoder.encode(Request(sql, dict(parameters or {})))
        try:
            with self._lock:
                self._connection.sendall(request + b"\n")
                line = self._lines.readline()
        except OSError as error:
            raise QueryError("GONE", f"the process that holds the ClickHouse folder does not answer: {error}") from None
        if not line:
            raise QueryError("GONE", "the process that holds the ClickHouse folder has ended; ask again")
        response = _response.decode(line)
        if response.error is not None:
            raise QueryError(response.error.code, response.error.message)
        return parse(bytes(response.ok))

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._lines.close()
            self._connection.close()


def _address(path: Path) -> str:
    """The path as a socket takes it: shorter from the current folder where it is too long. Raises OSError where that is too."""
    absolute = str(path.absolute())
    if len(absolute.encode()) <= PATH_BYTES_MAX:
        return absolute
    with contextlib.suppress(ValueError):
        relative = str(path.absolute().relative_to(Path.cwd()))
        if len(relative.encode()) <= PATH_BYTES_MAX:
            return relative
    raise OSError(f"{absolute} is too long for a unix socket ({PATH_BYTES_MAX} bytes); choose a shorter data_dir")

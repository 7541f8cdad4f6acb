"""ClickHouse's HTTP interface in front of chDB, as far as clickhouse-connect uses it, in a process of its own. For tests only.

Real: the engine with its SQL, types, formats, settings, read-only mode, tokens and messages; the statement in the body or in
`query`, with data behind it; settings, `database`, `query_id` and `param_*` in the URL or a form, in force for one request;
compression of either body; `Basic` authentication; exceptions as status, X-ClickHouse-Exception-Code and text. On command
inserts go wrong (MISHAPS).

Not as a server does it, so not proven here: TLS and proxies; sessions (`session_id` is refused, as we use none); progress
headers, and exceptions in the middle of an answer, which is sent whole; an empty answer in Native, which chDB leaves without its
columns; `client_protocol_version` (the driver finds out and does without); users with rights of their own, quotas, replicas
and ON CLUSTER; an insert that is broken off is dropped before the engine sees it, where a server has parsed half of it into
blocks (one block, by our settings, so that half of it is nothing there either).
"""

import contextlib
import gzip
import json
import re
import sys
import tempfile
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame

USER, PASSWORD = "sink", "of pläin:text"
TRANSPORT = {"database", "query_id", "query", "wait_end_of_query", "client_protocol_version", "buffer_size"}
HTTP_SETTINGS = {"enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms"}
STATUS = {60: 404, 81: 404, 62: 400, 47: 404, 164: 403, 516: 403}
"""Status by code; anything else is 500 (ClickHouse, HTTPHandler.cpp, exceptionCodeToHTTPStatus)."""
MISHAPS = {
    "refuse": "answers 500 and does nothing",
    "refuse_after": "does it, then answers 500",
    "busy": "answers 503 and does nothing",
    "cut": "cuts the connection in the middle of the data",
    "cut_after": "does it, then cuts the connection",
    "redirect": "does nothing and sends the client to where anything is answered with 200",
    "rubbish": "does nothing and answers 200, as what stands between us and ClickHouse may",
    "half": "does it, and cuts the connection in the middle of the answer",
    "late": "does it, and answers when the client has long gone",
    "later": "does it when the client has long gone, then answers",
}
HEAD_BYTES = 4096  # an INSERT with the names of all columns
INSERT = re.compile(rb"\s*(INSERT\s+INTO\s+(\S+).*?)\s+FORMAT\s+(\w+)\s", re.DOTALL | re.IGNORECASE)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)\.")


@dataclass
class Trouble:
    """What is to go wrong, how often with the next inserts into each table, and what has come so far."""

    kind: str = ""
    times: dict[str, int] = field(default_factory=dict)
    gone: threading.Event = field(default_factory=threading.Event)
    inserts: list[dict[str, str]] = field(default_factory=list)
    waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, table: str, parameters: dict[str, str]) -> str:
        """What goes wrong with this insert; empty: nothing."""
        with self.lock:
            struck = self.times.get(table, 0) > 0
            if struck:
                self.times[table] -= 1
            self.inserts.append({**parameters, "table": table, "mishap": self.kind if struck else ""})
            return self.kind if struck else ""

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """An insert is under way."""
        with self.lock:
            self.waiting += 1
        try:
            yield
        finally:
            with self.lock:
                self.waiting -= 1


class CutError(Exception):
    """The connection is to be cut without an answer."""


class NoClickHouse(Exception):  # noqa: N818  # an answer that is no result
    """A status with headers and a body that ClickHouse does not send."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes = b"", *, cut: int = 0) -> None:
        super().__init__(status)
        self.status, self.headers, self.body, self.cut = status, headers, body, cut


class Answer(Exception):  # noqa: N818  # an answer that is no result
    """A status with an exception of ClickHouse."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Front(ThreadingHTTPServer):
    """The server. `trouble` is set through POST /trouble."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, folder: str) -> None:
        self.folder = folder
        self.engine = chdb.connect(folder)
        self.version = self.engine.query("SELECT version()", "TabSeparated").bytes().decode().strip()
        self.trouble = Trouble()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is nothing to tell of: here they are, on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def run(self, sql: bytes, parameters: dict[str, str]) -> bytes:
        """One statement with the settings of its request: a handle of its own keeps them from all others. Raises Answer."""
        values = {name[6:]: value for name, value in parameters.items() if name.startswith("param_")}
        rest = {name: value for name, value in parameters.items() if name not in TRANSPORT | HTTP_SETTINGS}
        settings = {name: value for name, value in rest.items() if not name.startswith("param_")}
        handle = chdb.connect(self.folder)
        try:
            handle.query(f"USE {parameters.get('database', 'default')}", "TabSeparated")
            if settings:
                handle.query("SET " + ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items()), "TabSeparated")
            return bytes(handle.query(sql, "TabSeparated", params=values).bytes() or b"")
        except RuntimeError as error:
            found = CODE.search(str(error))
            code = int(found[1]) if found else 1002
            raise Answer(STATUS.get(code, 500), code, str(error)) from None
        finally:
            handle.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms between its head and its body
    server: Front

    def do_GET(self) -> None:
        """/ping, or a query in the URL."""
        if self.path == "/ping":
            self._send(200, b"Ok.\n", {})
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """A statement, or what is to go wrong."""
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        try:
            if url.path == "/trouble":
                self._send(200, self._trouble(), {})
                return
            self._check_user()
            body, kind = self._statement(parameters)
        except Answer as answer:
            text = f"{answer} (version {self.server.version} (official build))\n"
            self.close_connection = True  # its body may not have been read
            self._send(answer.status, text.encode(), {"X-ClickHouse-Exception-Code": str(answer.code)})
        except NoClickHouse as other:
            self.close_connection = True
            self._send(other.status, other.body, other.headers, cut=other.cut)
        except (CutError, BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        else:
            self._send(
                200, body, {"X-ClickHouse-Query-Id": parameters.get("query_id", ""), "X-ClickHouse-Format": kind}, parameters
            )

    def _statement(self, parameters: dict[str, str]) -> tuple[bytes, str]:
        if "session_id" in parameters:
            raise Answer(400, 36, "Code: 36. DB::Exception: this front keeps no sessions. (BAD_ARGUMENTS)")
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            parameters |= self._form()  # the driver sends long parameters so
            sent, body = b"", iter(())
        else:
            sent = next(body := self._body())
        head = parameters.get("query", "").encode() + b"\n" if "query" in parameters else b""
        found = INSERT.match(head + sent)
        mishap = self.server.trouble.take(found[2].decode(), parameters) if found else ""
        if mishap == "cut":
            raise CutError
        sent += b"".join(body)
        if mishap in {"refuse", "busy"}:
            status, code = (500, 241) if mishap == "refuse" else (503, 202)
            raise Answer(status, code, f"Code: {code}. DB::Exception: refused on command. (ON_COMMAND)")
        if mishap == "redirect":
            raise NoClickHouse(302, {"Location": "/ping"})
        if mishap == "rubbish":
            raise NoClickHouse(200, {"Content-Type": "text/html"}, b"<html>Please log in to this network</html>")
        whole = head + self._unpacked(sent)
        found = INSERT.match(whole)
        body = self._insert(whole, found, parameters, mishap) if found else self.server.run(whole, parameters)
        named = FORMAT.search(whole[-100:].decode(errors="replace"))
        return body, named[1] if named else "TabSeparated" if body else ""

    def _insert(self, whole: bytes, found: re.Match[bytes], parameters: dict[str, str], mishap: str) -> bytes:
        """Through a file: chDB takes data of any format only there."""
        trouble = self.server.trouble
        with trouble.going_on(), tempfile.NamedTemporaryFile() as file:
            file.write(whole[found.end() :])
            file.flush()
            if mishap == "later":
                trouble.gone.wait(60)
            sql = f"{found[1].decode()} FROM INFILE {_quoted(file.name)} FORMAT {found[3].decode()}"
            body = self.server.run(sql.encode(), parameters)
            if mishap == "late":
                trouble.gone.wait(60)
        if mishap == "refuse_after":
            raise Answer(500, 241, "Code: 241. DB::Exception: refused after it was done. (ON_COMMAND)")
        if mishap == "cut_after":
            raise CutError
        if mishap == "half":
            raise NoClickHouse(200, {"X-ClickHouse-Query-Id": parameters.get("query_id", "")}, b"", cut=10)
        return body

    def _trouble(self) -> bytes:
        """Set what goes wrong, where the body says so; what has come since is the answer."""
        said = json.loads(b"".join(self._body()) or b"{}")
        trouble = self.server.trouble
        came = json.dumps({"inserts": trouble.inserts, "waiting": trouble.waiting}).encode()
        if "kind" in said:
            trouble.gone.set()
            self.server.trouble = Trouble(**said)
        elif said.get("gone"):
            trouble.gone.set()
        return came

    def _check_user(self) -> None:
        said = self.headers.get("Authorization", "").removeprefix("Basic ")
        if b64decode(said).decode() != f"{USER}:{PASSWORD}":
            raise Answer(403, 516, "Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)")

    def _body(self) -> Iterator[bytes]:
        """The body in two pieces: its first half, or all of it where it comes in chunks, and the rest."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self._read(size))
                self.rfile.readline()
            self.rfile.readline()
            yield b"".join(chunks)
            return
        length = int(self.headers.get("Content-Length", "0"))
        half = max(length // 2, min(length, HEAD_BYTES))
        yield self._read(half)
        yield self._read(length - half)

    def _read(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) < length:
            raise CutError  # the client went away
        return data

    def _form(self) -> dict[str, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + b"".join(self._body())).get_payload()
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()  # type: ignore[union-attr,misc]
            for part in parts
        }

    def _unpacked(self, data: bytes) -> bytes:
        encoding = self.headers.get("Content-Encoding")
        unpack = {None: bytes, "gzip": gzip.decompress, "lz4": lz4.frame.decompress}.get(encoding)
        if unpack is None:
            raise Answer(400, 374, f"Code: 374. DB::Exception: this front does not know {encoding}. (UNKNOWN_COMPRESSION_METHOD)")
        return unpack(data)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], parameters: dict[str, str] | None = None, *, cut: int = 0
    ) -> None:
        """An answer; of a body that is `cut`, so many bytes are missing."""
        wanted = self.headers.get("Accept-Encoding", "") if (parameters or {}).get("enable_http_compression") == "1" else ""
        packed = {"lz4": lz4.frame.compress, "gzip": gzip.compress}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for encoding in (name for name in packed if name in wanted):
                body = packed[encoding](body)
                self.send_header("Content-Encoding", encoding)
                break
            for name, value in headers.items():
                if value:
                    self.send_header(name, value)
            self.send_header("X-ClickHouse-Timezone", "UTC")
            self.send_header("Connection", "close" if self.close_connection else "keep-alive")
            self.send_header("Content-Length", str(len(body) + cut))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Nobody reads it."""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


if __name__ == "__main__":
    server = Front(int(sys.argv[1]), str(Path(sys.argv[2])))
    print(server.server_address[1], flush=True)  # noqa: T201  # to whoever started it
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()  # it ends with its parent
    server.serve_forever(0.05)
    server.server_close()
    server.engine.close()

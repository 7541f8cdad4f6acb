"""Metrics and health of a worker over HTTP, from a thread of its own: /metrics, /health, /ready.

It answers GET to these three paths and nothing else, reads no body, and lets a client wait or be slow for a few seconds only. It
tells what is going on and is open to whoever reaches it: it binds 127.0.0.1 unless the settings say otherwise.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from runtime.errors import FatalError
from runtime.health import Answer, Health

CLIENT_SECONDS = 5.0
POLL_SECONDS = 0.1  # how long `close` waits
CLIENTS = 8

_log = structlog.get_logger(__name__)


class Server:
    """Serves one worker until it is closed. Raises FatalError where the address cannot be had."""

    def __init__(self, address: str, port: int, registry: CollectorRegistry, health: Health) -> None:
        try:
            self._http = _Bounded((address, port), _handler(registry, health))
        except OSError as reason:
            raise FatalError(f"metrics cannot be served at {address}:{port}: {reason}") from None
        self.port = int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(POLL_SECONDS,), name="metrics", daemon=True)
        self._thread.start()
        _log.info("metrics are served", address=address, port=self.port)

    def close(self) -> None:
        """Answer nobody any more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Bounded(ThreadingHTTPServer):
    """So many clients at once: one more is hung up on."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        self._free = threading.BoundedSemaphore(CLIENTS)
        super().__init__(*args)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Take it or leave it."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """One client, from beginning to end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up or says nothing is not worth a line."""


def _handler(registry: CollectorRegistry, health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS
        server_version, sys_version = "lodestream", ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif path == "/health":
                self._tell(health.alive())
            elif path == "/ready":
                self._tell(health.ready())
            else:
                self.send_error(404)

        def _tell(self, answer: Answer) -> None:
            self._send(200 if answer.well else 503, "application/json", json.dumps(answer.body).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A scrape every few seconds is no news."""

    return Handler

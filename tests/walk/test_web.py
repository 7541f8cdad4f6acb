"""The fetch edge against a server that does what strangers' servers do, and a resolver that lies."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.web.allowed import allowed, entry_for, is_public
from connectors.web.dids import resolve
from connectors.web.fetch import Web
from connectors.web.folder import Folder, Saving
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.walk import Absent
from tests.walk.chain import PARTIES, START, TRUST, Chain, walked

SECONDS = 0.6


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.headers['Host']} {self.path}")
        name = self.path.partition("?")[0]
        if name.startswith("/to/"):
            self._send(302, b"", location=self.path.removeprefix("/to/"))
        elif name == "/loop":
            self._send(302, b"", location="/loop")
        elif name == "/slow":
            self._drip(b"x" * 200)
        elif name == "/slow-headers":
            self._drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100, raw=True)
        elif name == "/endless":
            self.send_response(200)
            self.end_headers()
            self._pour()
        elif name == "/html":
            self._send(200, b"<html>", kind="text/html; charset=utf-8")
        elif name == "/gzip":
            self._send(200, b"1", encoding="gzip")
        elif name[1:].isdigit():
            self._send(int(name[1:]), b"{}")
        else:
            self._send(200, b'{"ok": 1}')

    def _send(self, status: int, body: bytes, *, location: str = "", kind: str = "application/json", encoding: str = "") -> None:
        self.send_response(status)
        for header, value in (("Location", location), ("Content-Type", kind), ("Content-Encoding", encoding)):
            if value:
                self.send_header(header, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, data: bytes, *, raw: bool = False) -> None:
        """A byte now and then, each well within any timeout between bytes."""
        if not raw:
            self.send_response(200)
            self.end_headers()
        try:
            for each in data:
                self.wfile.write(bytes([each]))
                self.wfile.flush()
                threading.Event().wait(0.05)
        except OSError:
            return

    def _pour(self) -> None:
        try:
            while True:
                self.wfile.write(b"x" * 65_536)
        except OSError:
            return


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


class Names:
    """A resolver of our own, which counts."""

    def __init__(self, names: dict[str, list[str]]) -> None:
        self.names, self.asked = names, []  # type: ignore[var-annotated]

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror
        found = self.names[host]
        return [found.pop(0)] if len(found) > 1 and found[0] == "127.0.0.1" else found


def web(server: Server, names: dict[str, list[str]] | None = None, *more: str, largest: int = 1_000) -> tuple[Web, str, Names]:
    """Sources for `http://there.example`, which is this machine and allowed to be."""
    port = server.server_port
    resolver = Names({"there.example": ["127.0.0.1"]} | (names or {}))
    entries = [allowed(f"http://there.example:{port}+private"), *(allowed(entry) for entry in more)]
    return Web(entries, SECONDS, largest, resolver), f"http://there.example:{port}", resolver


def reason(answer: object) -> str:
    assert isinstance(answer, Absent), answer
    return answer.reason


def test_a_document_is_fetched_from_where_the_list_says(server: Server) -> None:
    sources, there, _ = web(server)
    assert sources.get(f"{there}/a?b=c#d") == b'{"ok": 1}'
    assert server.asked[-1] == f"there.example:{server.server_port} /a?b=c"
    assert sources.get(f"{there}/to//a") == b'{"ok": 1}'


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/404", "missing"),
        ("/410", "missing"),
        ("/401", "withheld"),
        ("/403", "withheld"),
        ("/500", "unreachable"),
        ("/html", "missing"),
        ("/gzip", "unreachable"),
        ("/loop", "unreachable"),
        ("/endless", "too large"),
        ("/to/https://elsewhere.example/", "refused"),
        ("/to/http://127.0.0.1:1/", "refused"),
        ("/to/http://169.254.169.254/latest/meta-data", "refused"),
        ("/to/file:///etc/passwd", "refused"),
        ("/to/http://there.example:1/", "refused"),
        ("/to/https://inside.example/", "refused"),
    ],
)
def test_what_servers_do_has_a_name(server: Server, path: str, why: str) -> None:
    sources, there, _ = web(server, {"inside.example": ["10.0.0.1"]}, "inside.example")
    assert reason(sources.get(there + path)) == why


@pytest.mark.parametrize("path", ["/slow", "/slow-headers"])
def test_a_byte_now_and_then_does_not_hold_us(server: Server, path: str) -> None:
    sources, there, _ = web(server)
    began = time.monotonic()
    assert reason(sources.get(there + path)) == "unreachable"
    assert time.monotonic() - began < 3 * SECONDS


def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(server: Server) -> None:
    sources, there, names = web(server, {"there.example": ["127.0.0.1", "127.0.0.9"]})
    assert sources.get(f"{there}/a") == b'{"ok": 1}'
    assert names.asked == ["there.example"]
    assert sources.get(f"{there}/a") != b'{"ok": 1}'  # now it is another address, and nobody listens there


def test_a_name_off_the_list_is_not_even_looked_up(server: Server) -> None:
    sources, _, names = web(server)
    for url in (
        "https://off.example/",
        "http://there.example/",
        "https://there.example/",
        "ftp://there.example/",
        "x",
        "https://",
    ):
        assert reason(sources.get(url)) == "refused", url
    for url in (
        "https://a@there.example/",
        "https://there.example:x/",
        "https://there.example/ü",
        "https://[::1/",
        "https://x\n.y",
    ):
        assert reason(sources.get(url)) == "refused", url
    assert names.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "127.0.0.1", "169.254.1.1", "192.168.0.1", "100.64.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1"),
        *("2002:a00:1::1", "2001:0:a00:1::1", "240.0.0.1", "198.18.0.1", "nonsense"),
    ],
)
def test_addresses_that_are_nobodys_on_the_internet(server: Server, address: str) -> None:
    assert not is_public(address)
    sources, _, _ = web(server, {"trick.example": ["8.8.8.8", address]}, "trick.example", "*")
    assert reason(sources.get("https://trick.example/")) == "refused"


def test_public_addresses_are() -> None:
    assert all(map(is_public, ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111")))


def test_entries_of_an_allow_list() -> None:
    entries = [allowed("Example.com"), allowed("example.org:8443"), allowed("http://localhost:8080+private")]
    assert entry_for(entries, "https", "EXAMPLE.com.", 443) == entries[0]
    assert entry_for(entries, "https", "example.org", 443) is None
    assert entry_for(entries, "http", "localhost", 8080) == entries[2]
    assert entry_for([allowed("*")], "https", "any.example", 443)
    assert entry_for([allowed("*")], "http", "any.example", 80) is None
    assert entry_for([allowed("*")], "https", "any.example", 8443) is None
    for wrong in (
        "",
        "ftp://example.com",
        "example.com/path",
        "example.com:0",
        "example.com:70000",
        "*+private",
        "http://*",
        "a b",
    ):
        with pytest.raises(CredentialError):
            allowed(wrong)


def certificate(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server with a certificate for the host, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{host}.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    return serving, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


def test_https_goes_to_the_checked_address_and_is_held_to_the_name(tmp_path: Path) -> None:
    serving, asking = certificate("there.example", tmp_path)
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    made.socket = serving.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        entries = [allowed(f"{name}:{made.server_port}+private") for name in ("there.example", "other.example")]
        names = Names({"there.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
        sources = Web(entries, 5, 1_000, names, asking)
        assert sources.get(f"https://there.example:{made.server_port}/a") == b'{"ok": 1}'
        assert reason(sources.get(f"https://other.example:{made.server_port}/a")) == "unreachable"
        drip = Web(entries, SECONDS, 1_000, names, asking)
        began = time.monotonic()
        assert reason(drip.get(f"https://there.example:{made.server_port}/slow")) == "unreachable"
        assert time.monotonic() - began < 3 * SECONDS
        assert reason(Web(entries, 5, 1_000, names).get(f"https://there.example:{made.server_port}/a")) == "unreachable"
    finally:
        made.shutdown()
        made.server_close()


def test_a_saved_walk_is_walked_again_from_its_folder(tmp_path: Path) -> None:
    saving = Saving(Chain().publish(), tmp_path)
    world = Chain().publish()
    world.get = saving.get  # type: ignore[method-assign]
    online = walked(world, START)
    saving.close()
    folder = Folder(tmp_path)
    world.get = folder.get  # type: ignore[method-assign]
    assert walked(world, START).to_json() == online.to_json()
    assert online.verified
    assert resolve(PARTIES["mine"], folder).id == PARTIES["mine"]
    with pytest.raises(CredentialError, match="not in the folder"):
        resolve("did:web:nobody.example", folder)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"https://a": {"file": "../x"}}', '{"https://a": {}}', '{"https://a": {"absent": "no"}}']
)
def test_a_folder_that_leads_out_of_itself_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(CredentialError):
        Folder(tmp_path)


def test_a_refused_host_is_told_in_the_report(server: Server) -> None:
    sources, _, _ = web(server)
    world = Chain().publish()
    first = world.places[START]
    world.get = sources.get  # type: ignore[method-assign]
    assert isinstance(first, bytes)
    report = walked(world, first, TRUST)
    assert any("--allow battery.example" in finding.sentence for finding in report.findings)

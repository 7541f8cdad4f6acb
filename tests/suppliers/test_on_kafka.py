"""The whole way on real Kafka: a supplier posts credentials, his lot opens in our books, and is held when he revokes."""

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lodestream.credentials.did import document_bytes
from lodestream.credentials.securing import secure
from lodestream.credentials.status import Bitstring, status_list
from lodestream.ledger.records import Outcome
from schemas.topics import TRANSACTIONS
from tests.credentials.telling import signer
from tests.suppliers.supplying import BOOK, KEYS, LIST, LOT, OURS, REFINERY, WORKS, dpp, dte, make, move, signed
from tests.way.cluster import Cluster, agrees_with_the_log

pytestmark = pytest.mark.kafka
TOKEN = "a-token-that-nobody-can-guess"  # noqa: S105  # of this test alone


class Quiet(SimpleHTTPRequestHandler):
    """A folder over HTTP, without a word."""

    extensions_map = {"": "application/json"}

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The refinery's own web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def publish(folder: Path, url: str, *revoked: int) -> None:
    made = status_list(url, REFINERY, Bitstring.empty().set(*revoked), 1_760_000_000_000_000)
    (folder / "new").write_bytes(secure(made, signer(KEYS[REFINERY], REFINERY), "vc+jwt", 0))
    (folder / "new").replace(folder / "1")


def hours_ago(hours: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds").replace("+00:00", "Z")


def post(port: int, data: bytes) -> dict[str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/credentials", data, {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # our own address
        assert answer.status == 202
        return dict(json.loads(answer.read()))


def settings(folder: Path, allow: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that an operator writes, and where the settings say they are."""
    (folder / "did.json").write_bytes(document_bytes(signer(KEYS[REFINERY], REFINERY)))
    pinned = LIST.replace(f'facilities = ["{WORKS}"]', f'facilities = ["{WORKS}"]\ndid_document = "did.json"')
    (folder / "suppliers.toml").write_text(f'allow = ["{allow}"]\n{pinned}')
    (folder / "tokens.toml").write_text(f'"{REFINERY}" = "{TOKEN}"\n')
    (folder / "tokens.toml").chmod(0o600)
    (folder / "book.toml").write_text(BOOK)
    named = {"FILE": folder / "suppliers.toml", "TOKENS": folder / "tokens.toml", "PORT": port, "CHECK_S": 1}
    for name, value in named.items():
        monkeypatch.setenv(f"LODESTREAM_SUPPLIERS__{name}", str(value))
    monkeypatch.setenv("LODESTREAM_BOOK", str(folder / "book.toml"))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_from_a_post_to_the_books_and_from_a_revocation_to_a_hold(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    site = tmp_path / "refinery"
    site.mkdir()
    with served(site) as theirs:
        url = f"http://127.0.0.1:{theirs}/1"
        publish(site, url)
        settings(tmp_path, f"http://127.0.0.1:{theirs}+private", port, monkeypatch)
        cluster.lodestream("book", "apply", tmp_path / "book.toml")

        def outcomes() -> list[Outcome]:
            return cluster.values(TRANSACTIONS, Outcome)

        def at(index: int) -> dict[str, Any]:
            entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": index}
            return {"credentialStatus": entry | {"statusListCredential": url}, "validFrom": hours_ago(40)}

        def is_up() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        (site / "passport").write_bytes(signed(dpp(**at(6))))
        (tmp_path / "rubbish").write_bytes(b"{}")
        accept = cluster.lodestream("accept", "--json", f"http://127.0.0.1:{theirs}/passport", tmp_path / "rubbish", code=1)
        assert [json.loads(line).get("code", "accepted") for line in accept.splitlines()] == ["accepted", "ENVELOPE"]
        workers = [cluster.start(name) for name in ("gate", "ledger", "suppliers")]
        cluster.wait(is_up, "the suppliers' desk")
        event = make(eventDate=hours_ago(48))
        made = signed(dte(event, **at(7)))
        cluster.lodestream("accept", tmp_path / "rubbish", code=2)  # the worker has the folder
        assert post(port, made)["sent"]
        post(port, signed(dte(move(eventDate=hours_ago(45)), name="2", **at(8))))
        assert post(port, made)["again"]
        cluster.wait(lambda: any(one.kind == "offer" and one.site == OURS for one in outcomes()), "the offer at our site")
        (opened,) = [lot for one in outcomes() if one.kind == "create" for lot in one.lots]
        assert (opened.site, opened.lot, opened.dry_mg, opened.embodied_g_co2e) == (WORKS, LOT, 10**10, 38_000_000)
        publish(site, url, 7)
        cluster.wait(lambda: any(f.code == "VC_REVOKED" for one in outcomes() for f in one.findings), "the finding")
        again = dte(event, name="1-2", **(at(9) | {"validFrom": hours_ago(1)}))
        post(port, signed(again))

        def resolved() -> bool:
            return any(f.code == "VC_REVOKED" and f.state == "resolved" for one in outcomes() for f in one.findings)

        cluster.wait(resolved, "its end")
        for worker in workers:
            cluster.stop(worker)
    assert sum(one.kind == "create" for one in outcomes()) == 1
    agrees_with_the_log(cluster)

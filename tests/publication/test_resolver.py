"""What `lodestream serve` answers: files, redirects and linksets, and no way out of the folder."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from lodestream.credentials.linkset import anchor_path, parse
from sinks.publication.resolver import LARGEST_FILE, LONGEST_TARGET, Answer, Site
from sinks.publication.serve import application
from tests.publication.making import CATHODE, ROOT, SECOND, SLAG, credential, status
from tests.publication.world import World

PRODUCT = "https://id.gs1.org/01/09521321102026"
PASSPORT = credential(1)
EVENTS = [credential(number, "dte", (CATHODE, SLAG), access="private") for number in (2, 3)]
CERTIFICATE = credential(4, "dcc", (PRODUCT,))
OLD = credential(5, about=(SECOND,))
LOT = "/01/09521321102026/10/K1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder, with things around it that are nobody's business."""
    world = World(
        tmp_path_factory.mktemp("served"), [PASSPORT, *EVENTS, CERTIFICATE, OLD, status(OLD, "revoked"), status(PASSPORT)]
    )
    world.run()
    (world.home / "outside").write_text("secret")
    (world.folder / "link").symlink_to(world.home / "outside")
    (world.folder / "away").symlink_to(world.home)
    (world.folder / ".hidden").write_text("secret")
    os.mkfifo(world.folder / "pipe")
    with (world.folder / "large").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    return world.folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    return Site(folder, ROOT)


def test_files_with_their_types(site: Site, folder: Path) -> None:
    locked = next(each for each in (folder / "credentials/dte/2").iterdir() if each.name != "digest.json")
    types = {
        "/credentials/dpp/1": "application/vc",
        "/status/1": "application/vc",
        f"/credentials/dte/2/{locked.name}": "application/json",
        "/credentials/dte/2/digest.json": "application/json",
        f"{LOT}/linkset.json": "application/linkset+json",
        "/.well-known/did.json": "application/did+json",
        "/.well-known/resolver": "application/json",
    }
    for path, kind in types.items():
        assert site.answer(path) == Answer(200, kind, (folder / path[1:]).read_bytes()), path


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (LOT, "/credentials/dpp/1"),
        (f"{LOT}/", "/credentials/dpp/1"),
        (f"{LOT}?linkType=dpp", "/credentials/dpp/1"),
        (f"{LOT}?linkType=untp:dpp&language=de", "/credentials/dpp/1"),
        (f"{LOT}?linkType=untp%3Adpp", "/credentials/dpp/1"),
        (f"{LOT}?linkType=dcc", "/credentials/dcc/4"),  # of the product
        (f"{LOT}?linkType=dfr", "/credentials/dpp/1"),  # the default
        (f"{LOT}?decryptionKey={'00' * 32}", "/credentials/dpp/1"),  # the key goes nowhere
        ("/gtin/9521321102026/lot/K1", "/credentials/dpp/1"),
        ("/01/09521321102026", "/credentials/dcc/4"),
        ("/01/09521321102026/10/K2", "/credentials/dpp/5"),  # revoked, and there is no other
        ("/01/09521321102026/10/UNKNOWN", "/credentials/dcc/4"),  # what is known of the product
    ],
)
def test_redirects(site: Site, target: str, location: str) -> None:
    assert site.answer(target) == Answer(307, location=location)


@pytest.mark.parametrize(
    ("target", "accept"),
    [
        (f"{LOT}?linkType=linkset", ""),
        (f"{LOT}?linkType=all", ""),
        (LOT, "text/html, application/linkset+json"),
        (f"{LOT}?linkType=dte", ""),  # there are two
    ],
)
def test_a_linkset_includes_the_less_granular(site: Site, target: str, accept: str) -> None:
    answer = site.answer(target, accept)
    assert (answer.status, answer.type) == (200, "application/linkset+json")
    assert [context.anchor for context in parse(answer.body).contexts] == [PRODUCT, CATHODE]


def test_another_uri_by_its_digest(site: Site) -> None:
    answer = site.answer(f"{anchor_path(SLAG)}?linkType=all")
    [context] = parse(answer.body).contexts
    assert context.anchor == ROOT + anchor_path(SLAG)
    assert len(context.links["dte"]) == 2


@pytest.mark.parametrize(
    ("target", "status_code"),
    [
        ("/01/09521321102027/10/K1", 400),  # the check digit
        ("/01/123", 400),
        (f"{LOT}?linkType=", 400),
        (f"{LOT}?linkType=dpp&linkType=dte", 400),
        (f"{LOT}?linkType=%3Cscript%3E", 400),
        (f"{LOT}?{'a=1&' * 50}", 400),
        ("/01/09506000134352", 404),
        ("/id/" + "0" * 32, 404),
        ("/credentials/dpp/9", 404),
        ("/credentials/dpp", 404),
        ("/credentials", 404),
        ("/", 404),
        ("", 404),
        ("*", 404),
        ("http://elsewhere.example/", 404),
        ("/" + "a" * LONGEST_TARGET, 414),
    ],
)
def test_malformed_and_unknown(site: Site, target: str, status_code: int) -> None:
    answer = site.answer(target)
    assert (answer.status, answer.location) == (status_code, "")


@pytest.mark.parametrize(
    "target",
    [
        "/../outside",
        "/%2e%2e/outside",
        "/..%2foutside",
        "/%2e%2e%2foutside",
        "/credentials/../../outside",
        "/credentials/%2e%2e/%2e%2e/outside",
        "/.%2e/outside",
        "//outside",
        "/..\\outside",
        "/..%5coutside",
        "/link",
        "/away/outside",
        "/away",
        "/.hidden",
        "/%2ehidden",
        "/status/1%00",
        "/pipe",
        "/large",
        "/01/..%2f..%2foutside/10/1",
        "/status/1/linkset.json",
        "/\udcff",
        "/%ff",
    ],
)
def test_nothing_leads_out_of_the_folder(site: Site, target: str) -> None:
    answer = site.answer(target)
    assert answer.status in (400, 404)
    assert b"secret" not in answer.body


@given(st.lists(st.sampled_from(["..", ".", "%2e", "%2f", "/", "\\", "outside", "away", "link", "%00", "status", "1", "?"])))
def test_whatever_is_asked_is_answered_from_the_folder(folder: Path, parts: list[str]) -> None:
    for target in ("/" + "".join(parts), "/" + "/".join(parts)):
        answer = Site(folder, ROOT).answer(target)
        assert answer.status in (200, 400, 404)
        assert b"secret" not in answer.body


def test_a_base_url_with_a_path(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pub").symlink_to(folder)  # the folder's own entries are never followed, so this one is not either
    assert Site(tmp_path, f"{ROOT}/pub").answer(f"/pub{LOT}").status == 404
    (tmp_path / "pub").unlink()
    place = tmp_path / "pub" / LOT[1:]
    place.mkdir(parents=True)
    (place / "linkset.json").write_bytes((folder / LOT[1:] / "linkset.json").read_bytes())
    assert Site(tmp_path, f"{ROOT}/pub").answer(f"/pub{LOT}?linkType=dpp").location == "/credentials/dpp/1"
    assert Site(tmp_path, f"{ROOT}/pub").answer(LOT).status == 404
    assert Site(tmp_path, "https://elsewhere.example/pub").answer(f"/pub{LOT}").location == PASSPORT.id


def test_a_damaged_linkset_and_one_that_leads_to_another_host(tmp_path: Path) -> None:
    place = tmp_path / LOT[1:]
    place.mkdir(parents=True)
    (place / "linkset.json").write_text("{")
    assert Site(tmp_path, ROOT).answer(LOT).status == 404
    (place / "linkset.json").write_text(
        f'{{"linkset":[{{"anchor":"{CATHODE}","dpp":[{{"href":"{ROOT}//evil.example/","title":""}}]}}]}}'
    )
    assert Site(tmp_path, ROOT).answer(LOT).location == f"{ROOT}//evil.example/"


def over_http(folder: Path, ask: Callable[[TestClient[Any, Any]], Awaitable[None]]) -> None:
    async def session() -> None:
        async with TestClient(TestServer(application(Site(folder, ROOT)))) as client:
            await ask(client)

    asyncio.run(session())


def test_over_http_with_etag_and_cors(folder: Path) -> None:
    async def ask(client: TestClient[Any, Any]) -> None:
        first = await client.get("/credentials/dpp/1")
        assert (first.status, await first.read()) == (200, PASSPORT.envelope.encode())
        assert first.headers["Content-Type"] == "application/vc"
        assert first.headers["Access-Control-Allow-Origin"] == "*"
        assert first.headers["X-Content-Type-Options"] == "nosniff"
        tag = first.headers["ETag"]
        again = await client.get("/credentials/dpp/1", headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
        changed = await client.get("/credentials/dpp/1", headers={"If-None-Match": '"other"'})
        assert changed.status == 200
        head = await client.head("/credentials/dpp/1")
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(PASSPORT.envelope.encode())))
        assert await head.read() == b""
        sent = await client.get(LOT, allow_redirects=False)
        assert (sent.status, sent.headers["Location"]) == (307, "/credentials/dpp/1")
        followed = await client.get(LOT)
        assert await followed.read() == PASSPORT.envelope.encode()
        linkset = await client.get(LOT, headers={"Accept": "application/linkset+json"})
        assert linkset.headers["Content-Type"] == "application/linkset+json"
        asked = await client.options("/credentials/dpp/1")
        assert (asked.status, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")

    over_http(folder, ask)


def test_nothing_can_be_written_and_no_path_is_normalised_away(folder: Path) -> None:
    async def ask(client: TestClient[Any, Any]) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND"):
            answer = await client.request(method, "/status/1", data=b"x")
            assert answer.status == 405, method
        assert (folder / "status/1").read_bytes()
        for target in (b"/../outside", b"/%2e%2e/outside", b"/credentials/..%2f..%2foutside", b"/link", b"/\xff"):
            reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
            writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            said = await reader.read()
            writer.close()
            assert said.split(b" ", 2)[1] in (b"400", b"404"), target
            assert b"secret" not in said

    over_http(folder, ask)


def test_the_command_serves_until_it_is_asked_to_stop(folder: Path) -> None:
    environment = {**os.environ, "LODESTREAM_PUBLICATION__FOLDER": str(folder), "LODESTREAM_ISSUER__BASE_URL": ROOT}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = line.strip().rpartition(" ")[2]
    assert address.startswith("http://127.0.0.1:")

    async def ask() -> ClientResponse:
        async with ClientSession() as session, session.get(address + LOT[1:]) as answer:
            assert await answer.read() == PASSPORT.envelope.encode()
            return answer

    assert asyncio.run(ask()).status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

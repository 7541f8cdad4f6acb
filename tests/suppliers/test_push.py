"""Credentials over HTTP, as a supplier's program meets it: who may, what comes back, and what it costs to be wrong."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from connectors.credentials.push import PROBLEM, read_tokens
from connectors.credentials.serve import serve
from connectors.credentials.store import Store
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES
from runtime.errors import FatalError, StateError
from runtime.settings import Suppliers
from tests.suppliers.desks import Room, at_index
from tests.suppliers.supplying import CATHODE, REFINERY, WORKS, dte, make, product, signed

TOKEN, OTHER = "a-token-that-nobody-can-guess", "another-token-nobody-can-guess"
TOKENS = {REFINERY: TOKEN, "did:web:other.example": OTHER}
Answered = tuple[int, str, dict[str, Any]]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "suppliers")
    yield made
    made.store.close()


def talk(room: Room, told: Callable[[str, aiohttp.ClientSession], Coroutine[Any, Any, Any]], **settings: Any) -> Any:
    """Run the worker on a free port while somebody talks to it."""

    async def run() -> Any:
        stop, port = asyncio.Event(), free_port()
        base = f"http://127.0.0.1:{port}"
        work = asyncio.create_task(serve(room.desk, TOKENS, Suppliers(port=port, **settings), stop))
        try:
            async with aiohttp.ClientSession() as session:
                await up(base, session, work)
                return await told(base, session)
        finally:
            stop.set()
            await work

    return asyncio.run(run())


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def up(base: str, session: aiohttp.ClientSession, work: asyncio.Task[None]) -> None:
    """Until the worker answers, or has ended."""
    async with asyncio.timeout(20):
        while not work.done():
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(f"{base}/health") as answer:
                    assert await answer.json() == {"ok": True}
                    return
            await asyncio.sleep(0.01)


async def post(base: str, session: aiohttp.ClientSession, data: bytes, token: str | None = TOKEN) -> Answered:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with session.post(f"{base}/credentials", data=data, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.json()


def posted(room: Room, *data: bytes, token: str | None = TOKEN) -> list[Answered]:
    async def told(base: str, session: aiohttp.ClientSession) -> list[Answered]:
        return [await post(base, session, each, token) for each in data]

    return list(talk(room, told))


def test_a_credential_is_accepted_and_once_more_is_the_same(room: Room) -> None:
    data = signed(dte(make()))
    first, again = posted(room, data, data)
    assert (first[0], again[0]) == (202, 202)
    told = first[2]
    assert (told["accepted"], told["id"], told["again"], told["sent"]) == (True, dte()["id"], False, True)
    assert told["events"][0]["site"] == WORKS
    assert told["report"]["verified"] is True
    assert (again[2]["again"], again[2]["events"]) == (True, [])
    assert len(room.line.sent) == 1


def test_a_refusal_is_a_problem_with_its_code(room: Room) -> None:
    ((status, kind, told),) = posted(room, signed(dte(make(), **at_index(7))))
    assert (status, kind) == (422, PROBLEM)
    assert {name: told[name] for name in ("type", "title", "status", "code")} == {
        "type": "urn:lodestream:problem:status_retrieval_error",
        "title": "The credential was not accepted",
        "status": 422,
        "code": "STATUS_RETRIEVAL_ERROR",
    }
    assert "cannot be had" in told["detail"]
    assert [one.by for one in room.store.refusals()] == [REFINERY]


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "ünïcödé-token-that-nobody-can"])
def test_without_the_token_nothing_is_looked_at(room: Room, token: str | None) -> None:
    ((status, kind, told),) = posted(room, signed(dte(make())), token=token)
    assert (status, kind, told["code"]) == (401, PROBLEM, "UNAUTHORIZED")
    assert room.store.accepted() == []
    assert room.store.refusals() == []


def test_a_body_has_a_bound(room: Room) -> None:
    ((status, kind, told),) = posted(room, b"x" * (LARGEST_BYTES + 1))
    assert (status, kind, told["code"]) == (413, PROBLEM, "TOO_LARGE")
    assert room.store.refusals() == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{" * 100_000, b"\x00" * 1000])
def test_rubbish_is_a_problem_and_nothing_worse(room: Room, data: bytes) -> None:
    assert [one[0] for one in posted(room, data)] == [422]


def test_many_at_once_are_judged_one_by_one(room: Room) -> None:
    data = [
        signed(dte(make(id=f"https://refinery.example.com/events/{n}", outputProduct=[batch(n)]), name=str(n))) for n in range(6)
    ]

    async def told(base: str, session: aiohttp.ClientSession) -> list[Answered]:
        return await asyncio.gather(*(post(base, session, each) for each in [*data, *data]))

    answers = talk(room, told)
    assert {one[0] for one in answers} == {202}
    assert sum(one[2]["again"] for one in answers) == 6
    assert len(room.line.sent) == 6


def batch(n: int) -> dict[str, Any]:
    return product(f"B{n}", characteristics=CATHODE)


def test_the_status_is_looked_up_again_while_it_runs(room: Room) -> None:
    room.web.list_status()

    async def told(base: str, session: aiohttp.ClientSession) -> None:
        assert (await post(base, session, signed(dte(make(), **at_index(7)))))[0] == 202
        room.web.list_status(7)
        async with asyncio.timeout(20):
            while not room.line.told:
                await asyncio.sleep(0.02)

    talk(room, told, check_s=1)
    assert room.line.office.open() == {"VC_REVOKED"}


def test_what_waits_is_sent_when_the_broker_is_back(room: Room) -> None:
    room.line.up = False
    assert not room.desk.take(signed(dte(make())), "mine").sent
    room.line.up = True

    async def told(base: str, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(20):
            while not room.line.sent:
                await asyncio.sleep(0.02)

    talk(room, told)


def test_a_store_that_fails_ends_the_worker(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StateError("the disk is full", damaged=False)

    monkeypatch.setattr(Store, "keep", full)
    with pytest.raises(StateError, match="the disk is full"):
        posted(room, signed(dte(make())))


def test_an_address_that_is_taken_is_said(room: Room) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(FatalError, match="cannot be taken at"):
            asyncio.run(serve(room.desk, TOKENS, Suppliers(port=taken.getsockname()[1]), asyncio.Event()))


def test_tokens_are_secret_long_and_each_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"

    def tokens(text: str, mode: int = 0o600) -> dict[str, str]:
        path.write_text(text)
        path.chmod(mode)
        return read_tokens(path)

    assert tokens(f'"did:web:a" = "{TOKEN}"\n"did:web:b" = "{OTHER}"') == {"did:web:a": TOKEN, "did:web:b": OTHER}
    for text, mode, said in (
        (f'"did:web:a" = "{TOKEN}"', 0o644, "can be read by others"),
        ('"did:web:a" = "short"', 0o600, "at least 24"),
        (f'"did:web:a" = "{TOKEN}"\n"did:web:b" = "{TOKEN}"', 0o600, "a token of his own"),
        ("[did]\na = 1", 0o600, "no list of tokens"),
        ("=", 0o600, "no list of tokens"),
    ):
        with pytest.raises(CredentialError, match=said):
            tokens(text, mode)
    with pytest.raises(CredentialError, match="No such file"):
        read_tokens(tmp_path / "none.toml")

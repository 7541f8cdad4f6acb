"""Credentials over HTTP: a supplier posts one, and gets an answer that his program can read.

`POST /credentials`, the file as the body, `Authorization: Bearer <token>`. 202: it was accepted, with the report and what it
opened; once more is 202 again. 422: it was not, as `application/problem+json` (RFC 9457) with the code. 401, 413, 503 likewise.
Bodies are bounded, and one credential is judged at a time.
"""

import asyncio
import hmac
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog
from aiohttp import web

from connectors.credentials.desk import Answer, Desk
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import LARGEST_BYTES
from runtime.errors import FatalError
from runtime.harmless import harmless

LARGEST_TOKENS = 1024 * 1024
SHORTEST_TOKEN = 24
"""Characters: 18 random bytes in base64 are as many."""
BODY_S = 30.0
"""Whoever needs longer to send his body is hung up on."""
PROBLEM = "application/problem+json"
ABOUT = "urn:lodestream:problem:"

_log = structlog.get_logger(__name__)


def read_tokens(path: Path) -> dict[str, str]:
    """The tokens by supplier: TOML, `"did:web:mine.example" = "<token>"`. Raises CredentialError (TOKENS)."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            raise CredentialError("TOKENS", f"{path} can be read by others (mode {mode:04o}); `chmod 600 {path}`")
        with path.open("rb") as file:
            found = tomllib.loads(file.read(LARGEST_TOKENS).decode())
        tokens = msgspec.convert(found, type=dict[str, str])
    except OSError as error:
        raise CredentialError("TOKENS", f"{path}: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise CredentialError("TOKENS", f"{path} is no list of tokens: {error}") from None
    short = [did for did, token in tokens.items() if len(token) < SHORTEST_TOKEN or not token.isascii()]
    if short or len(set(tokens.values())) != len(tokens):
        raise CredentialError(
            "TOKENS", f"{path}: each supplier has a token of his own, at least {SHORTEST_TOKEN} ASCII characters"
        )
    return tokens


class Push:
    """The application over a desk. `crashed` is set where the store cannot be used any more: then the process must end."""

    def __init__(self, desk: Desk, tokens: Mapping[str, str]) -> None:
        self._desk = desk
        self._tokens = dict(tokens)
        self._turn = asyncio.Lock()
        self.crashed: asyncio.Future[FatalError] = asyncio.get_running_loop().create_future()

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=LARGEST_BYTES)
        app.add_routes([web.post("/credentials", self._post), web.get("/health", self._health)])
        return app

    async def work(self, task: Callable[[], Any]) -> Any:
        """Something that the desk does, by itself and beside the answers. Raises FatalError."""
        async with self._turn:
            return await asyncio.to_thread(task)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": not self.crashed.done()}, status=503 if self.crashed.done() else 200)

    async def _post(self, request: web.Request) -> web.Response:
        by = self._who(request.headers.get("Authorization", ""))
        if by is None:
            answer = _problem(401, "UNAUTHORIZED", "Send the token that you were given: Authorization: Bearer <token>.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        try:
            data = await asyncio.wait_for(request.read(), BODY_S)
        except web.HTTPRequestEntityTooLarge:
            return _problem(413, "TOO_LARGE", f"A credential has at most {LARGEST_BYTES} bytes.")
        except TimeoutError:
            return _problem(408, "TOO_SLOW", f"The body did not come within {BODY_S:.0f} s.")
        try:
            answer_of: Answer = await self.work(lambda: self._desk.take(data, by))
        except FatalError as error:
            if not self.crashed.done():
                self.crashed.set_result(error)
            return _problem(503, error.code, "The credential could not be kept. Send it again later.")
        _log.info("a credential came", by=by, accepted=answer_of.accepted, id=harmless(answer_of.id), code=answer_of.code)
        return _answer(answer_of)

    def _who(self, header: str) -> str | None:
        """The supplier whose token it is. Every token is compared, each in the same time, so that none can be felt out."""
        scheme, _, given = header.partition(" ")
        token = given.strip().encode("utf-8", "replace")
        found = [did for did, own in self._tokens.items() if hmac.compare_digest(own.encode(), token)]
        return found[0] if found and scheme.lower() == "bearer" else None


def told(answer: Answer) -> dict[str, Any]:
    """An answer for programs, without the documents that it brought."""
    events = [
        {"event": one.ref.partition(" ")[2], "site": one.site, "lots": one.lots, "version": one.version} for one in answer.opened
    ]
    return {
        "accepted": answer.accepted,
        "sha256": answer.file,
        "id": answer.id or answer.report.get("id"),
        **(
            {"code": answer.code, "reason": answer.sentence}
            if not answer.accepted
            else {"again": answer.again, "sent": answer.sent}
        ),
        "events": events,
        "report": answer.report,
    }


def _answer(answer: Answer) -> web.Response:
    if answer.accepted:
        return web.json_response(told(answer), status=202)
    return _problem(422, answer.code, answer.sentence, sha256=answer.file, report=answer.report)


def _problem(status: int, code: str, detail: str, **more: Any) -> web.Response:
    """A problem as RFC 9457 has it."""
    titles: dict[int, str] = {
        401: "Not authorised",
        408: "Too slow",
        413: "Too large",
        422: "The credential was not accepted",
        503: "Not now",
    }
    said = {"type": ABOUT + code.lower(), "title": titles[status], "status": status, "detail": detail, "code": code} | more
    return web.json_response(said, status=status, content_type=PROBLEM)

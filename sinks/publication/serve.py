"""The published folder over HTTP. Anybody may read all of it, from any web page (CORS); nothing can be written.

It is small on purpose: what is public belongs on a static host or behind a server that ends TLS. Targets are not logged: a link
from a QR code has a key in it.
"""

import asyncio
import signal
from collections.abc import Callable

from aiohttp import web

from sinks.publication.resolver import Answer, Site

METHODS = "GET, HEAD, OPTIONS"
AT_ONCE = 64
"""So many requests are answered at once; others wait."""
IDLE_SECONDS = 15.0
END_SECONDS = 5.0
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Location",
    "Cache-Control": "no-cache",  # what was revoked is not to be shown as current; ETag makes asking cheap
    "X-Content-Type-Options": "nosniff",
}


def application(site: Site) -> web.Application:
    """The site as an aiohttp application."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def handle(request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": "*", "Allow": METHODS}
            return web.Response(status=204, headers=_HEADERS | allowed)
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers=_HEADERS | {"Allow": METHODS})
        headers = request.headers
        async with gate:
            answer = await asyncio.to_thread(
                site.answer, request.raw_path, headers.get("Accept", ""), headers.get("Accept-Language", "")
            )
        return _response(request, answer)

    app = web.Application(client_max_size=1)
    app.router.add_route("*", "/{any:.*}", handle)
    return app


def _response(request: web.Request, answer: Answer) -> web.Response:
    if answer.location:
        return web.Response(status=answer.status, headers=_HEADERS | {"Location": answer.location, "Vary": "Accept"})
    if answer.status != 200:
        return web.Response(status=answer.status, body=answer.body, content_type=answer.type, headers=_HEADERS)
    tags = {tag.value for tag in request.if_none_match or ()}
    known = bool(tags & {answer.etag, "*"})
    response = web.Response(
        status=304 if known else 200,
        body=None if known else answer.body,
        headers=_HEADERS | {"Content-Type": answer.type, "Vary": "Accept"},
    )
    response.etag = answer.etag
    return response


async def serve(site: Site, address: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the port, which is a free one where 0 is asked for. Raises OSError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        application(site), access_log=None, keepalive_timeout=IDLE_SECONDS, shutdown_timeout=END_SECONDS, handle_signals=False
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, address, port).start()
        ready(int(runner.addresses[0][1]))
        await stop.wait()
    finally:
        await runner.cleanup()

"""The worker `suppliers`: credentials over HTTP, and every so often a look at the status of all that was accepted."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping

import structlog
from aiohttp import web

from connectors.credentials.desk import Desk
from connectors.credentials.push import Push
from runtime.errors import FatalError
from runtime.settings import Suppliers

HOUR_US = 3_600_000_000
RETRY_S = 5.0
"""What the broker did not take is offered again so often."""

_log = structlog.get_logger(__name__)


async def serve(desk: Desk, tokens: Mapping[str, str], settings: Suppliers, stop: asyncio.Event | None = None) -> None:
    """Serve until `stop` is set, or a signal comes. Raises FatalError where the store or the address cannot be had."""
    stop = stop or asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError, NotImplementedError):  # not in the main thread: whoever started it stops it
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    push = Push(desk, tokens)
    runner = web.AppRunner(push.app(), access_log=None)
    await runner.setup()
    try:
        address, port = await _listen(runner, settings)
        _log.info("the suppliers' desk is open", address=address, port=port, suppliers=len(tokens))
        await _work(push, desk, settings, stop)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Suppliers) -> tuple[str, int]:
    try:
        await web.TCPSite(runner, settings.address, settings.port).start()
    except OSError as error:
        raise FatalError(f"credentials cannot be taken at {settings.address}:{settings.port}: {error}") from None
    return runner.addresses[0][0], runner.addresses[0][1]


async def _work(push: Push, desk: Desk, settings: Suppliers, stop: asyncio.Event) -> None:
    """Look at the standing of all at once and then every `check_s`; in between send what waits. Until told to stop.

    Raises FatalError where the store has failed under a request.
    """
    loop, told = asyncio.get_running_loop(), asyncio.create_task(stop.wait())
    next_look = loop.time()
    while not told.done() and not push.crashed.done():
        if loop.time() >= next_look:
            next_look = loop.time() + settings.check_s
            for one in await push.work(lambda: desk.review(settings.grace_hours * HOUR_US)):
                how = {"standing": one.standing, "reason": one.reason}
                _log.warning("a credential stands otherwise", id=one.id, issuer=one.issuer, **how)
        elif not await push.work(desk.send):
            _log.warning("the broker does not take what waits; it is kept and sent again")
        pause = min(RETRY_S, max(0.0, next_look - loop.time()))
        await asyncio.wait((told, push.crashed), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if push.crashed.done():
        raise push.crashed.result()

"""The Faust app of the watch: an agent over the transactions, a timer for the clock, and a page for whoever looks on.

At least once: an entry may be written twice, and the ledger takes it for a DUPLICATE. No table: see surveillance.py.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import faust
import mode
import structlog
from faust.web import Request, Response, View

from lodestream.ledger.records import Entry
from runtime.errors import FatalError
from runtime.headers import started
from runtime.partitioner import partition_of
from runtime.processor import Record
from runtime.settings import Settings
from schemas.codec import encode
from schemas.topics import ENTRIES, TRANSACTIONS
from streams.headers import of_watched
from streams.watch.driver import Transport
from streams.watch.history import read_on
from streams.watch.routed import routed_us
from streams.watch.security import credentials_of
from streams.watch.surveillance import Surveillance

NAME = "watch"
LOOK_S = 1.0
"""How often the clock looks whether something is due."""
PAUSE_S = 10.0
"""So long at least between two questions to the broker how far the gate is."""

_log = structlog.get_logger(__name__)


def make_app(settings: Settings, surveillance: Surveillance) -> faust.App:
    """The app, which `run` (process.py) starts and stops. Raises FatalError where its clients cannot be set up."""
    app = faust.App(
        NAME,
        broker=[f"kafka://{server.strip()}" for server in settings.kafka.bootstrap_servers.split(",")],
        broker_credentials=credentials_of(settings.kafka.options),
        broker_client_id=f"lodestream-{settings.instance}",
        broker_commit_interval=2.0,
        broker_max_poll_records=500,
        broker_session_timeout=settings.kafka.session_timeout_ms / 1000,
        broker_request_timeout=90.0,
        broker_max_poll_interval=300.0,
        consumer_group_instance_id=f"{NAME}-{settings.instance}",
        consumer_max_fetch_size=16 * 1024 * 1024,
        store="memory://",
        datadir=str(settings.data_dir / NAME),
        processing_guarantee="at_least_once",
        agent_supervisor=mode.CrashingSupervisor,
        key_serializer="raw",
        value_serializer="raw",
        producer_acks=-1,
        producer_compression_type="lz4",
        producer_max_request_size=2 * settings.limits.inbox_record_bytes,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        table_standby_replicas=0,
        web_enabled=settings.watch.web_port is not None,
        web_bind=settings.watch.web_address,
        web_host=settings.watch.web_address,
        web_port=settings.watch.web_port or 6066,  # Faust wants one, where it serves nothing too
        debug=False,
    )
    transport = Transport(app.conf.broker_consumer, app)
    transport.settings, transport.surveillance = settings, surveillance
    app.transport = transport
    work = _Work(app, settings, surveillance)
    app.agent(app.topic(TRANSACTIONS, key_type=bytes, value_type=bytes), name="look")(work.look)
    app.timer(LOOK_S)(work.clock)
    _show(app, surveillance)
    return app


class _Work:
    """What the agent and the timer do."""

    def __init__(self, app: faust.App, settings: Settings, surveillance: Surveillance) -> None:
        self._app = app
        self._settings = settings
        self._surveillance = surveillance
        self._entries = app.topic(ENTRIES, key_type=bytes, value_type=bytes)
        self._pause_s = min(float(settings.watch.tick_s), PAUSE_S)
        self._asked = -self._pause_s

    async def look(self, events: Any) -> None:
        """The agent: take each transaction and send what it brings."""
        async for event in events.events():
            message = event.message
            record = Record(
                message.topic, message.partition, message.offset, int(message.timestamp * 1000), message.key, message.value
            )
            self._surveillance.advance(self._surveillance.take(record))
            await self._send(self._surveillance.unsent())

    async def clock(self) -> None:
        """The timer: send what was found in the history, and the ticks that are due. Who stands by reads on instead."""
        try:
            if not self._app.consumer.assignment():
                if self._may_ask():
                    await asyncio.to_thread(read_on, self._settings, self._surveillance)
                return
            await self._send(self._surveillance.unsent())
            now_us = time.time_ns() // 1_000
            if self._surveillance.is_due(now_us) and self._may_ask():
                await self._send(self._surveillance.ticks(await asyncio.to_thread(routed_us, self._settings, now_us)))
        except FatalError as reason:
            _log.warning("no ticks now", code=reason.code, reason=str(reason))
        except Exception:  # noqa: BLE001  # a timer that raises ends the app
            _log.exception("the clock of the watch has a bug", alert=True)

    def _may_ask(self) -> bool:
        """Whether the broker was left alone for a while."""
        now = time.monotonic()
        if now - self._asked < self._pause_s:
            return False
        self._asked = now
        return True

    async def _send(self, made: Sequence[Entry]) -> None:
        """Write entries to their sites' partitions, and wait. A failure ends the process: the next one finds them again."""
        try:
            sent = [await self._entries.send(**_record_of(entry, self._settings.partitions)) for entry in made]
            for one in sent:
                await one
        except Exception as reason:  # noqa: BLE001  # nothing may leave an agent: Faust would take the event for done and go on
            await self._app.crash(FatalError(f"an entry could not be written to {ENTRIES}: {reason!r}"))


def _record_of(entry: Entry, partitions: int) -> dict[str, Any]:
    key = entry.site.encode()
    headers = list(of_watched(entry, started(entry.entry_id).headers()))
    return {"key": key, "value": encode(entry), "partition": partition_of(key, partitions), "headers": headers}


def _show(app: faust.App, surveillance: Surveillance) -> None:
    @app.page("/")
    async def overview(view: View, request: Request) -> Response:  # noqa: ARG001  # the signature is Faust's
        """How far the watch is, and what it has found."""
        found = [
            {"code": code, "severity": severity, "count": count} for (code, severity), count in sorted(surveillance.found.items())
        ]
        taken = {f"{topic}/{number}": offset for (topic, number), offset in sorted(surveillance.taken.items())}
        return view.json({"findings": found, "next_offsets": taken})

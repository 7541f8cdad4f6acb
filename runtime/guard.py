"""A call that never comes back ends this process: nothing else could, and the next process starts from what is committed.

librdkafka's send_offsets_to_transaction does not keep its time-out (confluentinc/librdkafka#5456, seen with 2.16): where the
broker dies at the wrong moment it waits for ever, and a worker would hang in it, alive and doing nothing.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator

import structlog

from runtime.errors import FatalError

_log = structlog.get_logger(__name__)


class Guard:
    """Watches one thread's calls, one at a time. A call may take `seconds`; then the process ends, and says why."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._call: tuple[str, float] | None = None
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="guard", daemon=True).start()

    @contextlib.contextmanager
    def over(self, what: str) -> Iterator[None]:
        """Around a call that should have a time-out of its own, well below the guard's."""
        self._call = (what, time.monotonic())
        try:
            yield
        finally:
            self._call = None

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._seconds / 10):
            call = self._call
            if call is not None and time.monotonic() - call[1] > self._seconds:
                reason = f"{call[0]} did not come back within {self._seconds:.0f} s, whatever its time-out"
                code = FatalError.exit_code
                _log.critical("worker ends", alert=True, code="HUNG", reason=reason, exit_code=code)
                os._exit(code)  # the thread that hangs holds locks that any gentler way would wait for

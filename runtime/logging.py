"""One form for every log line, of ours and of every library: JSON for machines, text for a terminal.

Nothing that comes from outside can forge a line: control characters, line breaks and the signs that reorder text are written as
escapes, long values are cut, and every line of a traceback is marked as one.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime.harmless import harmless

VALUE_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 20_000
SELDOM_TEXTS = 200
_NUMBERS = re.compile(r"\d+")
LIST_ELEMENTS = 50
DEPTH = 4


def configure(level: str = "info", form: Literal["json", "console", "auto"] = "auto", stream: TextIO | None = None) -> None:
    """Set up logging for this process, to standard error unless told otherwise. `auto`: text on a terminal, else JSON."""
    target = stream or sys.stderr
    text = form == "console" or (form == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _traceback,
        _harmless,
    ]
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # Libraries log through the standard module: their arguments are merged into the message before it is made harmless.
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _console if text else _json()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # A command keeps librdkafka quiet and says itself what does not answer; a worker logs what the client has to say.
    client = logging.getLogger("librdkafka")
    client.propagate = True
    client.filters[:] = [Seldom()]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # module loggers exist before the settings are known
    )


class Seldom(logging.Filter):
    """Lets one text through once in a while: a broker that is away would have each client say so several times a second."""

    def __init__(self, seconds: float = 30.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Texts that differ only in their numbers are one."""
        text = _NUMBERS.sub("", record.getMessage())[:200]
        if record.created - self._said.get(text, -self._seconds) < self._seconds:
            return False
        if len(self._said) >= SELDOM_TEXTS:
            self._said.clear()
        self._said[text] = record.created
        return True


@contextmanager
def about(**names: str | int | None) -> Iterator[None]:
    """Every line inside the block carries these: `about(event_id=..., site=...)`. None is left out."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in names.items() if value is not None}):
        yield


def _json() -> Processor:
    return structlog.processors.JSONRenderer(sort_keys=False, default=str)


def _console(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> str:
    """Time, level, what happened, then name=value; a traceback below, each line marked."""
    trace = event.pop("exception", "")
    head = f"{event.pop('timestamp', '')} {event.pop('level', '')!s:8} {event.pop('event', '')}"
    logger = event.pop("logger", "")
    pairs = "".join(f" {name}={value!r}" if _needs_quotes(value) else f" {name}={value}" for name, value in event.items())
    lines = "".join(f"\n    | {line}" for line in trace)
    return f"{head}{pairs} [{logger}]{lines}"


def _needs_quotes(value: object) -> bool:
    return isinstance(value, str) and (not value or " " in value or "=" in value or '"' in value)


def _traceback(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The traceback as a list of its lines, so that a message inside it cannot begin a line of the log."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info[0] is not None:
        formatted = "".join(traceback.format_exception(*info))
        event["exception"] = formatted[-TRACEBACK_CHARACTERS:].split("\n")
    return event


def _harmless(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    trace = event.pop("exception", None)
    clean: EventDict = {_clean_text(name): _clean(value, DEPTH) for name, value in event.items() if not name.startswith("_")}
    clean.update({name: value for name, value in event.items() if name.startswith("_")})  # structlog's own, never shown
    if trace is not None:
        clean["exception"] = [_clean_text(line) for line in trace if line]
    return clean


def _clean(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict) and depth:
        return {_clean_text(str(name)): _clean(item, depth - 1) for name, item in list(value.items())[:LIST_ELEMENTS]}
    if isinstance(value, list | tuple) and depth:
        return [_clean(item, depth - 1) for item in value[:LIST_ELEMENTS]]
    return _clean_text(value if isinstance(value, str) else repr(value))


def _clean_text(text: str) -> str:
    if len(text) > VALUE_CHARACTERS:
        text = f"{text[:VALUE_CHARACTERS]}... ({len(text)} characters)"
    return harmless(text)

"""Log lines: one form, context on each, and nothing from outside that could pass for a line of ours."""

import io
import json
import logging as standard
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from runtime import logging

FORGERY = 'x\n2026-01-01T00:00:00Z critical "all is lost"\r\x1b[2J\x85\u2028\u202e{"level": "critical"}'


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = standard.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(form: str, write: object) -> list[str]:
    stream = io.StringIO()
    logging.configure("info", form, stream)  # type: ignore[arg-type]
    write()  # type: ignore[operator]
    return stream.getvalue().split("\n")[:-1]


def test_json_lines_carry_context_and_level() -> None:
    def write() -> None:
        with logging.about(event_id="e-1", site="s-1", lot=None):
            structlog.get_logger("x").warning("parked", count=3)
        structlog.get_logger("x").debug("not at this level")
        structlog.get_logger("x").info("outside")

    first, second = (json.loads(line) for line in lines("json", write))
    assert {name: first[name] for name in ("event", "level", "event_id", "site", "count", "logger")} == {
        "event": "parked",
        "level": "warning",
        "event_id": "e-1",
        "site": "s-1",
        "count": 3,
        "logger": "x",
    }
    assert "timestamp" in first
    assert "lot" not in first
    assert "event_id" not in second


def test_libraries_write_the_same_form() -> None:
    standard.getLogger("librdkafka").propagate = False  # as a command leaves it
    (line,) = lines("json", lambda: standard.getLogger("librdkafka").error("%s [%s]", "FAIL", FORGERY))
    assert json.loads(line)["logger"] == "librdkafka"
    assert "\x1b" not in json.loads(line)["event"]


@pytest.mark.parametrize("form", ["json", "console"])
@given(text=st.text() | st.just(FORGERY))
def test_no_value_can_forge_a_line(form: str, text: str) -> None:
    logger = structlog.get_logger("x")
    (line,) = lines(form, lambda: logger.info("event", value=text, nested={"a": [text], text: 1}, raw=text.encode()))
    assert line.isprintable() or form == "console"
    assert not set(line) & set("\n\r\x1b\x85\u2028\u2029\u202e\x00\x7f")


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_message_of_an_exception_cannot_forge_a_line(form: str) -> None:
    def write() -> None:
        try:
            raise ValueError(FORGERY)
        except ValueError:
            structlog.get_logger("x").exception("failed")
        standard.getLogger("y").error("failed too", exc_info=ValueError(FORGERY))

    written = lines(form, write)
    heads = [line for line in written if not line.startswith("    | ")]
    assert len(heads) == 2
    assert not any(set(line) & set("\r\x1b\x85\u2028\u202e") for line in written)
    assert any("ValueError" in line for line in written)


def test_long_values_are_cut() -> None:
    (line,) = lines("json", lambda: structlog.get_logger("x").info("event", value="x" * 1_000_000, many=list(range(10_000))))
    assert len(line) < 5_000
    assert "(1000000 characters)" in line


def test_what_the_kafka_client_repeats_is_said_once_in_a_while() -> None:
    client = standard.getLogger("librdkafka")

    def write() -> None:
        for n in range(50):
            client.error("FAIL [%s]: connection refused (after %dms)", "broker", n)
        client.error("another thing")

    assert [json.loads(line)["event"] for line in lines("json", write)] == [
        "FAIL [broker]: connection refused (after 0ms)",
        "another thing",
    ]

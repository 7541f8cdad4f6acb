"""Processes side by side: their verdicts in order, and no verdict where one of them failed or died."""

import os

import pytest
from confluent_kafka import KafkaError, KafkaException

from cli.audited import Question, _range, _reached, _side_by_side
from cli.exits import Exit, Unreachable
from lodestream.audit.values import Verdict
from runtime.settings import load
from sinks.clickhouse.audit import Range


def counted(entries: int) -> Verdict:
    return Verdict(entries)


def torn(how: str) -> Verdict:
    if how == "killed":
        os._exit(0)  # as out of memory: without a word, and here even without a code
    with _reached(load({"kafka": {"bootstrap_servers": "broker:9092"}})):
        raise KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN, "all of them"))


def test_verdicts_come_in_the_order_of_their_parts() -> None:
    assert [one.entries for one in _side_by_side(counted, [(n,) for n in range(20)], 2)] == list(range(20))


@pytest.mark.parametrize(
    ("how", "said"), [("killed", "killed before it had a verdict"), ("cut off", "broker:9092 cannot be read")]
)
def test_what_a_process_did_not_finish_is_an_error_and_no_verdict(how: str, said: str) -> None:
    with pytest.raises(Unreachable, match=said) as raised:
        _side_by_side(torn, [(how,), (how,)], 2)
    assert raised.value.exit_code == Exit.UNREACHABLE


def test_tables_that_are_not_there_are_told_by_the_process_that_asked() -> None:
    parts = [("http://127.0.0.1:1", Range(site, site), 4, {}, Question()) for site in ("a", "b")]
    with pytest.raises(Unreachable, match="ClickHouse at"):
        _side_by_side(_range, parts, 2)

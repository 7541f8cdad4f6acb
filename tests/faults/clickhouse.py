"""Faults of the ClickHouse that the sink writes to over HTTP: away for a minute, wrong answers, and answers too late."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing

from sinks.clickhouse.readside import open_reader
from sinks.clickhouse.tables import ROWS
from tests.faults.campaign import SINK, WORKERS, Campaign, Row
from tests.faults.invariants import MERGED
from tests.faults.stage import Stage
from tests.sinks.served import Served
from tests.way.telling import Told

TABLES = ("transactions", "postings", "sink_batches")
"""The first of a batch, one in the middle, and the last."""
TIMES = 3
"""More often than the driver tries by itself."""
NAMES = {
    "refuse": "ClickHouse answers 500",
    "refuse_after": "ClickHouse inserts, then answers 500",
    "cut": "ClickHouse cuts the connection in an insert",
    "later": "ClickHouse times out in the middle of an insert",
    "late": "ClickHouse answers success too late",
}
"""What http_front calls it, and the table of the campaign."""
LATE = {"INSERT_SECONDS": "3"}
"""The sink waits so long for an answer, in place of a minute."""


def away(seconds: float) -> Callable[[Campaign], Row]:
    """Killed under load, and back after a while: nobody but the sink takes notice."""

    def bring_about(campaign: Campaign) -> Row:
        stage, served = campaign.stage, _served(campaign.stage)
        row = Row(f"ClickHouse killed, away {seconds:.0f} s", 1)
        since, before = stage.size_of_log(SINK), dict(stage.running)
        served.kill()
        stage.pause(seconds)
        campaign.load.stop()
        took = stage.until(lambda: stage.done(*(w.name for w in WORKERS if w != SINK)), "gate, ledger and issuer")
        row.seen.append(f"gate, ledger and issuer were done {took:.1f} s after the load, with ClickHouse away")
        failures = stage.said(SINK, "sink cannot write", since)
        row.need(bool(failures) and all(line["alert"] for line in failures), "the sink has not said that it cannot write")
        row.need(not stage.done(SINK.name), "the sink was done without ClickHouse")
        ready = _ready(stage)
        served.start()
        row.seen.append(f"the sink said so {len(failures)} times (/ready said {'yes' if ready else 'no'}) and")
        row.seen[-1] += f" was done {stage.until(stage.settled, 'the sink to catch up'):.1f} s after ClickHouse was back"
        row.need(stage.running == before, "a worker ended")
        _once(stage, row)
        return row

    return bring_about


def misbehaving(kind: str) -> Callable[[Campaign], Row]:
    """One of the front's MISHAPS at inserts into three tables, three times each."""

    def bring_about(campaign: Campaign) -> Row:
        stage, served = campaign.stage, _served(campaign.stage)
        row = Row(NAMES[kind], TIMES * len(TABLES))
        since = stage.size_of_log(SINK)
        served.misbehave(kind, TABLES, TIMES)
        _struck(stage, row, kind)
        campaign.load.stop()
        stage.settle()
        row.seen.append(f"the sink said {len(stage.said(SINK, 'sink cannot write', since))} times that it cannot write")
        _once(stage, row)
        return row

    return bring_about


def too_late(kind: str) -> Callable[[Campaign], Row]:
    """An insert that is done, or answered, when the sink has given up and written the same rows again."""

    def bring_about(campaign: Campaign) -> Row:
        stage, served = campaign.stage, _served(campaign.stage)
        row = Row(NAMES[kind], len(TABLES))
        stage.end(SINK)
        stage.settings |= LATE
        stage.run(SINK)
        since = stage.size_of_log(SINK)
        served.misbehave(kind, TABLES)
        _struck(stage, row, kind)
        campaign.load.stop()
        stage.settle()
        failures = stage.said(SINK, "sink cannot write", since)
        row.need(bool(failures), "no answer came too late for the sink")
        served.let_the_late_go_on()
        row.seen.append(f"the sink gave up {len(failures)} times and wrote again; then the late ones went on")
        for name in LATE:
            del stage.settings[name]
        stage.end(SINK)
        stage.run(SINK)
        _once(stage, row)
        return row

    return bring_about


def _struck(stage: Stage, row: Row, kind: str) -> None:
    """Wait until everything that was to go wrong has."""
    served, wanted = _served(stage), row.times

    def struck() -> Counter[str]:
        return Counter(insert["table"] for insert in served.inserts() if insert["mishap"] == kind)

    stage.until(lambda: struck().total() == wanted, f"{wanted} inserts to go wrong")
    row.seen.append("struck: " + ", ".join(f"{n} into {table.rpartition('.')[2]}" for table, n in sorted(struck().items())))


def _once(stage: Stage, row: Row) -> None:
    """No row stands twice even in the raw tables, where nothing has been merged away: tokens alone have kept it out."""
    with closing(open_reader(stage.clickhouse)) as reader:
        total = 0
        for table in sorted({each.table for each in ROWS} - MERGED):
            raw = f"lodestream_raw.{table}"
            there, once = reader.query(f"SELECT (SELECT count() FROM {raw}), (SELECT count() FROM {raw} FINAL)").rows[0]  # noqa: S608  # our own names
            row.need(there == once, f"{table}: {there - once} rows stand twice")
            total += int(there)
    row.seen.append(f"{total} raw rows, none twice")


def _ready(stage: Stage) -> bool:
    """What the sink's /ready says."""
    return Told(stage, SINK.name).ready()


def _served(stage: Stage) -> Served:
    assert stage.served is not None, "these faults need a stage with a server"
    return stage.served

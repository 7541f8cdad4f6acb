"""docs/analysts.md is true: its queries are run, and its tables of views and checks are those that there are."""

import re
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.readonly import DirectReader
from sinks.clickhouse.verify import verify
from tests.sinks.page import table

pytestmark = pytest.mark.embedded

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "analysts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sql\n(.*?)\n```\n\n(\|.*?)\n(?:\n|\Z)", PAGE, re.DOTALL)


def test_every_query_of_the_page_has_its_result(seeded: Client, url: str) -> None:
    assert len(EXAMPLES) == PAGE.count("```sql") > 10
    reader = DirectReader(url)
    try:
        for query, result in EXAMPLES:
            assert table(reader.query(query)) == result, query
    finally:
        reader.close()


def test_the_page_names_every_view_and_says_what_it_is(client: Client) -> None:
    views = client.query("SELECT name, comment FROM system.tables WHERE database = 'lodestream' ORDER BY name").result_rows
    assert views
    assert "\n".join(f"| `{name}` | {comment} |" for name, comment in views) in PAGE


def test_the_page_names_every_check(seeded: Client, url: str) -> None:
    reader = DirectReader(url)
    checks = verify(reader).checks
    reader.close()
    assert "\n".join(f"| `{check.name}` | {check.says} |" for check in checks) in PAGE

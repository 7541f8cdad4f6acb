"""The address of ClickHouse holds a password: nothing that is said of the address says the password."""

import pytest

from sinks.clickhouse.connect import UnreachableError, chdb_folder, connect, without_password


@pytest.mark.parametrize(
    "url",
    [
        "http://me:se/cret@host:8123",
        "http://me:se?cret@host:8123",
        "http://me:se#cret@host:8123",
        "http://me:se[cret@host:8123",
        "https://me:secret@host:8123/db",
        "ftp://me:secret@host",
        "ftp://me:se/cret@host",
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        connect(url)
    said = str(caught.value) + str(caught.value.__cause__ or "")
    assert "cret" not in said


@pytest.mark.parametrize("char", "/?#")
def test_a_password_that_is_not_escaped_is_hidden_whole(char: str) -> None:
    assert without_password(f"http://me:se{char}cret@host") == "http://"


def test_a_folder_may_have_an_at_sign() -> None:
    assert str(chdb_folder("chdb:///home/me@work/clickhouse")) == "/home/me@work/clickhouse"
    assert without_password("chdb:///home/me@work/clickhouse") == "chdb:///home/me@work/clickhouse"

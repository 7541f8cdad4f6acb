"""The way to ClickHouse: one address, either the engine in this process (chDB) or a server.

`chdb:///absolute/folder` opens the folder in this process; chDB locks it, so no other process can have it open at the
same time. `http://` and `https://user:password@host:port` reach a server of version 25.8 or newer.
"""

import os
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.util import Retry

CONNECT_SECONDS = 10
QUERY_SECONDS = 300

WRITE_SETTINGS = {
    # The token of an insert decides alone whether it is new, so everything that bears on it is said here and not left to
    # a server's defaults, which have changed before (asynchronous inserts became the default in 26.x).
    "async_insert": "0",
    "wait_for_async_insert": "1",
    "insert_deduplicate": "1",
    "deduplicate_insert": "enable",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    # One insert is one block: a token covers blocks by number, and their boundaries must not differ from try to try.
    "input_format_parallel_parsing": "0",
    "max_insert_block_size": "1048449",
    "min_insert_block_size_rows": "1048449",
    "min_insert_block_size_bytes": "0",
    # Writers run side by side, so one thread each: an insert of 20 rows took chDB 9 ms of processor with two, 6 with one.
    "max_threads": "1",
    # The record in its row is an object, and its column text.
    "input_format_json_read_objects_as_strings": "1",
    # A column that we do not know is a mistake of ours; a null in a column that takes none is its default.
    "input_format_skip_unknown_fields": "0",
    "input_format_null_as_default": "1",
}
"""Settings of every insert."""


class UnreachableError(Exception):
    """ClickHouse cannot be used at this address; the message says why and what to do. It never holds a password."""

    code = "CLICKHOUSE_UNREACHABLE"


class FolderBusyError(UnreachableError):
    """Another process has the chDB folder open."""

    code = "CLICKHOUSE_FOLDER_BUSY"


class SocketError(UnreachableError):
    """No socket can be made beside the chDB folder."""

    code = "CLICKHOUSE_NO_SOCKET"


def connect(url: str, answer_s: int = QUERY_SECONDS) -> Client:
    """A client for the address, to be used by one thread at a time; a server has to answer within `answer_s` seconds.

    Raises UnreachableError, FolderBusyError.
    """
    folder = chdb_folder(url)
    try:
        if folder is not None:
            return _embedded(folder)
        return _server(url, answer_s)
    except (ClickHouseError, OSError, ValueError) as error:
        raise UnreachableError(f"ClickHouse at {without_password(url)} cannot be used: {_cause(error)}") from None


def chdb_folder(url: str) -> Path | None:
    """The folder of a `chdb:///folder` address, None for a server's. Raises UnreachableError where it is neither."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UnreachableError(f"the address of ClickHouse cannot be read: {error}") from None
    if parts.scheme in {"http", "https"}:
        if _cut_short(parts):
            raise UnreachableError("the password in the address of ClickHouse has a character to escape: / is %2F, ? %3F, # %23")
        if parts.path.strip("/") not in {"", "lodestream"}:
            raise UnreachableError(
                f"{without_password(url)}: the databases are called lodestream and lodestream_raw everywhere; leave the path out"
            )
        return None
    if parts.scheme != "chdb" or parts.netloc or not parts.path.startswith("/"):
        raise UnreachableError(
            f"{without_password(url)} is no address of ClickHouse: write chdb:///absolute/folder or http(s)://host:port"
        )
    return Path(unquote(parts.path))


def without_password(url: str) -> str:
    """The address as it may be shown and logged: no user, no password, no parameters."""
    parts = urlsplit(url)
    host = "" if _cut_short(parts) else parts.netloc.rpartition("@")[2] + parts.path
    return f"{parts.scheme}://{host}"


def _cut_short(parts: SplitResult) -> bool:
    """Whether a password that is not escaped ends what looks like the host: what stands there is its beginning."""
    return parts.scheme != "chdb" and "@" in f"{parts.path}{parts.query}{parts.fragment}"


def known(client: Client, settings: dict[str, str]) -> dict[str, str]:
    """Those of the settings that this server has: an older one lacks some, and then they mean nothing there."""
    return {name: value for name, value in settings.items() if name in client.server_settings}


def _embedded(folder: Path) -> Client:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        folder.mkdir(mode=0o700)
    try:
        return clickhouse_connect.get_client(interface="chdb", path=str(folder))
    except ImportError:
        raise OSError("the package chdb is not installed (pip install 'lodestream[embedded]')") from None
    except ClickHouseError as error:
        if "already initialized" in str(error):
            raise OSError("this process has another folder open, and chDB takes one at a time") from None
        if "EmbeddedServer" in str(error):
            raise FolderBusyError(
                f"the ClickHouse folder {folder} cannot be opened: another process has it, and chDB allows one"
            ) from None
        raise


def _server(url: str, answer_s: int) -> Client:
    parts = urlsplit(url)
    client = clickhouse_connect.get_client(
        interface=parts.scheme,
        host=parts.hostname,
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else "",
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=answer_s,
        autogenerate_session_id=False,  # a session would serve one query at a time
    )
    # A redirect that is followed repeats the insert without its settings: without its token rows would stand twice (tried).
    client.http_retries = Retry(1, redirect=False)  # type: ignore[attr-defined]  # a client over HTTP has it
    if client.server_version and _too_old(client.server_version):
        client.close()
        raise OSError(f"it is version {client.server_version}; 25.8 or newer is needed")
    return client


def _too_old(version: str) -> bool:
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) < (25, 8)


def _cause(error: BaseException) -> str:
    """The first line of what the driver says, without its trace."""
    return str(error).split(os.linesep)[0][:500] or type(error).__name__

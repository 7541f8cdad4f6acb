"""The reading side: one way to ask, whoever holds the tables.

chDB locks its folder, so while a sink works on it nobody else can open it. The sink's process therefore answers questions on a
unix socket beside the folder (readsocket.py). `open_reader` takes that way where a process serves, else opens the folder
or the server itself.
"""

from sinks.clickhouse.connect import UnreachableError, chdb_folder
from sinks.clickhouse.readonly import DirectReader, Parameters, QueryError, Reader
from sinks.clickhouse.readsocket import ReadServer, SocketReader, socket_path
from sinks.clickhouse.result import Result

__all__ = [
    "DirectReader",
    "Parameters",
    "QueryError",
    "ReadServer",
    "Reader",
    "Result",
    "UnreachableError",
    "open_reader",
    "socket_path",
]


def open_reader(url: str) -> Reader:
    """A reader of the tables at an address: through the process that holds the folder, if one does. Raises UnreachableError."""
    folder = chdb_folder(url)
    if folder is not None:
        remote = SocketReader.to(socket_path(folder))
        if remote is not None:
            return remote
        if not folder.is_dir():
            raise UnreachableError(
                f"there is no ClickHouse folder {folder} yet; `lodestream demo` or `lodestream worker sink` makes it"
            )
    return DirectReader(url)

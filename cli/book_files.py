"""A book file that a command is given, read and checked."""

from pathlib import Path

from cli.exits import Unusable
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import BookError, read_book


def read_book_file(path: Path) -> BookFile:
    """The book file at `path`. Raises Unusable, which says what is wrong with it and where."""
    try:
        return read_book(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: {error}") from error
    except BookError as error:
        raise Unusable(f"{path} cannot be used:\n" + "\n".join(f"  {line}" for line in str(error).splitlines())) from error

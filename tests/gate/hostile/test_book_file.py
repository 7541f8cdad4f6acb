"""Book files that would cost more than they weigh are refused at once; the time is linear in what is left."""

import time

import pytest

from lodestream.ledger.bookfile import BookError, read_book

SECONDS = 5.0


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 500_000) + " = 1",
        "[" + ".".join(["a"] * 500_000) + "]",
        "[[ " + " . ".join(['"a"'] * 200_000) + "]]",
        "sites = { " + ".".join(["'a'"] * 200_000) + " = 1 }",
        "a = " + "[" * 500_000,
        "a = " + "{a=" * 300_000,
        "a = " + "9" * 1_000_000,
        "a = 1e" + "9" * 1_000_000,
        "a" * 1_000_000,
        "'" * 1_000_000,
        ",a" * 500_000,
        "\n".join(f"a{n} = 1" for n in range(30_000)),
        "\n".join("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1" for _ in range(30_000)),
        "[a]\n" * 100_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_book_file_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(BookError):
        read_book(text)
    assert time.process_time() - began < SECONDS


def test_a_large_book_is_none() -> None:
    sites = "\n".join(f'[sites."https://x.example/{n}/1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18"]' for n in range(5_000))
    assert len(read_book(sites).sites) == 5_000

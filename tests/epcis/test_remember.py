"""What is remembered stays within bounds, and is never another text's."""

from hypothesis import given
from hypothesis import strategies as st

from lodestream.epcis.context import Context, names
from lodestream.epcis.remember import LONGEST, Remembered


@given(st.lists(st.text("ab", max_size=3), max_size=60), st.integers(1, 5))
def test_results_are_those_of_the_function_and_few_are_kept(texts: list[str], entries: int) -> None:
    memory = Remembered(str.upper, entries)
    assert [memory[text] for text in texts] == [text.upper() for text in texts]
    assert len(memory) <= entries


def test_it_works_a_result_out_once() -> None:
    asked: list[str] = []
    memory = Remembered(asked.append, 10)
    for _ in range(3):
        assert memory["a"] is None
    assert asked == ["a"]


def test_a_long_text_is_not_kept() -> None:
    memory = Remembered(len, 10)
    assert memory["x" * LONGEST] == LONGEST
    assert memory["y" * (LONGEST + 1)] == LONGEST + 1
    assert list(memory) == ["x" * LONGEST]


def test_contexts_that_declare_the_same_share_names_and_no_others_do() -> None:
    one, same, other = (Context({"p": uri}) for uri in ("https://a.example/", "https://a.example/", "https://b.example/"))
    assert one.key is same.key
    assert one.spent is not same.spent  # but what a document adds is counted for itself
    assert (one.key("p:x"), other.key("p:x")) == ("https://a.example/x", "https://b.example/x")
    assert one.hash_name("https://a.example/x") == "{https://a.example/}x"


def test_no_number_of_contexts_fills_the_memory() -> None:
    for number in range(100):
        Context({"p": f"https://x.example/{number}/"}).key("p:x")
    assert names.cache_info().currsize <= 16

"""The books while a batch is applied: read once, encoded once, and nothing stays of what was rolled back."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lodestream.ledger.state import Balance, Fate
from lodestream.ledger.view import Books, View, key_of

SITE = "urn:site:a"


class Counting(dict[bytes, bytes]):
    """A source that counts how often each key was asked for."""

    asked: Counter[bytes]

    def get(self, key: bytes) -> bytes | None:  # type: ignore[override]
        self.asked[key] += 1
        return super().get(key)


def test_a_value_is_read_once_also_when_it_is_not_there() -> None:
    source = Counting()
    source.asked = Counter()
    books = Books(source)
    assert [books.of(SITE).get(Balance, "x") for _ in range(3)] == [None] * 3
    assert source.asked == {key_of(SITE, Balance, "x"): 1}


def test_what_was_rolled_back_is_read_again_as_it_was() -> None:
    view = View(SITE, {})
    view.put(Balance(1), "x")
    mark = view.mark()
    view.put(Balance(2), "x")
    view.put(Fate(1, "posted"), "e")
    view.roll_back(mark)
    assert view.get(Balance, "x") == Balance(1)
    assert view.get(Fate, "e") is None
    view.keep()
    assert list(view.take()) == [key_of(SITE, Balance, "x")]
    assert view.take() == {}
    view.put(Balance(3), "x")
    view.put(Balance(4), "y")
    view.roll_back()
    assert (view.get(Balance, "x"), view.get(Balance, "y")) == (Balance(1), None), "all since it was kept"


Step = tuple[str, int, int]  # what to do, which reference, which amount
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "mark", "back", "keep"]), st.integers(0, 3), st.integers(0, 9)))


@given(STEPS, st.dictionaries(st.integers(0, 3), st.integers(0, 9)))
def test_it_behaves_like_copies_of_a_dictionary(steps: list[Step], before: dict[int, int]) -> None:
    """The model: a dictionary, copied at each mark and put back whole."""
    first = View(SITE, {})
    for ref, mg in before.items():
        first.put(Balance(mg), str(ref))
    first.keep()
    store = {key: value for key, value in first.take().items() if value is not None}
    view, model = View(SITE, dict(store)), dict(before)
    marks: list[tuple[int, dict[int, int]]] = [(0, dict(before))]
    for what, ref, mg in steps:
        if what == "put":
            view.put(Balance(mg), str(ref))
            model[ref] = mg
        elif what == "drop":
            view.drop(Balance, str(ref))
            model.pop(ref, None)
        elif what == "mark":
            marks.append((view.mark(), dict(model)))
        elif what == "back":
            mark, model = marks.pop()
            view.roll_back(mark)
            marks = marks or [(mark, dict(model))]
            model = dict(model)
        else:
            view.keep()
            marks = [(0, dict(model))]
    seen = {ref: value.mg for ref in range(4) if (value := view.get(Balance, str(ref))) is not None}
    assert seen == model
    view.keep()
    for key, value in view.take().items():
        if value is None:
            store.pop(key, None)
        else:
            store[key] = value
    again = View(SITE, store)
    assert {ref: found.mg for ref in range(4) if (found := again.get(Balance, str(ref))) is not None} == model

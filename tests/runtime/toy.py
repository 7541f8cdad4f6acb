"""A processor for tests of the loop: sums per key, and one output per record that tells the sum so far."""

from collections.abc import Callable, Iterable, Sequence

from runtime.processor import Effects, Output, Record, State

POISON = b"poison"


class Summing:
    """Adds the number in each record's value to its key's sum. The output has the source's offset in it: each can be told apart.

    A value of POISON raises, as a bug would. `watch` is called with every batch before it is processed.
    """

    def __init__(
        self, name: str, source: str, target: str, changelog: str | None, watch: Callable[[Sequence[Record]], None] = len
    ) -> None:
        self.name = name
        self.inputs = (source,)
        self.changelog = changelog
        self._target = target
        self._watch = watch

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """Pure, as every processor."""
        self._watch(records)
        sums: dict[bytes, int] = {}
        outputs: list[Output] = []
        for record in records:
            if record.value == POISON:
                raise ValueError("poison")
            key = record.key or b""
            before = sums[key] if key in sums else int(state.get(key) or b"0")
            sums[key] = before + int(record.value or b"0")
            outputs.append(Output(self._target, key, b"%d/%d/%d" % (record.partition, record.offset, sums[key])))
        return Effects(outputs, {key: b"%d" % value for key, value in sums.items()} if self.changelog else {})


def fold(records: Iterable[Record]) -> dict[bytes, list[bytes]]:
    """What the outputs of each key must be: the same arithmetic without the loop."""
    sums: dict[bytes, int] = {}
    expected: dict[bytes, list[bytes]] = {}
    for record in records:
        key = record.key or b""
        sums[key] = sums.get(key, 0) + int(record.value or b"0")
        expected.setdefault(key, []).append(b"%d/%d/%d" % (record.partition, record.offset, sums[key]))
    return expected

"""What must hold of every scenario once faults have stopped and all is worked off."""

import msgspec

from runtime.port import Partition
from runtime.state import OFFSET_KEY, Progress
from tests.simulation.stores import split
from tests.simulation.world import World


def check(world: World) -> list[str]:
    """Everything that is wrong; empty: it holds."""
    wrong = commits(world)
    for role in world.scenario.roles:
        processor = role.make()
        if processor.changelog is not None:
            for partition in world.inputs(processor.inputs):
                wrong += state(world, role.name, partition, processor.changelog)
    return wrong + world.scenario.check(world)


def commits(world: World) -> list[str]:
    """Offsets only ever go forward, and only by the process that had the partition: nothing of a zombie is visible."""
    wrong = []
    reached: dict[tuple[str, Partition], int] = {}
    for commit in world.broker.commits:
        before = reached.get((commit.group, commit.partition), 0)
        if commit.by is not commit.holder:
            wrong.append(f"{commit.by} committed {commit.partition} to {commit.offset}, but {commit.holder} had it")
        if commit.offset <= before:
            wrong.append(f"{commit.by} committed {commit.partition} from {before} back to {commit.offset}")
        reached[commit.group, commit.partition] = commit.offset
    return wrong


def state(world: World, group: str, partition: Partition, changelog: str) -> list[str]:
    """Committed offset, progress record, and the store of the process that has the partition, which is as a restored one is."""
    restored: dict[bytes, bytes] = {}
    for record in world.broker.log(Partition(changelog, partition.number)).committed(0):
        if record.value is None:
            restored.pop(record.key or b"", None)
        else:
            restored[record.key or b""] = record.value
    packed = restored.pop(OFFSET_KEY, None)
    progress = None if packed is None else msgspec.json.decode(packed, type=Progress)
    committed = world.broker.offsets.get(group, {}).get(partition)
    if committed != (progress.offset if progress else None):
        return [f"{partition}: the group is at {committed}, the changelog at {progress}"]
    owner = next(process for process in world.processes if process.name == group and partition in process.loop.phases())
    at = (partition.topic, world.broker.ids[partition.topic], partition.number)
    live, position = split(owner.disk.data.get(at, {}))
    if position is None or position.progress != progress:
        return [f"{partition}: the store of {owner} is at {position}, the changelog at {progress}"]
    if live != restored:
        odd = sorted(key for key in live.keys() | restored.keys() if live.get(key) != restored.get(key))
        return [f"{partition}: the store of {owner} differs from the changelog in {odd[:5]}"]
    return []

"""What is published: the tree, in any order of the records, after any death, and what is in no case in it."""

import dataclasses
import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from lodestream.credentials.access import is_locked, locked_url, lot_key, unlock
from lodestream.credentials.did import parse_document
from lodestream.credentials.linkset import anchor_path, parse
from lodestream.credentials.permutation import ENTRIES
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.status import Bitstring, StatusEntry, check_entry
from runtime.errors import LockedError, RefusedError, StateError
from sinks.publication.folder import Folder, path_of, steps_of
from sinks.publication.memory import Memory
from sinks.publication.publisher import Publisher
from sinks.publication.worker import OWN_SECONDS, Publication
from tests.publication import world as worlds
from tests.publication.making import CATHODE, LIST, ROOT, SECOND, SECRET, SLAG, credential, status
from tests.publication.world import World, killed_in_writing, partitions
from tests.sinks.simulated import Broker, Member, Steps

PASSPORT = credential(1)
EVENT = credential(2, "dte", (CATHODE, SLAG), access="private")
REISSUED = credential(3, id=f"{ROOT}/credentials/dpp/1-2", replaces=PASSPORT.id)
FACILITY = credential(4, "dfr", (), facility="https://refinery.example/f/2")
GONE = credential(5, about=(SECOND,))
UNLISTED = credential(6, "dcc", (SECOND,), status_list="")
RECORDS: list[CredentialRecord | StatusRecord] = [
    *(each for one in (PASSPORT, EVENT, FACILITY, GONE) for each in (one, status(one))),
    UNLISTED,
    REISSUED,
    status(REISSUED),
    status(PASSPORT, "revoked", 60_000_000, replaced_by=REISSUED.id),
    status(GONE, "revoked", 30_000_000),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, RECORDS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the records come to."""
    world = World(tmp_path_factory.mktemp("whole"), RECORDS)
    world.run()
    return world.tree


def opened(data: bytes, whole: dict[str, bytes]) -> dict[str, Any]:
    """A credential whose proof holds by the published did.json."""
    return prove(presented(data), parse_document(whole[".well-known/did.json"])).credential


def test_the_tree(whole: dict[str, bytes]) -> None:
    lots = {anchor_path(lot)[1:]: lot for lot in (CATHODE, SLAG, SECOND, "https://refinery.example/f/2")}
    copies = {locked_url(EVENT.id, lot).removeprefix(ROOT + "/") for lot in (CATHODE, SLAG)}
    assert whole.keys() == {
        ".well-known/did.json",
        ".well-known/resolver",
        "status/1",
        "credentials/dpp/1",
        "credentials/dpp/1-2",
        "credentials/dte/2/digest.json",
        "credentials/dfr/4",
        "credentials/dpp/5",
        "credentials/dcc/6",
        *copies,
        *(f"{path}/linkset.json" for path in lots),
    }


def test_public_credentials_are_published_byte_by_byte(whole: dict[str, bytes]) -> None:
    assert whole["credentials/dpp/1"] == PASSPORT.envelope.encode()
    assert opened(whole["credentials/dpp/1"], whole)["id"] == PASSPORT.id


def test_a_private_one_is_there_for_each_lot_and_opens_with_its_key_only(whole: dict[str, bytes]) -> None:
    for lot, other in ((CATHODE, SLAG), (SLAG, CATHODE)):
        copy = whole[locked_url(EVENT.id, lot).removeprefix(ROOT + "/")]
        assert is_locked(copy)
        assert unlock(copy, lot_key(SECRET, lot)) == EVENT.envelope.encode()
        with pytest.raises(Exception, match="does not open"):
            unlock(copy, lot_key(SECRET, other))
    known = json.loads(whole["credentials/dte/2/digest.json"])
    assert known["sha256"] == EVENT.sha256
    assert known["digestMultibase"].startswith("zQm")


def test_no_private_plaintext_is_in_any_file(whole: dict[str, bytes]) -> None:
    payload = EVENT.envelope.encode().split(b".")[-2]
    assert len(payload) > 200
    for path, data in whole.items():
        assert payload not in data, path
        assert not any(name in data for name in (EVENT.name.encode(), EVENT.txn_id.encode(), b"stock of the smelter")), path


def test_the_status_list_says_who_is_revoked_and_verifies(whole: dict[str, bytes]) -> None:
    listed = opened(whole["status/1"], whole)
    for record, revoked in ((PASSPORT, True), (GONE, True), (EVENT, False), (REISSUED, False)):
        assert check_entry(listed, StatusEntry(LIST, record.status_index, "revocation")) is revoked
    bits = Bitstring.decode(listed["credentialSubject"]["encodedList"])
    assert sum(byte.bit_count() for byte in bits.data) == 2
    # of the newest status in it: the passport's revocation
    assert listed["validFrom"] == "2025-03-05T07:01:00.123001Z"


def test_linksets_say_what_is_old_and_what_is_locked(whole: dict[str, bytes]) -> None:
    [context] = parse(whole[f"{anchor_path(CATHODE)[1:]}/linkset.json"]).contexts
    assert context.anchor == CATHODE
    assert {link.href: link.old for link in context.links["dpp"]} == {PASSPORT.id: True, REISSUED.id: False}
    [locked] = context.links["dte"]
    assert (locked.encryption_method, locked.access_role) == ("AES-256-GCM", ("untp:accessRole#Anonymous",))
    [second] = parse(whole[f"{anchor_path(SECOND)[1:]}/linkset.json"]).contexts
    assert second.links["dpp"][0].old
    assert not second.links["dcc"][0].old


@pytest.mark.parametrize("seed", range(12))
def test_the_records_in_any_order_come_to_the_same(seed: int, world: World, whole: dict[str, bytes]) -> None:
    random = Random(seed)  # noqa: S311  # a test's
    world.records = random.sample(RECORDS, len(RECORDS))
    world.run(chunk=random.randint(1, 5))
    assert world.tree == whole


def test_the_records_twice_come_to_the_same(world: World, whole: dict[str, bytes]) -> None:
    world.records = [*RECORDS, *RECORDS]
    world.run()
    assert world.tree == whole


def revoked_in(folder: Path) -> frozenset[int]:
    """The entries set in the published list; a file that is not whole fails."""
    place = folder / "status" / "1"
    if not place.exists():
        return frozenset()
    listed = opened(place.read_bytes(), {".well-known/did.json": (folder / ".well-known/did.json").read_bytes()})
    bits = Bitstring.decode(listed["credentialSubject"]["encodedList"])
    return frozenset(number for number in range(ENTRIES) if bits.data[number >> 3] and bits.get(number))


@pytest.mark.parametrize("seed", range(10))
def test_killed_anywhere_it_comes_to_the_same_and_takes_no_revocation_back(
    seed: int, world: World, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)  # noqa: S311  # a test's
    world.steps = Steps(set(random.sample(range(1, 130), 12)))
    killed_in_writing(monkeypatch, world.steps)
    known: list[frozenset[int]] = [frozenset()]

    def seen(folder: Path) -> None:
        known.append(revoked_in(folder))
        assert known[-1] >= known[-2]

    world.seen = seen
    world.run(chunk=random.randint(1, 4))
    assert len(known) > 3  # it died, more than once
    assert world.tree == whole
    assert known[-1] == {PASSPORT.status_index, GONE.status_index}


def test_killed_at_every_single_step(
    world: World, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    few = [PASSPORT, status(PASSPORT, "revoked", 1_000_000)]
    counting = World(tmp_path / "counting", few)
    killed_in_writing(monkeypatch, counting.steps)
    counting.run()
    for step in range(1, counting.steps.now + 1):
        monkeypatch.undo()
        one = World(tmp_path / str(step), few, Steps({step}))
        killed_in_writing(monkeypatch, one.steps)
        one.run()
        assert one.tree == counting.tree, step
        shutil.rmtree(one.home)


def test_more_records_later_and_only_what_changes_is_written(world: World, whole: dict[str, bytes]) -> None:
    world.records = RECORDS[:-1]
    world.run()
    before = {path: (world.folder / path).stat().st_ino for path in world.tree}
    assert world.tree != whole
    world.records = RECORDS
    world.run()
    assert world.tree == whole
    after = {path: (world.folder / path).stat().st_ino for path in world.tree}
    assert {path for path in after if after[path] != before[path]} == {"status/1", f"{anchor_path(SECOND)[1:]}/linkset.json"}


def test_a_list_is_rewritten_once_a_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.records = [PASSPORT]
    world.run()
    many = [credential(number) for number in range(10, 40)]
    lists = 0
    real = Publisher._list

    def counted(self: Publisher, url: str) -> bytes:
        nonlocal lists
        lists += 1
        return real(self, url)

    monkeypatch.setattr(Publisher, "_list", counted)
    world.records = [PASSPORT, *(status(each, "revoked", 1) for each in many)]
    world.run(chunk=1_000)
    assert lists == 1
    assert len(revoked_in(world.folder)) == 30


def test_until_all_has_been_read_no_list_is_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is made anew does not show, for a while, a list in which revocations are missing."""
    seen: list[int] = []
    real = Publisher.write

    def watched(self: Publisher, *, derived: bool) -> int:
        changed = real(self, derived=derived)
        seen.append(len(revoked_in(world.folder)) if (world.folder / "status/1").exists() else -1)
        return changed

    monkeypatch.setattr(Publisher, "write", watched)
    world.run(chunk=1)
    assert set(seen) == {-1, 2}
    assert seen.count(-1) > 4


@pytest.mark.parametrize("lost", ["memory", "folder", "both", "corrupt"])
def test_what_is_lost_or_damaged_is_made_anew(lost: str, world: World, whole: dict[str, bytes]) -> None:
    world.run()
    if lost in ("memory", "both", "corrupt"):
        shutil.rmtree(world.memory.parent)
    if lost in ("folder", "both"):
        shutil.rmtree(world.folder)
    if lost == "corrupt":
        for path in ("status/1", "credentials/dpp/1", f"{anchor_path(CATHODE)[1:]}/linkset.json", ".well-known/did.json"):
            (world.folder / path).write_bytes(b"{")
        (world.folder / "credentials/dfr/4").unlink()
    world.run()
    assert world.tree == whole


def test_a_damaged_memory_says_what_to_do(world: World) -> None:
    world.run()
    world.memory.write_bytes(b"no database, but as long as one" * 400)
    for rest in world.memory.parent.glob("*-wal"):
        rest.unlink()
    with pytest.raises(StateError, match="remove it"):
        world.run()


def test_two_do_not_publish_to_one_folder(tmp_path: Path) -> None:
    first = Folder(tmp_path / "publication")
    with pytest.raises(LockedError, match="another process publishes"):
        Folder(tmp_path / "publication")
    first.close()
    Folder(tmp_path / "publication").close()


def test_after_a_rotation_lists_are_signed_by_the_new_key(world: World) -> None:
    world.run()
    before = world.tree["status/1"]
    world.key = bytes(range(1, 33))
    world.run()
    tree = world.tree
    assert tree["status/1"] != before
    assert opened(tree["status/1"], tree)["id"] == LIST
    assert revoked_in(world.folder) == {PASSPORT.status_index, GONE.status_index}


def test_a_rotation_is_seen_while_it_works(world: World) -> None:
    world.run()
    before, now = world.tree["status/1"], 0.0
    folder = Folder(world.folder)
    memory = Memory(world.memory, world.folder, fresh=False)
    member = Member(Broker(partitions(RECORDS), Steps()), 100)
    rotating = dataclasses.replace(
        world.publishing(),
        secure=lambda credential, at_us: world.publishing().secure(credential, at_us),
        did_document=lambda: world.publishing().did_document(),
    )
    publication = Publication(member, Publisher(rotating, memory, folder), memory, 0.0, clock=lambda: now)
    member.open([], publication)
    publication.step()
    world.key = bytes(range(1, 33))
    publication.step()
    assert world.tree["status/1"] == before
    now = OWN_SECONDS
    publication.step()
    folder.close()
    assert world.tree["status/1"] != before
    assert revoked_in(world.folder) == {PASSPORT.status_index, GONE.status_index}


@pytest.mark.parametrize(
    "identity",
    [
        f"{ROOT}/../escaped",
        f"{ROOT}/a/%2e%2e/%2e%2e/escaped",
        f"{ROOT}/a%2Fb",
        f"{ROOT}/a//b",
        f"{ROOT}/.hidden",
        f"{ROOT}/a?b",
        f"{ROOT}/a#b",
        f"{ROOT}/a\\b",
        f"{ROOT}/a%00b",
        f"{ROOT}/a%FF",
        f"{ROOT}/" + "a" * 300,
        "urn:uuid:1",
        "https://[",
    ],
)
def test_an_id_that_is_no_file_below_the_folder_is_not_published(identity: str, world: World) -> None:
    assert path_of(identity) is None
    world.records = [credential(1, id=identity), credential(2)]
    world.run()
    assert "credentials/dpp/2" in world.tree
    assert not [path for path in world.home.rglob("*") if "escaped" in path.name or "hidden" in path.name]
    assert len(world.tree) == 5  # did.json, resolver, the list, the other credential, its linkset


def test_a_place_that_the_list_does_not_have_and_a_list_without_address(world: World) -> None:
    bad = replace(status(PASSPORT, "revoked"), status_index=ENTRIES)
    elsewhere = replace(status(GONE, "revoked"), status_list="urn:list")
    world.records = [PASSPORT, bad, elsewhere, status(GONE, "revoked")]
    world.run()
    assert revoked_in(world.folder) == {GONE.status_index}


def test_an_access_that_is_not_known_is_not_published(world: World) -> None:
    world.records = [replace(PASSPORT, access="secret")]
    world.run()
    assert world.tree.keys() == {".well-known/did.json", ".well-known/resolver", "status/1"}


def test_an_event_of_a_version_without_policies_is_not_published(world: World) -> None:
    world.records = [credential(1, "dte", (), status_list=""), credential(2, "dcc", (), status_list="")]
    world.run()
    assert world.tree.keys() == {".well-known/did.json", ".well-known/resolver", "credentials/dcc/2"}


def test_a_base_url_with_a_path_and_a_did_that_is_no_address(world: World) -> None:
    world.base_url = f"{ROOT}/pub/"
    world.did = "did:key:z6Mk"
    world.records = [credential(1, id=f"{ROOT}/pub/credentials/dpp/1", status_list=f"{ROOT}/pub/status/1")]
    world.run()
    lot = anchor_path(CATHODE)
    assert world.tree.keys() == {
        ".well-known/resolver",
        "pub/credentials/dpp/1",
        "pub/status/1",
        f"pub{lot}/linkset.json",
    }
    assert json.loads(world.tree[".well-known/resolver"])["resolverRoot"] == f"{ROOT}/pub"


def test_a_record_that_cannot_be_read_stops_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "encode", lambda value: b"no record")
    with pytest.raises(RefusedError, match="leave out a credential or a revocation"):
        world.run()


def test_below_a_base_url_that_is_no_folder_nothing_is_published(world: World) -> None:
    own = world.publishing()
    for url in ("https://refinery.example/a//b", "https://refinery.example/.x", "https://refinery.example/a/../b"):
        with pytest.raises(RefusedError, match=r"issuer\.base_url"):
            Publisher(dataclasses.replace(own, base_url=url), None, None)  # type: ignore[arg-type]


def test_names_of_files() -> None:
    assert steps_of("/01/09521321102026/10/A%2CB") == ("01", "09521321102026", "10", "A,B")
    assert steps_of("/.well-known/did.json") == (".well-known", "did.json")
    assert steps_of("/a/.well-known/did.json") is None
    assert steps_of("relative") is None


def test_the_secret_is_in_no_text() -> None:
    assert SECRET.hex() not in repr(World(Path()).publishing())
    assert repr(SECRET) not in repr(World(Path()).publishing())

"""The publication on real Kafka, killed with SIGKILL at seeded steps: the folder is the one that it would have been."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Producer

from lodestream.credentials.did import parse_document
from lodestream.credentials.proof import presented, prove
from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.credentials.status import StatusEntry, check_entry
from schemas.codec import encode
from schemas.topics import CREDENTIAL_STATUS, CREDENTIALS
from tests.credentials.telling import PROFILE
from tests.publication.making import CATHODE, LIST, ROOT, SECRET, SLAG, credential, status
from tests.publication.world import World
from tests.sinks.test_killed import until
from tests.way.cluster import ROOT as CHECKOUT
from tests.way.cluster import Cluster

DEATHS = 6
SIGNED = {"status/1", ".well-known/did.json"}
"""What the worker's own key signs or tells; all else follows from the records alone."""


def records() -> list[CredentialRecord | StatusRecord]:
    """Thirty credentials, public and private, of which every third is revoked."""
    issued = [credential(n, "dte", (CATHODE, SLAG), access="private") if n % 2 else credential(n) for n in range(30)]
    revoked = [status(each, "revoked", 1_000_000) for each in issued[::3]]
    return [*issued, *map(status, issued), *revoked]


def write(bootstrap: str, values: list[CredentialRecord | StatusRecord]) -> None:
    """In transactions; of some the first try is aborted, with revocations that nobody must ever see."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "issuer-test"})
    producer.init_transactions(30)
    for begin in range(0, len(values), 7):
        for aborted in (True, False) if begin % 2 else (False,):
            producer.begin_transaction()
            for value in values[begin : begin + 7]:
                is_credential = isinstance(value, CredentialRecord)
                key = value.id if isinstance(value, CredentialRecord) else value.credential_id
                sent = status(value, "revoked") if aborted and isinstance(value, CredentialRecord) else value
                topic = CREDENTIALS if is_credential and not aborted else CREDENTIAL_STATUS
                producer.produce(topic, encode(sent), key.encode())
            producer.flush(30)
            (producer.abort_transaction if aborted else producer.commit_transaction)(30)


def start(cluster: Cluster, home: Path, *death: str) -> "subprocess.Popen[str]":
    environment = cluster.environment | {
        "LODESTREAM_DATA_DIR": str(home),
        "LODESTREAM_ISSUER__BASE_URL": ROOT,
        "LODESTREAM_ISSUER__NAME": PROFILE.name,
        "LODESTREAM_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "tests.publication.dying", *death]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def to_the_end(cluster: Cluster, home: Path, expected: dict[str, bytes]) -> dict[str, bytes]:
    """A worker that nobody kills; what it has published once everything is there."""
    worker = start(cluster, home)
    place = World(home)

    def complete() -> bool | None:
        assert worker.poll() is None
        tree = place.tree if place.folder.is_dir() else {}
        tree = {path: data for path, data in tree.items() if not path.rpartition("/")[2].endswith(".new")}
        whole = tree.keys() == expected.keys() and all(tree[path] == expected[path] for path in expected.keys() - SIGNED)
        return True if whole and revoked(tree) == revoked_in(records()) else None

    until(complete)
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0, said
    return place.tree


def revoked_in(values: list[CredentialRecord | StatusRecord]) -> set[int]:
    return {each.status_index for each in values if isinstance(each, StatusRecord) and each.status == "revoked"}


def revoked(tree: dict[str, bytes]) -> set[int]:
    """The entries of our credentials that are set in the published list, whose proof must hold."""
    listed = prove(presented(tree["status/1"]), parse_document(tree[".well-known/did.json"])).credential
    places = [each.status_index for each in records()]
    return {index for index in places if check_entry(listed, StatusEntry(LIST, index, "revocation"))}


@pytest.mark.kafka
def test_killed_at_seeded_steps_on_kafka(cluster: Cluster, tmp_path: Path) -> None:
    values = records()
    model = World(tmp_path / "model", values)
    model.run()
    write(cluster.bootstrap, values)
    home = tmp_path / "killed"
    secret = home / "issuer" / "access.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    random = Random(9264)  # noqa: S311  # a test's
    for _ in range(DEATHS):
        worker = start(cluster, home, str(random.randint(5, 60)))
        said, _ = worker.communicate(timeout=60)
        assert worker.returncode == -signal.SIGKILL, said
    tree = to_the_end(cluster, home, model.tree)
    assert not list(home.rglob("*.new"))

    fresh = tmp_path / "fresh"
    shutil.copytree(home / "issuer", fresh / "issuer")
    assert to_the_end(cluster, fresh, model.tree) == tree

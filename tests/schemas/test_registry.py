"""A registry's numbers on the wire: what is looked up, what is written there, and every reason not to begin."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apicurio import apicurio
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import Schema as Registered
from confluent_kafka.schema_registry import SchemaRegistryClient

from lodestream.credentials.record import StatusRecord
from runtime.embedded import EmbeddedBroker, EmbeddedBrokerError
from schemas import codec
from schemas.catalogue import SUBJECTS, Schema, packaged
from schemas.codec import Codec, UndecodableError
from schemas.registry import Client, RegistryError, catalogue, connect, look, open_registry, register
from schemas.topics import ENTRIES

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
STATUS = StatusRecord("urn:uuid:1", "issued", 1_700_000_000_000_000)
SUBJECT = SUBJECTS["StatusRecord"]
OURS = packaged()


def newest(subject: str) -> Schema:
    return OURS.schema_of(OURS.id_of(subject))


def put(client: Client, subject: str, schema: Schema) -> int:
    return client.register_schema(subject, Registered(json.dumps(schema), "AVRO"))


def with_field(subject: str, **field: object) -> Schema:
    """Our schema with one more field, as another party might register it."""
    schema = newest(subject)
    return schema | {"fields": [*schema["fields"], {"name": "more", "type": "string", **field}]}


@pytest.fixture
def client() -> Client:
    """Confluent's own registry in memory, in which somebody else's schema has the first number."""
    made: Client = SchemaRegistryClient.new_client({"url": "mock://"})
    put(made, "theirs-value", {"type": "record", "name": "Theirs", "fields": []})
    return made


@pytest.fixture
def real(tmp_path: Path) -> Iterator[str]:
    """The address of a real registry, in which somebody else's schema has the first number."""
    with apicurio(tmp_path / "apicurio.log") as address:
        put(connect(address, {}), "theirs-value", {"type": "record", "name": "Theirs", "fields": []})
        yield address


def goes_round(client: Client) -> None:
    """Nothing is there, all is registered, all is found again, and its numbers are on the wire."""
    assert [subject.newest for subject in look(client, OURS)] == [None] * len(SUBJECTS)
    with pytest.raises(RegistryError, match=f"(?s){SUBJECTS['Entry']}.*{SUBJECT}.*lodestream schemas register") as missing:
        open_registry(client, OURS, register_missing=False)
    assert missing.value.code == "MISSING"
    theirs = open_registry(client, OURS, register_missing=True)
    assert theirs == open_registry(client, OURS, register_missing=False)
    for subject in SUBJECTS.values():
        assert theirs.schema_of(theirs.id_of(subject)) == newest(subject)
        assert client.get_versions(subject) == [1]  # the second start wrote nothing
    data = Codec(theirs).encode(STATUS)
    assert int.from_bytes(data[1:5], "big") == theirs.id_of(SUBJECT) != OURS.id_of(SUBJECT)
    assert data[5:] == Codec(OURS).encode(STATUS)[5:]
    assert Codec(theirs).decode(data, StatusRecord) == STATUS


def a_version_that_goes_with_ours(client: Client) -> None:
    """It is read by resolution; we go on to write our own."""
    number = put(client, SUBJECT, with_field(SUBJECT, default=""))
    theirs = open_registry(client, OURS, register_missing=False)
    assert number in theirs.schemas
    assert theirs.id_of(SUBJECT) != number
    written = b"\0" + number.to_bytes(4, "big") + Codec(theirs).encode(STATUS)[5:] + b"\x06new"
    assert Codec(theirs).decode(written, StatusRecord) == STATUS


@pytest.mark.embedded
def test_a_real_registry_and_a_worker_with_it(real: str, tmp_path: Path, broker: str) -> None:
    client = connect(real, {})
    settings = {
        "LODESTREAM_KAFKA__BOOTSTRAP_SERVERS": broker,
        "LODESTREAM_SCHEMA_REGISTRY__URL": real,
        "LODESTREAM_PARTITIONS": "4",
        "LODESTREAM_DATA_DIR": str(tmp_path),
    }

    def lodestream(*words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "cli.main", *words]
        return subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    check = lodestream("schemas", "check", "--json")
    out, err = check.communicate(timeout=60)
    assert check.returncode == 2, out + err
    assert [json.loads(line)["id"] for line in out.splitlines()] == [None] * len(SUBJECTS)
    assert "lodestream schemas register" in err
    goes_round(client)
    a_version_that_goes_with_ours(client)
    for words in (("topics", "apply", "--yes"), ("capture", str(EXAMPLES / "01-copper"))):
        done = lodestream(*words)
        assert done.wait(60) == 0, done.communicate()
    gate = lodestream("worker", "gate")
    try:
        assert numbers_on(broker, ENTRIES) == {open_registry(client, OURS, register_missing=False).id_of(f"{ENTRIES}-value")}
    finally:
        gate.terminate()
        gate.communicate(timeout=60)
    put(client, SUBJECT, with_field(SUBJECT))  # no default: what we have written cannot be read by it
    gate = lodestream("worker", "gate")
    _, err = gate.communicate(timeout=60)
    assert gate.returncode == 2
    assert re.search(rf"{SUBJECT} version 3 \(id \d+\) is no schema of ours", err)


@pytest.fixture
def broker() -> Iterator[str]:
    """A broker of this test's own: our topics have fixed names."""
    running = EmbeddedBroker()
    try:
        running.start()
    except EmbeddedBrokerError as reason:
        pytest.skip(f"no embedded broker: {reason}")
    yield running.bootstrap_servers
    running.stop()


def numbers_on(broker: str, topic: str) -> set[int]:
    """The schema ids of a topic's first records, once there are some."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "numbers", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    deadline = time.monotonic() + 60
    try:
        while not (messages := consumer.consume(10, 0.5)):
            assert time.monotonic() < deadline, f"nothing came to {topic}"
        return {int.from_bytes((message.value() or b"")[1:5], "big") for message in messages}
    finally:
        consumer.close()


def test_the_way_round_and_a_version_of_others(client: Client) -> None:
    goes_round(client)
    a_version_that_goes_with_ours(client)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (with_field(SUBJECT), "could not read"),
        (newest(SUBJECTS["LotState"]), "no record StatusRecord"),
        ({"type": "record", "name": "StatusRecord", "fields": [{"name": "a", "type": "nonsense"}]}, "no Avro schema"),
        ({"type": "string"}, "no record StatusRecord"),
    ],
)
def test_what_is_not_ours_under_our_subject_is_refused(client: Client, schema: Schema, said: str) -> None:
    open_registry(client, OURS, register_missing=True)
    put(client, SUBJECT, schema)
    with pytest.raises(RegistryError, match=f"{SUBJECT} version 2.*{said}"):
        open_registry(client, OURS, register_missing=True)


def test_an_id_that_was_not_there_at_the_start_is_not_asked_for(client: Client) -> None:
    theirs = open_registry(client, OURS, register_missing=True)
    later = put(client, SUBJECT, with_field(SUBJECT, default=""))
    written = b"\0" + later.to_bytes(4, "big") + Codec(theirs).encode(STATUS)[5:] + b"\0"
    with pytest.raises(UndecodableError, match="UNKNOWN_SCHEMA"):
        Codec(theirs).decode(written, StatusRecord)
    assert Codec(open_registry(client, OURS, register_missing=False)).decode(written, StatusRecord) == STATUS


def test_one_subject_that_lacks_is_named_and_only_it_is_written(client: Client) -> None:
    for subject in SUBJECTS.values():
        if subject != SUBJECT:
            put(client, subject, newest(subject))
    subjects = look(client, OURS)
    with pytest.raises(RegistryError, match=f"not under {SUBJECT};"):
        catalogue(subjects)
    before = {subject.name: subject.newest for subject in subjects}
    after = {subject.name: subject.newest for subject in (register(client, OURS, subject) for subject in subjects)}
    assert {name for name in after if after[name] != before[name]} == {SUBJECT}


def test_a_program_that_chose_a_registry_writes_its_numbers(client: Client) -> None:
    theirs = open_registry(client, OURS, register_missing=True)
    try:
        codec.use(theirs)
        data = codec.encode(STATUS)
        assert int.from_bytes(data[1:5], "big") == theirs.id_of(SUBJECT)
        assert codec.decode(data, StatusRecord) == STATUS
    finally:
        codec.use(OURS)
    assert int.from_bytes(codec.encode(STATUS)[1:5], "big") == OURS.id_of(SUBJECT)


def test_nobody_answers() -> None:
    silent = connect("http://127.0.0.1:9", {"max.retries": "0"})
    with pytest.raises(RegistryError, match="does not answer") as away:
        look(silent, OURS)
    assert away.value.code == "UNREACHABLE"


@pytest.mark.parametrize(
    "options",
    [{"no.such": "option"}, {"timeout": "soon"}, {"ssl.ca.location": "/no/such/file"}, {"basic.auth.user.info": "hunter2"}],
)
def test_options_that_cannot_be_used_are_told_without_their_values(options: dict[str, str]) -> None:
    with pytest.raises(RegistryError, match=r"schema_registry\.options") as bad:
        connect("http://me:hunter2@localhost:1", options)
    assert bad.value.code == "UNUSABLE"
    assert "hunter2" not in str(bad.value)

"""The broker from Maven artifacts: where its libraries come from, how it starts, stops and fails."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.kafka import Broker, KafkaUnavailableError, artifacts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def resolved() -> Path:
    """The libraries, where this machine can have them."""
    try:
        artifacts.java()
        return artifacts.libraries()
    except KafkaUnavailableError as reason:
        pytest.skip(f"no real Kafka: {reason}")


@pytest.mark.kafka
def test_a_node_keeps_its_data_and_gives_back_its_port(resolved: Path, tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        address = broker.bootstrap_servers
        admin = AdminClient({"bootstrap.servers": address})
        admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(10)
        assert "Kafka Server started" in broker.log_file.read_text()
    host, _, port = address.partition(":")
    with pytest.raises(OSError, match="refused"), socket.create_connection((host, int(port)), timeout=1):
        pass
    with Broker(tmp_path) as broker:
        assert "kept" in AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(timeout=10).topics
    assert (tmp_path / "server.properties").is_file()


@pytest.mark.kafka
def test_the_command_runs_until_it_is_asked_to_stop(resolved: Path) -> None:
    command = [sys.executable, "-m", "deploy.kafka", "start", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Kafka answers at 127.0.0.1:")
    folder = Path(line.split("its log is ")[1].split(";")[0]).parent
    assert folder.is_dir()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not folder.exists()  # a fresh folder goes with the node


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(KafkaUnavailableError, match=f"port {port} is taken"):
            Broker(port=port).start()


def test_without_java_or_maven_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv(artifacts.CACHE_VARIABLE, str(tmp_path / "cache"))
    with pytest.raises(KafkaUnavailableError, match="no Java"):
        artifacts.java()
    with pytest.raises(KafkaUnavailableError, match="no Maven"):
        artifacts.libraries()


def test_an_old_java_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "java"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(KafkaUnavailableError, match="not Java 17 or newer"):
        artifacts.java()


def test_what_maven_cannot_resolve_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho 'no such artifact'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv(artifacts.CACHE_VARIABLE, str(tmp_path / "cache"))
    with pytest.raises(KafkaUnavailableError, match="no such artifact"):
        artifacts.libraries()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_libraries_are_resolved_once_and_anew_for_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text(
        f"#!/bin/sh\necho called >> {tmp_path}/calls\n"
        'for a in "$@"; do case $a in -DoutputDirectory=*) mkdir -p "${a#*=}"; touch "${a#*=}/x.jar";; esac; done\n'
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv(artifacts.CACHE_VARIABLE, str(tmp_path / "cache"))
    first = artifacts.libraries()
    assert artifacts.libraries() == first
    assert [path.name for path in first.iterdir()] == ["x.jar"]
    other = tmp_path / "pom.xml"
    other.write_text(artifacts.POM.read_text() + "<!-- another version -->")
    monkeypatch.setattr(artifacts, "POM", other)
    assert artifacts.libraries() != first
    assert (tmp_path / "calls").read_text() == "called\n" * 2

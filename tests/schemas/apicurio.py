"""A real schema registry for tests: Apicurio, in memory, from the machine's Maven (Java 17). Its API `ccompat` is Confluent's."""

import fcntl
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.kafka import KafkaUnavailableError
from deploy.kafka.artifacts import cache, java

# 2.6 is the last line that runs on Java 17 and takes our schemas: 3.0 does not recognise the entry's as Avro, 3.3 wants Java 21.
VERSION = "2.6.13.Final"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
RESOLVE_SECONDS = 240
START_SECONDS = 120.0


@contextmanager
def apicurio(log: Path) -> Iterator[str]:
    """The address of a fresh registry; skips, with the reason, where there can be none."""
    machine, folder = _java(), _installed()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    jar = next(folder.glob("*-runner.jar"))
    command = [machine, "-Xmx400m", "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}", "-jar", str(jar)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield _answers(f"http://127.0.0.1:{port}/apis/ccompat/v7", process, log)
    finally:
        process.kill()  # it keeps nothing
        process.wait()


def _java() -> str:
    try:
        return java()
    except KafkaUnavailableError as reason:
        pytest.skip(f"no schema registry: {reason}")


def _installed() -> Path:
    """Where it is unpacked, which is done once."""
    folder = cache().with_name("apicurio") / VERSION
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        pytest.skip("no schema registry: no Maven")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        goal = ["dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={scratch}"]
        try:
            done = subprocess.run(
                [maven, "--batch-mode", "--quiet", *goal], cwd=scratch, capture_output=True, timeout=RESOLVE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"no schema registry: Maven did not fetch it within {RESOLVE_SECONDS} s")
        if done.returncode != 0:
            pytest.skip(f"no schema registry: Maven could not fetch it: {done.stdout[-500:]!r}")
        with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as archive:
            archive.extractall(Path(scratch) / "unpacked", filter="data")
        (Path(scratch) / "unpacked").rename(folder)


def _answers(address: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/subjects", timeout=5):  # noqa: S310  # ours
                return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the schema registry did not start: {log.read_text(errors='replace')[-2000:]}")

"""The broker's libraries: resolved once with the machine's Maven into a cache folder."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
JAVA_AT_LEAST = 17
RESOLVE_SECONDS = 600
CACHE_VARIABLE = "LODESTREAM_KAFKA_CACHE"


class KafkaUnavailableError(Exception):
    """This machine cannot run the broker; the message says what is missing."""


def java() -> str:
    """The path of a Java that is new enough for Kafka 4. Raises KafkaUnavailableError."""
    home = os.environ.get("JAVA_HOME")
    path = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not path or not Path(path).is_file():
        raise KafkaUnavailableError(f"no Java: install version {JAVA_AT_LEAST} or newer (java on the PATH, or JAVA_HOME)")
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)  # noqa: S603  # a path we looked up
    version = re.search(r'version "(\d+)', told.stderr)
    if not version or int(version.group(1)) < JAVA_AT_LEAST:
        raise KafkaUnavailableError(f"{path} is not Java {JAVA_AT_LEAST} or newer: {told.stderr.splitlines()[:1]}")
    return path


def libraries() -> Path:
    """The folder with the broker's jar files, filled at the first call. Raises KafkaUnavailableError."""
    # A new pom.xml is a new folder: what was resolved for another version is never run by mistake.
    folder = cache() / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once resolve once
        if not folder.is_dir():
            _resolve(folder)
    return folder


def cache() -> Path:
    """LODESTREAM_KAFKA_CACHE, else .cache/kafka of the checkout, else the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    root = POM.parents[2]
    if (root / "pyproject.toml").is_file():
        return root / ".cache" / "kafka"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lodestream" / "kafka"


def _resolve(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise KafkaUnavailableError("no Maven: install it (mvn on the PATH), or set KAFKA_BOOTSTRAP_SERVERS to a running Kafka")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="resolving-") as scratch:
        shutil.copy(POM, scratch)  # Maven writes beside the file it is given
        jars = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={jars}", "-DincludeScope=runtime"]
        command = [maven, "--batch-mode", "--quiet", "--file", f"{scratch}/pom.xml", *goal]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RESOLVE_SECONDS)  # noqa: S603  # ours
        except subprocess.TimeoutExpired:
            raise KafkaUnavailableError(f"Maven did not resolve the broker within {RESOLVE_SECONDS} s") from None
        if done.returncode != 0:
            raise KafkaUnavailableError(f"Maven could not resolve the broker:\n{(done.stdout + done.stderr).strip()[-2000:]}")
        jars.rename(folder)

"""docker-compose.yml and the image say what the settings, the worker names and the versions are: no drift between them."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from cli.main import COMMANDS, cli
from cli.worker import WORKERS
from runtime.settings import CONFIG_VARIABLE, ENV_PREFIX, Settings
from schemas.topics import PARTITIONS

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def setting_names(model: type[BaseModel] = Settings, prefix: str = ENV_PREFIX) -> set[str]:
    """Every environment variable that the settings read."""
    names = set()
    for field, info in model.model_fields.items():
        name = f"{prefix}{field.upper()}"
        inner = info.annotation
        is_section = isinstance(inner, type) and issubclass(inner, BaseModel)
        names |= setting_names(inner, f"{name}__") if is_section else {name}
    return names


def test_every_worker_has_a_service() -> None:
    started = {tuple(service["command"]) for name, service in OURS.items() if name != "setup"}
    assert started == {("worker", worker) for worker in WORKERS}


@pytest.mark.parametrize("name", OURS)
def test_environment_names_are_settings(name: str) -> None:
    given = set(OURS[name]["environment"])
    assert given <= setting_names() | {CONFIG_VARIABLE}


def test_the_environment_makes_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in OURS["ledger"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value))
    settings = Settings()
    assert settings.kafka.bootstrap_servers == "kafka:19092"
    assert settings.clickhouse.url == "http://lodestream:lodestream@clickhouse:8123/lodestream"
    assert settings.partitions == PARTITIONS
    assert settings.instance == "ledger-1"


def test_instances_differ_and_keep_their_state() -> None:
    workers = {name: service for name, service in OURS.items() if name != "setup"}
    instances = [service["environment"]["LODESTREAM_INSTANCE"] for service in workers.values()]
    assert len(set(instances)) == len(instances)
    data_dir = re.search(r"LODESTREAM_DATA_DIR=(\S+)", DOCKERFILE)
    assert data_dir is not None
    for name, service in workers.items():
        keys = ["issuer:/var/lib/lodestream-issuer"] if name == "publication" else []  # it signs status lists
        assert service["volumes"] == [f"{name}:{data_dir[1]}", *keys]


def test_all_that_lasts_is_in_a_declared_volume() -> None:
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    ours = [mount for mount in mounts if mount.startswith("./")]
    assert {mount.split(":")[0] for mount in mounts if mount not in ours} == set(COMPOSE["volumes"])
    for mount in ours:
        folder, _, mode = mount.split(":")
        assert (ROOT / folder).is_dir()
        assert mode == "ro"


def test_workers_wait_for_the_set_up_and_it_for_healthy_servers() -> None:
    for name, service in OURS.items():
        if name != "setup":
            assert service["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
            program = service["healthcheck"]["test"][-1]
            assert f"127.0.0.1:{service['environment']['LODESTREAM_METRICS__PORT']}/ready" in program
            compile(program, name, "exec")
    for server, condition in OURS["setup"]["depends_on"].items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[server]


def test_the_set_up_runs_commands_that_exist() -> None:
    (script,) = OURS["setup"]["command"]
    for line in script.split("&&"):
        program, name, *rest = line.split()
        assert program == "lodestream"
        assert name in COMMANDS
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        if rest:
            command = command.commands[rest[0]]  # type: ignore[union-attr]
            flags = {flag for parameter in command.params for flag in parameter.opts}
            assert set(rest[1:]) <= flags


def test_kafka_is_the_version_that_the_tests_run_on() -> None:
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()
    version = SERVICES["kafka"]["image"].removeprefix("apache/kafka:")
    assert f">{version}<" in pom
    assert version.startswith("4.")


def test_inside_and_outside_addresses_of_kafka_are_listened_to() -> None:
    environment = SERVICES["kafka"]["environment"]
    advertised = dict(item.split("://") for item in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listeners = dict(item.split("://") for item in environment["KAFKA_LISTENERS"].split(","))
    protocols = dict(item.split(":") for item in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert listeners.keys() == protocols.keys()
    assert advertised["INSIDE"] == OURS["gate"]["environment"]["LODESTREAM_KAFKA__BOOTSTRAP_SERVERS"]
    for name, address in advertised.items():
        assert listeners[name].rpartition(":")[2] == address.rpartition(":")[2]
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_clickhouse_is_new_enough_and_its_login_is_the_workers() -> None:
    major, minor = map(int, SERVICES["clickhouse"]["image"].rpartition(":")[2].split(".")[:2])
    assert (major, minor) >= (25, 8)
    environment = SERVICES["clickhouse"]["environment"]
    login = f"{environment['CLICKHOUSE_USER']}:{environment['CLICKHOUSE_PASSWORD']}"
    assert OURS["sink"]["environment"]["LODESTREAM_CLICKHOUSE__URL"] == (
        f"http://{login}@clickhouse:8123/{environment['CLICKHOUSE_DB']}"
    )


def test_ports_are_open_on_this_machine_only() -> None:
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_holds_every_room_and_runs_without_rights() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE)) == set(packages)
    assert re.search(r"^USER lodestream$", DOCKERFILE, re.MULTILINE)
    assert 'ENTRYPOINT ["lodestream"]' in DOCKERFILE
    named = set(re.findall(r"LODESTREAM_\w+(?==)", DOCKERFILE))
    assert named <= setting_names()

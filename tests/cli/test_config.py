"""`lodestream config`, flags above environment above file, and settings that cannot be used."""

import re
from pathlib import Path

import pytest

from .conftest import ROOT, Run


def rows(said_rows: list[dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["value"], row["source"]) for row in said_rows}


def test_flags_stand_above_environment_above_file(lodestream: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("lodestream.toml").write_text('partitions = 8\nlog_level = "debug"\n[kafka]\nbootstrap_servers = "file:1"\n')
    monkeypatch.setenv("LODESTREAM_LOG_LEVEL", "error")
    monkeypatch.setenv("LODESTREAM_KAFKA__BOOTSTRAP_SERVERS", "env:1")
    shown = rows(lodestream("-s", "kafka.bootstrap_servers=flag:1", "config", "--json").rows)
    assert shown["kafka.bootstrap_servers"] == ("flag:1", "flag")
    assert shown["log_level"] == ("error", "environment LODESTREAM_LOG_LEVEL")
    assert shown["partitions"] == ("8", "file lodestream.toml")
    assert shown["limits.list_elements"] == ("1000", "default")


def test_a_named_file_replaces_the_one_in_the_folder(lodestream: Run, tmp_path: Path) -> None:
    Path("lodestream.toml").write_text("partitions = 8\n")
    Path("other.toml").write_text("partitions = 16\n")
    shown = rows(lodestream("--config", "other.toml", "config", "--json").rows)
    assert shown["partitions"] == ("16", f"file {tmp_path / 'other.toml'}")


def test_options_of_the_kafka_client_keep_their_dots_and_hide_passwords(lodestream: Run) -> None:
    flags = ("-s", "kafka.options.security.protocol=SSL", "-s", "kafka.options.sasl.password=hunter2")
    said = lodestream(*flags, "config", "--json")
    assert rows(said.rows)["kafka.options.security.protocol"] == ("SSL", "flag")
    assert "hunter2" not in said.out


def test_the_registry_hides_its_passwords_too(lodestream: Run) -> None:
    url = ("-s", "schema_registry.url=https://me:hunter2@registry.example.com")
    options = ("-s", "schema_registry.options.basic.auth.user.info=me:hunter2", "-s", "schema_registry.options.timeout=5")
    said = lodestream(*url, *options, "config", "--json")
    assert rows(said.rows)["schema_registry.options.timeout"] == ("5", "flag")
    assert rows(said.rows)["schema_registry.options.basic.auth.user.info"] == ("********", "flag")
    assert "hunter2" not in said.out


def test_the_table_for_people_shows_the_same_settings(lodestream: Run) -> None:
    names = [row["name"] for row in lodestream("config", "--json").rows]
    table = lodestream("config").out
    assert all(name in table for name in names)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-s", "partitions=many"), "partitions"),
        (("-s", "partitons=4"), "partitons"),
        (("-s", "partitions"), "NAME=VALUE"),
        (("-s", "kafka=x", "-s", "kafka.bootstrap_servers=y"), "already set"),
        (("-s", "kafka.options.enable.idempotence=false"), "enable.idempotence"),
    ],
)
def test_settings_that_cannot_be_used(lodestream: Run, flags: tuple[str, ...], said: str) -> None:
    done = lodestream(*flags, "config")
    assert done.code == 2
    assert said in done.err


ILLUSTRATIVE = {
    "instance",
    "book",
    "clickhouse.url",
    "schema_registry.url",
    "issuer.did",
    "issuer.name",
    "issuer.base_url",
    "issuer.key_file",
    "issuer.profile",
    "issuer.keyring",
    "metrics.port",
    "watch.web_port",
    "suppliers.file",
    "suppliers.folder",
    "suppliers.tokens",
    "traces.endpoint",
}


def test_the_example_file_shows_every_setting_with_its_default(lodestream: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LODESTREAM_DATA_DIR")
    example = (ROOT / "deploy" / "lodestream.example.toml").read_text()
    Path("lodestream.toml").write_text(example)
    default = rows(lodestream("config", "--json").rows)
    in_force = {name for name, (_, source) in default.items() if source != "default"}
    assert in_force <= {"kafka.options", "schema_registry.options"}, "a line of the example is in force"
    Path("lodestream.toml").write_text(re.sub(r'^# ((?:"[a-z.]+"|\w+) += )', r"\1", example, flags=re.MULTILINE))
    shown = {name: (value, source) for name, (value, source) in rows(lodestream("config", "--json").rows).items()}
    settings = {name for name in shown if ".options" not in name}
    assert all(shown[name][1] == "file lodestream.toml" for name in settings), "a setting is missing in the example"
    stated = settings - ILLUSTRATIVE
    assert {name: shown[name][0] for name in stated} == {name: default[name][0] for name in stated}

"""Where a setting comes from, what is refused, and what is never shown."""

import os
from pathlib import Path

import pytest

from runtime.settings import CONFIG_VARIABLE, MASK, OURS, ConfigurationError, Settings, explain, load


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a settings file, and an environment without settings."""
    for name in os.environ:
        if name.startswith("LODESTREAM_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_of_the_contract() -> None:
    settings = load()
    assert settings.data_dir == Path(".lodestream")
    assert settings.clickhouse.url == f"chdb://{Path.cwd()}/.lodestream/clickhouse"
    assert settings.partitions == 64
    assert (settings.limits.inbox_record_bytes, settings.limits.events_per_document) == (8 * 1024 * 1024, 10_000)
    assert settings.limits.list_elements == 1_000
    assert (settings.kafka.session_timeout_ms, settings.kafka.transaction_timeout_ms) == (15_000, 10_000)


def test_flags_before_environment_before_file_before_defaults(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "lodestream.toml").write_text(
        'partitions = 8\ninstance = "file"\n'
        '[kafka]\nbootstrap_servers = "file:1"\n[kafka.options]\n"ssl.ca.location" = "ca.pem"\n'
    )
    monkeypatch.setenv("LODESTREAM_INSTANCE", "environment")
    monkeypatch.setenv("LODESTREAM_KAFKA__BOOTSTRAP_SERVERS", "environment:1")
    flags = {"kafka": {"bootstrap_servers": "flag:1", "session_timeout_ms": None}, "log_level": None}
    settings = load(flags)
    assert (settings.kafka.bootstrap_servers, settings.instance, settings.partitions) == ("flag:1", "environment", 8)
    sources = {setting.name: setting.source for setting in explain(flags)}
    assert sources["kafka.bootstrap_servers"] == "flag"
    assert sources["instance"] == "environment LODESTREAM_INSTANCE"
    assert sources["partitions"] == "file lodestream.toml"
    assert sources["kafka.options.ssl.ca.location"] == "file lodestream.toml"
    assert sources["kafka.session_timeout_ms"] == "default"
    assert sources["log_level"] == "default"


def test_a_file_may_be_named(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = nowhere / "other.toml"
    other.write_text("partitions = 2\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(other))
    assert load().partitions == 2
    other.unlink()
    with pytest.raises(ConfigurationError, match="not a file"):
        load()


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ({"kafka": {"bootstrap_server": "a:1"}}, "kafka.bootstrap_server: Extra inputs are not permitted (from flag)"),
        ({"partitions": 0}, "partitions: Input should be greater than or equal to 1 (from flag)"),
        ({"instance": "two words"}, "instance: "),
        ({"instance": ".."}, "instance: "),  # it names a folder
        ({"kafka": {"session_timeout_ms": 5_000}}, "transaction_timeout_ms must be below session_timeout_ms"),
        ({"nonsense": 1}, "nonsense: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_named_with_its_source(flags: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(flags)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_exactly_once_rests_on_cannot_be_configured(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"rests on our values"):
        load({"kafka": {"options": {name: "anything"}}})


@pytest.mark.parametrize("text", ["partitions = ", "partitions = 'many'", "[kafka]\nbootstrap_servers = 7\n"])
def test_a_bad_file_is_a_message_not_a_traceback(nowhere: Path, text: str) -> None:
    (nowhere / "lodestream.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        load()


SECRETS = {
    "sasl.password": "sesame",
    "ssl.key.pem": "-----BEGIN sesame",
    "ssl.key.password": "sesame",
    "sasl.oauthbearer.client.secret": "sesame",
    "ssl.keystore.password": "sesame",
}


@pytest.mark.parametrize("url", ["https://me:sesame@host:8443/db", "https://host/db?user=me&password=sesame&secure=1"])
def test_secrets_are_never_shown(url: str) -> None:
    flags = {"kafka": {"options": SECRETS | {"sasl.username": "me"}}, "clickhouse": {"url": url}}
    shown = {setting.name: setting.value for setting in explain(flags)}
    assert "sesame" not in repr(shown)
    assert "sesame" not in repr(load(flags))
    assert shown["kafka.options.sasl.username"] == "me"
    assert shown["kafka.options.sasl.password"] == MASK
    assert "host" in shown["clickhouse.url"]


def test_a_secret_in_a_wrong_place_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({"kafka": {"options": {"sasl.password": ["sesame"]}}})
    assert "sesame" not in str(caught.value)


def test_every_setting_is_explained() -> None:
    names = [setting.name for setting in explain()]
    assert len(names) == len(set(names))
    assert {name.split(".")[0] for name in names} == set(Settings.model_fields)


@pytest.mark.parametrize("char", "/?#")
def test_a_password_that_is_not_escaped_is_masked_too(char: str) -> None:
    shown = {each.name: each.value for each in explain({"clickhouse": {"url": f"http://me:se{char}cret@host"}})}
    assert shown["clickhouse.url"] == MASK
    folder = "chdb:///home/me@work/clickhouse"
    assert {each.name: each.value for each in explain({"clickhouse": {"url": folder}})}["clickhouse.url"] == folder

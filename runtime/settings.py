"""Settings of every program: flags before environment before lodestream.toml before defaults, and where each one came from."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError

CONFIG_VARIABLE = "LODESTREAM_CONFIG"
ENV_PREFIX = "LODESTREAM_"
MASK = "********"

# What exactly-once rests on is not for configuration (docs/adr/0002): runtime/clients.py sets these and nobody else.
OURS = frozenset(
    {
        "bootstrap.servers",
        "group.id",
        "group.instance.id",
        "group.protocol",
        "transactional.id",
        "transaction.timeout.ms",
        "session.timeout.ms",
        "isolation.level",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "auto.offset.reset",
        "partition.assignment.strategy",
        "partitioner",
        "acks",
        "request.required.acks",
    }
)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]


class ConfigurationError(Exception):
    """The settings cannot be used; the message names each bad setting, where it came from and what is wrong."""

    code = "CONFIGURATION"


class Section(BaseModel):
    """A part of the settings; an unknown name in it is an error, so that no misspelled setting is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Kafka(Section):
    """How to reach the broker. `options` go to librdkafka as they are: security, buffers, anything that is not ours to decide."""

    bootstrap_servers: str = "localhost:9092"
    options: dict[str, str] = Field(default_factory=dict, repr=False)
    session_timeout_ms: int = Field(default=15_000, ge=1_000, description="a worker that died is replaced after this time")
    transaction_timeout_ms: int = Field(
        default=10_000, ge=1_000, description="what a dead worker left open is aborted after this time"
    )

    @model_validator(mode="after")
    def _sound(self) -> "Kafka":
        taken = sorted(OURS & self.options.keys())
        if taken:
            raise ValueError(f"options: {', '.join(taken)} cannot be set here: exactly-once processing rests on our values")
        if self.transaction_timeout_ms >= self.session_timeout_ms:
            # Else another worker takes the partition while the dead one's transaction still hides the records behind it.
            raise ValueError("transaction_timeout_ms must be below session_timeout_ms")
        return self


class ClickHouse(Section):
    """Where the tables are: `chdb:///absolute/folder` (in this process) or `http(s)://user:password@host:port/database`."""

    url: str = Field(default="", repr=False, description="empty: chdb in data_dir/clickhouse")


class SchemaRegistry(Section):
    """A Confluent-compatible registry that numbers our schemas. `options` go to Confluent's client as they are: TLS, tokens."""

    url: str = Field(default="", repr=False, description="http(s)://user:password@host:port; empty: this package's own numbers")
    register_missing: bool = Field(default=False, description="write our schemas into it where they are missing")
    options: dict[str, str] = Field(default_factory=dict, repr=False)


class Pkcs11(Section):
    """A signing key in an HSM: the maker's PKCS#11 library, and the labels of the token and of the key."""

    module: str = Field(default="", description="the library's file; empty: no HSM")
    token: str = ""
    label: str = ""
    pin: SecretStr = SecretStr("")


class Issuer(Section):
    """Who signs credentials."""

    did: str = ""
    name: str = ""
    base_url: str = ""
    profile: Path | None = Field(default=None, description="TOML: facilities, products, and what leaves (docs/credentials.md)")
    untp: Literal["0.7.0", "0.6.1"] = Field(default="0.7.0", description="the version of UNTP that is issued")

    # The key: one of these brings it; else it is made, and kept in the keyring (docs/keys.md).
    key_file: Path | None = None
    key_pem: SecretStr = Field(
        default=SecretStr(""), description="PKCS#8 PEM; for the environment, where \\n may stand for line ends"
    )
    pkcs11: Pkcs11 = Pkcs11()
    keyring: Path | None = Field(default=None, description="the folder of keys and their history; none: data_dir/issuer")
    algorithm: Literal["EdDSA", "ES256"] = Field(default="EdDSA", description="of the keys that are made")
    securing: Literal["vc+jwt", "eddsa-jcs-2022"] = "vc+jwt"

    @model_validator(mode="after")
    def _one_key(self) -> "Issuer":
        brought = [self.key_file, self.key_pem.get_secret_value(), self.pkcs11.module]
        if sum(map(bool, brought)) > 1:
            raise ValueError("only one of key_file, key_pem and pkcs11.module can bring the key")
        if self.pkcs11.module and not (self.pkcs11.token and self.pkcs11.label):
            raise ValueError("pkcs11.module needs pkcs11.token and pkcs11.label too")
        if self.securing == "eddsa-jcs-2022" and self.algorithm != "EdDSA":
            raise ValueError("securing eddsa-jcs-2022 needs an EdDSA key; ES256 goes with vc+jwt")
        return self


class Publication(Section):
    """What others may read: the folder that the publication worker writes and `lodestream serve` serves."""

    folder: Path = Field(default=Path(), description="empty: data_dir/publication")


class Limits(Section):
    """What is too large is refused by name, not by a broker (runtime-rules, section 1)."""

    inbox_record_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    events_per_document: int = Field(default=10_000, ge=1)
    list_elements: int = Field(default=1_000, ge=1)
    document_items: int = Field(default=200_000, ge=1)


class Metrics(Section):
    """Where a worker tells how it is: /metrics for Prometheus, /health, /ready. Whoever reaches the address may read it."""

    address: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65_535, description="none: off; 0: any that is free, the log says which")
    alive_s: float = Field(default=120.0, gt=0, description="no round for so long: /health says no")


class Traces(Section):
    """OpenTelemetry. `sample` is the part of the traces that start here that is recorded; what comes with one keeps its own."""

    endpoint: str = Field(default="", repr=False, description="OTLP over HTTP, http://collector:4318/v1/traces; empty: off")
    sample: float = Field(default=0.01, ge=0, le=1)


class Worker(Section):
    """How a worker takes its records: one batch is one transaction."""

    batch_records: int = Field(default=1_000, ge=1, le=10_000)
    batch_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    poll_ms: int = Field(default=200, ge=1, le=10_000)
    store: Literal["rocksdb", "memory"] = "rocksdb"


class Watch(Section):
    """The surveillance over the transactions, and its clock. Whoever reaches the page's address may read it."""

    tick_s: int = Field(default=60, ge=1, description="a site gets at most one tick in so many seconds")
    web_address: str = "127.0.0.1"
    web_port: int | None = Field(default=None, ge=1, le=65_535, description="a page of how the watch is, by Faust; none: off")


class Suppliers(Section):
    """Suppliers' credentials come in. Whoever reaches the address may post one, with a token of `tokens`."""

    file: Path | None = Field(default=None, description="whom we believe: suppliers.toml; none: nobody")
    folder: Path | None = Field(default=None, description="where credentials are kept; none: data_dir/suppliers")
    source: str = Field(default="credentials", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="the key of the inbox records")
    tokens: Path | None = Field(default=None, description="bearer tokens by supplier, TOML, readable by its owner alone")
    address: str = "127.0.0.1"
    port: int = Field(default=8470, ge=0, le=65_535, description="0: any that is free, the log says which")
    check_s: int = Field(default=3600, ge=1, description="how often the status of what was accepted is looked up")
    grace_hours: int = Field(default=72, ge=0, description="so long a credential may be unverifiable before its lots are held")


def _instance() -> str:
    """This host's name, made fit for a Kafka id and a folder. Two workers of one kind on one host need a name each."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip(".")[:100] or "local"


def config_file() -> Path:
    """The file named by LODESTREAM_CONFIG, else lodestream.toml in the current folder (which need not exist)."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise ConfigurationError(f"{CONFIG_VARIABLE} names {named}, which is not a file")
    return Path(named) if named else Path("lodestream.toml")


class Settings(BaseSettings):
    """All settings. Made with `load()`, which tells errors to a person; keyword arguments are flags and win over everything."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: Kafka = Kafka()
    data_dir: Path = Path(".lodestream")
    instance: Name = Field(default_factory=_instance)
    clickhouse: ClickHouse = ClickHouse()
    schema_registry: SchemaRegistry = SchemaRegistry()
    book: Path | None = None
    issuer: Issuer = Issuer()
    publication: Publication = Publication()
    limits: Limits = Limits()
    worker: Worker = Worker()
    metrics: Metrics = Metrics()
    traces: Traces = Traces()
    watch: Watch = Watch()
    suppliers: Suppliers = Suppliers()
    partitions: int = Field(default=64, ge=1, le=1024)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console", "auto"] = "auto"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, file, in this order."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @model_validator(mode="after")
    def _places_in_the_data_folder(self) -> "Settings":
        if not self.clickhouse.url:
            # The object is frozen for everyone but its own construction.
            self.__dict__["clickhouse"] = ClickHouse(url=f"chdb://{(self.data_dir / 'clickhouse').absolute()}")
        if self.publication.folder == Path():
            self.__dict__["publication"] = Publication(folder=self.data_dir / "publication")
        return self


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force; flags are nested as the sections are. Raises ConfigurationError."""
    try:
        return Settings(**_without_none(flags or {}))
    except ValidationError as error:
        lines = [_complaint(".".join(map(str, fault["loc"])), fault["msg"], flags or {}) for fault in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None
    except (SettingsError, ValueError) as error:  # a malformed TOML file or a JSON value in the environment that is none
        raise ConfigurationError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force: dotted name, value as text (secrets masked), where it came from."""

    name: str
    value: str
    source: str


def explain(flags: Mapping[str, Any] | None = None) -> list[Setting]:
    """Every setting with its value and source, in the order of declaration; what `lodestream config` prints."""
    settings = load(flags)
    sources = _sources(flags or {})
    return [Setting(name, _shown(name, value), _source(name, sources)) for name, value in _leaves(settings, "")]


def _without_none(flags: Mapping[str, Any]) -> dict[str, Any]:
    """A flag that was not given must not hide the environment."""
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value for key, value in flags.items() if value is not None
    }


def _leaves(model: BaseModel, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field in type(model).model_fields:
        value, name = getattr(model, field), f"{prefix}{field}"
        if isinstance(value, BaseModel):
            found += _leaves(value, f"{name}.")
        elif isinstance(value, dict) and value:
            found += [(f"{name}.{key}", item) for key, item in value.items()]
        else:
            found.append((name, value))
    return found


def _sources(flags: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    path = config_file()
    return [
        ("flag", _without_none(flags)),
        ("environment", EnvSettingsSource(Settings)()),
        (f"file {path}", TomlConfigSettingsSource(Settings, path)()),
    ]


def _source(name: str, sources: list[tuple[str, Mapping[str, Any]]]) -> str:
    for source, values in sources:
        if _has(values, name):
            return f"{source} {ENV_PREFIX}{name.upper().replace('.', '__')}" if source == "environment" else source
    return "default"


def _has(values: Any, name: str) -> bool:
    """Whether the dotted name is in the nested mapping; names of librdkafka options contain dots themselves."""
    if not isinstance(values, Mapping):
        return False
    if name in values:
        return True
    head, _, rest = name.partition(".")
    return bool(rest) and head in values and _has(values[head], rest)


def _complaint(name: str, message: str, flags: Mapping[str, Any]) -> str:
    return f"{name or 'settings'}: {message} (from {_source(name, _sources(flags))})"


_SECRET = re.compile(r"password|secret|passphrase|token|pem$|jaas|oauthbearer\.config|credential|user\.info", re.IGNORECASE)


def _shown(name: str, value: Any) -> str:
    if ".options." in name and _SECRET.search(name):
        return MASK
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if name in ("clickhouse.url", "schema_registry.url", "traces.endpoint"):
        return without_password(value)
    return "" if value is None else str(value)


def without_password(url: str) -> str:
    """The address with its password masked, also one given as a parameter; an address that cannot be read is masked whole."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        netloc = parts.netloc if parts.password is None else f"{parts.username or ''}:{MASK}@{host}"
    except ValueError:
        return MASK
    if parts.scheme == "chdb":
        return url  # a folder has no password, and `urlunsplit` would lose two of its three slashes
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return MASK  # a password with a / ? or # that is not escaped: what looks like a host and a path is a part of it
    query = re.sub(r"((?:password|secret|token)=)[^&]*", rf"\g<1>{MASK}", parts.query, flags=re.IGNORECASE)
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))

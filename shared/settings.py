"""Settings: read once at start from `KADENCE_*`, secrets also from files; every fault is reported at once.

A service's settings are one frozen dataclass that extends `PlatformSettings`. `KADENCE_X_FILE`
gives the value of `KADENCE_X` from a file (a container's secret). Unknown `KADENCE_*` names are refused: a typing
error must not silently mean a default.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from environs import EnvError, FileAwareEnv, validate

from shared.weak import weak_secrets

PREFIX: Final = "KADENCE_"
REQUIRED: Final = object()
S = TypeVar("S", bound="PlatformSettings")


class SettingsFault(SystemExit):
    """The process cannot start; the text names every fault and the mend."""


def setting(about: str, *, default: Any = REQUIRED, choices: tuple[str, ...] = (), secret: bool = False) -> Any:
    """One field of a settings class. Its variable is `KADENCE_` + the field's name in upper case."""
    return field(metadata={"about": about, "default": default, "choices": choices, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class PlatformSettings:
    """Settings that every service has."""

    env: str = setting(
        "Where this runs; production refuses simulated time, fail points and weak secrets.",
        choices=("development", "production"),
    )
    namespace: str = setting("Prefix of databases, topics and consumer groups.", default="kadence")
    mongo_url: str = setting("MongoDB replica set.", secret=True)
    kafka_bootstrap: str = setting("Kafka brokers, `host:port,host:port`.")
    kafka_user: str = setting("SASL/SCRAM user; empty: no authentication.", default="")
    kafka_password: str = setting("Password of that user.", default="", secret=True)
    kafka_ca: str = setting("CA file for TLS to the brokers; empty: no TLS.", default="")
    kafka_partitions: int = setting("Partitions of a new topic; never changed afterwards.", default=12)
    kafka_replication: int = setting("Copies of a new topic.", default=1)
    key: str = setting("Master key of sealed fields: 96 random bytes, base64.", secret=True)
    platform_key: str = setting("The operator's access key.", secret=True)
    clock: str = setting("`simulated` lets time be moved forward.", default="system", choices=("system", "simulated"))
    clock_path: str = setting("Where the simulated clock's offset stands.", default="")
    bind: str = setting("Address to listen on.", default="127.0.0.1")
    http_port: int = setting("Port of the web process.", default=8000)
    http_threads: int = setting("Requests that one web process serves at once.", default=16)
    health_port: int = setting("Port of the worker's health and metrics.", default=8001)
    public_url: str = setting("Where patients' browsers reach the gateway.", default="http://127.0.0.1:8080")
    log_level: str = setting("How much is logged.", default="info", choices=("debug", "info", "warning", "error"))
    otlp_endpoint: str = setting(
        "Where traces go by OTLP/HTTP, `http://collector:4318/v1/traces`; empty: nowhere.", default=""
    )
    tick_seconds: float = setting("How often due work is looked for, in seconds.", default=1.0)
    failpoint: str = setting("Where to die, for fault tests: `relay.after_send:kill`.", default="")


def variable(of: Field[Any]) -> str:
    """The environment variable that fills a field of a settings class."""
    return f"{PREFIX}{of.name.upper()}"


def master_key(text: str) -> bytes:
    """The master key from its base64 form. Raises `SettingsFault`."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SettingsFault("KADENCE_KEY: not base64; make one with `head -c 96 /dev/urandom | base64 -w0`") from error


def from_environment(kind: type[S]) -> S:
    """Fill the settings class from this process's environment. Raises `SettingsFault`."""
    return load(kind, os.environ)


def load(kind: type[S], environment: Mapping[str, str]) -> S:
    """Fill the settings class `kind` from `environment`. Raises `SettingsFault` that names every fault at once."""
    values, faults = _read(kind, environment)
    faults += _unknown(kind, environment)
    if not faults:
        faults += _unsafe(values)
    if faults:
        raise SettingsFault("This process cannot start with these settings:\n  " + "\n  ".join(faults))
    return kind(**values)


def _read(kind: type[S], environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    faults: list[str] = []
    for wanted in fields(kind):
        try:
            values[wanted.name] = _value(wanted, environment)
        except (EnvError, ValueError, OSError) as error:
            faults.append(f"{variable(wanted)}: {error} ({wanted.metadata['about'].rstrip('.')})")
    return values, faults


def _value(wanted: Field[Any], environment: Mapping[str, str]) -> Any:
    options: dict[str, Any] = {}
    if wanted.metadata["default"] is not REQUIRED:
        options["default"] = wanted.metadata["default"]
    if wanted.metadata["choices"]:
        options["validate"] = validate.OneOf(wanted.metadata["choices"])
    read = getattr(_Environment(environment), cast("type", wanted.type).__name__)
    value = read(variable(wanted), **options)
    if wanted.metadata["default"] is REQUIRED and not str(value).strip():
        raise ValueError("must not be empty")
    return value


class _Environment(FileAwareEnv):
    """Reads the mapping it is given instead of the process's environment, so that tests need not touch that."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(strip_whitespace=True)
        self._given = environment

    def _get_value(self, env_key: str, default: Any) -> Any:
        file = self._given.get(f"{env_key}_FILE")
        if file is not None:
            return Path(file).read_text().strip()
        return self._given.get(env_key, default)


def _unknown(kind: type[PlatformSettings], environment: Mapping[str, str]) -> list[str]:
    known = {variable(wanted) for wanted in fields(kind)}
    known |= {f"{name}_FILE" for name in known}
    unknown = [name for name in sorted(environment) if name.startswith(PREFIX) and name not in known]
    return [f"{name}: no such setting, see docs/settings.md and the service's README" for name in unknown]


def _unsafe(values: Mapping[str, Any]) -> list[str]:
    """What production must not run with."""
    if values["env"] != "production":
        return ["KADENCE_CLOCK_PATH: needed by the simulated clock"] if _clock_is_nowhere(values) else []
    faults = []
    if values["clock"] == "simulated":
        faults.append("KADENCE_CLOCK: simulated time is refused in production")
    if values["failpoint"]:
        faults.append("KADENCE_FAILPOINT: fail points are refused in production")
    return faults + [f"{PREFIX}{name.upper()}: {why}" for name, why in weak_secrets(values)]


def _clock_is_nowhere(values: Mapping[str, Any]) -> bool:
    return values["clock"] == "simulated" and not values["clock_path"]

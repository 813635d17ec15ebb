"""Settings: the only reader of the environment.

Comes in: PLANBANK_* variables and an optional TOML file (HOME/planbank.toml, or the file
PLANBANK_CONFIG names). Goes out: one frozen `Settings` object; the environment wins over
the file, the file over the defaults.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from planbank.errors import SettingsError


def default_home() -> Path:
    """Where a bank lives unless told otherwise.

    root: /var/lib/planbank (the embedded database drops root's rights and must be able to
    reach its folder); anybody else: $XDG_DATA_HOME/planbank or ~/.local/share/planbank.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/planbank")
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "planbank"


class Settings(BaseSettings):
    """Everything that can be set, read once at start and never changed after."""

    model_config = SettingsConfigDict(env_prefix="PLANBANK_", frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=default_home,
        description="Folder of this bank: archive, transit area, keys, embedded database.",
    )
    database_url: str = Field("", description="PostgreSQL to use; empty starts the embedded one in HOME/pg.")
    web_host: str = Field("127.0.0.1", description="Address the site listens on.")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the site.")
    web_url: str = Field(
        "",
        description="Address people use for the site, for links in messages; empty: http://WEB_HOST:WEB_PORT.",
    )
    dicom_host: str = Field(
        "0.0.0.0",  # noqa: S104 - hospitals send from other machines
        description="Address the gate listens on (127.0.0.1 in a demo home).",
    )
    dicom_port: int = Field(11112, ge=0, le=65535, description="Port of the gate.")
    ae_title: str = Field(
        "PLANBANK", min_length=1, max_length=16, description="Application Entity title of the gate."
    )
    workers: int = Field(0, ge=0, description="Work processes that `up` starts; 0 means one per core.")
    unknown_senders: Literal["quarantine", "refuse"] = Field(
        "quarantine", description="What the gate does with senders nobody registered."
    )
    quiet_minutes: float = Field(
        30, ge=0, description="How long nothing must have come for a patient before images count as all here."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line that is logged."
    )
    clock_file: Path | None = Field(
        None, description="Demo and test homes only: a file with seconds to add to the clock."
    )
    language: Literal["en", "da"] = Field("en", description="Language of pages for people who chose none.")
    time_zone: str = Field("Europe/Copenhagen", description="Zone in which times are shown.")

    @field_validator("home", "clock_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @property
    def keys_dir(self) -> Path:
        return self.home / "keys"

    @property
    def transit_dir(self) -> Path:
        return self.home / "transit"

    @property
    def archive_dir(self) -> Path:
        return self.home / "archive"

    @property
    def run_dir(self) -> Path:
        return self.home / "run"

    @property
    def site_url(self) -> str:
        return self.web_url or f"http://{self.web_host}:{self.web_port}"


def load(**overrides: Any) -> Settings:
    """Read settings; `overrides` (from the command line) win over everything.

    Raises SettingsError naming the setting and what would be right.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    home = Path(given.get("home") or os.environ.get("PLANBANK_HOME") or default_home()).expanduser()
    named = os.environ.get("PLANBANK_CONFIG")
    file = Path(named).expanduser() if named else home / "planbank.toml"
    try:
        from_file = tomllib.loads(file.read_text()) if named or file.exists() else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{file}: {exc}") from exc
    unset = {k: v for k, v in from_file.items() if f"PLANBANK_{k.upper()}" not in os.environ}
    try:
        return Settings(**(unset | given))
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{name}: {first['msg']}.") from exc


def compile_cache() -> Path:
    """Where compiled numerics are kept: the named home's run folder, else the user's cache folder."""
    if named := os.environ.get("PLANBANK_HOME"):
        return Path(named).expanduser() / "run" / "numba"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "planbank" / "numba"


def environment(settings: Settings) -> dict[str, str]:
    """The environment for a child process that must read the same settings."""
    env = dict(os.environ)
    for name, value in settings.model_dump(exclude_none=True).items():
        env[f"PLANBANK_{name.upper()}"] = str(value)
    return env

"""Settings: the only reader of the environment.

Comes in: PLANBANK_* variables and an optional TOML file (HOME/planbank.toml, or the file
PLANBANK_CONFIG names). Goes out: one frozen `Settings` object; the environment wins over
the file, the file over the defaults.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableValue

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


Uid = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)+$", max_length=64)]


class GateLimits(BaseModel):
    """What of the gate's limits differs from its own defaults (docs/reference/gate.md, Limits)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connections: PositiveInt | None = None
    connections_per_address: PositiveInt | None = None
    associate_seconds: PositiveFloat | None = None
    idle_seconds: PositiveFloat | None = None
    pdu_seconds: PositiveFloat | None = None
    object_seconds: PositiveFloat | None = None
    association_seconds: PositiveFloat | None = None
    max_pdu: Annotated[int, Field(ge=4096, le=1 << 24)] | None = None
    associate_bytes: PositiveInt | None = None
    command_bytes: PositiveInt | None = None
    object_bytes: PositiveInt | None = None
    request_bytes: PositiveInt | None = None
    report_seconds: PositiveFloat | None = None
    quarantine_files: PositiveInt | None = None
    quarantine_bytes: PositiveInt | None = None
    quarantine_files_per_address: PositiveInt | None = None
    quarantine_bytes_per_address: PositiveInt | None = None


_TLS_FILES = (
    *("audit_ca", "audit_certificate", "audit_key"),
    *("dicom_tls_certificate", "dicom_tls_key", "dicom_tls_ca"),
    *("forward_tls_certificate", "forward_tls_key", "forward_tls_ca"),
)


class Settings(BaseSettings):
    """Everything that can be set, read once at start and never changed after."""

    model_config = SettingsConfigDict(env_prefix="PLANBANK_", frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=default_home,
        description="Folder of this bank: archive, transit area, keys, embedded database.",
    )
    database_url: str = Field("", description="PostgreSQL to use; empty starts the embedded one in HOME/pg.")
    archive_url: str = Field(
        "",
        max_length=300,
        description="Object store of the archive, s3://BUCKET/FOLDER; empty: HOME/archive.",
    )
    s3_endpoint: str = Field(
        "", max_length=300, description="Address of an S3-compatible store; empty: that of Amazon."
    )
    s3_region: str = Field("us-east-1", max_length=64, description="Region of the object store.")
    s3_access_key_id: str = Field("", max_length=128, description="Who we are at the object store.")
    s3_secret_file: Path | None = Field(None, description="File with the secret key of the object store.")
    web_host: str = Field("127.0.0.1", description="Address the site listens on.")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the site.")
    web_proxies: int = Field(
        0,
        ge=0,
        le=8,
        description="Reverse proxies before the site that add to X-Forwarded-For; 0: the header is not believed.",
    )
    second_factor: Literal["optional", "admins", "required"] = Field(
        "optional",
        description="Who needs a second factor (app or passkey) to use the site: nobody, administrators, everybody.",
    )
    oidc_url: str = Field(
        "",
        max_length=500,
        description="Issuer of single sign-on (OpenID Connect); empty: people sign in with passwords only.",
    )
    oidc_client_id: str = Field("", max_length=200, description="Client ID of this site at the provider.")
    oidc_client_secret_file: Path | None = Field(None, description="File with the client secret.")
    oidc_name: str = Field("", max_length=60, description="What the button says: 'Sign in with NAME'.")
    oidc_ca: Path | None = Field(
        None, description="PEM certificates to trust for the provider; empty: the usual ones."
    )
    oidc_trusts_email: bool = Field(
        False,
        description="Whether the provider's e-mail addresses count as verified though it does not say so.",
    )
    oidc_has_second_factor: bool = Field(
        False, description="Whether who signs in through the provider needs no second factor here."
    )
    oidc_creates: bool = Field(
        False,
        description="Whether an account is made for a stranger the provider sends; it sees nothing yet.",
    )
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
    dicom_public_host: str = Field(
        "",
        max_length=253,
        pattern=r"^[A-Za-z0-9.:-]*$",
        description="Name or address by which centres reach the gate, for set-up sheets.",
    )
    contact: str = Field(
        "",
        max_length=200,
        description="Whom centres call: name, telephone, mail; for set-up sheets.",
    )
    dicom_tls: Literal["off", "beside", "only"] = Field(
        "off", description="Mutual TLS at the gate: off, beside plain DICOM, or only TLS."
    )
    dicom_tls_port: int = Field(2762, ge=0, le=65535, description="Port of the gate with TLS.")
    dicom_tls_certificate: Path | None = Field(
        None, description="PEM certificate the gate shows; empty: HOME/keys/tls/gate.crt."
    )
    dicom_tls_key: Path | None = Field(
        None, description="Private key of that certificate; empty: HOME/keys/tls/gate.key."
    )
    dicom_tls_ca: Path | None = Field(
        None,
        description="PEM certificates of the authorities that sign senders; empty: HOME/keys/tls/ca.crt.",
    )
    forward_tls_certificate: Path | None = Field(
        None, description="PEM certificate shown to destinations; empty: HOME/keys/tls/clients/forward.crt."
    )
    forward_tls_key: Path | None = Field(
        None, description="Private key of that certificate; empty: HOME/keys/tls/clients/forward.key."
    )
    forward_tls_ca: Path | None = Field(
        None,
        description="PEM certificates of the authorities that sign destinations; empty: HOME/keys/tls/ca.crt.",
    )
    forward_timeout: float = Field(
        30, gt=0, le=600, description="Seconds that a destination may take to answer, for one object too."
    )
    forward_tries: int = Field(
        6, ge=1, le=100, description="How often one object is sent without an answer before it is given up."
    )
    forward_alarm_after: int = Field(
        5, ge=1, le=1000, description="After how many failed tries to reach a destination people are told."
    )
    forward_give_up_hours: float = Field(
        72, gt=0, le=8760, description="After how long without reaching a destination what waits is given up."
    )
    gate_processes: int = Field(0, ge=0, le=64, description="Processes of the gate; 0 means one per core.")
    gate_limits: GateLimits = Field(
        GateLimits(), description="Limits of the gate that differ from its own, by name."
    )
    gate_metrics_port: int = Field(
        9112, ge=0, le=65535, description="Loopback port of the gate's metrics and health; 0: a free one."
    )
    vendor_storage: Literal["accept", "refuse"] = Field(
        "accept", description="What the gate does with private storage classes."
    )
    storage_classes: tuple[Uid, ...] = Field((), description="Further SOP classes to take as storage.")
    workers: int = Field(0, ge=0, description="Work processes that `up` starts; 0 means one per core.")
    unknown_senders: Literal["quarantine", "refuse"] = Field(
        "quarantine", description="What the gate does with senders nobody registered."
    )
    quiet_minutes: float = Field(
        30, ge=0, description="How long nothing must have come for a patient before images count as all here."
    )
    mail_host: str = Field(
        "",
        max_length=253,
        pattern=r"^[A-Za-z0-9.:-]*$",
        description="Mail server (SMTP) that messages go out by; empty: no mail is sent.",
    )
    mail_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is secured; none only on the same machine."
    )
    mail_ca: Path | None = Field(
        None, description="PEM certificates to trust for the mail server; empty: those of the machine."
    )
    mail_user: str = Field("", description="Account at the mail server; empty: none.")
    mail_password_file: Path | None = Field(None, description="File with the password of that account.")
    mail_from: str = Field(
        "", max_length=254, description="Address that mails come from; empty: planbank@ the site's host."
    )
    text_url: str = Field(
        "",
        description="Gateway for text messages, an apprise address with {number} where the telephone number goes.",
    )
    unassigned_days: int = Field(
        180, ge=1, le=36500, description="How many days data in no protocol are kept after they last came."
    )
    audit_to: str = Field(
        "",
        max_length=300,
        description="Where the journal goes as DICOM audit messages: tls://host:6514, tcp://localhost:port or "
        "file:///path; empty: nowhere.",
    )
    audit_people: Literal["names", "hashed"] = Field(
        "names", description="Whether audit messages name accounts, or keyed hashes of them."
    )
    audit_source: str = Field(
        "", max_length=64, description="AuditSourceID of the messages; empty: the gate's AE title."
    )
    audit_ca: Path | None = Field(
        None, description="PEM certificates to trust for the audit server; empty: those of the machine."
    )
    audit_certificate: Path | None = Field(
        None, description="PEM certificate shown to the audit server; empty: none."
    )
    audit_key: Path | None = Field(None, description="Private key of that certificate.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line that is logged."
    )
    clock_file: Path | None = Field(
        None, description="Demo and test homes only: a file with seconds to add to the clock."
    )
    language: Literal["en", "da"] = Field("en", description="Language of pages for people who chose none.")
    time_zone: str = Field("Europe/Copenhagen", description="Zone in which times are shown.")

    @field_validator(
        *(
            "home",
            "clock_file",
            "mail_ca",
            "mail_password_file",
            "s3_secret_file",
            "oidc_client_secret_file",
            "oidc_ca",
        ),
        *_TLS_FILES,
    )
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", value):
            raise ValueError("write one plain address, such as planbank@hospital.example")
        return value

    @field_validator("oidc_url")
    @classmethod
    def _sealed_way(cls, value: str) -> str:
        """Who listens between site and provider could sign in as anybody (OpenID Connect Core, 16.17)."""
        parts = urlsplit(value)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if value and not (parts.hostname and (parts.scheme == "https" or (here and parts.scheme == "http"))):
            raise ValueError("write the issuer's address, beginning with https://")
        return value.rstrip("/")

    @field_validator("text_url")
    @classmethod
    def _names_the_number(cls, value: str) -> str:
        if value and "{number}" not in value:
            raise ValueError("write {number} where the telephone number goes")
        return value

    @property
    def keys_dir(self) -> Path:
        return self.home / "keys"

    @property
    def tls_dir(self) -> Path:
        """Where `planbank certs` keeps certificates and their keys."""
        return self.keys_dir / "tls"

    @property
    def tls_files(self) -> tuple[Path, Path, Path]:
        """The gate's certificate, its key, and the authorities of senders."""
        return (
            self.dicom_tls_certificate or self.tls_dir / "gate.crt",
            self.dicom_tls_key or self.tls_dir / "gate.key",
            self.dicom_tls_ca or self.tls_dir / "ca.crt",
        )

    @property
    def forward_tls_files(self) -> tuple[Path | None, Path | None, Path | None]:
        """Who signs destinations, what we show them and its key; None where nothing is there."""
        own = self.tls_dir / "clients" / "forward.crt", self.tls_dir / "clients" / "forward.key"
        ca = self.tls_dir / "ca.crt"
        shown = self.forward_tls_certificate or (own[0] if own[0].exists() else None)
        key = self.forward_tls_key or (own[1] if own[1].exists() else None)
        return self.forward_tls_ca or (ca if ca.exists() else None), shown, key

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

    @property
    def mail_sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"planbank@{urlsplit(self.site_url).hostname or 'localhost'}"


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
    except UnreadableValue as exc:
        raise SettingsError(f"{exc}: in the environment this is written as JSON.") from exc
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
        text = json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)
        env[f"PLANBANK_{name.upper()}"] = text
    return env

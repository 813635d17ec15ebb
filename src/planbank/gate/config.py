"""The gate's own small file, written by whoever starts it.

Comes in: the path of a JSON file. Goes out: one frozen `GateConfig`. Settings, which need far
more than the gate may load, are read elsewhere.

    {"host": "0.0.0.0", "port": 11112, "ae_title": "PLANBANK", "transit": "/.../transit",
     "recipients": "/.../transit.pub", "sign_key": "/.../gate.sign",
     "answer_key": "/.../work.pub", "log_level": "INFO",
     "limits": {"connections": 512}, "clock_file": "/...", "processes": 4,
     "tls": {"port": 2762, "certificate": "/.../gate.crt", "key": "/.../gate.key",
             "ca": "/.../ca.crt", "plain": false}, "metrics_port": 9112}

`recipients` is a file or a list of keys; files of keys are read anew when they change. From
`answer_key` on everything may be absent; without that one there is no storage commitment.
Port 0: a free one, published in the control file `gate`. `processes`: as many as there are cores
where absent. With `tls` the port without it is closed, unless `plain` says that the network is
isolated. Without `metrics_port` there are none.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planbank.errors import SettingsError
from planbank.gate.limits import Limits
from planbank.gate.negotiation import is_plain_ae_title

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_NAMES = frozenset(
    {
        "host",
        "port",
        "ae_title",
        "transit",
        "recipients",
        "sign_key",
        "answer_key",
        "log_level",
        "limits",
        "clock_file",
        "processes",
        "tls",
        "metrics_port",
    }
)
_MOST_PROCESSES = 64


@dataclass(frozen=True)
class TlsConfig:
    """The second port: mutual TLS. `plain`: the first one stays open too."""

    port: int
    certificate: Path
    key: Path
    ca: Path
    plain: bool = False


@dataclass(frozen=True)
class GateConfig:
    """What a gate needs to run."""

    host: str
    port: int
    ae_title: str
    transit: Path
    recipients: Path | tuple[str, ...]
    sign_key: Path
    answer_key: Path | None = None
    log_level: str = "INFO"
    limits: Limits = field(default_factory=Limits)
    clock_file: Path | None = None
    processes: int = 1
    tls: TlsConfig | None = None
    metrics_port: int | None = None


def load(file: Path) -> GateConfig:
    """Read the file. Raises SettingsError naming the file and what is wrong in it."""
    try:
        content = json.loads(file.read_bytes())
        if not isinstance(content, dict):
            raise SettingsError("an object is needed.")
        return _checked(content)
    except (OSError, ValueError, SettingsError) as exc:
        detail = exc.detail if isinstance(exc, SettingsError) else exc
        raise SettingsError(f"{file}: {detail}") from exc


def _checked(content: dict[str, Any]) -> GateConfig:
    unknown = sorted(set(content) - _NAMES)
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: there is no such setting.")
    level, limits = content.get("log_level", "INFO"), content.get("limits", {})
    if level not in _LEVELS:
        raise SettingsError(f"log_level: one of {', '.join(_LEVELS)} is needed.")
    if not isinstance(limits, dict):
        raise SettingsError("limits: an object is needed.")
    ae_title = _text(content, "ae_title")
    if not is_plain_ae_title(ae_title):
        raise SettingsError("ae_title: 1 to 16 printable characters are needed, none of them / or \\.")
    recipients = content.get("recipients")
    is_file = isinstance(recipients, str) and Path(recipients).is_absolute()
    if not is_file and not (isinstance(recipients, list) and recipients):
        raise SettingsError("recipients: the path of a file of public keys, or a list of them, is needed.")
    clock_file = content.get("clock_file")
    return GateConfig(
        host=_text(content, "host"),
        port=_number(content, "port", 0, 65535),
        ae_title=ae_title,
        transit=Path(_text(content, "transit")),
        recipients=Path(str(recipients)) if is_file else tuple(map(str, recipients or ())),
        sign_key=Path(_text(content, "sign_key")),
        answer_key=Path(_text(content, "answer_key")) if content.get("answer_key") else None,
        log_level=level,
        limits=Limits().replaced(limits),
        clock_file=Path(_text(content, "clock_file")) if clock_file else None,
        processes=_number({"processes": _cores()} | content, "processes", 1, _MOST_PROCESSES),
        metrics_port=_number(content, "metrics_port", 0, 65535) if "metrics_port" in content else None,
        tls=_tls(content["tls"]) if content.get("tls") is not None else None,
    )


def _tls(content: Any) -> TlsConfig:
    if not isinstance(content, dict) or set(content) - {"port", "certificate", "key", "ca", "plain"}:
        raise SettingsError("tls: port, certificate, key and ca are needed; plain may be there.")
    plain = content.get("plain", False)
    if not isinstance(plain, bool):
        raise SettingsError("tls.plain: true or false is needed.")
    try:
        return TlsConfig(
            port=_number(content, "port", 0, 65535),
            certificate=Path(_text(content, "certificate")),
            key=Path(_text(content, "key")),
            ca=Path(_text(content, "ca")),
            plain=plain,
        )
    except SettingsError as exc:
        raise SettingsError(f"tls.{exc.detail}") from exc


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def _number(content: dict[str, Any], name: str, least: int, most: int) -> int:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SettingsError(f"{name}: a number from {least} to {most} is needed.")
    return value


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{name}: a text is needed.")
    return value

"""The gate's own small file, written by whoever starts it.

Comes in: the path of a JSON file. Goes out: one frozen `GateConfig`. Settings, which need far
more than the gate may load, are read elsewhere.

    {"host": "0.0.0.0", "port": 11112, "ae_title": "PLANBANK", "transit": "/.../transit",
     "recipients": ["age1..."], "sign_key": "/.../gate.sign", "log_level": "INFO",
     "limits": {"connections": 512}, "clock_file": "/..."}

`log_level`, `limits` and `clock_file` may be absent. Port 0: a free one, published in the
control file `gate`.
"""

from __future__ import annotations

import json
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
        "log_level",
        "limits",
        "clock_file",
    }
)


@dataclass(frozen=True)
class GateConfig:
    """What a gate needs to run."""

    host: str
    port: int
    ae_title: str
    transit: Path
    recipients: tuple[str, ...]
    sign_key: Path
    log_level: str = "INFO"
    limits: Limits = field(default_factory=Limits)
    clock_file: Path | None = None


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
    port, level, limits = content.get("port"), content.get("log_level", "INFO"), content.get("limits", {})
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise SettingsError("port: a number from 0 to 65535 is needed.")
    if level not in _LEVELS:
        raise SettingsError(f"log_level: one of {', '.join(_LEVELS)} is needed.")
    if not isinstance(limits, dict):
        raise SettingsError("limits: an object is needed.")
    ae_title = _text(content, "ae_title")
    if not is_plain_ae_title(ae_title):
        raise SettingsError("ae_title: 1 to 16 printable characters are needed, none of them / or \\.")
    recipients = content.get("recipients")
    if not isinstance(recipients, list) or not recipients:
        raise SettingsError("recipients: a list of public keys is needed.")
    clock_file = content.get("clock_file")
    return GateConfig(
        host=_text(content, "host"),
        port=port,
        ae_title=ae_title,
        transit=Path(_text(content, "transit")),
        recipients=tuple(map(str, recipients)),
        sign_key=Path(_text(content, "sign_key")),
        log_level=level,
        limits=Limits().replaced(limits),
        clock_file=Path(_text(content, "clock_file")) if clock_file else None,
    )


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{name}: a text is needed.")
    return value

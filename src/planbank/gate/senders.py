"""Who may send: the control file `senders` that the back end publishes.

Comes in: the file, read anew when it has changed. Goes out: one frozen `Admission`, asked once
by each new association; open associations keep theirs. The file only admits: which institution
a sender is, register decides from the database (model.md, Work: Parcel).

    {"version": 1, "unknown": "quarantine" | "refuse", "called": ["SECOND_AE"],
     "senders": [{"ae_title": "DEMO_TPS", "networks": ["127.0.0.0/8"],
                  "certificates": ["SHA-256 in hex"]}],
     "limits": {"idle_seconds": 300}, "vendor_storage": "accept" | "refuse",
     "storage_classes": ["1.2.3.4"]}

Only `version` is required. A sender with `certificates` is known only by one of them.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from planbank.errors import SettingsError
from planbank.gate.limits import Limits

if TYPE_CHECKING:
    from planbank.transit.tray import Tray

CONTROL_FILE = "senders"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Unknown = Literal["quarantine", "refuse"]

_SHA256 = re.compile(r"[0-9a-f]{64}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sender:
    """Where one AE title may call from, and with which certificates (any, or none, where empty)."""

    networks: tuple[Network, ...]
    certificates: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Admission:
    """What the file said when it was read. `senders` is by AE title."""

    senders: Mapping[str, tuple[Sender, ...]] = field(default_factory=dict)
    unknown: Unknown = "quarantine"
    called: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    vendor_storage: bool = True
    storage_classes: frozenset[str] = frozenset()

    def knows(self, calling_ae: str, address: str, certificate: str = "") -> bool:
        """Whether this AE title is registered for this address and this certificate (its SHA-256).

        From another address, or without the certificate it is bound to, it is unknown. Where several
        of its networks fit, the narrowest one says which certificates count, as in register.
        """
        here = ipaddress.ip_address(address)
        fitting = [
            (network.prefixlen, sender.certificates)
            for sender in self.senders.get(calling_ae, ())
            for network in sender.networks
            if here in network
        ]
        narrowest = max((length for length, _ in fitting), default=-1)
        return any(
            not certificates or certificate in certificates
            for length, certificates in fitting
            if length == narrowest
        )


def parse(content: Mapping[str, Any], limits: Limits) -> Admission:
    """The content of the file. Raises SettingsError naming what is wrong."""
    if content.get("version") != 1:
        raise SettingsError("senders: version 1 is needed.")
    senders: dict[str, tuple[Sender, ...]] = {}
    for given in _list(content, "senders"):
        ae_title, sender = _sender(given)
        senders[ae_title] = (*senders.get(ae_title, ()), sender)
    overrides = content.get("limits", {})
    if not isinstance(overrides, Mapping):
        raise SettingsError("senders.limits: an object is needed.")
    return Admission(
        senders=senders,
        unknown="refuse" if _choice(content, "unknown", "quarantine", "refuse") else "quarantine",
        called=frozenset(map(str, _list(content, "called"))),
        limits=limits.replaced(overrides),
        vendor_storage=not _choice(content, "vendor_storage", "accept", "refuse"),
        storage_classes=frozenset(map(str, _list(content, "storage_classes"))),
    )


def _list(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content.get(name, [])
    if not isinstance(value, list):
        raise SettingsError(f"senders.{name}: a list is needed.")
    return value


def _choice(content: Mapping[str, Any], name: str, default: str, other: str) -> bool:
    """Whether the other than the default was chosen."""
    value = content.get(name, default)
    if value not in (default, other):
        raise SettingsError(f"senders.{name}: '{default}' or '{other}' is needed.")
    return bool(value == other)


def _sender(given: Any) -> tuple[str, Sender]:
    try:
        networks = tuple(ipaddress.ip_network(text, strict=False) for text in given["networks"])
        certificates = frozenset(map(_fingerprint, _list(given, "certificates")))
        return str(given["ae_title"]).strip(), Sender(networks, certificates)
    except (KeyError, TypeError, ValueError) as exc:
        raise SettingsError(
            "senders.senders: each needs ae_title and networks (CIDR), certificates as SHA-256."
        ) from exc


def _fingerprint(text: Any) -> str:
    """A SHA-256 as OpenSSL or planbank writes it. Raises ValueError for anything else."""
    plain = str(text).replace(":", "").lower()
    if not _SHA256.fullmatch(plain):
        raise ValueError("no SHA-256")
    return plain


class Senders:
    """The admission of now. May be asked by many threads."""

    def __init__(self, tray: Tray, limits: Limits) -> None:
        self._tray = tray
        self._limits = limits
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._admission = Admission(limits=limits)

    def current(self) -> Admission:
        """The file as it is now; as it was last when it cannot be read; nobody known without one."""
        with self._lock:
            try:
                changed = self._tray.changed(CONTROL_FILE)
                if changed != self._read_at:
                    self._admission = self._read()
                    self._read_at = changed
            except (OSError, json.JSONDecodeError, SettingsError, ValueError) as exc:
                _log.error("The list of senders cannot be used; the last good one stays: %s", exc)
            return self._admission

    def _read(self) -> Admission:
        content = self._tray.read(CONTROL_FILE)
        return Admission(limits=self._limits) if content is None else parse(content, self._limits)

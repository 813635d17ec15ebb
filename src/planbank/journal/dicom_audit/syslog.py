"""Audit messages on their way out: syslog lines (RFC 5424), over TLS (RFC 5425) or into a file (PS3.15 A.6).

Comes in: messages with their times, a target. Goes out: all of them delivered in order, or an error; then
none of them counts as sent, and all are sent again.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from planbank.errors import AuditTargetWrong, KeyMissing

PRIORITY = 10 * 8 + 5  # facility 10 (security), severity 5 (notice); PS3.15 A.6.1
MESSAGE_ID = "DICOM+RFC3881"
BOM = b"\xef\xbb\xbf"
SECONDS = 3.0
PORT = 6514
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def line(message: bytes, at: datetime, host: str) -> bytes:
    """One syslog message (RFC 5424, section 6): header, no structured data, UTF-8 text."""
    when = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = f"<{PRIORITY}>1 {when} {_word(host, 255)} planbank {os.getpid()} {MESSAGE_ID} - "
    return head.encode("ascii") + BOM + message


def framed(text: bytes) -> bytes:
    """Octet counting (RFC 5425, section 4.3)."""
    return b"%d %s" % (len(text), text)


class Target(Protocol):
    """Where lines go."""

    def send(self, lines: Iterable[bytes]) -> None:
        """Deliver them all, or raise OSError."""


@dataclass(frozen=True)
class FileTarget:
    """A file that lines are appended to; another program may move it away at any time."""

    path: Path

    def send(self, lines: Iterable[bytes]) -> None:
        """Append and sync. An audit message holds no line break, so one line is one message."""
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            for text in lines:
                file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True)
class SocketTarget:
    """A syslog server, by TLS, or without on this machine (a relay such as rsyslog beside the bank)."""

    host: str
    port: int
    context: ssl.SSLContext | None

    def send(self, lines: Iterable[bytes]) -> None:
        """One connection for all; TLS says at its end that the other side has read what came."""
        with socket.create_connection((self.host, self.port), SECONDS) as plain:
            if self.context is None:
                self._write(plain, lines)
                return
            with self.context.wrap_socket(plain, server_hostname=self.host) as secured:
                self._write(secured, lines)

    @staticmethod
    def _write(connection: socket.socket, lines: Iterable[bytes]) -> None:
        for text in lines:
            connection.sendall(framed(text))


def target_of(
    address: str, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> Target:
    """The target that a setting names: tls://host[:6514], tcp://localhost:port, file:///path.

    Raises AuditTargetWrong for another address, KeyMissing for a certificate that cannot be read.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FileTarget(Path(parts.path))
    if parts.scheme not in ("tls", "tcp") or not parts.hostname or parts.path not in ("", "/"):
        raise AuditTargetWrong("It is tls://host:port, tcp://localhost:port or file:///path.")
    try:
        port = parts.port or PORT
    except ValueError as exc:
        raise AuditTargetWrong("Its port is no number from 1 to 65535.") from exc
    if parts.scheme == "tls":
        return SocketTarget(parts.hostname, port, _context(ca, certificate, key))
    if parts.hostname not in _LOOPBACK:
        raise AuditTargetWrong("Without TLS only to this machine.")
    return SocketTarget(parts.hostname, port, None)


def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        raise KeyMissing(
            f"The certificates for audit messages cannot be read ({type(exc).__name__})."
        ) from exc
    return context


def _word(text: str, most: int) -> str:
    """A field of the header: printable ASCII without spaces."""
    kept = "".join(c for c in text if "!" <= c <= "~")[:most]
    return kept or "-"

"""Mutual TLS: both sides show a certificate (BCP 195; PS3.15 Annex B.9 and B.12).

Comes in: a TCP connection. Goes out: a TLS socket and the fingerprint of the peer's certificate;
PeerUnproven, with the reason in words, where there is none that counts.
"""

from __future__ import annotations

import hashlib
import logging
import select
import ssl
import threading
import time
from typing import TYPE_CHECKING

from planbank.errors import PeerGone, PeerSlow, PeerUnproven, SettingsError

if TYPE_CHECKING:
    import socket
    from pathlib import Path

# Forward secrecy and authenticated encryption only (RFC 9325 section 4.2); TLS 1.3 has nothing else.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

_log = logging.getLogger(__name__)


class Tls:
    """What the gate shows, and whom it believes. For many threads.

    The files are read anew when one has changed, so that a certificate is renewed without a
    restart; where they cannot be used, the last good ones stay.
    """

    def __init__(self, certificate: Path, key: Path, ca: Path) -> None:
        """PEM files: the gate's certificate (chain), its private key, and the CA that signs peers.

        Raises SettingsError naming the file that cannot be used.
        """
        self._files = (certificate, key, ca)
        self._lock = threading.Lock()
        self._read_at = self._changed()
        self._context = self._load()

    def begin(self, sock: socket.socket) -> ssl.SSLSocket:
        """Take over a connection; nothing is sent or read yet."""
        context = self._current()
        return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def finish(self, sock: ssl.SSLSocket, seconds: float) -> str:
        """Shake hands within so many seconds; gives the SHA-256 of the peer's certificate in hex.

        Raises PeerUnproven, PeerSlow, PeerGone.
        """
        try:
            self._shake_hands(sock, time.monotonic() + seconds)
        except ssl.SSLCertVerificationError as exc:
            raise PeerUnproven(f"Its certificate was not accepted: {exc.verify_message}.") from None
        except ssl.SSLEOFError:
            raise PeerGone from None
        except ssl.SSLError as exc:
            words = (exc.reason or "no reason given").replace("_", " ").lower()
            raise PeerUnproven(f"The TLS handshake failed: {words}.") from None
        except OSError as exc:
            raise PeerGone(f"The connection broke: {exc.strerror}.") from exc
        return hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()

    def call(self, sock: socket.socket, seconds: float) -> ssl.SSLSocket:
        """Shake hands as the one who called; the other side shows a certificate of the same CA.

        Its name is not compared: senders are known by address. Raises as `finish` does, and
        SettingsError where a file cannot be used.
        """
        context = self._prepare(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        secured = context.wrap_socket(sock, do_handshake_on_connect=False)
        self.finish(secured, seconds)
        return secured

    def _shake_hands(self, sock: ssl.SSLSocket, deadline: float) -> None:
        sock.setblocking(False)
        waiting = select.poll()
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                waiting.register(sock, select.POLLIN)
            except ssl.SSLWantWriteError:
                waiting.register(sock, select.POLLOUT)
            else:
                sock.setblocking(True)
                return
            if not waiting.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise PeerSlow("The TLS handshake took too long.")

    def _current(self) -> ssl.SSLContext:
        with self._lock:
            changed = self._changed()
            if changed != self._read_at:
                self._read_at = changed
                try:
                    self._context = self._load()
                except SettingsError as exc:
                    _log.error("The certificates cannot be used; the last good ones stay: %s", exc)
            return self._context

    def _changed(self) -> list[int]:
        return [file.stat().st_mtime_ns if file.exists() else 0 for file in self._files]

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        return self._prepare(context)

    def _prepare(self, context: ssl.SSLContext) -> ssl.SSLContext:
        certificate, key, ca = self._files
        context.check_hostname = False
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as exc:
            raise SettingsError(f"tls: {certificate} with {key}: {_words(exc)}.") from exc
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as exc:
            raise SettingsError(f"tls: {ca}: {_words(exc)}.") from exc
        return context


def _words(exc: OSError) -> str:
    reason = getattr(exc, "reason", None)
    return reason.replace("_", " ").lower() if reason else str(exc.strerror)

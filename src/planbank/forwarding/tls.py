"""TLS towards destinations: what we show, and whom we believe (BCP 195; PS3.15 Annex B.9 and B.12).

Comes in: PEM files, or the fingerprint of one certificate. Goes out: a context for one destination.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
from typing import TYPE_CHECKING

from planbank.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

# Forward secrecy and authenticated encryption only (RFC 9325 section 4.2); TLS 1.3 has nothing else.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class _Pinned(ssl.SSLSocket):
    """Believes exactly one certificate, named by its fingerprint in the context."""

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
        wanted = str(getattr(self.context, "planbank_fingerprint", ""))
        if not hmac.compare_digest(shown, wanted):
            raise ssl.SSLCertVerificationError("another certificate than the one on record")


class _PinnedContext(ssl.SSLContext):
    sslsocket_class = _Pinned
    planbank_fingerprint = ""


def client_context(
    ca: Path | None, certificate: Path | None, key: Path | None, fingerprint: str = ""
) -> ssl.SSLContext:
    """TLS 1.2 or later towards one destination.

    With `fingerprint` (SHA-256 over DER, 64 hex digits) exactly that certificate is believed, whoever
    signed it; otherwise one that `ca` signed (None: the authorities of the machine) and that names
    the host. `certificate` and `key` are shown where the other side asks. Raises SettingsError.
    """
    context = (
        _PinnedContext(ssl.PROTOCOL_TLS_CLIENT) if fingerprint else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    if isinstance(context, _PinnedContext):
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise SettingsError("A fingerprint is a SHA-256: 64 hex digits.")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the handshake itself compares the fingerprint
        context.planbank_fingerprint = fingerprint
    elif ca is not None:
        _use(ca, lambda: context.load_verify_locations(cafile=str(ca)))
    else:
        context.load_default_certs()
    if certificate is not None:
        _use(certificate, lambda: context.load_cert_chain(certificate, key))
    return context


def _use(file: Path, load: object) -> None:
    try:
        load()  # type: ignore[operator]
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(f"The TLS file {file} cannot be used ({type(exc).__name__}).") from None


__all__ = ["client_context"]

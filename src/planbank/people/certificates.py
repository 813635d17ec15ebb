"""Client certificates as people hand them in: PEM text, or only the fingerprint.

Comes in: text from a file, a form or TOML. Goes out: what is public in the certificate, in
`CertificateFacts`; CertificateUnusable, with the way out, for anything else. A private key is
never kept, and its text stands in no message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from planbank.errors import CertificateUnusable

if TYPE_CHECKING:
    from datetime import datetime

MOST_TEXT = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class CertificateFacts:
    """One certificate. `fingerprint`: SHA-256 over DER, in hex; the rest is empty where unknown."""

    fingerprint: str
    subject: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


def read_certificate(text: str) -> CertificateFacts:
    """A PEM certificate (of several the first, which is the system's own), or a SHA-256 in hex.

    The fingerprint may be written as OpenSSL does, with colons. Raises CertificateUnusable.
    """
    if len(text) > MOST_TEXT:
        raise CertificateUnusable("It is longer than any certificate.")
    if "PRIVATE KEY" in text:
        raise CertificateUnusable("It holds a private key, which nobody else should ever see.")
    if _BEGIN in text:
        return _from_pem(text)
    plain = re.sub(r"[\s:]", "", text).lower()
    if not _SHA256.fullmatch(plain):
        raise CertificateUnusable("Give PEM text, which begins with BEGIN CERTIFICATE, or a SHA-256.")
    return CertificateFacts(plain)


def _from_pem(text: str) -> CertificateFacts:
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
        return CertificateFacts(
            certificate.fingerprint(hashes.SHA256()).hex(),
            certificate.subject.rfc4514_string()[:400],
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except (ValueError, x509.InvalidVersion) as exc:
        raise CertificateUnusable("The PEM text is damaged.") from exc

"""Which certificates end soon: the gate's own, its authorities, and those of senders.

Comes in: settings and the time. Goes out: certificates with the days they have left and how
grave that is: told 30, 7 and 1 days ahead. Nothing here is secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.config import Settings

Level = Literal["ok", "info", "warn", "bad"]
What = Literal["gate", "authority", "sender"]
AHEAD: tuple[tuple[int, Level], ...] = ((1, "bad"), (7, "warn"), (30, "info"))


@dataclass(frozen=True)
class Expiry:
    """One certificate that somebody has to renew. `name`: its common name, or the sender's AE title."""

    what: What
    name: str
    not_after: datetime
    days_left: int
    level: Level
    sender_id: int | None = None

    @property
    def is_over(self) -> bool:
        return self.days_left < 0


def days_left(not_after: datetime, now: datetime) -> int:
    """Whole days; below 0 once it is over."""
    return (not_after - now) // timedelta(days=1)


def level(not_after: datetime, now: datetime) -> Level:
    """How grave: 'bad' from a day before the end, 'warn' from 7, 'info' from 30."""
    left = not_after - now
    return next((name for days, name in AHEAD if left <= timedelta(days=days)), "ok")


def expiries(settings: Settings, now: datetime) -> list[Expiry]:
    """All that are in use, the first to end first; none where TLS is off.

    Of a sender with several certificates the last to end counts: it is being renewed. Files that
    are not here (the gate may run elsewhere) or cannot be read are left out; `planbank certs` and
    the gate name them.
    """
    if settings.dicom_tls == "off":
        return []
    found = [*_of_files(settings, now), *_of_senders(now)]
    return sorted(found, key=lambda one: (one.not_after, one.what, one.name))


def _of_files(settings: Settings, now: datetime) -> Iterator[Expiry]:
    certificate, _key, authorities = settings.tls_files
    whats: tuple[What, ...] = ("gate", "authority")
    for what, file in zip(whats, (certificate, authorities), strict=True):
        try:
            listed = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError):
            continue
        for one in listed[:1] if what == "gate" else listed:
            end = one.not_valid_after_utc
            yield Expiry(what, _common_name(one), end, days_left(end, now), level(end, now))


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _of_senders(now: datetime) -> Iterator[Expiry]:
    from planbank.people.models import Sender

    for sender in Sender.objects.filter(is_active=True).prefetch_related("certificates"):
        ends = [row.not_after for row in sender.certificates.all()]
        known = [end for end in ends if end is not None]
        if known and len(known) == len(ends):
            end = max(known)
            yield Expiry("sender", sender.ae_title, end, days_left(end, now), level(end, now), sender.pk)

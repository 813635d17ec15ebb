"""Sending sealed entries out as DICOM audit messages, in the process `clock`.

Comes in: sealed entries in the order of the chain. Goes out: the same as messages at the target, each at
least once: what was sent is noted after it was delivered, so a crash between the two sends some again, and
the seal number in each tells. A target that does not answer holds nothing else up.
"""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

from django.db import transaction

from planbank.errors import PlanbankError
from planbank.house import House
from planbank.journal.dicom_audit.message import Source, message
from planbank.journal.dicom_audit.syslog import Target, line, target_of
from planbank.journal.models import AuditRelay, Entry
from planbank.transit.keys import KeyFolder

BATCH = 500
AGAIN_AFTER = timedelta(seconds=30)


class Relay:
    """What the clock calls each second; nothing is sent without the setting `audit_to`."""

    def __init__(self) -> None:
        self._not_before: datetime | None = None

    def __call__(self, house: House) -> int:
        """Send what is sealed and not sent yet, one batch; returns how many.

        Raises OSError and PlanbankError where the target fails; it is tried again half a minute later.
        """
        settings, now = house.settings, house.clock.now()
        if not settings.audit_to or (self._not_before is not None and now < self._not_before):
            return 0
        try:
            files = settings.audit_ca, settings.audit_certificate, settings.audit_key
            sent = send(target_of(settings.audit_to, *files), source_of(house), settings.audit_to, now)
        except (OSError, PlanbankError):
            self._not_before = now + AGAIN_AFTER
            raise
        self._not_before = None
        return sent


def source_of(house: House) -> Source:
    """Who reports, and whether people are named (setting `audit_people`). Raises KeyMissing."""
    settings = house.settings
    named = settings.audit_people == "names"
    secret = b"" if named else KeyFolder(house.keys).site_secret().encode()
    return Source(settings.audit_source or settings.ae_title, secret=secret)


@transaction.atomic
def send(target: Target, source: Source, address: str, at: datetime) -> int:
    """One batch after the last one noted for this address; several clocks never send at once."""
    AuditRelay.objects.get_or_create(address=address)
    row = AuditRelay.objects.select_for_update(skip_locked=True).filter(address=address).first()
    if row is None:
        return 0
    entries = list(Entry.objects.filter(seal_number__gt=row.number).order_by("seal_number")[:BATCH])
    if not entries:
        return 0
    host = socket.gethostname()
    target.send(line(message(entry, source), entry.at, host) for entry in entries)
    row.number, row.sent_at = entries[-1].seal_number or row.number, at
    row.save()
    return len(entries)

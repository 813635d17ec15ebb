"""May more still come? (model.md, Work; R28)

Comes in: a patient file. Goes out: when its images may be judged for good: after a quiet time, and
with no association open that brought something for that patient.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from planbank.catalogue.models import PatientFile, Submission
from planbank.house import House

# An association that brought nothing for so long holds nothing up: its gate may be gone.
STALE = timedelta(hours=2)
LOOK_AGAIN = timedelta(minutes=1)


def quiet_at(house: House, patient_file: PatientFile) -> datetime | None:
    """When to look again, or None where nothing more is awaited."""
    now, last = house.clock.now(), patient_file.last_received_at
    quiet = last + timedelta(minutes=house.settings.quiet_minutes)
    if quiet > now:
        return quiet
    if now - last < STALE and _sending(house, patient_file):
        return now + LOOK_AGAIN
    return None


def _sending(house: House, patient_file: PatientFile) -> bool:
    told = house.tray.read("associations") or {}
    ids = [one["id"] for one in told.get("open", []) if isinstance(one, dict) and "id" in one]
    return (
        bool(ids)
        and Submission.objects.filter(
            association_id__in=ids, instance__series__study__patient_file=patient_file
        ).exists()
    )

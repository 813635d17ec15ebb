"""May more still come? (model.md, Work; R28)

Comes in: a patient file. Goes out: when its images may be judged for good: after the quiet time of each
sender, and with no association open that brought something for that patient.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max

from planbank.catalogue.models import PatientFile, Submission
from planbank.house import House

# An association that brought nothing for so long holds nothing up: its gate may be gone.
STALE = timedelta(hours=2)
LOOK_AGAIN = timedelta(minutes=1)


def quiet_at(house: House, patient_file: PatientFile) -> datetime | None:
    """When to look again, or None where nothing more is awaited."""
    now, last = house.clock.now(), patient_file.last_received_at
    quiet = max([last, *_quiet(house, patient_file)])
    if quiet > now:
        return quiet
    if now - last < STALE and _sending(house, patient_file):
        return now + LOOK_AGAIN
    return None


def _quiet(house: House, patient_file: PatientFile) -> list[datetime]:
    """When each sender of this patient will have been quiet for its own time."""
    rows = Submission.objects.filter(instance__series__study__patient_file=patient_file).order_by()
    usual = house.settings.quiet_minutes
    return [
        last + timedelta(minutes=usual if own is None else own)
        for own, last in rows.values_list("sender__quiet_minutes").annotate(last=Max("received_at"))
    ]


def _sending(house: House, patient_file: PatientFile) -> bool:
    told = house.tray.read("associations") or {}
    ids = [one["id"] for one in told.get("open", []) if isinstance(one, dict) and "id" in one]
    return (
        bool(ids)
        and Submission.objects.filter(
            association_id__in=ids, instance__series__study__patient_file=patient_file
        ).exists()
    )

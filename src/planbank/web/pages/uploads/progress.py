"""How far an upload is: by patient, as the catalogue knows them by now.

Comes in: an upload. Goes out: a line for each patient; files that are not filed yet are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest

from planbank.catalogue.models import PatientFile, Submission
from planbank.uploads.models import GivenTrialId, Upload, UploadedFile
from planbank.web.reach import mine


@dataclass(frozen=True)
class Patient:
    """One patient of an upload: how many objects of each kind are filed."""

    file: PatientFile
    objects: int
    kinds: dict[str, int]
    trial: GivenTrialId | None = None


def patients_of(request: HttpRequest, upload: Upload) -> list[Patient]:
    """By patient, in the order of their IDs; four queries."""
    rows = Submission.objects.filter(association_id=upload.number).order_by()
    lead = "instance__series__study__patient_file"
    kinds: dict[int, dict[str, int]] = {}
    for file, modality, n in rows.values_list(lead, "version__modality").annotate(Count("pk")):
        kinds.setdefault(file, {})[modality or "?"] = n
    files = mine(request, PatientFile).filter(pk__in=list(kinds))
    given = {one.sent_id: one for one in upload.trial_ids.all()}
    found = [
        Patient(row, sum(of.values()), dict(sorted(of.items())), given.get(row.sent_id))
        for row in files
        for of in (kinds[row.pk],)
    ]
    return sorted(found, key=lambda one: one.file.sent_id)


def waiting(upload: Upload) -> int:
    """Files that lie sealed and are not registered yet."""
    kept = upload.files.filter(state=UploadedFile.State.KEPT)
    filed = Submission.objects.filter(association_id=upload.number)
    return max(kept.count() - filed.count(), 0)

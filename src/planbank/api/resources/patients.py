"""Patients: by name where you may know it, else by pseudonym."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import InInstitution, InProject, InProtocol, note, reader_in
from planbank.catalogue.models import PatientFile
from planbank.reach import is_veiled

router = Router(tags=["patients"])


class PatientOut(Schema):
    """What one institution sent of one patient. `patient_id` and `name` are null below 'identified'."""

    id: int
    institution: str
    seen_as: str
    pseudonym: str
    trial_id: str
    patient_id: str | None
    name: str | None
    birth_date: str | None
    last_received_at: datetime


class Patients(Schema):
    """A page of patients."""

    items: list[PatientOut]
    next: str | None


@router.get("/patients", response={200: Patients, 401: Problem, 403: Problem, 404: Problem, 422: Problem})
def patients(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: InProtocol,
    project: InProject,
    institution: InInstitution,
) -> dict[str, object]:
    """Patients you may see; in one protocol, project or institution where named."""
    reader = reader_in(request, protocol, project)
    rows = reader.rows(PatientFile).select_related("institution")
    if institution:
        rows = rows.filter(institution__code=institution)
    items, further = cut(rows, reader, after, limit)
    note(request, "patients", protocol=protocol, rows=len(items))
    return {"items": [_patient(row) for row in items], "next": further}


def _patient(row: PatientFile) -> PatientOut:
    hidden = is_veiled(row)
    return PatientOut(
        id=row.pk,
        institution=row.institution.code,
        seen_as="pseudonymised" if hidden else "identified",
        pseudonym=row.pseudonym,
        trial_id=row.trial_id,
        patient_id=None if hidden else row.sent_id,
        name=None if hidden else row.name,
        birth_date=None if hidden else row.birth_date,
        last_received_at=row.last_received_at,
    )

"""Numbers of patients and the patients behind them (model.md, Patient).

Comes in: identity keys (planbank.dicom.identity). Goes out: ids of patients, made where the number is new.
Only unique constraints decide what is new, never a look before an insert.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from planbank.catalogue.models import Patient, PatientFile, PatientIdentity, SplitStudy
from planbank.dicom.identity import IdentityKey, identify
from planbank.people.models import Institution

Key = tuple[str, str, str]


def patients(keys: Iterable[IdentityKey], now: datetime) -> dict[Key, int]:
    """The patient behind each identity, made where it is new. Call inside a transaction."""
    wanted = sorted({key.key for key in keys})
    if not wanted:
        return {}
    rows = [PatientIdentity(scheme=s, issuer=i, value=v) for s, i, v in wanted]
    PatientIdentity.objects.bulk_create(rows, ignore_conflicts=True)
    found = {
        (row.scheme, row.issuer, row.value): row
        for row in PatientIdentity.objects.select_for_update()
        .filter(value__in=[value for _s, _i, value in wanted])
        .order_by("pk")
    }
    # A row without patient was inserted by this transaction: nobody else can see it yet.
    new = [found[key] for key in wanted if found[key].patient_id is None]
    made = Patient.objects.bulk_create([Patient(created_at=now) for _ in new])
    for identity, patient in zip(new, made, strict=True):
        identity.patient = patient
    PatientIdentity.objects.bulk_update(new, ["patient"])
    return {key: found[key].patient_id or 0 for key in wanted}


@transaction.atomic
def patient_of(institution: Institution, number: str, now: datetime) -> int:
    """The patient an institution means by a number, also before anything of them came; 0 without number.

    A number that came under an issuer of its own is found by what was sent, if only one patient has it.
    """
    key = identify(number[:64], institution.identity_scheme, institution.code)
    if key is None:
        return 0
    files = PatientFile.objects.filter(institution=institution, patient__isnull=False)
    sent = set(files.filter(sent_id=number.strip()).values_list("patient", flat=True)[:2])
    if len(sent) == 1 and not key.national:
        return int(sent.pop())
    return patients([key], now)[key.key]


def is_doubtful(file: PatientFile, number: str) -> bool:
    """Whether a number looks like one of the scheme of the file's institution, with wrong check digits."""
    key = identify(number[:64], file.institution.identity_scheme, file.institution.code)
    return key is not None and key.is_doubtful


def split_off(wanted: Collection[tuple[int, str, int]]) -> dict[tuple[int, str, int], int]:
    """(institution, study UID, patient as sent) -> the patient that a person said it is of."""
    if not wanted:
        return {}
    rows = SplitStudy.objects.filter(sent_as__in={patient for _i, _u, patient in wanted})
    fields = rows.values_list("institution", "study_instance_uid", "sent_as", "patient")
    return {(i, uid, sent): patient for i, uid, sent, patient in fields if (i, uid, sent) in wanted}

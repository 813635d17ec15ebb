"""The service copy.

Comes in: a copy of an audit study that is waiting to be made. Goes out: its objects, and then the service
`hand_out` made due; or a reason in words. Safe to run twice: a copy is on record whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.audits.acting import LANE, journal
from planbank.audits.models import AuditStudy, Copy
from planbank.delivery.rules import why_not_patient
from planbank.errors import DicomError, KeyMissing, ObjectMissing, Refused
from planbank.house import House
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.registry import Done, Failed, Result, Subject, service
from planbank.protocols.act import Act
from planbank.services.copy.seeds import seed

C = Copy.State


def subjects() -> Iterator[Subject]:
    """Copies that are to be made: what was made is never made anew."""
    for pk in Copy.objects.filter(state=C.WAITING).values_list("pk", flat=True):
        yield pk, LANE


@service(subject="audit copy", version=1, subjects=subjects)
def copy(house: House, copy_id: int) -> Result:
    """Makes the copies of audit studies"""
    # Loaded by who makes one: no other process waits for it.
    from planbank.services.copy.make import make

    rows = Copy.objects.select_related("study__protocol", "case__patient_file")
    row = rows.filter(pk=copy_id, state=C.WAITING, study__state=AuditStudy.State.OPEN).first()
    if row is None:
        return Done("nothing to make")
    file, now = row.case.patient_file, house.clock.now()
    if file is None or why_not_patient(row.study.protocol, file):
        return _failed(row, "restricted")
    if not seed(house, row.case):
        return _failed(row, "empty")
    try:
        make(house, row)
    except KeyMissing:
        return Failed("The key of the vault is not here. Put it back from the backup of the key folder.")
    except ObjectMissing:
        return _failed(row, "missing")
    except (Refused, DicomError):
        return _failed(row, "refused")
    journal(Act.of_service("copy", now), "make audit copy", row.study, copy=row.number)
    make_due("hand_out", [(row.pk, LANE)], now, priority=BACKGROUND)
    return Done()


def _failed(row: Copy, code: str) -> Result:
    """It ends here until somebody asks again; the board says why."""
    Copy.objects.filter(pk=row.pk).update(state=C.FAILED, problem=code)
    return Done(f"not made: {code}")

"""The service enrol.

Comes in: an enrolment. Goes out: its pseudonym, made with the key of the vault, which only the work
processes hold. Once made it never changes, whatever becomes of the patient's numbers (model.md, Patient).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import IntegrityError, transaction

from planbank.catalogue.models import PatientIdentity
from planbank.dicom.identity import LOCAL
from planbank.errors import KeyMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, Waiting, service
from planbank.protocols.actions.enrolling import pseudonym_lane
from planbank.protocols.models import Enrolment
from planbank.protocols.pseudonym import pseudonym
from planbank.transit.keys import KeyFolder

TURNS = 20


def subjects() -> Iterator[Subject]:
    """Every enrolment."""
    for pk, protocol in Enrolment.objects.values_list("pk", "protocol").iterator(5000):
        yield pk, pseudonym_lane(protocol)


@service(subject="enrolment", version=1, subjects=subjects)
def enrol(house: House, enrolment_id: int) -> Result:
    """Gives each patient of a protocol a pseudonym"""
    row = Enrolment.objects.select_related("protocol").filter(pk=enrolment_id).first()
    if row is None:
        return Done("the enrolment is gone")
    if row.pseudonym:
        return Done()
    identity = _identity(row.patient_id)
    if identity is None:
        return Waiting("a number of the patient")
    try:
        key = KeyFolder(house.keys).vault_key()
    except KeyMissing:
        return Failed("The key of the vault is not here. Put it back from the backup of the key folder.")
    for turn in range(TURNS):
        try:
            with transaction.atomic():
                name = pseudonym(key, row.protocol.uid, identity, turn)
                Enrolment.objects.filter(pk=row.pk, pseudonym="").update(pseudonym=name)
            return Done()
        except IntegrityError:
            continue  # another patient of the protocol has it
    return Failed("No free pseudonym was found.")


def _identity(patient_id: int) -> tuple[str, str, str] | None:
    """The number it is made from: a national one where there is one, else the first in order."""
    rows = PatientIdentity.objects.filter(patient=patient_id).values_list("scheme", "issuer", "value")
    return min(rows, key=lambda row: (row[0] == LOCAL, row), default=None)

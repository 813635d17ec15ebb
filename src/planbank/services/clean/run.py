"""The service clean.

Comes in: a patient file that was linked anew, or whose memberships changed. Goes out: its row among the
unassigned data, by which the clock warns and deletes (erasure/ageing.py). It deletes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile
from planbank.erasure.ageing import look
from planbank.house import House
from planbank.pipeline.registry import Done, Result, Subject, service


def subjects() -> Iterator[Subject]:
    """Every patient file."""
    for pk in PatientFile.objects.values_list("pk", flat=True).iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=1, subjects=subjects, after=["link", "members", "trigger"])
def clean(house: House, patient_file_id: int) -> Result:
    """Looks what stands in no protocol, and when it will be deleted"""
    found = look(house, patient_file_id)
    if found is None:
        return Done("the patient file is gone")
    going = found.going()
    return Done(f"{len(going)} in no protocol" if going else "")

"""The service compare.

Comes in: a case of an audit study of which something was filed or taken back. Goes out: a `Comparison` for
each structure of each return that counts, all of the case anew: a consensus changes with everybody's; a
`PlannedDvh` for each structure in each dose; the `Overlay` of all for the viewer. Safe to run twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.audits.acting import LANE
from planbank.audits.comparing import COMPARED
from planbank.audits.models import Case
from planbank.errors import DicomError, KeyMissing, ObjectMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, service

# Raise with the figures of planbank.contours.
VERSION = 2


def subjects() -> Iterator[Subject]:
    """Every case of which a structure set came back."""
    rows = Case.objects.filter(returns__kind__in=COMPARED, patient_file__isnull=False)
    for pk in rows.values_list("pk", flat=True).distinct():
        yield pk, LANE


@service(subject="audit case", version=VERSION, subjects=subjects)
def compare(house: House, case_id: int) -> Result:
    """Compares what observers of audit studies drew"""
    case = Case.objects.select_related("study__protocol", "study__basis_observer").filter(pk=case_id).first()
    if case is None or case.patient_file_id is None:
        return Done("the case is gone")
    # Loaded by who compares: no other process waits for the compiled engine.
    from planbank.services.compare.doses import make_dvhs
    from planbank.services.compare.make import make
    from planbank.services.compare.overlay import make_overlay

    try:
        count = make(house, case)
        doses = make_dvhs(house, case)
        make_overlay(house, case)
    except KeyMissing:
        return Failed("The key of the vault is not here. Put it back from the backup of the key folder.")
    except ObjectMissing:
        return Failed("The archive does not hold a return to this study. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    return Done(f"{count} structures, {doses} DVHs")

"""`planbank status`: how the bank stands.

Comes in: a house. Goes out: counts, as a dict; nothing in it tells of a person.
"""

from __future__ import annotations

from planbank.house import House


def status(house: House) -> dict[str, int | str]:
    """Counts of what is kept, what waits and what failed."""
    from planbank import __version__
    from planbank.catalogue.models import (
        Instance,
        InstanceVersion,
        PatientFile,
        QuarantinedParcel,
        Series,
        Study,
        Submission,
    )
    from planbank.pipeline.counts import open_work

    files = PatientFile.objects.exclude(patient=None)
    return {
        "version": __version__,
        "patients": files.values("patient").distinct().count(),
        "studies": Study.objects.count(),
        "series": Series.objects.count(),
        "instances": Instance.objects.count(),
        "versions": InstanceVersion.objects.count(),
        "submissions": Submission.objects.count(),
        "quarantined": QuarantinedParcel.objects.filter(state=QuarantinedParcel.State.WAITING).count(),
        "in_transit": house.tray.load().parcels,
        **open_work(),
    }

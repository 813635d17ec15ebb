"""`planbank status`: how the bank stands.

Comes in: a house. Goes out: counts, as a dict; nothing in it tells of a person.
"""

from __future__ import annotations

from planbank.house import House


def status(house: House) -> dict[str, int | str]:
    """Counts of what is kept, what waits and what failed."""
    from planbank import __version__
    from planbank.catalogue import models
    from planbank.delivery.progress import queue_counts
    from planbank.dose.version import ALGORITHM
    from planbank.people.expiry import expiries
    from planbank.pipeline.counts import open_work

    certificates = expiries(house.settings, house.clock.now())
    asked = models.Calculation.objects.filter(plan_sets__isnull=False).distinct()
    files = models.PatientFile.objects.exclude(patient=None)
    return {
        "version": __version__,
        "patients": files.values("patient").distinct().count(),
        "studies": models.Study.objects.count(),
        "series": models.Series.objects.count(),
        "instances": models.Instance.objects.count(),
        "versions": models.InstanceVersion.objects.count(),
        "submissions": models.Submission.objects.count(),
        "quarantined": models.QuarantinedParcel.objects.filter(
            state=models.QuarantinedParcel.State.WAITING
        ).count(),
        "in_transit": house.tray.load().parcels,
        "plan_sets": models.PlanSet.objects.count(),
        "structure_sets": models.StructureSet.objects.count(),
        "rois": models.Roi.objects.count(),
        "plans": models.Plan.objects.count(),
        "doses": models.Dose.objects.count(),
        "dvhs": models.Dvh.objects.count(),
        "calculations": asked.count(),
        "calculations_in_force": asked.filter(algorithm=ALGORITHM).count(),
        "findings": models.Finding.objects.filter(closed_at=None).count(),
        **open_work(),
        **queue_counts(),
        "certificates_ending": sum(1 for one in certificates if one.level != "ok" and not one.is_over),
        "certificates_ended": sum(1 for one in certificates if one.is_over),
        "first_certificate_ends": certificates[0].not_after.isoformat() if certificates else "",
    }

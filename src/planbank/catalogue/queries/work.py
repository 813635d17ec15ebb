"""Work that could not be done, and whose data it is about.

Comes in: a queryset of PatientFile that the policy has narrowed. Goes out: outcomes on what these
files hold, or the files with such outcomes. Bytes and calculations belong to the whole bank; what
leads from them to a file is what the file's institution sent.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from planbank.catalogue.models import Instance, PatientFile, PlanSet
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import SERVICES


def failed() -> QuerySet[Outcome]:
    """What the services, as they are now, could not do; a newer version of a service begins anew."""
    now = Q(pk__in=[])
    for service in SERVICES:
        now |= Q(service=service.name, version=service.version)
    return Outcome.objects.filter(now, state=State.FAILED)


def failed_on(files: QuerySet[PatientFile]) -> QuerySet[Outcome]:
    """What could not be done on these files, their objects and their plan sets."""
    subject = OuterRef("subject_id")
    chosen = files.values("pk")
    about = {
        "instance version": Instance.objects.filter(
            submissions__version=subject, series__study__patient_file__in=chosen
        ),
        "patient file": files.filter(pk=subject),
        "plan set": PlanSet.objects.filter(pk=subject, patient_file__in=chosen),
        "calculation": PlanSet.objects.filter(calculations=subject, patient_file__in=chosen),
    }
    on_them = Q(pk__in=[])
    for kind, rows in about.items():
        on_them |= Q(Exists(rows), subject_kind=kind)
    return failed().filter(on_them)


def with_failed_work(files: QuerySet[PatientFile]) -> QuerySet[PatientFile]:
    """Files on which something could not be done."""
    subjects = {
        kind: failed().filter(subject_kind=kind).values("subject_id")
        for kind in ("instance version", "patient file", "plan set", "calculation")
    }
    objects = Instance.objects.filter(submissions__version__in=subjects["instance version"])
    plan_sets = PlanSet.objects.filter(
        Q(pk__in=subjects["plan set"]) | Q(calculations__in=subjects["calculation"])
    )
    return files.filter(
        Q(pk__in=subjects["patient file"])
        | Q(pk__in=objects.values("series__study__patient_file"))
        | Q(pk__in=plan_sets.values("patient_file"))
    )

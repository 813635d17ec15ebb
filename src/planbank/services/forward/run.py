"""The service forward.

Comes in: a patient file that was linked anew, or of which something is to be forwarded. Goes out: a
delivery for each object that its destination does not have, and has not been sent. Nothing is sent here:
see `deliver`. Safe to run twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import (
    ImageStack,
    Instance,
    InstanceVersion,
    Member,
    PatientFile,
    PlanSet,
    Series,
)
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.delivery.rules import why_not_object
from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result, Subject, service
from planbank.services.completeness.quiet import quiet_at
from planbank.services.forward.ends import settle

LOOK_AGAIN = timedelta(minutes=1)
Waits = Forward.Waits


def subjects() -> Iterator[Subject]:
    """Every patient file of which something is forwarded."""
    rows = Forward.objects.order_by().values_list("patient_file", flat=True).distinct()
    for pk in rows.iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=1, subjects=subjects, after=["link", "trigger", "completeness"])
def forward(house: House, patient_file_id: int) -> Result:
    """Finds which objects are to be forwarded"""
    file = PatientFile.objects.filter(pk=patient_file_id).first()
    if file is None:
        return Done("the patient file is gone")
    now = house.clock.now()
    rows = Forward.objects.filter(patient_file=file).exclude(state=Forward.State.CANCELLED)
    quiet, made, again = quiet_at(house, file), 0, False
    for row in rows.select_related("destination__institution").order_by("pk"):
        if row.state == Forward.State.HELD:
            continue
        series, held = _held(row)
        whole = quiet is None and bool(held) and _judged(series)
        ready = row.waits == Waits.NOTHING or (
            whole and (row.waits == Waits.QUIET or not _incomplete(series))
        )
        if ready:
            made += _deliver(row, held, now)
        again = again or not whole
        Forward.objects.filter(pk=row.pk).update(is_whole=whole and ready)
        settle(row.pk, now)
    if again:
        return Later(quiet or now + LOOK_AGAIN, "More may still be on its way.")
    return Done(f"{made} objects to send" if made else "")


def _held(row: Forward) -> tuple[list[int], list[Instance]]:
    """The series of images and all objects that belong to it now."""
    series: list[int] = []
    objects = Q(pk__in=[])
    plan_set = PlanSet.objects.filter(
        patient_file=row.patient_file_id, sop_instance_uid=row.subject_uid
    ).first()
    if plan_set is not None:
        members = Member.objects.filter(plan_set=plan_set)
        series = list(members.filter(series__isnull=False).values_list("series", flat=True).distinct())
        objects = Q(pk__in=members.filter(instance__isnull=False).values("instance"))
    else:
        loose = Series.objects.filter(
            study__patient_file=row.patient_file_id, series_instance_uid=row.subject_uid
        )
        series = list(loose.values_list("pk", flat=True))
    found = Instance.objects.filter(objects | Q(series__in=series)).select_related("current_version")
    return series, list(found.order_by("pk"))


def _judged(series: list[int]) -> bool:
    """Whether the images have their last verdict; objects that are no images need none."""
    return not ImageStack.objects.filter(series__in=series, is_final=False).exists()


def _incomplete(series: list[int]) -> bool:
    wrong = ImageStack.Verdict.INCOMPLETE
    return ImageStack.objects.filter(series__in=series, verdict=wrong).exists()


def _deliver(row: Forward, held: list[Instance], now: datetime) -> int:
    """A delivery for each object, or the one that is there; returns how many are new."""
    contents = {one.pk: one.current_version.equals_id or one.current_version_id for one in held}
    known = {
        d.content_id: d
        for d in Delivery.objects.filter(destination=row.destination, content__in=set(contents.values()))
    }
    new = []
    for one in held:
        if contents[one.pk] in known:
            continue
        said = why_not_object(row.destination, one.sop_instance_uid, row.institution_id)
        ended = Delivery.State.WITHHELD if said else Delivery.State.WAITING
        fresh = Delivery(
            destination=row.destination,
            version=one.current_version,
            content_id=contents[one.pk],
            replaces=_earlier(row.destination, one.current_version),
            state=ended,
            reason=said,
            due_at=now,
            made_at=now,
            ended_at=now if said else None,
        )
        known[contents[one.pk]] = fresh
        new.append(fresh)
    Delivery.objects.bulk_create(new, ignore_conflicts=True)  # another file's forward may have been first
    ids = Delivery.objects.filter(destination=row.destination, content__in=set(contents.values()))
    row.deliveries.add(*ids.values_list("pk", flat=True))
    _reopen(row, now)
    return len(new)


def _earlier(destination: Destination, version: InstanceVersion) -> Delivery | None:
    """What went there before under the same UID: the new one replaces it (model.md)."""
    went = Delivery.objects.filter(
        destination=destination,
        version__sop_instance_uid=version.sop_instance_uid,
        state__in=[Delivery.State.DELIVERED, Delivery.State.SENDING],
    )
    return went.order_by("-pk").first()


def _reopen(row: Forward, now: datetime) -> None:
    """What another forward was not allowed to send, or had cancelled, this one may."""
    mine = row.deliveries.filter(state__in=[Delivery.State.CANCELLED, Delivery.State.WITHHELD])
    ids = list(mine.exclude(reason="came-from-there").values_list("pk", flat=True))
    if row.state == Forward.State.OPEN:
        waiting = {"state": Delivery.State.WAITING, "reason": "", "due_at": now, "ended_at": None}
        Delivery.objects.filter(pk__in=ids).update(**waiting)

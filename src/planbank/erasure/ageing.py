"""Warning of, and deleting, what stood in no protocol for too long (R31, R200, R212).

Comes in: a house; its clock says when. Goes out: rows to show and warn by, one event for an institution
and step, erasures for the work process to carry out. Nothing goes that was not announced seven days
before by the clock that stands now, so a clock set forward deletes nothing, and neither does a bank
that slept. Every function may run twice and by several at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile
from planbank.erasure.models import Ageing, Erasure, KeepLonger
from planbank.erasure.unassigned import GRACE, Situation, situation_of
from planbank.errors import ErasureError
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act

FIRST, LAST = timedelta(days=30), timedelta(days=7)
TOGETHER = timedelta(days=1)  # those that follow within a day are told of in the same event
LONGEST = timedelta(days=366)
OPEN = (Erasure.State.CONFIRMED, Erasure.State.ROWS_GONE)


@transaction.atomic
def look(house: House, file_id: int, *, strict: bool = False) -> Situation | None:
    """See how it stands with a patient file and keep it for lists and warnings; None where it is gone."""
    file = PatientFile.objects.select_for_update(of=("self",), no_key=True).filter(pk=file_id).first()
    if file is None:
        return None
    days = house.settings.unassigned_days
    found = situation_of(file, days, strict=strict)
    going = found.going()
    before = Ageing.objects.filter(patient_file=file).first()
    if not going:
        Ageing.objects.filter(patient_file=file).delete()
        return found
    goes_at = min(going.values())
    values = {
        "institution_id": file.institution_id,
        "goes_at": goes_at,
        "objects_count": sum(found.pieces[part].objects for part in going),
        "size": sum(found.pieces[part].size for part in going),
        "plan_sets": file.plan_sets.filter(sop_instance_uid__in=[p.uid for p in going if p.uid]).count(),
        "kept_count": sum(found.pieces[part].objects for part in found.kept()),
        "days": days,
    }
    # A warning covers the week it speaks of; what was put off further is told of anew.
    if before is not None and goes_at > before.goes_at + LAST:
        values |= {"first_warned_at": None, "last_warned_at": None}
    Ageing.objects.update_or_create(patient_file=file, defaults=values)
    return found


def goes_for_certain(row: Ageing, now: datetime) -> datetime:
    """The earliest moment at which it can go: seven days after the last warning."""
    if row.asked_at is not None:
        return row.goes_at
    told = row.last_warned_at if row.last_warned_at and row.last_warned_at <= now else None
    return max(row.goes_at, told + LAST) if told else max(row.goes_at, now + LAST)


@transaction.atomic
def warn(house: House) -> int:
    """Tell institutions what will go in 30 and in 7 days; returns how many events."""
    now = house.clock.now()
    told = 0
    for ahead, column in ((FIRST, "first_warned_at"), (LAST, "last_warned_at")):
        # A warning from the future was given by a clock that was wrong: it does not count.
        Ageing.objects.filter(**{f"{column}__gt": now}).update(**{column: None})
        rows = Ageing.objects.filter(**{column: None}, asked_at=None)
        begun = (
            rows.filter(goes_at__lte=now + ahead).values_list("institution", flat=True).distinct().order_by()
        )
        for institution in sorted(begun):
            told += _tell(rows.filter(institution=institution), institution, ahead, column, now)
    return told


def _tell(rows: QuerySet[Ageing], institution: int, ahead: timedelta, column: str, now: datetime) -> int:
    near = rows.filter(goes_at__lte=now + ahead + TOGETHER).select_for_update(skip_locked=True)
    found = list(near.order_by("pk"))
    if not found:
        return 0
    Ageing.objects.filter(pk__in=[row.pk for row in found]).update(**{column: now})
    first = min(max(row.goes_at, now + LAST) for row in found)
    Event.objects.create(
        at=now,
        kind=EventKind.AGEING,
        institution_id=institution,
        params={
            "days": ahead.days,
            "patients": len(found),
            "objects": sum(row.objects_count for row in found),
            "day": f"{first:%Y-%m-%d}",
        },
    )
    return 1


def due(now: datetime) -> QuerySet[Ageing]:
    """What may be deleted now, soonest first."""
    warned = Q(last_warned_at__lte=now - LAST) | Q(asked_at__isnull=False)
    return Ageing.objects.filter(warned, goes_at__lte=now).order_by("goes_at", "pk")


def carry_on(house: House) -> int:
    """Begin what is due; returns how many patient files. What goes is found anew when it goes."""
    now = house.clock.now()
    return sum(_begin(house, pk, now) for pk in due(now).values_list("patient_file", flat=True)[:200])


@transaction.atomic
def _begin(house: House, file_id: int, now: datetime) -> bool:
    found = look(house, file_id, strict=True)  # locks the file
    row = due(now).filter(patient_file=file_id).select_related("patient_file__institution").first()
    if found is None or row is None or not found.due(now):
        return False
    file = row.patient_file
    if Erasure.objects.filter(patient_file=file, kind=Erasure.Kind.UNASSIGNED, state__in=OPEN).exists():
        return False
    Erasure.objects.create(
        kind=Erasure.Kind.UNASSIGNED,
        state=Erasure.State.CONFIRMED,
        institution=file.institution,
        patient_file=file,
        file_number=file.pk,
        reason=row.asked_reason or f"in no protocol for {row.days} days",
        asked_at=row.asked_at or now,
        asked_by=row.asked_by,
        confirmed_at=now,
    )
    return True


def reckon_anew(house: House) -> int:
    """After the setting changed: have every row looked at again; returns how many."""
    rows = Ageing.objects.exclude(days=house.settings.unassigned_days).values_list("patient_file", flat=True)
    subjects = [(pk, lane_of(pk)) for pk in rows]
    return make_due("clean", subjects, house.clock.now(), priority=BACKGROUND) if subjects else 0


@transaction.atomic
def keep_longer(house: House, act: Act, file: PatientFile, until: datetime, reason: str) -> KeepLonger:
    """Have what is unassigned stay until a day. Raises ErasureError."""
    if not reason.strip():
        raise ErasureError(_("Say why."))
    if not act.at < until <= act.at + LONGEST:
        raise ErasureError(_("Choose a day within the next year."))
    row = KeepLonger.objects.create(
        patient_file=file, until=until, reason=reason.strip()[:200], at=act.at, by=act.user
    )
    Ageing.objects.filter(patient_file=file).update(asked_at=None, asked_by=None, asked_reason="")
    look(house, file.pk)
    act.journal(
        "keep unassigned longer",
        object_kind="patient file",
        object_id=file.pk,
        institution=file.institution.code,
        until=until.date().isoformat(),
        reason=row.reason,
    )
    return row


@transaction.atomic
def keep_no_longer(house: House, act: Act, file: PatientFile) -> int:
    """Undo what was asked; it ages as if nobody had. Returns how many wishes ended."""
    rows = KeepLonger.objects.filter(patient_file=file, undone_at=None)
    ended = rows.update(undone_at=act.at, undone_by=act.user)
    look(house, file.pk)
    if ended:
        _note(act, file, "keep no longer")
    return ended


@transaction.atomic
def delete_soon(house: House, act: Act, file: PatientFile, reason: str) -> None:
    """Have what is unassigned go in a day; undone until then. Raises ErasureError."""
    if not reason.strip():
        raise ErasureError(_("Say why."))
    if look(house, file.pk) is None or not Ageing.objects.filter(patient_file=file).exists():
        raise ErasureError(_("Nothing of this patient can go: all of it is in a protocol or kept by one."))
    KeepLonger.objects.filter(patient_file=file, undone_at=None).update(undone_at=act.at, undone_by=act.user)
    Ageing.objects.filter(patient_file=file).update(
        asked_at=act.at, asked_by=act.user, asked_reason=reason.strip()[:200]
    )
    look(house, file.pk)
    _note(act, file, "delete unassigned soon", reason=reason.strip()[:200])


@transaction.atomic
def delete_not(house: House, act: Act, file: PatientFile) -> bool:
    """Undo `delete_soon`; False where it was too late or nobody had asked."""
    PatientFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).first()
    rows = Ageing.objects.filter(patient_file=file, asked_at__gt=act.at - GRACE)
    if not rows.update(asked_at=None, asked_by=None, asked_reason=""):
        return False
    look(house, file.pk)
    _note(act, file, "delete unassigned soon undone")
    return True


def _note(act: Act, file: PatientFile, action: str, **more: str) -> None:
    act.journal(
        action, object_kind="patient file", object_id=file.pk, institution=file.institution.code, **more
    )

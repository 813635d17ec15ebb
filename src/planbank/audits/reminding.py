"""Who has not returned everything, and reminding them: by a person, or by itself before the last day (R109).

Comes in: a study and a day. Goes out: observers who are late, in fixed order; mails in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from planbank.audits.acting import journal
from planbank.audits.mails import mail_reminder
from planbank.audits.models import AuditStudy, Copy, Observer
from planbank.house import House
from planbank.protocols.act import Act

C = Copy.State
OUT = (C.SENT, C.ACCEPTED, C.OPENED)
APART = timedelta(days=3)  # nobody is reminded twice within it
AHEAD = (7, 1)  # days before the last one, on which the bank reminds by itself


def late(study: AuditStudy, today: date) -> list[Observer]:
    """Observers with an address who have not returned all of theirs, and were not reminded of late."""
    return [one for one in _open(study) if one.reminded_at is None or today - one.reminded_at.date() >= APART]


def due(study: AuditStudy, today: date) -> list[Observer]:
    """Those whom the bank reminds by itself today: 7 days and 1 day before the last one, each once."""
    if study.state != AuditStudy.State.OPEN or not study.reminds or study.closes_on is None:
        return []
    left = (study.closes_on - today).days
    begun = [study.closes_on - timedelta(days=days) for days in AHEAD if left <= days]
    if left < 0 or not begun:
        return []
    since = max(begun)
    return [one for one in late(study, today) if one.reminded_at is None or one.reminded_at.date() < since]


def remind(house: House, act: Act, study: AuditStudy, observers: Iterable[Observer]) -> int:
    """Mail each what is not back; how many mails go out."""
    count = 0
    for observer in observers:
        if mail_reminder(house, observer, list(_cases(study, observer))):
            Observer.objects.filter(pk=observer.pk).update(reminded_at=act.at)
            count += 1
    if count:
        journal(act, "remind audit observers", study, observers=count)
    return count


def _open(study: AuditStudy) -> Iterable[Observer]:
    out = study.copies.filter(state__in=OUT)
    rows = study.observers.filter(is_active=True).exclude(email="")
    if study.per_centre:
        return rows.filter(centre__in=out.values("centre"))
    return rows.filter(pk__in=out.values("observer"))


def _cases(study: AuditStudy, observer: Observer) -> Iterator[str]:
    out = study.copies.filter(state__in=OUT)
    mine = out.filter(centre=observer.centre) if study.per_centre else out.filter(observer=observer)
    yield from mine.order_by("case__name").values_list("case__name", flat=True)

"""Which forwards a person sees, and which they may act on.

Comes in: a request. Goes out: forwards of one's own institutions, of plan sets seen through the forward's
protocol, and of protocols whose triggers one looks after (as counts: the plan only where it may be seen).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from planbank.access import policy
from planbank.access.listing import protocols_seen
from planbank.access.scopes import Columns, Scope
from planbank.catalogue.models import PlanSet
from planbank.delivery.models import Forward
from planbank.delivery.progress import Progress, progress_of
from planbank.web.acting import user_of
from planbank.web.pages import house_of
from planbank.web.reach import mine, unveil_labels

COLUMNS = Columns("institution", patient="patient_file__patient", plan_set=("patient_file", "subject_uid"))

MOST_OF_A_PLAN = 10


@dataclass(frozen=True)
class Line:
    """One forward as a list shows it; `plan_set` is empty where its reader may not see it."""

    row: Forward
    so_far: Progress
    plan_set: PlanSet | None

    @property
    def state(self) -> str:
        """One word for the state that matters most."""
        return self.row.state if self.row.state != Forward.State.OPEN else self.so_far.state


def seen(request: HttpRequest) -> QuerySet[Forward]:
    """The forwards this person may see, newest first."""
    now, user = house_of(request).clock.now(), user_of(request)
    rows = policy.visible(user, "data.view", Forward.objects.all(), COLUMNS, at=now)
    own = rows.filter(Q(seen_through__isnull=True) | Q(seen_through=F("protocol_id")))
    looked_after = protocols_seen(user, now, action="trigger.edit")
    ids = Q(pk__in=own.values("pk")) | Q(protocol__in=looked_after.order_by().values("pk"))
    related = ("destination__institution", "protocol", "institution", "trigger", "asked_by")
    return Forward.objects.filter(ids).select_related(*related).order_by("-asked_at", "-pk")


def of_plan(request: HttpRequest, plan_set: int) -> list[Line]:
    """Where a plan set that this person sees went, as far as they may know, newest first."""
    subject = PlanSet.objects.filter(pk=plan_set).values("patient_file", "sop_instance_uid")[0]
    here = {"patient_file": subject["patient_file"], "subject_uid": subject["sop_instance_uid"]}
    if not Forward.objects.filter(**here).exists():
        return []
    return lines(request, seen(request).filter(**here)[:MOST_OF_A_PLAN])


def may_act(request: HttpRequest, row: Forward) -> bool:
    """Who looks after the protocol's triggers, and who may take these data out of their own institution."""
    now = house_of(request).clock.now()
    if policy.may(request.user, "trigger.edit", now, Scope("protocol", row.protocol_id)):
        return True
    here = Forward.objects.filter(pk=row.pk)
    return policy.visible(request.user, "export.raw", here, institution="institution", at=now).exists()


def lines(request: HttpRequest, rows: Iterable[Forward]) -> list[Line]:
    """Forwards with how far they are and the plan they are of; five queries."""
    rows = list(rows)
    so_far = progress_of([row.pk for row in rows])
    files = {row.patient_file_id for row in rows}
    uids = {row.subject_uid for row in rows}
    found = PlanSet.objects.filter(patient_file__in=files, sop_instance_uid__in=uids)
    ids = {(file, uid): pk for pk, file, uid in found.values_list("pk", "patient_file", "sop_instance_uid")}
    shown = mine(request, PlanSet).filter(pk__in=list(ids.values()))
    plans = {one.pk: one for one in shown.select_related("patient_file__institution")}
    unveil_labels(plans.values())
    return [
        Line(row, so_far[row.pk], plans.get(ids.get((row.patient_file_id, row.subject_uid), 0)))
        for row in rows
    ]

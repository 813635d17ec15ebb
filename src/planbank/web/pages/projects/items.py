"""What a project lists: patients of protocols, put there by people who see them, taken off again (R207).

Comes in: trial IDs and pseudonyms. Goes out: items. Listing shows nothing by itself: the controller
approves reuse of what is listed, and what is listed later waits for the next approval.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from planbank.access.listing import protocols_seen
from planbank.access.rows import narrowed
from planbank.access.scopes import PATIENT_FILES, Scope
from planbank.access.standing import standing_of
from planbank.catalogue.models import PatientFile
from planbank.errors import ProtocolError
from planbank.people.models import User
from planbank.protocols.actions import projecting
from planbank.protocols.models import (
    Enrolment,
    Membership,
    Participant,
    Project,
    ProjectItem,
    Protocol,
    ReuseRequest,
)
from planbank.web.acting import act_of, user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.projects.forms import ListForm
from planbank.web.pages.protocols.tabs import tabs_in

SHOWN = 500


@dataclass(frozen=True)
class Listed:
    """What is listed of one protocol: patients, objects and series, and how many wait for an approval."""

    protocol: str
    patients: int
    members: int
    waiting: int


def summary(project: Project, user: User, now: datetime) -> list[Listed]:
    """Counts by protocol; three queries."""
    rows = ProjectItem.objects.filter(project=project).order_by()
    counted = rows.values("membership__protocol", "membership__protocol__short_name").annotate(
        patients=Count("membership__patient_file__patient", distinct=True), members=Count("pk")
    )
    approved = ReuseRequest.objects.filter(
        project=project,
        protocol=OuterRef("membership__protocol"),
        state=ReuseRequest.State.APPROVED,
    )
    held = rows.annotate(seen=Exists(approved.filter(decided_at__gte=OuterRef("added_at"))))
    waiting = dict(held.filter(seen=False).values_list("membership__protocol").annotate(Count("pk")))
    return [
        Listed(
            row["membership__protocol__short_name"],
            row["patients"],
            row["members"],
            waiting.get(row["membership__protocol"], 0),
        )
        for row in counted.order_by("membership__protocol__short_name")
    ]


@page("projects/<int:project>/items/", name="project-items", action="project.edit", scope="project")
def items(request: HttpRequest, project: int) -> HttpResponse:
    """What the project lists; put patients on the list by trial ID or pseudonym."""
    row = get_object_or_404(Project, pk=project)
    now, user = house_of(request).clock.now(), user_of(request)
    form = ListForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        protocol = protocols_seen(user, now).filter(short_name=form.cleaned_data["protocol"].strip()).first()
        if protocol is None:
            form.add_error("protocol", _("You see no protocol of this name."))
        else:
            done = _add(request, row, protocol, form)
            if done is not None:
                return done
    lines, hidden = _lines(row, user, now)
    context = {
        "project": row,
        "form": form,
        "lines": lines,
        "hidden": hidden,
        "summary": summary(row, user, now),
        "protocols": protocols_seen(user, now).values_list("short_name", flat=True),
        "tabs": tabs_in(request, Scope("project", project), "project-items"),
    }
    return render(request, "projects/items.html", context)


@page(
    "projects/<int:project>/items/<int:pk>/off/",
    name="project-item-off",
    action="project.edit",
    scope="project",
)
@require_POST
def off(request: HttpRequest, project: int, pk: int) -> HttpResponse:
    """Take all of one patient in one protocol off the list; `pk` is an enrolment."""
    row = get_object_or_404(Project, pk=project)
    rows = ProjectItem.objects.none()
    if (enrolment := Enrolment.objects.filter(pk=pk).first()) is not None:
        rows = ProjectItem.objects.filter(
            project=row,
            membership__protocol=enrolment.protocol_id,
            membership__patient_file__patient=enrolment.patient_id,
        )
    if projecting.take_off(act_of(request), row, rows):
        messages.success(request, _("Taken off the list. To undo it, put it on the list again."))
    else:
        messages.info(request, _("Nothing was changed: it is not on the list."))
    return redirect("project-items", row.pk)


def _add(request: HttpRequest, row: Project, protocol: Protocol, form: ListForm) -> HttpResponse | None:
    """List what was named and is seen; what is not seen and what is not there are the same."""
    found, unknown = _members(user_of(request), house_of(request).clock.now(), protocol, form.wanted())
    try:
        done = projecting.list_items(act_of(request), row, found) if found else 0
    except ProtocolError as exc:
        form.add_error(None, str(exc))
        return None
    if unknown:
        said = ngettext(
            "%(n)s name leads to no patient that you see in %(protocol)s: %(names)s",
            "%(n)s names lead to no patient that you see in %(protocol)s: %(names)s",
            len(unknown),
        )
        names = ", ".join(unknown[:10]) + (" ..." if len(unknown) > 10 else "")
        values = {"n": len(unknown), "protocol": protocol.short_name, "names": names}
        if not found:
            form.add_error("names", said % values)
            return None
        messages.warning(request, said % values)
    said = ngettext("%(n)s object or series is new on the list.", "%(n)s objects and series are new.", done)
    messages.success(request, said % {"n": done})
    return redirect("project-items", row.pk)


def _members(
    user: User, now: datetime, protocol: Protocol, names: list[str]
) -> tuple[QuerySet[Membership] | list[Membership], list[str]]:
    """Members in force of the patients named, of those the person sees; and the names that lead nowhere."""
    by_name: dict[str, int] = {}
    enrolled = Enrolment.objects.filter(protocol=protocol)
    by_name |= dict(enrolled.filter(pseudonym__in=names).values_list("pseudonym", "patient"))
    listed = Participant.objects.filter(protocol=protocol, trial_id__in=names, patient__isnull=False)
    by_name |= {name: pk for name, pk in listed.values_list("trial_id", "patient") if pk is not None}
    files = PatientFile.objects.filter(patient__in=by_name.values())
    scope = Scope("protocol", protocol.pk)
    seen = narrowed(standing_of(user), "data.view", files, PATIENT_FILES, now, scope)
    held = dict(seen.values_list("pk", "patient"))
    patients = set(held.values())
    unknown = [name for name in names if by_name.get(name) not in patients]
    members = Membership.objects.in_force().filter(protocol=protocol, patient_file__in=list(held))
    return members.select_related("protocol"), unknown


def _lines(row: Project, user: User, now: datetime) -> tuple[list[dict[str, Any]], int]:
    """Each listed patient that the person sees, by pseudonym; and how many they do not see."""
    rows = ProjectItem.objects.filter(project=row).order_by()
    listed = rows.values_list("membership__protocol", "membership__patient_file__patient")
    counts = {
        (a, b): n
        for a, b, n in listed.annotate(n=Count("pk")).values_list(
            "membership__protocol", "membership__patient_file__patient", "n"
        )
    }
    files = PatientFile.objects.filter(memberships__project_items__project=row)
    seen = narrowed(standing_of(user), "data.view", files, PATIENT_FILES, now, None)
    patients = set(seen.values_list("patient", flat=True))
    shown = {key: n for key, n in counts.items() if key[1] in patients}
    found = Enrolment.objects.filter(
        protocol__in={a for a, _b in shown}, patient__in={b for _a, b in shown}
    ).select_related("protocol")
    trials = {
        (a, b): name
        for a, b, name in Participant.objects.filter(
            protocol__in={a for a, _b in shown}, patient__in={b for _a, b in shown}
        ).values_list("protocol", "patient", "trial_id")
    }
    lines = [
        {
            "enrolment": one.pk,
            "protocol": one.protocol.short_name,
            "pseudonym": one.pseudonym or _("pending"),
            "trial_id": trials.get((one.protocol_id, one.patient_id), ""),
            "members": shown[(one.protocol_id, one.patient_id)],
        }
        for one in found
        if (one.protocol_id, one.patient_id) in shown
    ]
    lines.sort(key=lambda line: (line["protocol"], line["trial_id"], line["pseudonym"]))
    return lines[:SHOWN], len(counts) - len(lines[:SHOWN])

"""'Add to protocol...' from a plan, a patient, or what was chosen in the list of plans (R39, R40).

Comes in: numbers of plan sets or of a patient file that one's own institution sent. Goes out: a page that
asks where to and how much of it, then the members.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.listing import protocols_seen
from planbank.access.policy import visible
from planbank.access.scopes import PATIENT_FILES, PLAN_SETS, Scope
from planbank.catalogue.models import Member, PatientFile, PlanSet, Series
from planbank.errors import ProtocolError
from planbank.people.models import Institution
from planbank.protocols.actions.adding import add_patient, add_plan_set, add_series
from planbank.protocols.models import Participation, Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.holdings.forms import AddForm
from planbank.web.pages.plans import words

MOST = 200


@dataclass
class Chosen:
    """What is to be added."""

    plan_sets: list[PlanSet] = field(default_factory=list)
    file: PatientFile | None = None
    series: list[Series] = field(default_factory=list)

    @property
    def institutions(self) -> set[int]:
        found = {row.patient_file.institution_id for row in self.plan_sets}
        return found | ({self.file.institution_id} if self.file else set())


@page("add-to-protocol/", name="add-to-protocol", action="data.add")
def add(request: HttpRequest) -> HttpResponse:
    """Ask where to and how much of it, then add it."""
    sent = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(request, sent)
    protocols = _open_for(request, chosen)
    choices = [(str(row.pk), f"{row.short_name}: {row.title}") for row in protocols]
    form = AddForm(request.POST or None, choices)
    if request.method == "POST" and form.is_valid():
        here = next(row for row in protocols if str(row.pk) == form.cleaned_data["protocol"])
        try:
            n = _add(request, here, chosen, sent)
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            said = {"n": n, "protocol": here.short_name}
            if n:
                messages.success(
                    request,
                    ngettext(
                        "%(n)s object or series is new in %(protocol)s.",
                        "%(n)s objects and series are new in %(protocol)s.",
                        n,
                    )
                    % said,
                )
            else:
                messages.info(request, _("All of it stands in %(protocol)s already.") % said)
            return redirect(_back(chosen))
    context = {
        "form": form,
        "chosen": chosen,
        "plans": [(row, words.label(row)) for row in chosen.plan_sets],
        "series": _series(chosen),
        "whole": sent.get("whole", "yes") != "no",
        "ticked": {int(pk) for pk in sent.getlist("series") if pk.isdigit()},
        "protocols": protocols,
        "back": _back(chosen),
    }
    return render(request, "holdings/add.html", context)


def _chosen(request: HttpRequest, sent: QueryDict) -> Chosen:
    """What the address names and this person may add somewhere. Raises Http404 for anything else."""
    now, user = house_of(request).clock.now(), user_of(request)
    plans = [int(pk) for pk in dict.fromkeys(sent.getlist("plan")) if pk.isdigit() and len(pk) < 18]
    if len(plans) > MOST:
        raise Http404
    found = Chosen()
    if plans:
        every = PlanSet.objects.select_related("patient_file__institution")
        rows = visible(user, "data.add", every, PLAN_SETS, at=now).filter(pk__in=plans)
        found.plan_sets = list(rows.order_by("patient_file", "pk"))
    patient = sent.get("patient", "")
    if patient.isdigit() and len(patient) < 18:
        files = PatientFile.objects.select_related("institution")
        found.file = visible(user, "data.add", files, PATIENT_FILES, at=now).filter(pk=int(patient)).first()
    if len(found.plan_sets) != len(plans) or not (plans or found.file):
        raise Http404
    return found


def _open_for(request: HttpRequest, chosen: Chosen) -> list[Protocol]:
    """The protocols that take all of this from this person now."""
    now, user = house_of(request).clock.now(), user_of(request)
    rows = protocols_seen(user, now, action="data.add").filter(status=Protocol.Status.ACTIVE)
    centres: dict[int, set[int]] = defaultdict(set)
    for protocol, institution in Participation.objects.in_force(now).values_list("protocol", "institution"):
        centres[protocol].add(institution)
    institutions = Institution.objects.filter(pk__in=chosen.institutions)
    found = []
    for row in rows.order_by("short_name"):
        scope = Scope("protocol", row.pk)
        reach = visible(user, "data.add", institutions, institution="pk", at=now, scope=scope)
        if chosen.institutions <= centres[row.pk] and reach.count() == len(chosen.institutions):
            found.append(row)
    return found


def _series(chosen: Chosen) -> list[tuple[Series, bool]]:
    """The series to choose from: of one plan set, or of a patient."""
    if chosen.file:
        rows = Series.objects.filter(study__patient_file=chosen.file)
    elif len(chosen.plan_sets) == 1:
        members = Member.objects.filter(plan_set=chosen.plan_sets[0])
        keys = {pk for pair in members.values_list("series", "instance__series") for pk in pair if pk}
        rows = Series.objects.filter(pk__in=keys)
    else:
        return []
    return [(row, bool(row.description)) for row in rows.order_by("modality", "number", "pk")]


@transaction.atomic
def _add(request: HttpRequest, here: Protocol, chosen: Chosen, sent: QueryDict) -> int:
    act = act_of(request)
    offered: dict[str, Any] = {str(row.pk): row for row, _named in _series(chosen)}
    if offered and sent.get("whole") == "no":
        picked = [offered[pk] for pk in dict.fromkeys(sent.getlist("series")) if pk in offered]
        if not picked:
            raise ProtocolError(_("Tick at least one series."))
        return sum(add_series(act, here, row) for row in picked)
    n = add_patient(act, here, chosen.file) if chosen.file else 0
    return n + sum(add_plan_set(act, here, row) for row in chosen.plan_sets)


def _back(chosen: Chosen) -> Any:
    if chosen.file:
        return reverse("patient", args=[chosen.file.pk])
    if len(chosen.plan_sets) == 1:
        return reverse("plan", args=[chosen.plan_sets[0].pk])
    return reverse("plans")

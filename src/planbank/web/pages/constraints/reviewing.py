"""One plan looked at by a person: its verdicts, what was said of it, saying something else (R151).

Comes in: a protocol, a plan set that the person sees. Goes out: a page; what is said wants a reason and can
be taken back.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet
from planbank.errors import ChangedMeanwhile, ConstraintError
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.constraining import in_force
from planbank.protocols.actions.reviewing import let_stand, overrule
from planbank.protocols.models import Protocol, Review, Verdict
from planbank.reach import unveil_labels
from planbank.statistics.reviews import overall_of
from planbank.statistics.verdicts import verdicts_of
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.constraints.cells import cell_of, in_words
from planbank.web.pages.constraints.desk import PATH, context_of, desk_of, protocol_of

STATES = [(one.value, one.label) for one in Verdict.State if one != Verdict.State.CANNOT]


@page(PATH + "review/", name="plan-review", action="dictionary.edit", scope="protocol")
def review(request: HttpRequest, protocol: int) -> HttpResponse:
    """The verdicts on one plan, and what a person says instead."""
    desk = desk_of(request, protocol, "data.list")
    owner, named = protocol_of(desk), request.POST.get("plan_set") or request.GET.get("plan_set", "")
    if not named:
        return redirect("constraints", protocol)  # which plan is chosen there
    row, wrong = _plan(desk, named), ""
    if request.method == "POST":
        try:
            given = [request.POST.get(name, "") for name in ("state", "reason", "seen")]
            overrule(act_of(request), owner, row.pk, *given)
        except ChangedMeanwhile:
            wrong = _("The plan comes to something else by now. Nothing was saved; look again.")
        except ConstraintError as exc:
            wrong = exc.detail or str(exc)
        else:
            way_back = f"{reverse('plan-review-end', args=[protocol])}?plan_set={row.pk}"
            messages.success(request, _("Saved. It counts in place of the verdicts."), extra_tags=way_back)
            return redirect("constraints", protocol)
    asked = in_force(owner)
    held = verdicts_of([row], asked)
    context = {
        "row": row,
        "cells": [(one, cell) for one in asked if (cell := cell_of(one, held[row.pk].get(one.pk)))],
        "overall": in_words(found := overall_of(owner, [row], held)[row.pk]),
        "seen": found.by_rule,
        "states": STATES,
        "state": request.POST.get("state", ""),
        "reason": request.POST.get("reason", ""),
        "history": _history(owner, row.pk),
        "wrong": wrong,
    }
    return render(request, "constraints/review.html", context_of(request, desk, **context))


@page(PATH + "review/end/", name="plan-review-end", action="dictionary.edit", scope="protocol")
def end(request: HttpRequest, protocol: int) -> HttpResponse:
    """Take back what was said: the verdicts count again."""
    desk = desk_of(request, protocol, "data.list")
    named = request.GET.get("plan_set", "")
    if request.method == "POST" and named:
        try:
            let_stand(act_of(request), protocol_of(desk), _plan(desk, named).pk)
        except ChangedMeanwhile:
            messages.info(request, _("Nothing was said of this plan, or somebody took it back meanwhile."))
        else:
            messages.success(request, _("Taken back. The verdicts count again."))
    return redirect("constraints", protocol)


def _plan(desk: Desk, named: str) -> PlanSet:
    """The plan set of that number, as this person sees it."""
    rows = desk.plan_sets.select_related("patient_file__institution")
    row = rows.filter(pk=int(named)).first() if named.isdecimal() and len(named) < 19 else None
    if row is None:
        raise Http404
    unveil_labels([row])
    return row


def _history(protocol: Protocol, plan_set: int) -> list[Review]:
    plan = PlanSet.objects.get(pk=plan_set)
    rows = Review.objects.filter(protocol=protocol, patient_file=plan.patient_file_id)
    return list(rows.filter(sop_instance_uid=plan.sop_instance_uid).select_related("said_by")[:20])

"""The triggers of one protocol: a list with what they did, a form, a tester on stored plans (R84 to R94).

Comes in: a protocol. Goes out: pages for its key users; each change is journalled.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile, PlanSet, Roi
from planbank.errors import ChangedMeanwhile, PlanbankError
from planbank.people.models import User
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.actions.triggering import save_trigger
from planbank.protocols.models import Firing, Participation, Protocol, Trigger
from planbank.services.trigger.matching import match
from planbank.services.trigger.run import in_force, rule_of
from planbank.services.trigger.subjects import Seen
from planbank.web.pages import house_of, page
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.pages.triggers.forms import TriggerForm
from planbank.web.reach import one_of

SHOWN = 50


@page("protocols/<int:protocol>/triggers/", name="triggers", action="trigger.edit", scope="protocol")
def triggers(request: HttpRequest, protocol: int) -> HttpResponse:
    """The list, and what fired last."""
    here = _protocol(protocol)
    done, refused = (Count("firings", filter=Q(firings__outcome=o)) for o in ("done", "refused"))
    rows = here.triggers.annotate(done=done, refused=refused, last=Max("firings__at"))
    firings = Firing.objects.filter(trigger__protocol=here).select_related("trigger", "institution")
    context = {
        "protocol": here,
        "rows": rows,
        "firings": firings[:SHOWN],
        "now": house_of(request).clock.now(),
        "tabs": tabs_of(request, protocol, "triggers"),
    }
    return render(request, "triggers/list.html", context)


@page("protocols/<int:protocol>/triggers/new/", name="trigger-new", action="trigger.edit", scope="protocol")
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Make a trigger."""
    return _edit(request, _protocol(protocol), None)


@page("protocols/<int:protocol>/triggers/<int:pk>/", name="trigger", action="trigger.edit", scope="protocol")
def edit(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change a trigger."""
    here = _protocol(protocol)
    row = here.triggers.filter(pk=pk).first()
    if row is None:
        raise Http404
    return _edit(request, here, row)


@page(
    "protocols/<int:protocol>/triggers/again/", name="triggers-again", action="trigger.edit", scope="protocol"
)
def again(request: HttpRequest, protocol: int) -> HttpResponse:
    """Let the triggers look at what the centres sent before."""
    here = _protocol(protocol)
    now = house_of(request).clock.now()
    centres = Participation.objects.in_force(now).filter(protocol=here)
    files = PatientFile.objects.filter(institution__in=centres.values("institution"))
    if request.method == "POST":
        subjects = [(pk, lane_of(pk)) for pk in files.values_list("pk", flat=True)]
        count = make_due("trigger", subjects, now, priority=BACKGROUND)
        said = ngettext("%(n)s patient is looked at.", "%(n)s patients are looked at.", count) % {"n": count}
        messages.success(request, said)
        Act.of(_user(request), now).journal("triggers again", protocol=here.short_name, files=count)
        return redirect("triggers", here.pk)
    names = [row.roi_name for row in here.triggers.filter(is_active=True, kind=Trigger.Kind.EMPTY_ROI)]
    context = {"protocol": here, "files": files.count(), "would": _would_fire(files, names, here)}
    return render(request, "triggers/again.html", context)


@page("plans/<int:pk>/triggers/", name="plan-triggers", action="data.view")
def tester(request: HttpRequest, pk: int) -> HttpResponse:
    """Which triggers would take this plan, and why not (R93)."""
    plan_set = one_of(request, PlanSet, pk, "patient_file__institution", action="data.identity")
    house = house_of(request)
    now = house.clock.now()
    centres = Participation.objects.in_force(now).filter(institution=plan_set.patient_file.institution)
    mine = set(centres.values_list("protocol", flat=True))
    rows = [row for row in in_force(now) if row.protocol_id in mine]
    seen = Seen(plan_set.sop_instance_uid, plan_set=plan_set)
    rules = [rule_of(row) for row in rows]
    objects = list(seen.values(house.store)) if any(rule.condition for rule in rules) else []
    found = {one.rule: one for one in match(rules, seen.rois(), objects)}
    fired = {
        row.trigger_id: row
        for row in Firing.objects.filter(patient_file=plan_set.patient_file, subject_uid=seen.uid)
    }
    lines = [(row, found.get(row.pk), fired.get(row.pk), _unmet(row, objects)) for row in rows]
    return render(request, "triggers/tester.html", {"plan_set": plan_set, "lines": lines, "now": now})


def _edit(request: HttpRequest, protocol: Protocol, row: Trigger | None) -> HttpResponse:
    form = TriggerForm(request.POST or None, row)
    if request.method == "POST" and form.is_valid():
        act = Act.of(_user(request), house_of(request).clock.now())
        try:
            save_trigger(act, protocol, form.wish(), row, form.cleaned_data["revision"] or 0)
        except ChangedMeanwhile:
            form.add_error(None, _("Somebody changed this trigger meanwhile. Open it again, then change it."))
        except PlanbankError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Saved. It looks at what comes from now on."))
            return redirect("triggers", protocol.pk)
    return render(request, "triggers/edit.html", {"protocol": protocol, "trigger": row, "form": form})


def _would_fire(files: Any, names: list[str], protocol: Protocol) -> int:
    """Plan sets with an empty ROI of one of these names that are not filed by a trigger yet."""
    wanted = Q(pk__in=[])
    for name in names:
        wanted |= Q(name__iexact=name)
    structure_sets = Roi.objects.filter(wanted, is_empty=True).values("structure_set__version__current_in")
    rows = PlanSet.objects.filter(patient_file__in=files, members__instance__in=structure_sets).distinct()
    fired = Firing.objects.filter(trigger__protocol=protocol, outcome="done").values("subject_uid")
    return rows.exclude(sop_instance_uid__in=fired).count()


def _unmet(row: Trigger, objects: list[Any]) -> str:
    """What the first object that could meet the condition lacks."""
    rule = rule_of(row)
    if rule.condition is None:
        return ""
    said = [rule.condition.unmet(one) for one in objects]
    return "" if "" in said else next(iter(said), "")


def _protocol(pk: int) -> Protocol:
    found = Protocol.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user

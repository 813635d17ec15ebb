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

from planbank.catalogue.models import PlanSet
from planbank.errors import ChangedMeanwhile, PlanbankError
from planbank.protocols.act import Act
from planbank.protocols.actions.triggering import save_trigger
from planbank.protocols.models import Firing, Participation, Protocol, Trigger
from planbank.services.trigger.run import in_force
from planbank.services.trigger.subjects import Seen
from planbank.services.trigger.trying import Dropped, read_dropped, tried, tried_on
from planbank.web.acting import user_of
from planbank.web.files_in_memory import MOST_BYTES
from planbank.web.pages import house_of, page
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.pages.triggers.again import again, again_stop
from planbank.web.pages.triggers.forms import TriggerForm
from planbank.web.reach import one_of

__all__ = ["again", "again_stop", "edit", "new", "tester", "triggers", "try_files"]
SHOWN, MOST_FILES = 50, 100


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


@page("plans/<int:pk>/triggers/", name="plan-triggers", action="data.identity")
def tester(request: HttpRequest, pk: int) -> HttpResponse:
    """Which triggers would take this plan, and why not (R93)."""
    plan_set = one_of(request, PlanSet, pk, "patient_file__institution", action="data.identity")
    house = house_of(request)
    now = house.clock.now()
    centres = Participation.objects.in_force(now).filter(institution=plan_set.patient_file.institution)
    mine = set(centres.values_list("protocol", flat=True))
    seen = Seen(plan_set.sop_instance_uid, plan_set=plan_set)
    found = tried_on(seen, house.store, [row for row in in_force(now) if row.protocol_id in mine])
    fired = {
        row.trigger_id: row
        for row in Firing.objects.filter(patient_file=plan_set.patient_file, subject_uid=seen.uid)
    }
    lines = [(one, fired.get(one.trigger.pk)) for one in found]
    return render(request, "triggers/tester.html", {"plan_set": plan_set, "lines": lines, "now": now})


@page("protocols/<int:protocol>/triggers/try/", name="triggers-try", action="trigger.edit", scope="protocol")
def try_files(request: HttpRequest, protocol: int) -> HttpResponse:
    """Drop files: what the triggers of the protocol would make of them, and why. Nothing is kept."""
    here = _protocol(protocol)
    files = request.FILES.getlist("files") if request.method == "POST" else []
    dropped = [_dropped(one) for one in files[:MOST_FILES]]
    context: dict[str, Any] = {"protocol": here, "dropped": dropped, "asked": request.method == "POST"}
    context["left_out"] = max(0, len(files) - MOST_FILES)
    if any(one.values for one in dropped):
        rois = [roi for one in dropped for roi in one.rois]
        rows = list(here.triggers.order_by("is_fallback", "-priority", "pk"))
        context["lines"] = tried(rows, rois, [one.values for one in dropped if one.values])
    if request.method == "POST":
        Act.of(user_of(request), house_of(request).clock.now()).journal(
            "triggers tried on files", protocol=here.short_name, files=len(dropped)
        )
    return render(request, "triggers/try.html", context)


def _dropped(upload: Any) -> Dropped:
    """One upload, read in memory; its name is whatever the sender called it."""
    name = str(upload.name)[:80]
    if getattr(upload, "too_large", False):
        return Dropped(
            name, wrong=_("It is larger than %(n)s MB together with the others.") % {"n": MOST_BYTES >> 20}
        )
    return read_dropped(name, upload.read())


def _edit(request: HttpRequest, protocol: Protocol, row: Trigger | None) -> HttpResponse:
    form = TriggerForm(request.POST or None, row)
    if request.method == "POST" and form.is_valid():
        act = Act.of(user_of(request), house_of(request).clock.now())
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


def _protocol(pk: int) -> Protocol:
    found = Protocol.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found

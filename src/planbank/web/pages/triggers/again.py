"""Let the triggers of a protocol look at what its centres sent before (R30).

Comes in: a protocol. Goes out: what would be filed, told before anything is done; then how far it is,
and a way to stop. The background work is the service's own outcomes, known by the moment they were asked for.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile, PlanSet, Roi
from planbank.house import House
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.models import Outcome, State
from planbank.protocols.act import Act
from planbank.protocols.models import Firing, Participation, Protocol, Trigger
from planbank.services.trigger.run import in_force
from planbank.services.trigger.subjects import seen_in_each
from planbank.services.trigger.trying import tried_on_each
from planbank.web.acting import user_of
from planbank.web.pages import house_of, page

# A preview is a look at the newest, for as long as a person waits.
NEWEST, AT_ONCE, SECONDS = 200, 25, 2.0
STOPPED = "looked at before; stopped"


@page(
    "protocols/<int:protocol>/triggers/again/", name="triggers-again", action="trigger.edit", scope="protocol"
)
def again(request: HttpRequest, protocol: int) -> HttpResponse:
    """Let the triggers look at what the centres sent before: a preview, then how far it is."""
    here = _protocol(protocol)
    house = house_of(request)
    now = house.clock.now()
    centres = Participation.objects.in_force(now).filter(protocol=here)
    files = PatientFile.objects.filter(institution__in=centres.values("institution"))
    if request.method == "POST":
        subjects = [(pk, lane_of(pk)) for pk in files.values_list("pk", flat=True)]
        count = make_due("trigger", subjects, now, priority=BACKGROUND)
        said = ngettext("%(n)s patient is looked at.", "%(n)s patients are looked at.", count) % {"n": count}
        messages.success(request, said)
        Act.of(user_of(request), now).journal("triggers again", protocol=here.short_name, files=count)
        return redirect(f"{reverse('triggers-again', args=[here.pk])}?since={_stamp(now)}&of={count}")
    context: dict[str, Any] = {"protocol": here, "files": files.count()}
    if since := _moment(request.GET.get("since", "")):
        context["job"] = _job(request, here, files, since)
    else:
        names = [row.roi_name for row in here.triggers.filter(is_active=True, kind=Trigger.Kind.EMPTY_ROI)]
        context["would"] = _would_fire(files, names, here)
        context |= _preview(house, here, files, now)
    return render(request, "triggers/again.html", context)


@page(
    "protocols/<int:protocol>/triggers/again/stop/",
    name="triggers-again-stop",
    action="trigger.edit",
    scope="protocol",
)
@require_POST
def again_stop(request: HttpRequest, protocol: int) -> HttpResponse:
    """Stop: what was not looked at yet stays as it was; what fired stays."""
    here = _protocol(protocol)
    since = _moment(request.POST.get("since", ""))
    if since is None:
        raise Http404
    now = house_of(request).clock.now()
    centres = Participation.objects.filter(protocol=here).values("institution")
    files = PatientFile.objects.filter(institution__in=centres)
    # What arrived since has a later moment and is not touched.
    rows = _asked(files, since).filter(state=State.DUE)
    count = rows.update(state=State.DONE, reason=STOPPED, finished_at=now)
    Act.of(user_of(request), now).journal("triggers again stopped", protocol=here.short_name, files=count)
    said = ngettext(
        "Stopped: %(n)s patient was not looked at.", "Stopped: %(n)s patients were not looked at.", count
    )
    messages.success(request, said % {"n": count})
    return redirect("triggers", here.pk)


def _preview(house: House, protocol: Protocol, files: QuerySet[PatientFile], now: datetime) -> dict[str, Any]:
    """What each trigger would newly do among the newest patients, as the service itself would see it."""
    rows = [row for row in in_force(now) if row.protocol_id == protocol.pk]
    done = Firing.objects.filter(trigger__in=rows, outcome=Firing.Outcome.DONE)
    known = set(done.values_list("trigger", "patient_file", "subject_uid"))
    counts: Counter[tuple[int, str]] = Counter()
    looked, until = 0, time.monotonic() + SECONDS
    newest = list(files.order_by("-last_received_at", "-pk").values_list("pk", flat=True)[:NEWEST])
    for some in (newest[n : n + AT_ONCE] for n in range(0, len(newest), AT_ONCE)):
        if time.monotonic() > until:
            break
        looked += len(some)
        subjects = [(file, seen) for file, held in seen_in_each(some).items() for seen in held]
        tries = tried_on_each([seen for _file, seen in subjects], house.store, rows)
        for (file, seen), lines in zip(subjects, tries, strict=True):
            for one in lines:
                if one.found is not None and (one.trigger.pk, file, seen.uid) not in known:
                    counts[one.trigger.pk, one.found.what] += 1
    lines = [
        (row, counts[row.pk, "fires"], counts[row.pk, "has contours"], counts[row.pk, "near miss"])
        for row in rows
    ]
    return {"lines": lines, "looked": looked}


def _job(
    request: HttpRequest, protocol: Protocol, files: QuerySet[PatientFile], since: datetime
) -> dict[str, Any]:
    """How far it is, for the kit's progress."""
    left = _asked(files, since).filter(state=State.DUE).count()
    asked = request.GET.get("of", "")
    total = max(int(asked) if asked.isdecimal() and len(asked) < 9 else 0, left)
    fired = Firing.objects.filter(
        trigger__protocol=protocol, at__gte=since, outcome=Firing.Outcome.DONE
    ).count()
    return {
        "title": _("The triggers look at stored data"),
        "done": total - left,
        "total": total,
        "left": left,
        "fired": fired,
        "since": _stamp(since),
        "over": not left,
    }


def _asked(files: QuerySet[PatientFile], since: datetime) -> QuerySet[Outcome]:
    return Outcome.objects.filter(service="trigger", due_at=since, subject_id__in=files.values("pk"))


def _would_fire(files: QuerySet[PatientFile], names: list[str], protocol: Protocol) -> int:
    """Plan sets with an empty ROI of one of these names that are not filed by a trigger yet."""
    wanted = Q(pk__in=[])
    for name in names:
        wanted |= Q(name__iexact=name)
    structure_sets = Roi.objects.filter(wanted, is_empty=True).values("structure_set__version__current_in")
    rows = PlanSet.objects.filter(patient_file__in=files, members__instance__in=structure_sets).distinct()
    fired = Firing.objects.filter(trigger__protocol=protocol, outcome="done").values("subject_uid")
    return rows.exclude(sop_instance_uid__in=fired).count()


def _stamp(at: datetime) -> str:
    return f"{int(at.timestamp())}.{at.microsecond:06d}"


def _moment(text: str) -> datetime | None:
    """The moment that an address names, to the microsecond."""
    seconds, _dot, micros = text.partition(".")
    if not (seconds.isdecimal() and micros.isdecimal() and len(seconds) < 12 and len(micros) == 6):
        return None
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(micros))


def _protocol(pk: int) -> Protocol:
    found = Protocol.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found

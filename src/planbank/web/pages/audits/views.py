"""Audit studies on pages: the list, the draft, the board (R103, R105 to R108, R201).

Comes in: requests of who collects in a protocol. Goes out: pages; acts go through planbank.audits, each with
the revision its reader saw where two may edit.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.listing import protocols_seen
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.audits import acting
from planbank.audits.models import AuditStudy, Return
from planbank.audits.reminding import late
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.protocols.models import Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.audits import choosing, compared, copies, doing, planned, taking
from planbank.web.pages.audits.board import board_of, by_link
from planbank.web.pages.audits.forms import StudyForm
from planbank.web.pages.protocols.tabs import tabs_of

MEANWHILE = gettext_lazy("Somebody changed it meanwhile. Nothing of yours is saved: look at it again.")
_TO_DECIDE = Count(
    "returns", filter=Q(returns__state=Return.State.TO_DECIDE) & ~Q(returns__kind="image"), distinct=True
)


def _waiting(request: HttpRequest) -> tuple[int, bool] | None:
    """How many returns wait for my decision."""
    seen = _seen(request).values("pk")
    rows = Return.objects.filter(study__in=seen, state=Return.State.TO_DECIDE)
    count = rows.exclude(kind=Return.Kind.IMAGE).count()
    return (count, True) if count else None


@page(
    "audits/",
    name="audits",
    action="overview.view",
    menu=Menu("research", gettext_lazy("Audits"), "audit", 35, _waiting),
)
def audits(request: HttpRequest) -> HttpResponse:
    """Audit studies of protocols in which I collect."""
    return render(request, "audits/list.html", {"studies": _counted(_seen(request))})


@page("protocols/<int:protocol>/audits/", name="protocol-audits", action="audit.collect", scope="protocol")
def of_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """The audit studies of a protocol."""
    here, now = get_object_or_404(Protocol, pk=protocol), house_of(request).clock.now()
    context = {
        "protocol": here,
        "studies": _counted(AuditStudy.objects.filter(protocol=here)),
        "can_make": bool(may(request.user, "audit.create", now, Scope("protocol", protocol))),
        "tabs": tabs_of(request, protocol, "protocol-audits"),
    }
    return render(request, "audits/list.html", context)


@page("protocols/<int:protocol>/audits/new/", name="audit-new", action="audit.create", scope="protocol")
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Begin a study; it is kept as a draft."""
    here = get_object_or_404(Protocol, pk=protocol)
    form = StudyForm(request.POST or None, here)
    if request.method == "POST" and form.is_valid():
        try:
            made = acting.begin(act_of(request), here, form.wanted())
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("The draft is kept. Choose its cases now."))
            return redirect("audit-cases", protocol, made.pk)
    return render(request, "audits/form.html", {"protocol": here, "form": form})


@page(
    "protocols/<int:protocol>/audits/<int:pk>/edit/",
    name="audit-edit",
    action="audit.create",
    scope="protocol",
)
def edit(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change a study."""
    study = choosing.study_of(protocol, pk)
    form = StudyForm(request.POST or None, study.protocol, study)
    if request.method == "POST" and form.is_valid():
        try:
            acting.change(act_of(request), study, form.cleaned_data["seen"] or 0, form.wanted())
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Saved."))
            return redirect("audit", protocol, pk)
    return render(request, "audits/form.html", {"protocol": study.protocol, "study": study, "form": form})


@page("protocols/<int:protocol>/audits/<int:pk>/", name="audit", action="audit.collect", scope="protocol")
def one(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """The board of a study, or its draft with what is still to choose."""
    study = choosing.study_of(protocol, pk)
    now, board = house_of(request).clock.now(), board_of(study)
    if wants_csv(request):
        return as_csv(study.name, *_sheet(study))
    scope = Scope("protocol", protocol)
    context: dict[str, Any] = {
        "study": study,
        "protocol": study.protocol,
        "board": board,
        "planned": study.returns.filter(kind=Return.Kind.DOSE, state=Return.State.FILED).exists(),
        "late": late(study, now.date()),
        "unmailed": len(by_link(study)),
        "types": {"given": study.given_types.order_by("name"), "asked": study.asked_types.order_by("name")},
        "can_make": bool(may(request.user, "audit.create", now, scope)),
        "can_send": bool(may(request.user, "audit.distribute", now, scope)),
        "busy": board.counts["waiting"],
        "now": now,
    }
    return render(request, "audits/one.html", context)


def _seen(request: HttpRequest) -> Any:
    seen = protocols_seen(user_of(request), house_of(request).clock.now(), action="audit.collect")
    return AuditStudy.objects.filter(protocol__in=seen)


def _counted(rows: Any) -> Any:
    return rows.select_related("protocol").annotate(
        observers_count=Count("observers", distinct=True),
        copies_count=Count("copies", distinct=True),
        returned_count=Count("copies", filter=Q(copies__state="returned"), distinct=True),
        asked_count=_TO_DECIDE,
    )


def _sheet(study: AuditStudy) -> tuple[list[str], Any]:
    """The board as lines: one a copy."""
    heads = [_("Copy"), _("Case"), _("Centre"), _("Observer"), _("Patient ID"), _("State")]
    heads += [_("Made"), _("Sent"), _("Accepted"), _("Opened"), _("Returned")]
    rows = study.copies.select_related("case", "centre", "observer")
    lines = (
        (
            *(one.number, one.case.name, one.centre.code, one.observer.code if one.observer else ""),
            *(one.patient_id, one.get_state_display(), one.made_at, one.sent_at, one.accepted_at),
            *(one.opened_at, one.returned_at),
        )
        for one in rows
    )
    return heads, lines


__all__ = [
    "audits",
    "choosing",
    "compared",
    "copies",
    "doing",
    "edit",
    "new",
    "of_protocol",
    "one",
    "planned",
    "taking",
]

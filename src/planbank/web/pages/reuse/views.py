"""Reuse on pages: ask, decide, revoke; the record of disclosures (R42, R122, R202).

Comes in: forms. Goes out: requests as both sides see them; changes through protocols/actions/reusing.py,
each with the revision its reader saw.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.access.listing import protocols_seen
from planbank.access.policy import may
from planbank.access.queries.reused import disclosures_seen, requests_seen
from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.protocols.actions.reusing import approve, ask, disclosed, refuse, revoke_reuse, take_back
from planbank.protocols.models import Disclosure, Project, Protocol, ReuseRequest
from planbank.web.acting import act_of, user_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.pages.reuse.forms import AskForm, DecideForm, EndForm

_MEANWHILE = gettext_lazy("Somebody decided meanwhile. Nothing of yours is saved: look at it again.")
SIZE = 100
State = ReuseRequest.State


def _to_decide(request: HttpRequest) -> tuple[int, bool] | None:
    """How many requests wait for me."""
    rows = requests_seen(request.user, house_of(request).clock.now(), "reuse.approve")
    n = rows.filter(state=State.ASKED).exclude(asked_by=user_of(request)).count()
    return (n, True) if n else None


_SHOWN = Menu("research", gettext_lazy("Reuse"), "again", 30, _to_decide)


@page("reuse/", name="reuse", action="reuse.view", menu=_SHOWN)
def requests(request: HttpRequest) -> HttpResponse:
    """Requests and disclosures of protocols and projects I answer for."""
    now = house_of(request).clock.now()
    rows = _related(requests_seen(request.user, now))
    records = disclosures_seen(request.user, now)
    if wants_csv(request):
        return as_csv(_("disclosures"), _heads(), _lines(records))
    context = {
        "waiting": rows.filter(state=State.ASKED),
        "found": Paginator(rows.exclude(state=State.ASKED), SIZE).get_page(request.GET.get("page")),
        "disclosures": records.count(),
        "now": now,
    }
    return render(request, "reuse/list.html", context)


@page("protocols/<int:protocol>/reuse/", name="protocol-reuse", action="reuse.view", scope="protocol")
def of_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """Who asked for reuse of a protocol's data, what was decided, what is disclosed."""
    here = get_object_or_404(Protocol, pk=protocol)
    now = house_of(request).clock.now()
    rows = _related(requests_seen(request.user, now).filter(protocol=here))
    records = disclosures_seen(request.user, now).filter(request__protocol=here)
    if wants_csv(request):
        return as_csv("-".join([_("disclosures"), here.short_name]), _heads(), _lines(records))
    context = {
        "protocol": here,
        "waiting": rows.filter(state=State.ASKED),
        "found": Paginator(rows.exclude(state=State.ASKED), SIZE).get_page(request.GET.get("page")),
        "disclosures": records.count(),
        "tabs": tabs_of(request, protocol, "protocol-reuse"),
        "now": now,
    }
    return render(request, "reuse/list.html", context)


@page("projects/<int:project>/reuse/ask/", name="reuse-ask", action="reuse.ask", scope="project")
def ask_one(request: HttpRequest, project: int) -> HttpResponse:
    """Ask the controller of a protocol for reuse."""
    row = get_object_or_404(Project, pk=project)
    act = act_of(request)
    first = {"since": act.at.date(), "until": row.ends_at.date()}
    form = AskForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        assert form.found is not None
        try:
            if row.status == Project.Status.CLOSED:
                raise ProtocolError(_("The project is closed."))
            made = ask(act, row, form.found, form.cleaned_data["purpose"], **form.values(act.at))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Asked. The controller of the protocol decides."))
            return redirect("reuse-one", made.pk)
    seen = protocols_seen(user_of(request), act.at).filter(status=Protocol.Status.ACTIVE)
    context = {"project": row, "form": form, "protocols": seen.values_list("short_name", flat=True)}
    return render(request, "reuse/ask.html", context)


@page("reuse/<int:pk>/", name="reuse-one", action="reuse.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what was asked, what it would disclose, the decision; decide here."""
    row = _request(request, pk)
    now, user = house_of(request).clock.now(), user_of(request)
    can_decide = row.state == State.ASKED and bool(
        may(user, "reuse.approve", now, Scope("protocol", row.protocol_id))
    )
    form = None
    if can_decide and row.asked_by_id != user.pk:
        form = DecideForm(request.POST if request.method == "POST" else None, row)
        if request.method == "POST":
            done = _decided(request, row, form)
            if done is not None:
                return done
    elif request.method == "POST":
        messages.info(request, _("It is decided already.") if row.state != State.ASKED else "")
        return redirect("reuse-one", pk)
    context = {
        "row": row,
        "form": form,
        "own": can_decide and row.asked_by_id == user.pk,
        "counts": _counts(row),
        "centres": row.institutions.all(),
        "can_take_back": row.state == State.ASKED
        and requests_seen(user, now, "reuse.ask").filter(pk=pk).exists(),
        "can_revoke": row.state == State.APPROVED
        and bool(may(user, "reuse.revoke", now, Scope("protocol", row.protocol_id))),
        "record": Disclosure.objects.filter(request=row).first(),
        "now": now,
    }
    return render(request, "reuse/one.html", context)


@page("reuse/<int:pk>/take-back/", name="reuse-take-back", action="reuse.ask")
@require_POST
def take_one_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Who asked no longer wants it."""
    row = _request(request, pk, "reuse.ask")
    try:
        take_back(act_of(request), row, row.revision)
    except (ChangedMeanwhile, ProtocolError):
        messages.info(request, _("It is decided already."))
    else:
        messages.success(request, _("Taken back. You can ask again."))
    return redirect("reuse-one", pk)


@page("reuse/<int:pk>/revoke/", name="reuse-revoke", action="reuse.revoke")
def revoke_one(request: HttpRequest, pk: int) -> HttpResponse:
    """End an approval: with the next request the project sees nothing of it."""
    row = _request(request, pk, "reuse.revoke")
    form = EndForm(request.POST if request.method == "POST" else None, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        try:
            revoke_reuse(act_of(request), row, form.cleaned_data["seen"], form.cleaned_data["reason"])
        except ChangedMeanwhile:
            form.add_error(None, str(_MEANWHILE))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Revoked. It acts with the next request."))
            return redirect("reuse-one", pk)
    return render(request, "reuse/revoke.html", {"row": row, "form": form, "counts": _counts(row)})


def _decided(request: HttpRequest, row: ReuseRequest, form: DecideForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    act, seen, why = act_of(request), form.cleaned_data["seen"], form.cleaned_data["decision"]
    try:
        if "approve" in request.POST:
            approve(act, row, seen, why, **form.lower())
            said = _("Approved. The project sees it at once; it is recorded as a disclosure.")
        else:
            refuse(act, row, seen, why)
            said = _("Refused. The project sees your reason.")
    except ChangedMeanwhile:
        form.add_error(None, str(_MEANWHILE))
    except ProtocolError as exc:
        form.add_error(None, str(exc))
    else:
        messages.success(request, said)
        return redirect("reuse-one", row.pk)
    return None


def _request(request: HttpRequest, pk: int, action: str = "reuse.view") -> ReuseRequest:
    rows = requests_seen(request.user, house_of(request).clock.now(), action)
    row = _related(rows).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _related(rows: QuerySet[ReuseRequest]) -> QuerySet[ReuseRequest]:
    return rows.select_related("project", "protocol", "disclosure", "asked_by", "decided_by")


def _counts(row: ReuseRequest) -> list[dict[str, Any]]:
    """What the request is about, as it stands now, by centre: patients and plans."""
    members = disclosed(row).order_by().values("institution__code")
    return list(
        members.annotate(
            patients=Count("patient_file__patient", distinct=True),
            plans=Count("pk", filter=Q(series__modality="RTPLAN")),
        ).order_by("institution__code")
    )


def _heads() -> list[str]:
    return [
        *(_("Protocol"), _("Project"), _("Who receives"), _("Purpose"), _("Legal basis"), _("Patients")),
        *(_("Objects"), _("Began"), _("Ended"), _("Until"), _("Decided by"), _("Reason of the decision")),
    ]


def _lines(rows: QuerySet[Disclosure]) -> Iterable[Iterable[Any]]:
    related = rows.select_related("request__protocol", "request__project", "request__decided_by")
    for row in related.order_by("-began_at", "-pk").iterator(500):
        asked = row.request
        by = asked.decided_by.name if asked.decided_by else ""
        yield (
            *(asked.protocol.short_name, asked.project.short_name, row.recipient, row.purpose),
            *(row.legal_basis, row.patients, row.objects_count, row.began_at, row.ended_at),
            *(asked.until, by, asked.decision),
        )

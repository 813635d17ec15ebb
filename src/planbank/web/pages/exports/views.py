"""Taking files out, on pages: ask with a preview, decide, watch, cancel, revoke (R113, R115, R190).

Comes in: forms. Goes out: exports as who asked and who decides see them; acts go through takeout/asking.py,
each with the revision its reader saw.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.access.queries.exports import exports_seen, may_decide, to_decide
from planbank.delivery.words import words as in_words
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.people.models import Institution
from planbank.protocols.models import Project, Protocol, StructureType
from planbank.services.export.choose import within_reach
from planbank.takeout import asking
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import KINDS, Selection
from planbank.takeout.words import words
from planbank.web.acting import act_of, user_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.exports import download
from planbank.web.pages.exports.forms import AskForm, DecideForm
from planbank.web.pages.protocols.tabs import tabs_of

SIZE = 50
State, F = Export.State, ExportFile.State
_MEANWHILE = gettext_lazy("Somebody changed it meanwhile. Nothing of yours is saved: look at it again.")


def _waiting(request: HttpRequest) -> tuple[int, bool] | None:
    """How many wait for my decision."""
    count = to_decide(request.user, house_of(request).clock.now()).count()
    return (count, True) if count else None


_SHOWN = Menu("research", gettext_lazy("Exports"), "download", 40, _waiting)


@page("exports/", name="exports", action="overview.view", menu=_SHOWN)
def exports(request: HttpRequest) -> HttpResponse:
    """Exports I asked for or decide about, newest first."""
    return _listed(request, exports_seen(request.user, house_of(request).clock.now()), {})


@page("protocols/<int:protocol>/exports/", name="protocol-exports", action="protocol.view", scope="protocol")
def of_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """What was taken out of a protocol, and what is asked for."""
    here, now = get_object_or_404(Protocol, pk=protocol), house_of(request).clock.now()
    rows = exports_seen(request.user, now).filter(protocol=here)
    more = {"owner": here, "protocol": here, "tabs": tabs_of(request, protocol, "protocol-exports")}
    return _listed(request, rows, more | {"can_ask": _forms_of(request, here) != []})


@page("protocols/<int:protocol>/exports/ask/", name="export-ask", action="export.dicom", scope="protocol")
def ask_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """Ask for files of a protocol."""
    return _ask(request, get_object_or_404(Protocol, pk=protocol))


@page(
    "projects/<int:project>/exports/ask/", name="project-export-ask", action="export.dicom", scope="project"
)
def ask_project(request: HttpRequest, project: int) -> HttpResponse:
    """Ask for files that a project may use."""
    return _ask(request, get_object_or_404(Project, pk=project))


@page("exports/<int:pk>/", name="export", action="overview.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One export: what was asked, how far it is, what is not in it, and the way to take it."""
    row, now = _one(request, pk), house_of(request).clock.now()
    decides = may_decide(request.user, row, now)
    problems = row.files.exclude(reason="").order_by("pk")
    states = dict(row.files.order_by().values_list("state").annotate(Count("pk")))
    context = {
        "row": row,
        "owner": row.owner,
        "mine": row.asked_by_id == user_of(request).pk,
        "form": DecideForm(initial={"seen": row.revision}) if decides else None,
        "decides": decides,
        "is_over": row.is_over(now),
        "states": {state.value: states.get(state.value, 0) for state in F},
        "of": sum(states.values()),
        "accepted": row.files.filter(accepted_at__isnull=False).count() if row.destination_id else 0,
        "going": not row.is_over(now) and (row.state == State.PREPARING or row.is_being_sent),
        "problem": in_words(row.problem),
        "done": sum(states.get(state, 0) for state in (F.READY, F.FAILED, F.WITHHELD)),
        "problems": [(one, words(one.reason)) for one in problems.filter(state=F.FAILED)[:SIZE]],
        "selection": _in_words(Selection.read(row.selection)),
        "now": now,
    }
    return render(request, "exports/one.html", context)


@page("exports/<int:pk>/<slug:act>/", name="export-act", action="overview.view")
@require_POST
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Approve, refuse, cancel, revoke, or try again what failed."""
    row, by = _one(request, pk), act_of(request)
    form = DecideForm(request.POST)
    if act in ("approve", "refuse", "revoke") and not may_decide(request.user, row, by.at):
        raise Http404
    if act in ("cancel", "retry") and row.asked_by_id != user_of(request).pk:
        raise Http404
    if not form.is_valid():
        messages.error(request, _("Nothing was changed: look at it again."))
        return redirect("export", pk)
    seen, why = form.cleaned_data["seen"], form.cleaned_data["decision"]
    try:
        messages.success(request, _done(act, by, row, seen, why))
    except ChangedMeanwhile:
        messages.error(request, str(_MEANWHILE))
    except ProtocolError as exc:
        messages.error(request, str(exc))
    return redirect("export", pk)


def _done(act: str, by: Any, row: Export, seen: int, why: str) -> str:
    """Do it; what to say. Raises ProtocolError, ChangedMeanwhile, Http404 for no such act."""
    match act:
        case "approve":
            asking.approve(by, row, seen, why)
            if row.destination_id:
                return _("Approved. The files are prepared and sent; who asked is told.")
            return _("Approved. The files are being prepared; who asked is told when they are ready.")
        case "refuse":
            asking.refuse(by, row, seen, why)
            return _("Refused. Who asked sees your reason.")
        case "revoke":
            asking.revoke(by, row, seen, why)
            return _("Revoked. A download that runs breaks off; what was taken cannot be called back.")
        case "cancel":
            asking.cancel(by, row, seen)
            return _("Cancelled. You can ask again.")
        case "retry":
            count = asking.retry(by, row, seen)
            said = ngettext("%(n)s object is tried again.", "%(n)s objects are tried again.", count)
            return said % {"n": count}
    raise Http404


def _ask(request: HttpRequest, owner: Protocol | Project) -> HttpResponse:
    """The form, its preview, and the export it makes."""
    by, allowed = act_of(request), _forms_of(request, owner)
    kind = "protocol" if isinstance(owner, Protocol) else "project"
    if not allowed:
        return render(request, "exports/ask.html", {"owner": owner, "kind": kind})
    held = [within_reach(by.user, by.at, owner, one, Selection()) for one in allowed]  # type: ignore[arg-type]
    centres = Institution.objects.filter(pk__in=held[0].order_by().values("institution")).order_by("code")
    form = AskForm(request.POST or None, owner, allowed, centres, by.at)
    preview: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        wanted = form.wanted()
        preview = _preview(within_reach(user_of(request), by.at, owner, wanted.form, wanted.selection))
        if "ask" in request.POST and preview["objects"]:
            try:
                made = asking.ask(by, wanted)
            except ProtocolError as exc:
                form.add_error(None, str(exc))
            else:
                messages.success(request, _("Asked. Another person of it decides; you are told."))
                return redirect("export", made.pk)
        elif "ask" in request.POST:
            form.add_error(None, _("Nothing that you may take out fits these choices."))
    context = {"owner": owner, "kind": kind, "form": form, "preview": preview}
    return render(request, "exports/ask.html", context)


def _preview(found: Any) -> dict[str, Any]:
    """How many patients, objects and bytes."""
    rows = found.order_by()
    sums: dict[str, Any] = rows.aggregate(
        objects=Count("pk", distinct=True),
        patients=Count("series__study__patient_file__patient", distinct=True),
        bytes=Sum("current_version__size"),
    )
    return sums | {"bytes": sums["bytes"] or 0}


def _forms_of(request: HttpRequest, owner: Protocol | Project) -> list[str]:
    """The forms in which this person may take something out of it, the safer first."""
    now = house_of(request).clock.now()
    return [
        form.value
        for form in (Export.Form.PSEUDONYMISED, Export.Form.RAW)
        if within_reach(user_of(request), now, owner, form, Selection()).exists()
    ]


def _listed(request: HttpRequest, rows: Any, more: dict[str, Any]) -> HttpResponse:
    rows = rows.select_related("protocol", "project", "asked_by", "decided_by", "destination")
    if wants_csv(request):
        return as_csv(_("exports"), _heads(), _lines(rows))
    found = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    now = house_of(request).clock.now()
    waiting = set(to_decide(request.user, now).values_list("pk", flat=True))
    lines = [(row, row.is_over(now), row.pk in waiting) for row in found.object_list]
    return render(request, "exports/list.html", {"found": found, "lines": lines, "now": now, **more})


def _heads() -> list[str]:
    return [
        *(_("Number"), _("Protocol or project"), _("Form"), _("Purpose"), _("Who receives"), _("Asked by")),
        *(_("Asked"), _("State"), _("Decided by"), _("Decided"), _("Reason of the decision")),
        *(_("First taken"), _("Patients"), _("Objects"), _("Until")),
    ]


def _lines(rows: Any) -> Any:
    for row in rows.iterator(500):
        asked = row.asked_by.name if row.asked_by else ""
        decided = row.decided_by.name if row.decided_by else ""
        yield (
            *(row.pk, row.owner.short_name, row.get_form_display(), row.purpose, row.recipient, asked),
            *(row.asked_at, row.get_state_display(), decided, row.decided_at, row.decision),
            *(row.taken_at, row.taken_patients, max(row.members - 2, 0), row.until),
        )


def _in_words(chosen: Selection) -> list[tuple[str, str]]:
    """What was narrowed, in words; nothing where all was asked for."""
    found = []
    if chosen.kinds:
        found.append((_("Objects"), ", ".join(str(KINDS[kind][1]) for kind in chosen.kinds)))
    if chosen.institutions:
        codes = Institution.objects.filter(pk__in=chosen.institutions).order_by("code")
        found.append((_("Centres"), ", ".join(codes.values_list("code", flat=True))))
    if chosen.structure_types:
        names = StructureType.objects.filter(pk__in=chosen.structure_types).order_by("name")
        found.append((_("Plans that hold"), ", ".join(names.values_list("name", flat=True))))
    if chosen.since:
        found.append((_("Arrived from"), chosen.since.isoformat()))
    if chosen.until:
        found.append((_("Arrived to"), chosen.until.isoformat()))
    return found


def _one(request: HttpRequest, pk: int) -> Export:
    rows = exports_seen(request.user, house_of(request).clock.now())
    related = ("protocol", "project", "asked_by", "decided_by", "destination__institution")
    row = rows.select_related(*related).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


__all__ = ["act", "ask_project", "ask_protocol", "download", "exports", "of_protocol", "one"]

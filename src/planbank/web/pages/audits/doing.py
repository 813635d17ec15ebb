"""What an organiser does on the board: open, close, take out, try again, remind; decide about returns."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.audits import acting, comparing, filing
from planbank.audits.links import VALID_FOR, make_link
from planbank.audits.mails import mail_link
from planbank.audits.models import AuditStudy, Copy
from planbank.audits.reminding import late, remind
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.protocols.act import Act
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page
from planbank.web.pages.audits.board import by_link
from planbank.web.pages.audits.choosing import study_of
from planbank.web.pages.audits.forms import FileForm

_MEANWHILE = gettext_lazy("Somebody changed it meanwhile. Nothing of yours is saved: look at it again.")


@page(
    "protocols/<int:protocol>/audits/<int:pk>/do/<slug:act>/",
    name="audit-act",
    action="audit.distribute",
    scope="protocol",
)
@require_POST
def act(request: HttpRequest, protocol: int, pk: int, act: str) -> HttpResponse:
    """Open, close, take a case or observer out, try again what failed, remind, choose the reference."""
    study, by = study_of(protocol, pk), act_of(request)
    try:
        said = _do(request, act, by, study)
    except ChangedMeanwhile:
        messages.error(request, str(_MEANWHILE))
    except ProtocolError as exc:
        messages.error(request, str(exc))
    else:
        if act == "reference":
            messages.success(request, said)
            return redirect("audit-compared", protocol, pk)
        undo = {"close": "open", "open": ""}.get(act, "")
        tags = reverse("audit-act", args=[protocol, pk, undo]) if undo else ""
        messages.success(request, said, extra_tags=tags)
    return redirect("audit", protocol, pk)


def _do(request: HttpRequest, act: str, by: Act, study: AuditStudy) -> str:
    """Do it; what to say. Raises ProtocolError, ChangedMeanwhile, Http404 for no such act."""
    seen = _number(request, "seen") or study.revision
    match act:
        case "open":
            acting.open_study(by, study, seen)
            return _("Open. The copies are being made, and go out by themselves where there is a node.")
        case "close":
            acting.close_study(by, study, seen)
            return _("Closed. Nothing more goes out; what still comes in waits for you.")
        case "drop-case":
            acting.drop_case(by, study, get_object_or_404(study.cases, pk=_number(request, "row")))
            return _("The case is out of the draft.")
        case "drop-observer":
            acting.drop_observer(by, study, get_object_or_404(study.observers, pk=_number(request, "row")))
            return _("The observer is out. What was returned stays.")
        case "again":
            failed = list(study.copies.filter(state=Copy.State.FAILED))
            for copy in failed:
                acting.again(by, copy)
            said = ngettext("%(n)s copy is tried again.", "%(n)s copies are tried again.", len(failed))
            return said % {"n": len(failed)}
        case "reference":
            whose = study.observers.filter(pk=_number(request, "row")).first()
            basis, within = request.POST.get("basis", ""), _millimetres(request)
            comparing.hold_against(by, study, seen, basis, whose, within)
            return _("All returns are being compared anew.")
        case "remind":
            return _remind(request, by, study)
        case "mail-links":
            return _mail_links(request, by, study)
    raise Http404


def _mail_links(request: HttpRequest, by: Act, study: AuditStudy) -> str:
    """A link for every copy that waits for one, mailed; none is given out that no mail takes."""
    house, count = house_of(request), 0
    for copy in by_link(study):
        assert copy.observer is not None
        with transaction.atomic():
            path = reverse("copy-link", args=[make_link(by, copy)])
            if mail_link(house, copy, copy.observer, path, VALID_FOR.days):
                count += 1
            else:
                transaction.set_rollback(True)
    if not count:
        raise ProtocolError(_("No mail went out: nobody waits for a link, or this bank sends no mail."))
    return ngettext("%(n)s link is mailed.", "%(n)s links are mailed.", count) % {"n": count}


def _remind(request: HttpRequest, by: Act, study: AuditStudy) -> str:
    count = remind(house_of(request), by, study, late(study, by.at.date()))
    if not count:
        raise ProtocolError(_("No mail went out: nobody is late, or this bank sends no mail."))
    return ngettext("%(n)s observer is reminded.", "%(n)s observers are reminded.", count) % {"n": count}


@page(
    "protocols/<int:protocol>/audits/<int:pk>/returns/<int:row>/<slug:act>/",
    name="audit-return-act",
    action="audit.collect",
    scope="protocol",
)
@require_POST
def decide(request: HttpRequest, protocol: int, pk: int, row: int, act: str) -> HttpResponse:
    """File a return under a case and observer, refuse it, or take that back."""
    study, by = study_of(protocol, pk), act_of(request)
    came = get_object_or_404(study.returns, pk=row)
    undo = reverse("audit-return-act", args=[protocol, pk, row, "undo"])
    try:
        if act == "file":
            form = FileForm(request.POST, study)
            if not form.is_valid():
                raise ProtocolError(_("Choose the copy and the observer."))
            given: dict[str, Any] = form.cleaned_data
            filing.file_by_hand(by, came, given["copy"], given["observer"], given["why"])
            messages.success(request, _("Filed under %(code)s.") % {"code": given["observer"].code}, undo)
        elif act == "refuse":
            filing.refuse(by, came, request.POST.get("why", "")[:300])
            messages.success(request, _("Refused. The object is kept as it came."), undo)
        elif act == "undo":
            filing.undo(by, came)
            messages.success(request, _("It waits for a decision again."))
        else:
            raise Http404
    except ProtocolError as exc:
        messages.error(request, str(exc))
    return redirect("audit", protocol, pk)


def _millimetres(request: HttpRequest) -> float:
    """The tolerance, with a comma or a point; not a number where it is none."""
    try:
        return float(request.POST.get("tolerance", "")[:12].replace(",", "."))
    except ValueError:
        return float("nan")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdigit() and len(text) < 18 else 0

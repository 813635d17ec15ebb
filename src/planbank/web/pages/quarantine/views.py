"""The quarantine: lists, and the two decisions.

Comes in: a person and what they may see (scope.py). Goes out: groups that wait, decisions made,
the questions before a decision. What a decision does stands in catalogue/quarantine.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine import carry_out, delete, release
from planbank.catalogue.quarantine_groups import group_of
from planbank.catalogue.quarantine_words import SENDER_REASONS
from planbank.errors import AlreadyDecided, CountDiffers, SenderTaken
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.quarantine import lists, scope
from planbank.web.pages.quarantine.forms import DeleteForm, ReleaseForm
from planbank.web.pages.quarantine.words import (
    files_in_words,
    in_question,
    neighbours,
    registered_networks,
    what_came,
    why,
)
from planbank.web.parts.words import age

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from planbank.catalogue.quarantine_groups import Group

_SHOWN = Menu("running", gettext_lazy("Quarantine"), "shield", 10, count=lists.needs)


@page("quarantine/", name="quarantine", action="quarantine.view", menu=_SHOWN)
def quarantine(request: HttpRequest) -> HttpResponse:
    """What was set aside, in three lists."""
    return lists.shown(request)


@page("quarantine/<int:pk>/release/", name="quarantine-release", action="quarantine.view")
def release_group(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whose a group of files is, then let it be imported."""
    group = _group(request, pk)
    if group is None:
        return _too_late(request, pk)
    form = ReleaseForm(group, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _release(request, group, form.cleaned_data)
        except AlreadyDecided:
            return _too_late(request, pk)
        except SenderTaken as exc:
            form.add_error("register", _("This sender is registered already. %(how)s") % {"how": exc.detail})
    return render(request, "quarantine/release.html", _question(request, group, form, _("Release")))


@page("quarantine/<int:pk>/delete/", name="quarantine-delete", action="quarantine.view")
def delete_group(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the number of files in a group, then delete them."""
    group = _group(request, pk)
    if group is None:
        return _too_late(request, pk)
    form = DeleteForm(group, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed, upto = form.cleaned_data["typed_number"], form.cleaned_data["upto"]
        try:
            done = delete(house_of(request), group, by=request.user, files=typed, upto=upto)
        except AlreadyDecided:
            return _too_late(request, pk)
        except CountDiffers as exc:
            words = _("There are %(n)s. Type %(n)s to delete them, or keep them.") % {"n": exc.files}
            form.add_error("typed_number", words)
        else:
            said = _("%(what)s deleted. The journal keeps the sender, the number and your name.")
            messages.success(request, said % {"what": files_in_words(done.files)})
            return redirect(_list(group))
    return render(request, "quarantine/delete.html", _question(request, group, form, _("Delete")))


@page("quarantine/carry-out/", name="quarantine-carry-out", action="quarantine.decide")
@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Move the next portion of what was decided; answers what is left."""
    carry_out(house_of(request))
    if request.headers.get("HX-Request"):
        return render(request, "quarantine/moving.html", {"moving": lists.moving(), "asked": True})
    return redirect("quarantine")


def _release(request: HttpRequest, group: Group, given: dict[str, Any]) -> HttpResponse:
    institution = given.get("institution")
    trusted = bool(given.get("register"))
    done = release(
        house_of(request),
        group,
        by=request.user,
        institution=institution,
        register=trusted,
        upto=given["upto"],
    )
    said = {"what": files_in_words(done.files), "who": institution.code if institution else ""}
    if institution is None:
        words = _("%(what)s released: they are read again now.") % said
    elif trusted:
        words = _("%(what)s released to %(who)s; the sender is trusted from now on.") % said
    else:
        words = _("%(what)s released to %(who)s, this time only.") % said
    messages.success(request, words)
    return redirect(_list(group))


def _group(request: HttpRequest, pk: int) -> Group | None:
    """The waiting group of a row that this person may decide about; 404 for any other row."""
    rows = scope.decidable(request.user, house_of(request).clock.now())
    if not rows.filter(pk=pk).exists():
        raise Http404
    return group_of(rows, pk)


def _too_late(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody, perhaps the same person, decided before: say who, what and when."""
    row = QuarantinedParcel.objects.select_related("decided_by", "institution").get(pk=pk)
    now = house_of(request).clock.now()
    said = {
        "who": row.decided_by.name if row.decided_by else _("Somebody"),
        "when": age(row.decided_at or now, now, ago=True),
    }
    if row.state == QuarantinedParcel.State.DELETED:
        words = _("Nothing was changed: %(who)s deleted these files (%(when)s).") % said
    else:
        words = _("Nothing was changed: %(who)s released these files (%(when)s).") % said
    messages.warning(request, words)
    return redirect(f"{reverse('quarantine')}?tab=decided")


def _list(group: Group) -> str:
    return f"{reverse('quarantine')}?tab={'senders' if group.reason in SENDER_REASONS else 'files'}"


def _question(request: HttpRequest, group: Group, form: Any, step: str) -> dict[str, Any]:
    networks = registered_networks([group])
    return {
        "group": group,
        "form": form,
        "step": step,
        "what": in_question(group.classes, group.files),
        "came": what_came(group.classes),
        "files": files_in_words(group.files),
        "why": why(group, networks),
        "near": neighbours([group]).get(group.address, ""),
        "keep_url": _list(group),
        "now": house_of(request).clock.now(),
    }

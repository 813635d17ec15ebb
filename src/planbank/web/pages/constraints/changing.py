"""Adding, changing, ending, importing and copying constraints (R137, R151).

Comes in: what was typed. Goes out: changes through protocols/actions/constraining.py, each with the way back.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.access.listing import protocols_seen
from planbank.errors import ChangedMeanwhile, ConstraintError
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.constraining import Wish, add, bring_back, in_force, types_here
from planbank.protocols.actions.constraining import end as end_one
from planbank.protocols.constraints.table import Read, read_table
from planbank.protocols.models import Constraint, Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.pages import page
from planbank.web.pages.constraints.desk import PATH, context_of, desk_of, protocol_of
from planbank.web.pages.constraints.forms import ConstraintForm, SeveralForm


def form_of(request: HttpRequest, desk: Desk) -> ConstraintForm:
    """The form as the address has it: a constraint on trial, or one to change."""
    protocol = protocol_of(desk)
    if request.GET.get("text", "").strip():
        return ConstraintForm(request.GET, protocol)
    pk = request.GET.get("change", "")
    row = next((one for one in in_force(protocol) if str(one.pk) == pk), None)
    values = {"text": row.text, "arm": row.arm, "instead": row.pk} if row else {}
    return ConstraintForm(None, protocol, initial=values)


@page(PATH + "new/", name="constraint-new", action="dictionary.edit", scope="protocol")
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Add a constraint, or put it in the place of another; GET: check what is typed."""
    desk = desk_of(request, protocol)
    form = ConstraintForm(request.POST or request.GET, protocol_of(desk))
    if request.method == "POST" and form.is_valid():
        ends = [form.cleaned_data["instead"]] if form.cleaned_data["instead"] else []
        try:
            made = add(act_of(request), protocol_of(desk), [form.wish()], ends)
        except ConstraintError as exc:
            form.add_error("text", exc.detail or str(exc))
        except ChangedMeanwhile:
            form.add_error(
                None, _("Somebody changed this constraint meanwhile. What you typed is still here.")
            )
        else:
            _said(request, desk, made[0] if made and not ends else None)
            return redirect("constraints", protocol)
    if request.method == "GET" and request.headers.get("HX-Request"):
        form.is_valid()
        return render(request, "constraints/checked.html", {"form": form, "limit": form.limit})
    if request.method == "GET":
        return redirect("constraints", protocol)
    return render(request, "constraints/edit.html", context_of(request, desk, form=form))


@page(PATH + "<int:pk>/end/", name="constraint-end", action="dictionary.edit", scope="protocol")
def end(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """End one; its verdicts go and come back with it."""
    desk = desk_of(request, protocol)
    row = get_object_or_404(Constraint, pk=pk, protocol=protocol)
    try:
        end_one(act_of(request), protocol_of(desk), row)
    except ChangedMeanwhile:
        messages.warning(request, _("Somebody ended this constraint meanwhile."))
    else:
        way_back = reverse("constraint-back", args=[protocol, pk])
        messages.success(request, _("Ended: %(text)s.") % {"text": row.text}, extra_tags=way_back)
    return redirect("constraints", protocol)


@page(PATH + "<int:pk>/back/", name="constraint-back", action="dictionary.edit", scope="protocol")
def back(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Undo an ending."""
    desk = desk_of(request, protocol)
    row = get_object_or_404(Constraint, pk=pk, protocol=protocol)
    try:
        bring_back(act_of(request), protocol_of(desk), row)
    except (ChangedMeanwhile, ConstraintError):
        messages.warning(request, _("It stands already, or another limit stands in its place."))
    else:
        messages.success(request, _("It stands again: %(text)s.") % {"text": row.text})
    return redirect("constraints", protocol)


@page(PATH + "several/", name="constraints-several", action="dictionary.edit", scope="protocol")
def several(request: HttpRequest, protocol: int) -> HttpResponse:
    """Several at once, from a CSV, lines or another protocol: shown first, then saved as a whole."""
    desk = desk_of(request, protocol)
    here = protocol_of(desk)
    sources = protocols_seen(user_of(request), act_of(request).at, action="data.statistics")
    sources = sources.filter(constraints__ended_at__isnull=True, constraints__isnull=False)
    sources = sources.exclude(pk=here.pk).distinct()
    context: dict[str, Any] = {"sources": sources}
    if request.method == "POST":
        form = SeveralForm(request.POST, request.FILES)
        if form.is_valid():
            context |= _tried(here, form)
            if "save" in request.POST and context.get("wrong") == 0:
                return _save(request, desk, context["read"])
    else:
        chosen = next((row for row in sources if str(row.pk) == request.GET.get("source")), None)
        form = SeveralForm(None, initial={"text": _text_of(chosen)} if chosen else {})
    return render(request, "constraints/several.html", context_of(request, desk, form=form, **context))


def _tried(here: Protocol, form: SeveralForm) -> dict[str, Any]:
    try:
        lines = read_table(form.cleaned_data["text"], types_here(here))
    except ConstraintError as exc:
        form.add_error("text", exc.detail or str(exc))
        return {}
    standing = {(one.text, one.arm) for one in in_force(here)}
    read = [(one, one.limit is not None and (one.limit.text, one.arm) in standing) for one in lines]
    form.data = {"text": form.cleaned_data["text"]}  # type: ignore[assignment]
    return {"read": read, "wrong": sum(bool(one.wrong) for one, _known in read)}


def _save(request: HttpRequest, desk: Desk, read: list[tuple[Read, bool]]) -> HttpResponse:
    wishes = [Wish(one.text, one.arm) for one, known in read if not known]
    try:
        made = add(act_of(request), protocol_of(desk), wishes)
    except ConstraintError as exc:
        messages.error(request, exc.detail or str(exc))
        return redirect("constraints-several", desk.owner.pk)
    messages.success(
        request, _("%(n)s constraints are new. Every plan is judged by them now.") % {"n": len(made)}
    )
    return redirect("constraints", desk.owner.pk)


def _text_of(source: Protocol) -> str:
    """Another protocol's constraints as a table of this page."""
    quoted = ('"' + cell.replace('"', '""') + '"' for one in in_force(source) for cell in (one.text, one.arm))
    cells = list(quoted)
    lines = [f"{text},{arm}" for text, arm in zip(cells[::2], cells[1::2], strict=True)]
    return "\n".join(["Constraint,Arm", *lines])


def _said(request: HttpRequest, desk: Desk, made: Constraint | None) -> None:
    words = _("Saved. Every plan of the protocol is judged anew now.")
    messages.success(
        request, words, extra_tags=reverse("constraint-end", args=[desk.owner.pk, made.pk]) if made else ""
    )

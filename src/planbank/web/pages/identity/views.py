"""Who is who, decided by people of the institutions that sent the data (R20, R129, R130).

Comes in: files of one's own institutions. Goes out: candidates side by side, and changes through
protocols/actions/identity.py. Nothing of any other institution is looked at or told.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.policy import Refused, visible, why_not
from planbank.access.scopes import PATIENT_FILES
from planbank.catalogue.identities import is_doubtful
from planbank.catalogue.models import IdentityChange, PatientFile
from planbank.catalogue.queries import same_person
from planbank.errors import ChangedMeanwhile, IdentityError
from planbank.protocols.actions.identity import join_patients, link_number, split_studies, undo_change
from planbank.web.acting import act_of
from planbank.web.lists.words import day, person
from planbank.web.pages import house_of, page
from planbank.web.reach import note, note_view


class NumberForm(forms.Form):
    """A further number."""

    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


@page("patients/same/", name="patients-same", action="patient.link")
def same(request: HttpRequest) -> HttpResponse:
    """Files of my institutions that may be of one person, side by side."""
    note(request, "search", object_kind="patient files", filters=["same person"])
    found = [(_shown(one), _shown(two), why) for one, two, why in same_person.pairs(_linkable(request))]
    return render(request, "identity/same.html", {"pairs": found, "most": same_person.MOST})


@page("patients/<int:pk>/identity/", name="patient-identity", action="patient.link")
def identity(request: HttpRequest, pk: int) -> HttpResponse:
    """One patient file: candidates, numbers, studies to split off, what was decided before."""
    file = _file(request, pk)
    note_view(request, file)
    forms_: dict[str, Any] = {"number": NumberForm(), "split": ReasonForm(), "undo": None}
    if request.method == "POST":
        verb = request.POST.get("verb", "")
        form = NumberForm(request.POST) if verb == "number" else ReasonForm(request.POST)
        if form.is_valid():
            try:
                _do(request, file, verb, form.cleaned_data)
            except IdentityError as exc:
                form.add_error(None, str(exc))
            else:
                return redirect("patient-identity", file.pk)
        forms_[verb if verb in forms_ else "split"] = form
    context = {
        "file": file,
        "shown": _shown(file),
        "others": [_shown(other) for other in same_person.candidates(_linkable(request), file)],
        "studies": [(row, day(row.study_date)) for row in file.studies.order_by("study_date", "pk")],
        "ticked": request.POST.getlist("study"),
        "changes": _changes(request, file),
        "form_number": forms_["number"],
        "form_split": forms_["split"],
        "now": house_of(request).clock.now(),
    }
    return render(request, "identity/one.html", context)


@page("patients/<int:pk>/identity/<int:other>/", name="patients-join", action="patient.link")
def join(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two files side by side: are they of one person?"""
    one, two = _file(request, pk), _file(request, other)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        institutions = set(_linkable(request).values_list("institution", flat=True).distinct())
        try:
            change = join_patients(act_of(request), one, two, form.cleaned_data["reason"], institutions)
        except IdentityError as exc:
            form.add_error(None, str(exc))
        else:
            undo = reverse("identity-undo", args=[change.pk])
            messages.success(request, _("They are one patient now."), extra_tags=undo)
            return redirect("patient-identity", one.pk)
    else:
        note_view(request, one)
        note_view(request, two)
    context = {"one": _shown(one), "two": _shown(two), "form": form, "differs": _differs(one, two)}
    return render(request, "identity/join.html", context)


@page("patients/identity/<int:pk>/undo/", name="identity-undo", action="patient.link")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a decision about who is who."""
    files = _linkable(request)
    change = get_object_or_404(IdentityChange.objects.filter(file__in=files), pk=pk)
    try:
        undo_change(act_of(request), change)
    except ChangedMeanwhile:
        messages.info(request, _("That is undone already."))
    except IdentityError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("Undone. What arrived since stays where it is."))
    return redirect("patient-identity", change.file_id)


def _do(request: HttpRequest, file: PatientFile, verb: str, typed: dict[str, Any]) -> None:
    act = act_of(request)
    if verb == "number":
        change, said = link_number(act, file, typed["number"], typed["reason"]), _("The number is linked.")
        if is_doubtful(file, typed["number"]):
            messages.warning(request, _("Its check digits are wrong. Is it typed as it is written?"))
    elif verb == "split":
        wanted = [pk for pk in request.POST.getlist("study") if pk.isdigit() and len(pk) < 18]
        rows = file.studies.filter(pk__in=wanted)
        change, said = split_studies(act, file, rows, typed["reason"]), _("Split off.")
    else:
        raise IdentityError(_("Choose what to do."))
    messages.success(request, said, extra_tags=reverse("identity-undo", args=[change.pk]))


def _linkable(request: HttpRequest) -> QuerySet[PatientFile]:
    """The files of the institutions for which this person decides who is who."""
    rows = PatientFile.objects.select_related("institution", "patient")
    at = house_of(request).clock.now()
    return visible(request.user, "patient.link", rows, institution="institution", at=at)


def _file(request: HttpRequest, pk: int) -> PatientFile:
    """One of them. Raises Refused: with the reason for whom sees the file and may not decide."""
    found = _linkable(request).filter(pk=pk).first()
    if found is None:
        at, hidden = house_of(request).clock.now(), PatientFile.objects.filter(pk=pk)
        raise Refused(why_not(request.user, "patient.link", hidden, PATIENT_FILES, at))
    return found


def _changes(request: HttpRequest, file: PatientFile) -> list[IdentityChange]:
    rows = IdentityChange.objects.filter(file=file) | IdentityChange.objects.filter(other_file=file)
    allowed = rows.filter(file__in=_linkable(request)).select_related("by", "other_file", "file__institution")
    return list(allowed.distinct()[:50])


def _shown(file: PatientFile) -> dict[str, Any]:
    """A file as it stands beside another."""
    return {
        "file": file,
        "is_doubtful": is_doubtful(file, file.sent_id),
        "name": person(file.name),
        "born": day(file.birth_date),
        "studies": file.studies.count(),
        "plans": file.plan_sets.count(),
    }


def _differs(one: PatientFile, two: PatientFile) -> list[str]:
    """What speaks against it, in words."""
    checks = (
        ("birth_date", _("birth date")),
        ("sex", _("sex")),
        ("name", _("name")),
    )
    return [
        word
        for name, word in checks
        if getattr(one, name).strip().upper() != getattr(two, name).strip().upper()
    ]

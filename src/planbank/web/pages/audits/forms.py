"""Forms of audit studies: what it is, who draws, how a return is filed."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.audits.acting import Wanted
from planbank.audits.models import AuditStudy, Copy, Observer
from planbank.delivery.models import Destination
from planbank.people.models import Institution
from planbank.protocols.models import Protocol, StructureType

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,11}")
_MANY = 100


class StudyForm(forms.Form):
    """What the study is, what goes out, what is to be drawn."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=gettext_lazy("Name of the study"), max_length=64)
    purpose = forms.CharField(
        label=gettext_lazy("What it is to find out"),
        max_length=2000,
        help_text=gettext_lazy("It goes into the record, and to the observers."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    organiser = forms.CharField(
        label=gettext_lazy("Whom observers ask"),
        max_length=200,
        help_text=gettext_lazy("A name and how to reach them."),
    )
    closes_on = forms.DateField(
        label=gettext_lazy("Last day for returns"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reminds = forms.BooleanField(
        label=gettext_lazy("Remind observers by mail, 7 days and 1 day before it"), required=False
    )
    given = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Structures that go with the images"),
        help_text=gettext_lazy("By the dictionary. None ticked: images alone."),
        queryset=StructureType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    with_plan = forms.BooleanField(label=gettext_lazy("The plan"), required=False)
    with_dose = forms.BooleanField(
        label=gettext_lazy("The dose"), required=False, help_text=gettext_lazy("With its plan.")
    )
    asked = forms.ModelMultipleChoiceField(
        label=gettext_lazy("What observers are to draw"),
        help_text=gettext_lazy("What is missing in a return, or is none of these, is told."),
        queryset=StructureType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    per_centre = forms.BooleanField(
        label=gettext_lazy("One copy for each centre"),
        help_text=gettext_lazy("Its observers write their code into the label of the structure set."),
        required=False,
    )

    def __init__(self, data: Any, protocol: Protocol, study: AuditStudy | None = None) -> None:
        super().__init__(data, initial=_initial(study) if study else {"reminds": True})
        types = protocol.structure_types.order_by("name")
        for name in ("given", "asked"):
            if types.exists():
                self.fields[name].queryset = types  # type: ignore[attr-defined]
            else:
                del self.fields[name]
        if study is not None and study.state != AuditStudy.State.DRAFT:
            for name in ("given", "with_plan", "with_dose", "per_centre"):
                self.fields.pop(name, None)

    def wanted(self) -> Wanted:
        """What is wanted. Call after is_valid()."""
        given = self.cleaned_data
        return Wanted(
            given["name"].strip(),
            given["purpose"].strip(),
            given["organiser"].strip(),
            given["closes_on"],
            given["reminds"],
            given.get("per_centre", False),
            given.get("with_plan", False),
            given.get("with_dose", False),
            list(given.get("given") or ()),
            list(given.get("asked") or ()),
        )


def _initial(study: AuditStudy) -> dict[str, Any]:
    names = ("name", "purpose", "organiser", "closes_on", "reminds", "with_plan", "with_dose", "per_centre")
    found = {name: getattr(study, name) for name in names}
    return found | {
        "seen": study.revision,
        "given": study.given_types.all(),
        "asked": study.asked_types.all(),
    }


class ObserversForm(forms.Form):
    """Observers of one centre: a code a line, with an address for mails."""

    centre = forms.ModelChoiceField(
        label=gettext_lazy("Centre"), queryset=Institution.objects.filter(is_active=True).order_by("code")
    )
    destination = forms.ModelChoiceField(
        label=gettext_lazy("How they get their copies"),
        queryset=Destination.objects.none(),
        required=False,
        empty_label=gettext_lazy("By a link for one download"),
        help_text=gettext_lazy("Or to a confirmed node of that centre."),
    )
    observers = forms.CharField(
        label=gettext_lazy("Observers, one a line"),
        max_length=20_000,
        help_text=gettext_lazy("A code such as OUH-1, then their e-mail address. No names of people."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        rows = Destination.objects.filter(is_active=True, confirmed_at__isnull=False)
        self.fields["destination"].queryset = rows.order_by("name")  # type: ignore[attr-defined]

    def clean_observers(self) -> list[tuple[str, str]]:
        """(code, address) of each line."""
        found = []
        for line in self.cleaned_data["observers"].splitlines():
            if not (parts := line.replace(",", " ").replace(";", " ").split()):
                continue
            code, email = parts[0], parts[1] if len(parts) > 1 else ""
            if not _CODE.fullmatch(code) or len(parts) > 2:
                raise ValidationError(_("“%(line)s”: write a code and an address.") % {"line": line[:40]})
            if email:
                validate_email(email)
            found.append((code, email))
        if not found or len(found) > _MANY:
            raise ValidationError(_("Write one to a hundred observers."))
        if len({code.casefold() for code, _email in found}) < len(found):
            raise ValidationError(_("A code stands there twice."))
        return found


class FileForm(forms.Form):
    """What a return is of, as a person says."""

    copy = forms.ModelChoiceField(queryset=Copy.objects.none())
    observer = forms.ModelChoiceField(queryset=Observer.objects.none())
    why = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)

    def __init__(self, data: Any, study: AuditStudy) -> None:
        super().__init__(data)
        self.fields["copy"].queryset = study.copies.all()  # type: ignore[attr-defined]
        self.fields["observer"].queryset = study.observers.all()  # type: ignore[attr-defined]

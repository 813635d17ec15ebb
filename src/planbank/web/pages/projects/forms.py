"""A project's record, and data to list, as forms.

Comes in: what was typed, or a project. Goes out: values for protocols/actions/projecting.py.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models import Project
from planbank.web.lists.filters import Filters, search_field

MOST_NAMES = 2000


class ProjectFilters(Filters):
    """Words, status."""

    q = search_field()
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *Project.Status.choices]
    )


def _day(label: Any, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class ProjectForm(forms.ModelForm):
    """Make a project, or change its record. Days are whole days where the site is."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    starts_on = _day(_("First day"))
    ends_on = _day(_("Last day"))
    agreement_signed_on = _day(_("Signed on"), required=False)

    class Meta:
        model = Project
        fields = ("short_name", "title", "purpose", "recipient", "agreement", "agreement_signed_on")
        labels = {
            "short_name": _("Short name"),
            "title": _("Title"),
            "purpose": _("Purpose"),
            "recipient": _("Who receives"),
            "agreement": _("Agreement"),
        }
        help_texts = {
            "recipient": _("The organisation that answers for the data in this project."),
            "agreement": _("Where the signed text is filed."),
        }
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["starts_on"] = timezone.localtime(self.instance.starts_at).date()
            last = self.instance.ends_at - timedelta(seconds=1)
            self.initial["ends_on"] = timezone.localtime(last).date()

    def clean(self) -> dict[str, Any]:
        """The last day does not come before the first."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = given.get("starts_on"), given.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", str(_("The last day comes before the first.")))
        return given

    def _post_clean(self) -> None:
        # The columns follow from the days: set before the model's own checks.
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first and last and last >= first:
            self.instance.starts_at = _midnight(first)
            self.instance.ends_at = _midnight(last + timedelta(days=1))
            super()._post_clean()  # type: ignore[misc]

    def values(self) -> dict[str, Any]:
        """What was typed, as columns. Call after is_valid()."""
        given = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
        return {**given, "starts_at": self.instance.starts_at, "ends_at": self.instance.ends_at}


class ListForm(forms.Form):
    """Patients of a protocol to put on the list, by trial ID or pseudonym."""

    protocol = forms.CharField(
        label=_("Protocol"),
        max_length=32,
        help_text=_("Its short name."),
        widget=forms.TextInput(attrs={"list": "protocols", "autocomplete": "off", "spellcheck": "false"}),
    )
    names = forms.CharField(
        label=_("Trial IDs or pseudonyms"),
        max_length=80_000,
        help_text=_("One a line, or with commas between. Of patients that you see yourself."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "mono"}),
    )

    def wanted(self) -> list[str]:
        """The names, each once, at most 2000."""
        text = self.cleaned_data["names"].replace(",", "\n").replace(";", "\n")
        return list(dict.fromkeys(part.strip() for part in text.splitlines() if part.strip()))[:MOST_NAMES]


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

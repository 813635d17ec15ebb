"""Filters of what stands in a protocol, and what is added or removed, as forms."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.web.lists.filters import Filters
from planbank.web.pages.plans.forms import FINDINGS, KINDS, TECHNIQUES

_WORDS = {"type": "search", "autocomplete": "off"}


class _Held(Filters):
    """Words, centre, a day."""

    q = forms.CharField(label=_("Find"), required=False, max_length=200, widget=forms.TextInput(attrs=_WORDS))
    institution = forms.ChoiceField(label=_("Centre"), required=False)
    as_of = forms.DateField(
        label=_("As of"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        self.fields["institution"].choices = [("", _("All")), *((c, c) for c in codes)]  # type: ignore[attr-defined]

    def moment(self) -> datetime | None:
        """The end of the day asked for."""
        day = self.given().get("as_of")
        return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


class PatientsHeld(_Held):
    """The patients of a protocol."""

    look = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("All")), ("unexpected", _("unexpected")), ("late", _("with late arrivals"))],
    )


class PlansHeld(_Held):
    """The plans of a protocol."""

    technique = forms.ChoiceField(
        label=_("Technique"), required=False, choices=[("", _("All")), *((t, t) for t in TECHNIQUES)]
    )
    findings = forms.ChoiceField(
        label=_("Findings"), required=False, choices=[("", _("All")), *FINDINGS.items()]
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *KINDS.items()])
    look = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All")),
            ("late", _("late arrivals")),
            ("images", _("images are missing")),
            ("names", _("a required structure is missing")),
        ],
    )


class RemovalForm(forms.Form):
    """Why data go out of a protocol."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class AddForm(forms.Form):
    """Where to, and what of it."""

    protocol = forms.ChoiceField(label=_("Protocol"), widget=forms.RadioSelect)

    def __init__(self, data: Any, choices: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["protocol"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["protocol"].initial = choices[0][0]

"""The forms of the unassigned pages.

Comes in: a query or what was typed. Goes out: filters, a day and a reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.erasure.ageing import LONGEST
from planbank.web.lists.filters import Filters

WITHIN = {"7": _("Within 7 days"), "30": _("Within 30 days"), "asked": _("Deletion asked for")}


class UnassignedFilters(Filters):
    """When it goes, and whose it is."""

    goes = forms.ChoiceField(
        label=_("Goes"), required=False, choices=[("", _("At any time")), *WITHIN.items()]
    )
    institution = forms.ChoiceField(label=_("Institution"), required=False)

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        self.fields["institution"].choices = [("", _("All of mine")), *((c, c) for c in codes)]
        if len(codes) < 2:
            del self.fields["institution"]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class KeepForm(ReasonForm):
    """Until when, and why."""

    field_order = ("until", "reason")
    until = forms.DateField(
        label=_("Keep until"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("At most a year from now; it can be asked for again."),
    )

    def __init__(self, data: Any, today: Any) -> None:
        super().__init__(data, initial={"until": today + timedelta(days=180)})
        last = today + LONGEST - timedelta(days=1)
        self.fields["until"].widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}

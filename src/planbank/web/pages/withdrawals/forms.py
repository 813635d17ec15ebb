"""Filters and questions of withdrawals.

Comes in: what was typed. Goes out: conditions, reasons, what to erase.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.protocols.models import Enrolment
from planbank.web.lists.filters import Filters, search_field

WHOLE = ""


class PatientFilters(Filters):
    """Pseudonym or trial ID, and state."""

    q = search_field(label=_("Pseudonym or trial ID"), longest=64)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *Enrolment.State.choices]
    )


class WithdrawForm(forms.Form):
    """Why a patient leaves."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Such as consent withdrawn, or wrong patient. No name and no number of the patient."),
    )


class AskForm(forms.Form):
    """What to erase, and why."""

    plan = forms.TypedChoiceField(
        label=_("What to erase"), required=False, coerce=int, empty_value=None, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The controller and the second person read it. No name and no number of the patient."),
    )

    def __init__(self, data: Any, file: PatientFile, plans: list[PlanSet]) -> None:
        super().__init__(data)
        whole = _("All that %(code)s sent of this patient") % {"code": file.institution.code}
        choices = [(WHOLE, whole)] if file.patient_id else []
        self.fields["plan"].choices = [*choices, *((row.pk, _plan(row)) for row in plans)]  # type: ignore[attr-defined]


def _plan(row: PlanSet) -> str:
    return str(
        _("Plan %(number)s, received %(day)s")
        % {"number": row.pk, "day": f"{row.first_received_at:%Y-%m-%d}" if row.first_received_at else "-"}
    )

"""The filters of the list of plans.

Comes in: the query of an address. Goes out: values that can be used as they are; what does not fit
counts as not given.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.web.lists.filters import Filters, search_field

# The words that techniques are made of (planbank.dicom.plan); found anywhere in the technique.
TECHNIQUES = ("3D", "IMRT", "VMAT", "Arc", "Helical", "Electron", "Proton", "Brachytherapy")
APPROVALS = {"APPROVED": _("Approved"), "UNAPPROVED": _("Unapproved"), "REJECTED": _("Rejected")}
FINDINGS = {
    "bad": _("Needs a fix"),
    "warn": _("Please look"),
    "info": _("To know"),
    "none": _("No findings"),
}
KINDS = {"plan": _("Plans"), "structure set": _("Structure sets without plan")}


class PlanFilters(Filters):
    """Search, technique, approval, findings, kind, institution."""

    q = search_field(_("Label, patient or structure"), longest=200)
    technique = forms.ChoiceField(
        label=_("Technique"), required=False, choices=[("", _("All")), *((t, t) for t in TECHNIQUES)]
    )
    approval = forms.ChoiceField(
        label=_("Approval"), required=False, choices=[("", _("All")), *APPROVALS.items()]
    )
    findings = forms.ChoiceField(
        label=_("Findings"), required=False, choices=[("", _("All")), *FINDINGS.items()]
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *KINDS.items()])
    institution = forms.ChoiceField(label=_("Institution"), required=False)

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        self.fields["institution"].choices = [("", _("All of mine")), *((c, c) for c in codes)]
        if len(codes) < 2:
            del self.fields["institution"]

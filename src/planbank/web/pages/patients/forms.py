"""The filters of the list of patients and of one patient's series.

Comes in: the query of an address. Goes out: values that can be used as they are; what does not
fit counts as not given.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.queries.patients import MODALITIES
from planbank.web.lists.filters import Filters, search_field

LOOKS = {"findings": _("With open findings"), "failed": _("Not readable here")}


class PatientFilters(Filters):
    """Search, institution, modality, what needs somebody."""

    q = search_field(_("ID, name or study"), longest=200)
    institution = forms.ChoiceField(label=_("Institution"), required=False)
    modality = forms.CharField(label=_("Modality"), required=False, max_length=16)
    look = forms.ChoiceField(label=_("Please look"), required=False, choices=[("", _("All")), *LOOKS.items()])

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        self.fields["institution"].choices = [("", _("All of mine")), *((c, c) for c in codes)]
        if len(codes) < 2:
            del self.fields["institution"]
        named = str(data.get("modality", ""))[:16]
        known = dict.fromkeys([*MODALITIES, *([named] if named else [])])
        self.fields["modality"].widget = forms.Select(choices=[("", _("All")), *((m, m) for m in known)])


class SeriesFilters(Filters):
    """Search and modality among one patient's series."""

    q = forms.CharField(
        label=_("Find"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Description or study"), "autocomplete": "off"}
        ),
    )
    modality = forms.ChoiceField(label=_("Modality"), required=False)

    def __init__(self, data: Any, modalities: list[str]) -> None:
        super().__init__(data)
        self.fields["modality"].choices = [("", _("All")), *((m, m) for m in modalities)]

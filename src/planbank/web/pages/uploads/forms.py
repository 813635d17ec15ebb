"""Beginning an upload.

Comes in: what was chosen. Goes out: an institution, a note, the fingerprint of a key file.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution


class BeginForm(forms.Form):
    """For which institution, and, where no identity may leave, under which key."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"), empty_label=None)
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("For yourselves; no names of patients."),
    )
    fingerprint = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, data: Any, institutions: list[Institution]) -> None:
        super().__init__(data)
        field: Any = self.fields["institution"]
        field.queryset = Institution.objects.filter(pk__in=[row.pk for row in institutions])
        if len(institutions) == 1:
            self.initial["institution"] = institutions[0].pk

"""Beginning an upload.

Comes in: what was chosen. Goes out: an institution, a note, the fingerprint of a key file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.people.models import Institution
from planbank.protocols.models import Protocol
from planbank.uploads.trial_ids import protocols_of


class BeginForm(forms.Form):
    """For which institution, and, where no identity may leave, under which key."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"), empty_label=None)
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("For yourselves; no names of patients."),
    )
    protocol = forms.ModelChoiceField(
        Protocol.objects.none(),
        label=_("For protocol"),
        required=False,
        empty_label=_("None: no trial IDs"),
        help_text=_("What the trial calls each patient is then asked with the files."),
    )
    fingerprint = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, data: Any, institutions: list[Institution], at: datetime) -> None:
        super().__init__(data)
        self._at = at
        sent_for = {row.pk for one in institutions for row in protocols_of(one, at)}
        if sent_for:
            rows = Protocol.objects.filter(pk__in=sent_for).order_by("short_name")
            self.fields["protocol"].queryset = rows  # type: ignore[attr-defined]
        else:
            del self.fields["protocol"]
        field: Any = self.fields["institution"]
        field.queryset = Institution.objects.filter(pk__in=[row.pk for row in institutions])
        if len(institutions) == 1:
            self.initial["institution"] = institutions[0].pk

    def clean(self) -> dict[str, Any]:
        """A protocol is one that the institution sends for."""
        given: dict[str, Any] = super().clean() or {}
        institution, protocol = given.get("institution"), given.get("protocol")
        if institution and protocol and protocol not in protocols_of(institution, self._at):
            self.add_error("protocol", _("This institution does not send for this protocol now."))
        return given

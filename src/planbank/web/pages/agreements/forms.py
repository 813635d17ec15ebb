"""An agreement, a contact, as forms.

Comes in: what was typed, or a row. Goes out: values for protocols/actions/agreeing.py.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models import Agreement, Contact


class AgreementForm(forms.ModelForm):
    """Add an agreement, or change it."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Agreement
        fields = ("kind", "title", "institution", "required", "signed_on", "valid_until", "document")
        labels = {
            "kind": _("Kind"),
            "title": _("Title"),
            "institution": _("With one centre"),
            "required": _("The protocol cannot be active without it"),
            "signed_on": _("Signed on"),
            "valid_until": _("Valid until"),
            "document": _("Where the signed text is filed"),
        }
        help_texts = {"document": _("A reference or file number; the text itself is not kept here.")}
        widgets = {
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            for name in ("signed_on", "valid_until")
        }

    def values(self) -> dict[str, Any]:
        """What was typed. Call after is_valid()."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class ContactForm(forms.ModelForm):
    """Add a contact, or change it."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    class Meta:
        model = Contact
        fields = ("name", "role", "institution", "email", "phone")
        labels = {
            "name": _("Name"),
            "role": _("Function"),
            "institution": _("Institution"),
            "email": _("E-mail"),
            "phone": _("Telephone"),
        }

    def values(self) -> dict[str, Any]:
        """What was typed. Call after is_valid()."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class AwayForm(forms.Form):
    """What its reader saw, when something is taken away."""

    seen = forms.CharField(widget=forms.HiddenInput, strip=False)

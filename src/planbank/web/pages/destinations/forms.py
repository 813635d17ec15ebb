"""What is known of a destination, as a form.

Comes in: what was typed, or a destination. Goes out: `DestinationFacts`, or at each field what is wrong.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.delivery.destinations import DestinationFacts
from planbank.delivery.models import Destination, host_validator
from planbank.people.models import Institution, validate_ae_title

_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class DestinationForm(forms.Form):
    """Register a destination, or change one."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    institution = forms.ModelChoiceField(
        label=gettext_lazy("Institution"),
        queryset=Institution.objects.filter(is_active=True),
        help_text=gettext_lazy("Who receives. The protocol's agreement must be with it."),
    )
    ae_title = forms.CharField(
        label=gettext_lazy("AE title"),
        max_length=16,
        validators=[validate_ae_title],
        widget=forms.TextInput(attrs=_MONO),
    )
    host = forms.CharField(
        label=gettext_lazy("Address or host name"),
        max_length=253,
        validators=[host_validator],
        widget=forms.TextInput(attrs=_MONO),
    )
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=2762)
    calling_ae = forms.CharField(
        label=gettext_lazy("Our AE title there"),
        max_length=16,
        required=False,
        validators=[validate_ae_title],
        help_text=gettext_lazy("Empty: the bank's own."),
        widget=forms.TextInput(attrs=_MONO),
    )
    tls = forms.BooleanField(
        label=gettext_lazy("By TLS"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Without it patients' data cross the network in the clear."),
    )
    fingerprint = forms.CharField(
        label=gettext_lazy("Fingerprint of its certificate"),
        required=False,
        max_length=128,
        help_text=gettext_lazy("SHA-256. Empty: its certificate is signed by an authority the bank knows."),
        widget=forms.TextInput(attrs=_MONO),
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=300,
        help_text=gettext_lazy("What it needs the data for. It stands in the journal with each forward."),
    )
    contact = forms.CharField(label=gettext_lazy("Whom to call"), max_length=200, required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, row: Destination | None = None, own_ae: str = "") -> None:
        names = [*self.base_fields]
        super().__init__(data, initial={name: getattr(row, name) for name in names} if row else None)
        self.own_ae = own_ae

    def clean_fingerprint(self) -> str:
        plain = "".join(self.cleaned_data["fingerprint"].replace(":", "").split()).lower()
        if plain and (len(plain) != 64 or not set(plain) <= set("0123456789abcdef")):
            raise ValidationError(_("A fingerprint is a SHA-256: 64 hex digits."))
        return plain

    def clean_ae_title(self) -> str:
        title: str = self.cleaned_data["ae_title"]
        if title == self.own_ae:
            raise ValidationError(_("That is this bank itself: what goes out would come in again."))
        return title

    def facts(self) -> DestinationFacts:
        """What was asked for. Call after is_valid()."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "revision"}
        return DestinationFacts(**given)

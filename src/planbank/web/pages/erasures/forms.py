"""Filters and questions of erasures.

Comes in: what was typed. Goes out: conditions, reasons, a number.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.erasure.models import Erasure
from planbank.web.lists.filters import Filters


class ErasureFilters(Filters):
    """State, kind, protocol, institution."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *Erasure.State.choices]
    )
    kind = forms.ChoiceField(label=_("What"), required=False, choices=[("", _("All")), *Erasure.Kind.choices])
    protocol = forms.CharField(label=_("Protocol"), required=False, max_length=64)
    institution = forms.CharField(label=_("Institution"), required=False, max_length=16)


class WhyForm(forms.Form):
    """The reason of a decision; it stays on record."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("It stays on record. No name and no number.")
    )


class NumberForm(forms.Form):
    """The number of objects that go, typed by the second person."""

    typed_number = forms.IntegerField(
        label=_("Number of objects that go"),
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

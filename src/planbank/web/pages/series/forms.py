"""The filters of the objects of a series.

Comes in: the query of an address. Goes out: values that can be used as they are.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.pipeline.models import State
from planbank.web.lists.filters import Filters


class ObjectFilters(Filters):
    """Search in the UID, and what became of the object."""

    q = forms.CharField(
        label=_("Find"),
        required=False,
        max_length=64,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("UID or number"), "autocomplete": "off"}
        ),
    )
    state = forms.ChoiceField(label=_("Read"), required=False, choices=[("", _("All")), *State.choices])

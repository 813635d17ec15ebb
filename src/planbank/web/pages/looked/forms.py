"""The filters of who looked.

Comes in: the query of an address. Goes out: days and a person; what does not fit counts as not given.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.web.lists.filters import Filters


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class LookedFilters(Filters):
    """Who, from when, to when; without a first day the last 90 days."""

    person = forms.CharField(
        label=_("Who"), required=False, max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    since = _day(_("From"))
    until = _day(_("To"))

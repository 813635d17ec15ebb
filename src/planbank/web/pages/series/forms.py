"""The filters of the objects of a series.

Comes in: the query of an address. Goes out: values that can be used as they are.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.pipeline.models import State
from planbank.web.lists.filters import Filters, search_field


class ObjectFilters(Filters):
    """Search in the UID, and what became of the object."""

    q = search_field(_("UID or number"), longest=64)
    state = forms.ChoiceField(label=_("Read"), required=False, choices=[("", _("All")), *State.choices])

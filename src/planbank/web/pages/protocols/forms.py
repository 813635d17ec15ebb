"""The record of a protocol, and what ends or opens one, as forms.

Comes in: what was typed, or a protocol. Goes out: values for protocols/actions/lifecycle.py.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models import DataController, Protocol
from planbank.web.lists.filters import Filters, search_field


class ProtocolFilters(Filters):
    """Words, kind, status, group."""

    q = search_field()
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *Protocol.Kind.choices]
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *Protocol.Status.choices]
    )
    group = forms.CharField(label=_("Group"), required=False, max_length=32)


class ProtocolForm(forms.ModelForm):
    """Make a protocol, or change its record."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    controllers = forms.ModelMultipleChoiceField(
        label=_("Data controllers"),
        queryset=DataController.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Protocol
        fields = (
            *("short_name", "title", "cancer_group", "kind", "starts_on", "ends_on", "target_accrual"),
            *("purpose", "legal_basis", "documents", "four_eyes"),
        )
        labels = {
            "short_name": _("Short name"),
            "title": _("Title"),
            "cancer_group": _("Group"),
            "kind": _("Kind"),
            "starts_on": _("First day"),
            "ends_on": _("Planned last day"),
            "target_accrual": _("Target number of patients"),
            "purpose": _("Purpose"),
            "legal_basis": _("Legal basis"),
            "documents": _("Documents"),
            "four_eyes": _("What widens access needs a second person"),
        }
        help_texts = dict.fromkeys(("cancer_group", "ends_on", "documents", "four_eyes"), "")
        widgets = {
            **{
                name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                for name in ("starts_on", "ends_on")
            },
            **{name: forms.Textarea(attrs={"rows": 3}) for name in ("purpose", "legal_basis", "documents")},
        }

    def values(self) -> dict[str, Any]:
        """What was typed, without what is not a column. Call after is_valid()."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

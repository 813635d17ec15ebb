"""Forms of constraints: one as typed, and a table of them. Each says at its field what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from planbank.errors import ConstraintError
from planbank.protocols.actions.constraining import Wish, limit_of
from planbank.protocols.constraints.grammar import LONGEST, Limit
from planbank.protocols.models import Constraint, Protocol
from planbank.web.pages.dictionary.forms import MOST_BYTES, TableForm

_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class ConstraintForm(forms.Form):
    """A constraint, as typed; `instead`: the one that it replaces."""

    text = forms.CharField(
        label=gettext_lazy("Constraint"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={**_MONO, "placeholder": "Heart Dmean <= 2 Gy, tolerate 2.5 Gy"}),
        help_text=gettext_lazy(
            "Structure type, metric, <= or >=, number and unit; perhaps: , tolerate 2.5 Gy."
        ),
    )
    arm = forms.CharField(
        label=gettext_lazy("Arm"), max_length=64, required=False, help_text=gettext_lazy("Empty: all arms.")
    )
    instead = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, protocol: Protocol, **more: Any) -> None:
        super().__init__(data, **more)
        self.protocol = protocol
        self.limit: Limit | None = None

    def clean_text(self) -> str:
        try:
            self.limit = limit_of(self.protocol, self.cleaned_data["text"])
        except ConstraintError as exc:
            raise forms.ValidationError(exc.detail or str(exc)) from exc
        return self.limit.text

    def clean_instead(self) -> int | None:
        """Only one that stands here."""
        pk = self.cleaned_data["instead"]
        rows = Constraint.objects.filter(protocol=self.protocol, ended_at__isnull=True)
        return pk if pk is not None and rows.filter(pk=pk).exists() else None

    def wish(self) -> Wish:
        """The constraint. Call after is_valid()."""
        return Wish(self.cleaned_data["text"], self.cleaned_data["arm"])


class SeveralForm(TableForm):
    """Several at once: a file, or lines as typed."""

    text = forms.CharField(
        label=gettext_lazy("Or one a line"),
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={**_MONO, "rows": 8}),
    )

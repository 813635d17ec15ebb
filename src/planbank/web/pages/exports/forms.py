"""Asking for files and deciding about it, as forms.

Comes in: what was typed. Goes out: values for takeout/asking.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.delivery.models import Destination
from planbank.delivery.rules import open_to
from planbank.people.models import Institution
from planbank.protocols.models import Project, Protocol, StructureType
from planbank.takeout.asking import Wanted
from planbank.takeout.models import Export
from planbank.takeout.selection import KINDS, Selection
from planbank.web.pages.reuse.forms import midnight

_DAYS = 30


def _date(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more
    )


class AskForm(forms.Form):
    """What to take out, what for, for whom, until when."""

    form = forms.ChoiceField(
        label=gettext_lazy("In which form"), choices=Export.Form.choices, widget=forms.RadioSelect
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Which objects"),
        help_text=gettext_lazy("None ticked: all."),
        choices=[(name, title) for name, (_modalities, title) in KINDS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    institutions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Only of these centres"),
        help_text=gettext_lazy("None ticked: of all."),
        queryset=Institution.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    structure_types = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Only plans that hold"),
        help_text=gettext_lazy("All that are ticked; by the dictionary, as it stands when it is prepared."),
        queryset=StructureType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    since = _date(gettext_lazy("Arrived from"), required=False)
    to = _date(gettext_lazy("to"), required=False)
    purpose = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=2000,
        help_text=gettext_lazy("Who approves it decides on this text; it goes into the record."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    destination = forms.ModelChoiceField(
        label=gettext_lazy("How they get them"),
        queryset=Destination.objects.none(),
        required=False,
        empty_label=gettext_lazy("I download a ZIP"),
        help_text=gettext_lazy("Or they are sent by DICOM to a confirmed node."),
    )
    recipient = forms.CharField(
        label=gettext_lazy("Who gets the files"),
        max_length=200,
        help_text=gettext_lazy("The people and the institution that will have them."),
    )
    until = _date(
        gettext_lazy("Last day"),
        help_text=gettext_lazy("Until then they can be downloaded or sent; then the bank removes them."),
    )

    def __init__(
        self, data: Any, owner: Protocol | Project, forms_allowed: list[str], centres: Any, at: datetime
    ) -> None:
        first = {
            "form": forms_allowed[0] if forms_allowed else "",
            "until": at.date() + timedelta(days=_DAYS),
        }
        super().__init__(data, initial=first)
        self._owner = owner
        choices = [one for one in Export.Form.choices if one[0] in forms_allowed]
        self.fields["form"].choices = choices  # type: ignore[attr-defined]
        self.fields["institutions"].queryset = centres  # type: ignore[attr-defined]
        if (nodes := open_to(owner, at)).exists():
            self.fields["destination"].queryset = nodes  # type: ignore[attr-defined]
        else:
            del self.fields["destination"]
        types = StructureType.objects.none()
        if isinstance(owner, Protocol):
            types = owner.structure_types.all()
        if types.exists():
            self.fields["structure_types"].queryset = types  # type: ignore[attr-defined]
        else:
            del self.fields["structure_types"]

    def clean(self) -> dict[str, Any]:
        """The days stand in order."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("since") and given.get("to") and given["to"] < given["since"]:
            self.add_error("to", _("This day is before the first."))
        return given

    def selection(self) -> Selection:
        """What was chosen. Call after is_valid()."""
        given = self.cleaned_data
        return Selection(
            tuple(sorted(one.pk for one in given["institutions"])),
            tuple(given["kinds"]),
            tuple(sorted(one.pk for one in given.get("structure_types") or ())),
            given["since"],
            given["to"],
        )

    def wanted(self) -> Wanted:
        """What to ask for. Call after is_valid()."""
        given = self.cleaned_data
        until: datetime = midnight(given["until"] + timedelta(days=1))
        what = (given["purpose"], given["recipient"], until, given.get("destination"))
        return Wanted(self._owner, given["form"], self.selection(), *what)


class DecideForm(forms.Form):
    """Approve or refuse; revoke."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.CharField(
        label=gettext_lazy("Reason of the decision"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

"""Asking for reuse and deciding on it, as forms.

Comes in: what was typed. Goes out: values for protocols/actions/reusing.py.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.people.models import Institution
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol, ReuseRequest

_SEES = [(value, label) for value, label in See.choices if value >= See.SUMMARY]


def _date(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more
    )


class AskForm(forms.Form):
    """Ask the controller of a protocol."""

    protocol = forms.CharField(
        label=gettext_lazy("Protocol"),
        max_length=32,
        help_text=gettext_lazy("Its short name, as its people gave it to you."),
        widget=forms.TextInput(attrs={"list": "protocols", "autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=2000,
        help_text=gettext_lazy("The controller decides on this text; it goes into the record."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    listed = forms.TypedChoiceField(
        label=gettext_lazy("Which data"),
        choices=[
            ("all", gettext_lazy("all of the protocol, also what comes later")),
            ("listed", gettext_lazy("what this project lists when it is approved")),
        ],
        initial="all",
        widget=forms.RadioSelect,
        coerce=lambda value: value == "listed",
    )
    institutions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Only of these centres"),
        help_text=gettext_lazy("None ticked: of all."),
        queryset=Institution.objects.filter(is_active=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    see = forms.TypedChoiceField(
        label=gettext_lazy("See"), choices=_SEES, coerce=int, initial=See.PSEUDONYMISED
    )
    take_out = forms.TypedChoiceField(
        label=gettext_lazy("Take out"), choices=TakeOut.choices, coerce=int, initial=TakeOut.NONE
    )
    since = _date(gettext_lazy("First day"))
    until = _date(gettext_lazy("Last day"))

    found: Protocol | None = None

    def clean_protocol(self) -> str:
        """An active protocol; drafts and closed ones are told no differently from none."""
        typed: str = self.cleaned_data["protocol"].strip()
        self.found = Protocol.objects.filter(short_name=typed, status=Protocol.Status.ACTIVE).first()
        if self.found is None:
            raise forms.ValidationError(_("There is no active protocol of this short name."))
        return typed

    def values(self, now: datetime) -> dict[str, Any]:
        """Arguments of `ask`. Call after is_valid()."""
        given = self.cleaned_data
        return {
            "since": max(midnight(given["since"]), now),
            "until": midnight(given["until"] + timedelta(days=1)),
            "see": See(given["see"]),
            "take_out": TakeOut(given["take_out"]),
            "listed": given["listed"],
            "institutions": list(given["institutions"]) or None,
        }


class DecideForm(forms.Form):
    """Approve, maybe for less than was asked, or refuse."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.CharField(
        label=gettext_lazy("Reason of the decision"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    see = forms.TypedChoiceField(label=gettext_lazy("See"), coerce=int)
    take_out = forms.TypedChoiceField(label=gettext_lazy("Take out"), coerce=int)
    until = _date(gettext_lazy("Last day"))

    def __init__(self, data: Any, row: ReuseRequest) -> None:
        last = timezone.localtime(row.until - timedelta(seconds=1)).date()
        first = {"seen": row.revision, "see": row.see, "take_out": row.take_out, "until": last}
        super().__init__(data, initial=first)
        self._row, self._last = row, last
        sees = [choice for choice in _SEES if choice[0] <= row.see]
        outs = [choice for choice in TakeOut.choices if choice[0] <= row.take_out]
        self.fields["see"].choices = sees  # type: ignore[attr-defined]
        self.fields["take_out"].choices = outs  # type: ignore[attr-defined]

    def clean_until(self) -> date:
        """Not later than was asked."""
        day: date = self.cleaned_data["until"]
        if day > self._last:
            raise forms.ValidationError(_("More than was asked cannot be approved."))
        return day

    def lower(self) -> dict[str, Any]:
        """What is approved, where it is less than was asked. Call after is_valid()."""
        given = self.cleaned_data
        until = min(midnight(given["until"] + timedelta(days=1)), self._row.until)
        wanted = {"see": See(given["see"]), "take_out": TakeOut(given["take_out"]), "until": until}
        return {name: value for name, value in wanted.items() if value != getattr(self._row, name)}


class EndForm(forms.Form):
    """Why an approval is revoked."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


def midnight(day: date) -> datetime:
    """The beginning of a day where the site is."""
    return timezone.make_aware(datetime.combine(day, time.min))

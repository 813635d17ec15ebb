"""Participants as forms.

Comes in: what was typed, or a participant. Goes out: cells for planbank.protocols.roster, so that a form, a
table and the API are read by the same rules.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.protocols.models import AttributeType, Participant
from planbank.protocols.queries.roster import EXPECTABLE
from planbank.protocols.roster.wishes import PATIENT, Roster, cells_of, read_wish
from planbank.web.lists.filters import Filters, search_field

_DAY = {"type": "date"}
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class ParticipantFilters(Filters):
    """Words, centre, what came, arm."""

    q = search_field()
    institution = forms.ChoiceField(label=_("Centre"), required=False)
    look = forms.ChoiceField(
        label=_("Data"),
        required=False,
        choices=[
            ("", _("All")),
            ("received", _("received")),
            ("waiting", _("nothing yet")),
            ("late", _("late")),
        ],
    )
    consent = forms.ChoiceField(
        label=_("Consent"), required=False, choices=[("", _("All")), *Participant.Consent.choices]
    )

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        self.fields["institution"].choices = [("", _("All")), *((c, c) for c in codes)]  # type: ignore[attr-defined]


class ParticipantForm(forms.Form):
    """Register a participant, or change one."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    trial_id = forms.CharField(label=_("Trial ID"), max_length=64, widget=forms.TextInput(attrs=_PLAIN))
    institution = forms.ChoiceField(label=_("Centre"))
    patient_id = forms.CharField(
        label=_("Patient ID"),
        required=False,
        max_length=64,
        help_text=_("The number at the centre. Empty leaves it as it is; a hyphen alone takes it away."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    arm = forms.CharField(label=_("Arm"), required=False, max_length=64)
    laterality = forms.ChoiceField(
        label=_("Side"), required=False, choices=[("", _("not given")), *Participant.Laterality.choices]
    )
    breathing = forms.ChoiceField(
        label=_("Breathing"), required=False, choices=[("", _("not given")), *Participant.Breathing.choices]
    )
    consent = forms.ChoiceField(label=_("Consent"), choices=Participant.Consent.choices)
    consent_on = forms.CharField(label=_("Since"), required=False, widget=forms.TextInput(attrs=_DAY))
    expected_on = forms.CharField(
        label=_("Data expected by"), required=False, widget=forms.TextInput(attrs=_DAY)
    )

    def __init__(self, data: Any, roster: Roster, row: Participant | None) -> None:
        self.roster, self.row = roster, row
        before: dict[str, Any] = {"consent": Participant.Consent.UNKNOWN.value}
        if row is not None:
            before = {**cells_of(row, ()), "seen": row.revision}
            before |= {f"expect_{kind}": n for kind, n in row.expected.items()}
            texts = cells_of(row, roster.kinds)
            before |= {f"attribute_{kind.pk}": texts[kind.name] for kind in roster.kinds}
        super().__init__(data, initial=before)
        codes = [(code, f"{code}, {c.name}") for code, c in roster.centres.items()]
        self.fields["institution"].choices = codes  # type: ignore[attr-defined]
        if roster.find is None:
            del self.fields["patient_id"]
        for kind in EXPECTABLE:
            self.fields[f"expect_{kind}"] = forms.IntegerField(
                label=kind, required=False, min_value=0, max_value=50
            )
        for attribute in roster.kinds:
            self.fields[f"attribute_{attribute.pk}"] = _field_of(attribute)

    @property
    def expected(self) -> list[Any]:
        """The fields of what is expected."""
        return [self[f"expect_{kind}"] for kind in EXPECTABLE]

    @property
    def attributes(self) -> list[Any]:
        """The fields of the protocol's attributes, and whether each may be empty."""
        return [(self[f"attribute_{kind.pk}"], not kind.required) for kind in self.roster.kinds]

    def wish(self) -> Any:
        """What was typed as a wish; None, with an error at each field, where it does not fit."""
        typed = self.cleaned_data
        cells = {name: typed[name] for name in typed if name in self.roster.columns}
        cells |= {kind.name: typed[f"attribute_{kind.pk}"] or "" for kind in self.roster.kinds}
        away = cells.get(PATIENT, "").strip() == "-"
        if not cells.get(PATIENT) or away:
            cells.pop(PATIENT, None)
        wish, wrong = read_wish(self.roster, cells, self.row)
        fields = {kind.name: f"attribute_{kind.pk}" for kind in self.roster.kinds}
        for name, text in wrong.items():
            self.add_error(fields.get(name, name), text)
        if wish is None:
            return None
        expected = {kind: typed[f"expect_{kind}"] for kind in EXPECTABLE if typed[f"expect_{kind}"]}
        return _with(wish, expected=expected, **({"patient": 0} if away else {}))


class SheetForm(forms.Form):
    """A table to look at."""

    file = forms.FileField(label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))


class AttributeForm(forms.Form):
    """An attribute of participants."""

    name = forms.CharField(label=_("Name"), max_length=48)
    kind = forms.ChoiceField(label=_("Kind"), choices=AttributeType.Kind.choices)
    choices = forms.CharField(
        label=_("Values to choose from"),
        required=False,
        max_length=2000,
        help_text=_("One a line; for 'one of a list' only."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    required = forms.BooleanField(label=_("Every participant has it"), required=False)
    order = forms.IntegerField(label=_("Place in the form"), min_value=0, max_value=999, initial=0)


class WhyForm(forms.Form):
    """Why something is taken away."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


def _field_of(kind: AttributeType) -> forms.Field:
    if kind.kind == AttributeType.Kind.CHOICE:
        choices = [("", _("not given")), *((c, c) for c in kind.choices)]
        return forms.ChoiceField(label=kind.name, required=kind.required, choices=choices)
    if kind.kind == AttributeType.Kind.FLAG:
        flags = [("", _("not given")), ("yes", _("yes")), ("no", _("no"))]
        return forms.ChoiceField(label=kind.name, required=kind.required, choices=flags)
    widget = forms.TextInput(attrs=_DAY if kind.kind == AttributeType.Kind.DATE else _PLAIN)
    return forms.CharField(label=kind.name, required=kind.required, max_length=200, widget=widget)


def _with(wish: Any, **values: Any) -> Any:
    from dataclasses import replace

    return replace(wish, **values)

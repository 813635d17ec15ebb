"""A trigger as a form.

Comes in: what was typed, or a trigger. Goes out: a `Wish`, or at each field what is wrong and the
way out.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.delivery.models import Destination, Forward
from planbank.dicom.conditions import from_json, to_json
from planbank.errors import ConditionError
from planbank.protocols.actions.triggering import Wish
from planbank.protocols.models import Trigger
from planbank.services.trigger.actions import ACTIONS

ROWS = 4
FORWARDING = ("destination", "waits", "participants_only", "a_day")
TESTS = [
    ("equals", gettext_lazy("is")),
    ("wildcard", gettext_lazy("fits the pattern")),
    ("contains", gettext_lazy("contains")),
    ("range", gettext_lazy("lies in")),
    ("exists", gettext_lazy("is filled")),
    ("absent", gettext_lazy("is absent")),
]
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class TriggerForm(forms.Form):
    """Make a trigger, or change one."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    kind = forms.ChoiceField(label=gettext_lazy("It looks for"), choices=Trigger.Kind.choices)
    roi_name = forms.CharField(
        label=gettext_lazy("Name of the empty ROI"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("As planners shall write it; capitals do not count."),
        widget=forms.TextInput(attrs=_MONO),
    )
    joined = forms.ChoiceField(
        label=gettext_lazy("Conditions"),
        choices=[("all", gettext_lazy("all must hold")), ("any", gettext_lazy("one must hold"))],
        required=False,
    )
    actions = forms.MultipleChoiceField(
        label=gettext_lazy("What it does"),
        choices=[(name, action.title) for name, action in ACTIONS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    destination = forms.ModelChoiceField(
        Destination.objects.filter(confirmed_at__isnull=False),
        label=gettext_lazy("Forward to"),
        required=False,
        empty_label=gettext_lazy("nowhere"),
        help_text=gettext_lazy("The protocol needs an agreement with its institution."),
    )
    waits = forms.ChoiceField(
        label=gettext_lazy("When it goes"), choices=Forward.Waits.choices, required=False
    )
    participants_only = forms.BooleanField(
        label=gettext_lazy("Forward only patients on the list of participants"),
        required=False,
        help_text=gettext_lazy("Without it the first of each centre waits for a click."),
    )
    a_day = forms.IntegerField(
        label=gettext_lazy("Forwards of a centre a day without a click"),
        required=False,
        initial=20,
        min_value=0,
        max_value=10_000,
    )
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Until, that day included"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    priority = forms.IntegerField(label=gettext_lazy("Priority"), initial=0, min_value=-1000, max_value=1000)
    is_fallback = forms.BooleanField(
        label=gettext_lazy("Only for what no other trigger of the protocol took"), required=False
    )
    is_active = forms.BooleanField(label=gettext_lazy("Switched on"), required=False, initial=True)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, row: Trigger | None = None) -> None:
        super().__init__(data, initial=_initial(row))
        for n in range(ROWS):
            self.fields[f"path_{n}"] = forms.CharField(
                label=_("Attribute"), required=False, max_length=200, widget=forms.TextInput(attrs=_MONO)
            )
            self.fields[f"test_{n}"] = forms.ChoiceField(label=_("Test"), choices=TESTS, required=False)
            self.fields[f"value_{n}"] = forms.CharField(label=_("Value"), required=False, max_length=256)

    @property
    def conditions(self) -> list[tuple[Any, Any, Any]]:
        """The rows of the table of conditions."""
        return [(self[f"path_{n}"], self[f"test_{n}"], self[f"value_{n}"]) for n in range(ROWS)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == Trigger.Kind.EMPTY_ROI and not given.get("roi_name", "").strip():
            self.add_error("roi_name", _("Write the name of the empty ROI."))
        if given.get("kind") == Trigger.Kind.TAGS:
            self._read_conditions(given)
        if "forward" in given.get("actions", []) and given.get("destination") is None:
            self.add_error("destination", _("Choose where it shall be forwarded."))
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day comes before the first."))
        return given

    def _read_conditions(self, given: dict[str, Any]) -> None:
        parts = []
        for n in range(ROWS):
            one = {"path": given.get(f"path_{n}", ""), "test": given.get(f"test_{n}") or "exists"}
            if not one["path"]:
                continue
            if value := given.get(f"value_{n}"):
                one["value"] = value
            try:
                from_json(one)
                parts.append(one)
            except ConditionError as exc:
                self.add_error(f"path_{n}", ValidationError(str(exc)))
        if not parts and not self.errors:
            self.add_error("path_0", _("Write at least one condition."))
        given["condition"] = {given.get("joined") or "all": parts}

    def wish(self) -> Wish:
        """What was asked for. Call after is_valid()."""
        given = self.cleaned_data
        return Wish(
            name=given["name"],
            kind=given["kind"],
            roi_name=given["roi_name"],
            condition=given.get("condition"),
            actions=tuple(_forward(given) if name == "forward" else name for name in given["actions"]),
            is_active=given["is_active"],
            is_fallback=given["is_fallback"],
            priority=given["priority"],
            since=_moment(given["since"]),
            until=_moment(given["until"], time.max),
        )


def _initial(row: Trigger | None) -> dict[str, Any]:
    if row is None:
        return {"kind": Trigger.Kind.EMPTY_ROI, "actions": ["include"], "is_active": True}
    values: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("name", "kind", "roi_name", "priority", "is_fallback", "is_active", "revision")
    }
    values["since"] = timezone.localtime(row.since).date() if row.since else None
    values["until"] = timezone.localtime(row.until).date() if row.until else None
    values["actions"] = [one["action"] for one in row.actions]
    for one in row.actions:
        if one["action"] == "forward":
            values |= {name: one[name] for name in FORWARDING if name in one}
    if row.condition:
        node = to_json(from_json(row.condition))
        values["joined"] = "any" if "any" in node else "all"
        parts = node.get("all") or node.get("any") or [node]
        for n, part in enumerate(parts[:ROWS] if isinstance(parts, list) else []):
            values |= {f"{key}_{n}": part.get(key, "") for key in ("path", "test", "value")}
    return values


def _forward(given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the action forward."""
    return {
        "action": "forward",
        "destination": given["destination"].pk,
        "waits": given["waits"] or Forward.Waits.NOTHING.value,
        "participants_only": given["participants_only"],
        "a_day": 20 if given["a_day"] is None else given["a_day"],
    }


def _moment(day: date | None, at: time = time.min) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, at)) if day else None

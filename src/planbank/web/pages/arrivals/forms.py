"""The filters of the arrivals.

Comes in: the query of an address, the senders and institutions of the person. Goes out: values
that can be used as they are; a range of days is always given.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import Relation
from planbank.web.lists.filters import Filters

DAYS = 30
MOST_DAYS = 366
FIRST = date(1990, 1, 1)
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ArrivalFilters(Filters):
    """Days, sender, institution, and how what came relates to what was there."""

    since = forms.DateField(label=_("From"), required=False, widget=_DAY, input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=_("To"), required=False, widget=_DAY, input_formats=["%Y-%m-%d"])
    sender = forms.TypedChoiceField(label=_("Sender"), required=False, coerce=int, empty_value=None)
    institution = forms.TypedChoiceField(label=_("Institution"), required=False, coerce=int, empty_value=None)
    relation = forms.ChoiceField(
        label=_("Contains"), required=False, choices=[("", _("All")), *Relation.choices]
    )

    def __init__(
        self, data: Any, senders: list[tuple[int, str]], institutions: list[tuple[int, str]]
    ) -> None:
        super().__init__(data)
        self.choices = senders, institutions
        self.fields["sender"].choices = [("", _("All")), *senders]
        self.fields["institution"].choices = [("", _("All of mine")), *institutions]
        if len(institutions) < 2:
            del self.fields["institution"]

    def with_days(self, days: tuple[date, date]) -> ArrivalFilters:
        """The same form, showing the days that are in force."""
        data = {**self.data.dict(), "since": days[0].isoformat(), "until": days[1].isoformat()}
        return ArrivalFilters(data, *self.choices)

    def days(self, today: date, given: dict[str, Any]) -> tuple[date, date]:
        """First and last day: as given, else the last 30; at most a year."""
        until = min(max(given.get("until") or today, FIRST), today)
        since = min(given.get("since") or until - timedelta(days=DAYS - 1), today)
        since, until = min(since, until), max(since, until)
        return max(since, until - timedelta(days=MOST_DAYS - 1)), until


class SubmissionFilters(Filters):
    """Among the objects of one association."""

    relation = forms.ChoiceField(
        label=_("Relation"), required=False, choices=[("", _("All")), *Relation.choices]
    )

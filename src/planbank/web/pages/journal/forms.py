"""The filters of the journal.

Comes in: the query of an address. Goes out: a condition on entries; what does not fit counts as
not given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from planbank.web.lists.filters import Filters
from planbank.web.pages.journal.words import choices

_PLAIN = {"autocomplete": "off"}
OUTCOMES = [("", _("All")), ("done", _("done")), ("refused", _("refused"))]


def _text(label: Any, most: int) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=most, widget=forms.TextInput(attrs=_PLAIN))


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class JournalFilters(Filters):
    """Who, what, where, when. All are exact: each is read by an index."""

    person = _text(_("Who"), 64)
    action = forms.ChoiceField(
        label=_("What was done"), required=False, choices=lambda: [("", _("All")), *choices()]
    )
    pseudonym = _text(_("Pseudonym"), 32)
    protocol = _text(_("Protocol"), 64)
    institution = _text(_("Institution"), 16)
    patient = forms.IntegerField(label=_("Patient file no."), required=False, min_value=1, max_value=10**17)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=OUTCOMES)
    since = _day(_("From"))
    until = _day(_("To"))


def condition(given: dict[str, Any], about: Callable[[str], Q]) -> Q:
    """What entries must fit; days are those of the site's time zone, both ends included.

    `about` gives what is about the patient of a pseudonym (access/entries.py).
    """
    wanted = about(given["pseudonym"]) if "pseudonym" in given else Q()
    for name, column in (("action", "action"), ("protocol", "protocol"), ("outcome", "outcome")):
        if name in given:
            wanted &= Q(**{column: given[name]})
    if "person" in given:
        wanted &= Q(actor=given["person"])
    if "institution" in given:
        wanted &= Q(institution=given["institution"].upper())
    if "patient" in given:
        wanted &= Q(object_kind="patient file", object_id=str(given["patient"]))
    if "since" in given:
        wanted &= Q(at__gte=_begins(given["since"]))
    if "until" in given:
        wanted &= Q(at__lt=_begins(given["until"] + timedelta(days=1)))
    return wanted


def _begins(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

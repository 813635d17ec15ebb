"""The filters of the list of outcomes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.pipeline.models import State
from planbank.pipeline.registry import SERVICES
from planbank.web.lists.filters import Filters, search_field

OPEN = (State.FAILED, State.WAITING)


class OutcomeFilters(Filters):
    """Service, state, words of the reason."""

    q = search_field(label=_("Reason"))
    service = forms.ChoiceField(label=_("Service"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Open")),
            (State.FAILED.value, _("Could not be done")),
            (State.WAITING.value, _("Waiting")),
            (State.LATER.value, _("Put off")),
            (State.DUE.value, _("To do")),
        ],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        names = sorted(spec.name for spec in SERVICES)
        self.fields["service"].choices = [("", _("All")), *((name, name) for name in names)]

    def states(self) -> list[str]:
        """The states to be listed."""
        chosen = self.given().get("state")
        return [chosen] if chosen else [state.value for state in OPEN]

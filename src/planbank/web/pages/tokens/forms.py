"""The form of a new token.

Comes in: who asks, and when. Goes out: a name, a purpose, what it is held to, how long, whether it may write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from planbank.access.listing import projects_seen, protocols_seen
from planbank.access.policy import institutions_of
from planbank.access.scopes import Scope
from planbank.people.models import User

ALL = ""


class TokenForm(forms.Form):
    """What a token is for; the least is what the form begins with: it reads, for 90 days."""

    name = forms.CharField(
        label=_("Name"), max_length=64, help_text=_("To know it by: a notebook, a machine.")
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=200, help_text=_("It stands in the journal with what the token reads.")
    )
    held_to = forms.ChoiceField(label=_("Held to"), required=False)
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        coerce=int,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        initial=90,
    )
    may_write = forms.BooleanField(
        label=_("It may write too"),
        required=False,
        help_text=_("Needed to send participants or constraints. Else it only reads."),
    )

    def __init__(self, data: Any, *, user: User, now: datetime) -> None:
        super().__init__(data)
        found = [
            *((_("Institution"), row.code, Scope.of(row)) for row in institutions_of(user, now)),
            *((_("Protocol"), row.short_name, Scope.of(row)) for row in protocols_seen(user, now)),
            *((_("Project"), row.short_name, Scope.of(row)) for row in projects_seen(user, now)),
        ]
        self._scopes = {f"{scope.kind}-{scope.id}": scope for _kind, _name, scope in found}
        named = [(f"{scope.kind}-{scope.id}", f"{kind} {name}") for kind, name, scope in found]
        field: Any = self.fields["held_to"]
        field.choices = [(ALL, _("All that I may see")), *named]

    def scope(self) -> Scope | None:
        """What the token is held to. Call after is_valid()."""
        return self._scopes.get(self.cleaned_data["held_to"])

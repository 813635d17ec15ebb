"""Forms of permissions: who gets what, where, of whom, until when; reasons; filters.

Comes in: what was typed, and what the giver may give. Goes out: an `Asked` for access/granting.py, or at each
field what is wrong and the way out.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.actions import ACTIONS
from planbank.access.granting import MOST, PERIOD, Asked
from planbank.access.queries.zones import zone_of
from planbank.access.roles import ROLES, SINGLE
from planbank.access.scopes import Scope
from planbank.people.models import Institution, User
from planbank.people.zones import end_in
from planbank.protocols.levels import See, TakeOut
from planbank.web.lists.filters import Filters, search_field
from planbank.web.pages.grants.words import KINDS


class GrantFilters(Filters):
    """Words, role, state."""

    q = search_field()
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("All but ended")), *KINDS.items()],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [(role.name, role.title) for role in ROLES.values() if role.scopes]
        self.fields["role"].choices = [("", _("All")), *given]  # type: ignore[attr-defined]


class GiveForm(forms.Form):
    """Give access: `where` is a choice only where no protocol or project is given."""

    username = forms.CharField(
        label=gettext_lazy("User name of the person"),
        max_length=150,
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"}),
    )
    where = forms.ChoiceField(label=gettext_lazy("Where"))
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    see = forms.TypedChoiceField(
        label=gettext_lazy("May see of other centres"),
        choices=See.choices,
        coerce=int,
        help_text=gettext_lazy("For key users, readers and exporters. A key user sees at least pseudonyms."),
    )
    take_out = forms.TypedChoiceField(
        label=gettext_lazy("May take out"),
        choices=TakeOut.choices,
        coerce=int,
        help_text=gettext_lazy("As received needs identified."),
    )
    institutions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Only of these centres"),
        help_text=gettext_lazy("None ticked: of all."),
        queryset=Institution.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("At most 12 months ahead; somebody else than its holder can renew it."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(
        self,
        data: Any,
        *,
        scopes: dict[Scope, str],
        roles: list[str],
        centres: Any,
        now: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        first = {"until": _local(now + PERIOD), "see": See.NONE, "take_out": TakeOut.NONE, **(initial or {})}
        if "normal-user" in roles:
            first["role"] = "normal-user"  # the least, not the first of the list
        super().__init__(data, initial=first)
        self._now, self._scopes = now, {f"{s.kind}-{s.id}": s for s in scopes}
        where = [(f"{s.kind}-{s.id}", name) for s, name in scopes.items()]
        self.fields["where"].choices = where  # type: ignore[attr-defined]
        if len(where) == 1:
            self.fields["where"].widget = forms.HiddenInput()
            self.initial["where"] = where[0][0]
        self.fields["role"].choices = [(name, _title(name)) for name in roles]  # type: ignore[attr-defined]
        self.fields["institutions"].queryset = centres  # type: ignore[attr-defined]
        self.user: User | None = None

    def clean_username(self) -> str:
        """An account that is there and on."""
        typed: str = self.cleaned_data["username"].strip()
        self.user = User.objects.filter(username=typed, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(
                _("No account in use has this user name. Ask the person, or their administrator.")
            )
        return typed

    def clean_until(self) -> date:
        """A day from today on, at most 12 months ahead."""
        day: date = self.cleaned_data["until"]
        if day < _local(self._now):
            raise forms.ValidationError(_("This day is over."))
        if day > _local(self._now + PERIOD):
            raise forms.ValidationError(_("A permission lasts at most 12 months."))
        return day

    def asked(self) -> Asked:
        """What is to be given. Call after is_valid()."""
        given = self.cleaned_data
        assert self.user is not None
        single = given["role"] in SINGLE
        chosen = tuple(given["institutions"])
        return Asked(
            role="" if single else given["role"],
            scope=self._scopes[given["where"]],
            permission=given["role"] if single else "",
            see=See(given["see"]),
            take_out=TakeOut(given["take_out"]),
            institutions=chosen or None,
            until=min(end_in(given["until"], zone_of(self.user.pk, self._now)), self._now + MOST),
            reason=given["reason"],
        )


class RevokeForm(forms.Form):
    """Why it ends; knowingly, where nobody would be left."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    knowingly = forms.BooleanField(
        label=gettext_lazy("I know that nobody is left to run it then"), required=False
    )


class WhoForm(forms.Form):
    """Which patient is asked about."""

    q = forms.CharField(
        label=gettext_lazy("Pseudonym or trial ID"),
        max_length=64,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


def _title(name: str) -> str:
    return str(ACTIONS[name].title if name in SINGLE else ROLES[name].title)


def _local(when: datetime) -> date:
    return timezone.localtime(when).date()

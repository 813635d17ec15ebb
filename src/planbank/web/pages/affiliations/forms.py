"""How long somebody works for an institution, and whether they administer it, as forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.people.models import User

if TYPE_CHECKING:
    from datetime import date


class LastDayForm(forms.Form):
    """A last day, administrator or not, a reason."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy(
            "At most 12 months ahead. It ends at midnight, in the institution's time zone."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    is_admin = forms.BooleanField(
        label=gettext_lazy("Administers the institution's people"),
        required=False,
        help_text=gettext_lazy("Says who works here, invites people, switches their accounts off."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, last: date | None = None, initial: Any = None) -> None:
        super().__init__(data, initial={"last_day": last, **(initial or {})})


class AddForm(LastDayForm):
    """Somebody who has an account already, by user name or e-mail: exactly, nothing is searched."""

    who = forms.CharField(
        label=gettext_lazy("User name or e-mail"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    field_order = ("who",)

    def clean_who(self) -> User:
        """The person meant."""
        text = self.cleaned_data["who"].strip()
        column = "email__iexact" if "@" in text else "username"
        found = list(User.objects.filter(**{column: text})[:2])
        if "@" in text and not found:
            found = list(User.objects.filter(username=text))
        if len(found) != 1:
            raise ValidationError(_("Nobody has an account by that name. Invite them instead."))
        if not found[0].is_active:
            raise ValidationError(_("This account is switched off."))
        return found[0]


class EndForm(forms.Form):
    """Why it ends."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    seen = forms.IntegerField(widget=forms.HiddenInput)

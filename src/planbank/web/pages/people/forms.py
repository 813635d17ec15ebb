"""Filters of people, and an invitation, as forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.people.models import Institution, User
from planbank.web.lists.filters import Filters, search_field

if TYPE_CHECKING:
    from django.db.models import QuerySet

_PLAIN = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class PeopleFilters(Filters):
    """Words, institution, state."""

    q = search_field(gettext_lazy("Name or e-mail"))
    institution = forms.ChoiceField(label=gettext_lazy("Institution"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("on", gettext_lazy("Active")),
            ("never", gettext_lazy("Never signed in")),
            ("admin", gettext_lazy("System administrator")),
            ("off", gettext_lazy("Switched off")),
        ],
    )

    def __init__(self, data: Any, institutions: QuerySet[Institution]) -> None:
        super().__init__(data)
        codes = institutions.order_by("code").values_list("code", flat=True)
        self.fields["institution"].choices = [("", _("All")), *((code, code) for code in codes)]


class PersonForm(forms.Form):
    """What is known of a person."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=64,
        validators=User._meta.get_field("username").validators,
        help_text=gettext_lazy("Small letters, digits and . _ @ -; it stays for ever."),
        error_messages={"invalid": gettext_lazy("Use small letters, digits and . _ @ -, a letter first.")},
        widget=forms.TextInput(attrs={"class": "mono", **_PLAIN}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("For a forgotten password, for notices, and to be known at single sign-on."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    is_site_admin = forms.BooleanField(
        label=gettext_lazy("System administrator"),
        required=False,
        help_text=gettext_lazy("Senders, quarantine, services, institutions; no patient data."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    COLUMNS = ("username", "name", "email", "language", "is_site_admin")

    def __init__(self, data: Any = None, *, user: User | None = None, may_site: bool = False) -> None:
        first = {name: getattr(user, name) for name in self.COLUMNS} | {"seen": user.revision} if user else {}
        super().__init__(data, initial=first)
        self.fields["language"].choices = [("", _("The browser's")), *settings.LANGUAGES]
        self.user = user
        if user is not None:
            self.fields["username"].disabled = True
            self.fields["username"].help_text = ""
        if not may_site:
            del self.fields["is_site_admin"]

    def columns(self) -> dict[str, Any]:
        """What was typed, for `access.accounts.Person`. Call after is_valid()."""
        kept = {"is_site_admin": self.user.is_site_admin} if self.user else {}
        return kept | {k: v for k, v in self.cleaned_data.items() if k in self.COLUMNS}


class WorkField(forms.ModelChoiceField):
    """One institution: 'AAL, Aalborg'."""

    def label_from_instance(self, obj: Institution) -> str:
        return f"{obj.code}, {obj.name}"


class InviteForm(PersonForm):
    """A new account, and for whom the person works."""

    institution = WorkField(label=gettext_lazy("Works for"), queryset=Institution.objects.none())
    is_admin = forms.BooleanField(label=gettext_lazy("Administers the institution's people"), required=False)
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: 12 months from now."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(
        self, data: Any, institutions: QuerySet[Institution], *, may_site: bool, first: str = ""
    ) -> None:
        super().__init__(data, may_site=may_site)
        field = self.fields["institution"]
        field.queryset = institutions
        field.required = not may_site
        field.empty_label = _("none yet") if may_site else None
        if may_site:
            field.help_text = _(
                "Those without an administrator: you name the first, who then invites the rest."
            )
            del self.fields["is_admin"]
        if first.isdecimal():
            self.initial["institution"] = int(first)

"""The questions that releasing and deleting ask first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.catalogue.quarantine_words import NO_INSTITUTION, OTHER_CERTIFICATE, UNKNOWN
from planbank.people.actions import plain_network
from planbank.people.models import Institution, validate_ae_title

if TYPE_CHECKING:
    from planbank.catalogue.quarantine_groups import Group


class InstitutionField(forms.ModelChoiceField):
    """One active institution: 'AAL, Aalborg'."""

    def __init__(self, **options: Any) -> None:
        active = Institution.objects.filter(is_active=True)
        words = {"required": gettext_lazy("Choose whose these are.")}
        empty = gettext_lazy("Choose an institution")
        super().__init__(active, empty_label=empty, error_messages=words, **options)

    def label_from_instance(self, obj: Institution) -> str:
        return f"{obj.code}, {obj.name}"


class ReleaseForm(forms.Form):
    """Whose the files are, and whether the sender is trusted from now on."""

    upto = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)

    def __init__(self, group: Group, data: Any = None) -> None:
        first = {"upto": group.last_id, "register": group.reason in (UNKNOWN, NO_INSTITUTION)}
        super().__init__(data, initial=first)
        self.group = group
        if group.about_sender:
            self.fields["institution"] = InstitutionField(label=_("Belongs to"))
        # A name bound to certificates is registered already: only what shows one can be trusted too.
        if group.about_sender and (group.certificate or group.reason != OTHER_CERTIFICATE):
            self.fields["register"] = forms.BooleanField(label=self._register_words(), required=False)

    def _register_words(self) -> str:
        said = {"name": self.group.calling_ae, "where": self.group.address, "called": self.group.called_ae}
        if self.group.reason == OTHER_CERTIFICATE:
            return _("Let %(name)s be known by this certificate too, from now on") % said
        if self.group.certificate:
            words = _(
                "Register %(name)s at %(where)s with this certificate, so that it is trusted from now on"
            )
            return words % said
        if self.group.reason == NO_INSTITUTION:
            return _("Whatever %(name)s sends to %(called)s is theirs from now on") % said
        return _("Register %(name)s at %(where)s, so that it is trusted from now on") % said

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("register"):
            try:
                validate_ae_title(self.group.called_ae or self.group.calling_ae)
                plain_network(self.group.address)
            except (ValidationError, ValueError):
                self.add_error(
                    "register", _("This name or address cannot be registered. Take the mark away.")
                )
        return cleaned


class DeleteForm(forms.Form):
    """The number of files, typed."""

    upto = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    typed_number = forms.CharField(
        label=gettext_lazy("To go on, type the number of files"),
        help_text=gettext_lazy("The button below wakes up when the number fits."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Type the number, or keep them.")},
    )

    def __init__(self, group: Group, data: Any = None) -> None:
        super().__init__(data, initial={"upto": group.last_id})
        self.fields["typed_number"].widget.attrs["data-must-equal"] = str(group.files)

    def clean_typed_number(self) -> int:
        """Digits, with the spaces that people put between thousands."""
        digits = "".join(self.cleaned_data["typed_number"].split())
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise ValidationError(_("Type a number, in digits."))
        return int(digits)

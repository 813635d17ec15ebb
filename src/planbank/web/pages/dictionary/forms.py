"""Forms of a dictionary: a rule, a structure type, a table. Each says at its field what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.dicom.patterns import MAX_LENGTH, Pattern
from planbank.errors import NamingError
from planbank.naming.actions.editing import Line
from planbank.naming.actions.types import TypeWish
from planbank.naming.queries.desk import Desk
from planbank.people.models import Institution
from planbank.protocols.models import Protocol, StructureType

MOST_BYTES = 2_000_000
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class RuleForm(forms.Form):
    """A rule, as typed; `edition` is what its editor saw."""

    entry = forms.CharField(
        label=gettext_lazy("Name as sent"),
        max_length=MAX_LENGTH,
        widget=forms.TextInput(attrs=_MONO),
        help_text=gettext_lazy("* stands for any run of characters, ? for exactly one."),
    )
    type = forms.TypedChoiceField(label=gettext_lazy("Stands for"), coerce=int)
    institution = forms.TypedChoiceField(
        label=gettext_lazy("In data from"), coerce=int, required=False, empty_value=None
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, desk: Desk, centres: list[Institution], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["type"].choices = [(row.pk, row.name) for row in desk.columns]  # type: ignore[attr-defined]
        everybody = [("", _("All centres")), *((row.pk, row.code) for row in centres)]
        self.fields["institution"].choices = everybody  # type: ignore[attr-defined]

    def clean_entry(self) -> str:
        try:
            return Pattern(self.cleaned_data["entry"]).text
        except ValueError as exc:
            raise forms.ValidationError(str(exc)) from exc

    def line(self) -> Line:
        """The rule. Call after is_valid()."""
        given = self.cleaned_data
        return Line(given["entry"], given["type"], given["institution"])


class TypeForm(forms.Form):
    """A structure type, as typed."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)
    need = forms.ChoiceField(label=gettext_lazy("A plan must have it"), choices=StructureType.Need.choices)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200, required=False)
    expression = forms.CharField(
        label=gettext_lazy("Made of"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs=_MONO),
        help_text=gettext_lazy(
            "Of other types: Lung_L + Lung_R, PTV - GTV. Leave empty for one that is sent."
        ),
    )
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def wish(self) -> TypeWish:
        """The type. Call after is_valid()."""
        given = self.cleaned_data
        return TypeWish(given["name"], given["description"], given["need"], given["expression"].strip())


class TableForm(forms.Form):
    """A CSV: as a file, or once it was tried, as the text that was tried."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    text = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if file is not None:
            if file.size > MOST_BYTES:
                raise forms.ValidationError(_("The file is larger than 2 MB."))
            try:
                given["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                file.seek(0)
                given["text"] = file.read().decode("cp1252", "replace")
        if not given.get("text"):
            self.add_error("file", _("Choose a file."))
        return given


class CopyForm(forms.Form):
    """Another protocol whose rules are taken over."""

    source = forms.TypedChoiceField(label=gettext_lazy("From protocol"), coerce=int)
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, sources: list[Protocol], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["source"].choices = [(row.pk, row.short_name) for row in sources]  # type: ignore[attr-defined]


__all__ = ["CopyForm", "NamingError", "RuleForm", "TableForm", "TypeForm"]

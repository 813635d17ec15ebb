"""Filters of a list: a form in its address.

Comes in: the query of an address. Goes out: values that can be used as they are; what does not
fit counts as not given.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def search_field(
    placeholder: str | Promise = "", label: str | Promise = "", longest: int = 100
) -> forms.CharField:
    """The field for words; `placeholder` says what is looked through."""
    hint = {"placeholder": placeholder} if placeholder else {}
    widget = forms.TextInput(attrs={"type": "search", **hint, "autocomplete": "off"})
    return forms.CharField(label=label or _("Find"), required=False, max_length=longest, widget=widget)


class Filters(forms.Form):
    """A form in an address: nothing in it is required and nothing wrong in it is an error."""

    def given(self) -> dict[str, Any]:
        """The filters that are on, in the order of the form."""
        self.is_valid()
        values = {name: self.cleaned_data.get(name) for name in self.fields}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def words(self, name: str) -> str:
        """What a filter that is on says."""
        value, field = self.given()[name], self.fields[name]
        if isinstance(field, forms.ChoiceField):
            return str(dict(field.choices).get(str(value), value))
        return str(value)

"""Filters of a list: a form in its address.

Comes in: the query of an address. Goes out: values that can be used as they are; what does not
fit counts as not given.
"""

from __future__ import annotations

from typing import Any

from django import forms


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

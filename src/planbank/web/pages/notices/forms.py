"""What a person wants to hear of, as a form: one row an event, one choice a way.

Comes in: a person, the ways that are open. Goes out: rows of Choice and a telephone number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.messages.kinds import KINDS
from planbank.messages.models import Channel, Choice, EventKind, Telephone
from planbank.messages.models.choice import telephone_validator
from planbank.people.models import User


class Choices(forms.Form):
    """A choice for each event and way, and the number for text messages."""

    number = forms.CharField(
        label=gettext_lazy("Telephone for text messages"),
        max_length=16,
        required=False,
        validators=[telephone_validator],
        help_text=gettext_lazy("With its country and without spaces: +4512345678. Empty: none are sent."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, data: Any, user: User, kinds: list[str], channels: tuple[str, ...]) -> None:
        self.user, self.kinds, self.channels = user, kinds, channels
        chosen = {(row.kind, row.channel): row.how for row in Choice.objects.filter(user=user)}
        number = Telephone.objects.filter(user=user).values_list("number", flat=True).first() or ""
        super().__init__(data, initial={"number": number})
        if Channel.TEXT not in channels:
            del self.fields["number"]
        for kind in kinds:
            for channel in channels:
                label = _("%(what)s: %(way)s") % {
                    "what": EventKind(kind).label,
                    "way": Channel(channel).label,
                }
                self.fields[f"{kind}_{channel}"] = forms.ChoiceField(
                    label=label,
                    choices=[(how.value, how.label) for how in KINDS[kind].hows],
                    initial=chosen.get((kind, channel), KINDS[kind].default(channel)),
                )

    def rows(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """(what happened, a field a way) for the table."""
        for kind in self.kinds:
            yield EventKind(kind).label, [self[f"{kind}_{channel}"] for channel in self.channels]

    def save(self) -> None:
        """Keep what differs from the default; a default that changes later then reaches the rest."""
        for kind in self.kinds:
            for channel in self.channels:
                how = self.cleaned_data[f"{kind}_{channel}"]
                here = {"user": self.user, "kind": kind, "channel": channel}
                if how == KINDS[kind].default(channel):
                    Choice.objects.filter(**here).delete()
                else:
                    Choice.objects.update_or_create(**here, defaults={"how": how})
        if Channel.TEXT not in self.channels:
            return
        if number := self.cleaned_data["number"]:
            Telephone.objects.update_or_create(user=self.user, defaults={"number": number})
        else:
            Telephone.objects.filter(user=self.user).delete()

"""Tell the centre that something of theirs fired: an event, which notices are made of (R95)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.messages.models import Event, EventKind
from planbank.protocols.act import Act
from planbank.protocols.models import Trigger
from planbank.services.trigger.actions.action import Told
from planbank.services.trigger.subjects import Seen


@dataclass(frozen=True)
class Notify:
    """No parameters: who hears of it is each person's own choice."""

    title: ClassVar = _("Tell the centre")

    def run(self, act: Act, trigger: Trigger, file: PatientFile, seen: Seen) -> Told:
        """One event for the institution; it names the protocol and no patient."""
        Event.objects.create(
            at=act.at,
            kind=EventKind.TRIGGERED,
            institution=file.institution,
            params={"protocol": trigger.protocol.short_name, "trigger": trigger.name},
        )
        return Told()


ACTION = Notify
